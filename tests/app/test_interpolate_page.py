"""Interpolate: decodes once, scrubs for free, tells the truth about its ends, links back to itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from app import loaders

Open = Callable[..., AppTest]
A, B = "the cat sees the house .", "the dog likes the river ."


@pytest.fixture
def decodings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The pairs that were really decoded."""
    from engine.explore import interpolation

    real, seen = interpolation.between, []

    def between(model, tokenizer, a, b, *rest):
        seen.append((a, b))
        return real(model, tokenizer, a, b, *rest)

    monkeypatch.setattr(interpolation, "between", between)
    loaders._interpolation.clear()
    return seen


def strip(app: AppTest) -> str:
    return next(element.value for element in app.html if "zs-strip" in element.value)


def test_typed_sentences_are_decoded_into_a_strip(
    page: Open, trained: Path, decodings: list, said: Callable[[AppTest], str]
) -> None:
    app = page("interpolate", run="tiny")
    app.text_input(key="a").set_value(A)
    app.text_input(key="b").set_value(B)
    app.run()
    assert "comes back as" in said(app)
    assert decodings[-1] == (A, B)
    assert "0.00" in strip(app) and "1.00" in strip(app)


def test_scrubbing_never_decodes_again(page: Open, trained: Path, decodings: list) -> None:
    app = page("interpolate", run="tiny", a=A, b=B)
    before, first = len(decodings), strip(app)
    app.select_slider(key="scrub-10").set_value(0).run()
    assert len(decodings) == before == 1
    assert strip(app) != first or "0.00–1.00" in first


def test_a_link_carries_its_sentences_and_settings(
    page: Open, trained: Path, decodings: list
) -> None:
    app = page("interpolate", run="tiny", a=A, b=B, path="spherical", steps="5")
    assert app.text_input(key="a").value == A
    assert app.segmented_control(key="path").value == "spherical"
    assert app.number_input(key="steps").value == 5
    assert app.select_slider(key="scrub-4")
    assert decodings == [(A, B)]


def test_only_paths_that_stay_where_the_codes_live_are_offered(
    page: Open, trained: Path, monkeypatch: pytest.MonkeyPatch, decodings: list
) -> None:
    app = page("interpolate", run="tiny", a=A, b=B, path="linear")
    assert app.segmented_control(key="path").options == ["linear", "spherical", "norm-preserving"]
    sphere = {"model": {"latent": {"name": "vmf"}}}
    assert list(loaders.paths(SimpleNamespace(config=lambda: sphere))) == ["spherical"]
    monkeypatch.setattr(loaders, "paths", lambda run: {"spherical": "Along the arc."})
    app.run()
    assert app.segmented_control(key="path").options == ["spherical"]
    assert app.segmented_control(key="path").value == "spherical"
    assert not app.exception


def test_a_run_begins_with_a_pair_of_its_own_data(page: Open, trained: Path) -> None:
    app = page("interpolate", run="tiny")
    for key in ("a", "b"):
        assert app.text_input(key=key).value.startswith("the ")


def test_swap_exchanges_the_ends(page: Open, trained: Path) -> None:
    app = page("interpolate", run="tiny", a=A, b=B)
    app.button(key="swap").click().run()
    assert (app.text_input(key="a").value, app.text_input(key="b").value) == (B, A)


def test_an_empty_sentence_is_asked_for(
    page: Open, trained: Path, said: Callable[[AppTest], str]
) -> None:
    app = page("interpolate", run="tiny", a=A, b=B)
    app.text_input(key="b").set_value("").run()
    assert "Two sentences, please" in said(app)


def test_what_is_typed_never_becomes_markup(
    page: Open, trained: Path, said: Callable[[AppTest], str]
) -> None:
    app = page("interpolate", run="tiny", a="<img src=x onerror=alert(1)>", b=B)
    assert "comes back as" in said(app)
    assert "<img" not in "".join(element.value for element in app.html)


def test_every_export_is_offered(page: Open, trained: Path) -> None:
    app = page("interpolate", run="tiny", a=A, b=B)
    labels = {element.proto.label for element in app.get("download_button")}
    assert {"Markdown", "CSV", "JSON", "LaTeX"} <= labels


def test_a_decoder_that_ignores_the_code_is_called_so(
    page: Open, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    real = loaders.interpolation
    monkeypatch.setattr(loaders, "interpolation", lambda *args: replace(real(*args), ignored=True))
    app = page("interpolate", run="tiny", a=A, b=B)
    assert any("ignores the code" in error.value for error in app.error)
