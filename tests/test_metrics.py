from __future__ import annotations

from engine.metrics import METRICS


def test_units_speak_of_images_where_the_data_are_images() -> None:
    assert METRICS["elbo"].unit_for("images") == "nats/image"
    assert METRICS["ppl"].unit_for("images") == "per pixel"
    assert METRICS["rows"].unit_for("images") == "images"
    assert METRICS["elbo"].unit_for("text") == METRICS["elbo"].unit == "nats/sentence"
    assert not any("sentence" in metric.unit_for("images") for metric in METRICS.values())
