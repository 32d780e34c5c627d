"""Interpolate: decodes once, tells the truth about its ends, compares kinds of path, links back to itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import background, loaders, state
from app.creating import material, model
from engine.data import slices
from engine.data.corpus import Corpus
from engine.explore import interpolation
from engine.runs import store

Open = Callable[..., AppTest]
Said = Callable[[AppTest], str]
Wait = Callable[..., None]
A, B, C = "the cat sees the house .", "the dog likes the river .", "the man finds the ball ."


pytestmark = pytest.mark.usefixtures("forgetful")


@pytest.fixture
def decodings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The pairs that were really decoded."""
    from engine.explore import interpolation

    real, seen = interpolation.between, []

    def between(model, tokenizer, a, b, *rest):
        seen.append((a, b))
        return real(model, tokenizer, a, b, *rest)

    monkeypatch.setattr("engine.explore.ways.between", between)
    return seen


def shown(app: AppTest, name: str = "zscape_walk") -> list[dict[str, Any]]:
    """What elements in the browser were told."""
    found = [element.proto for element in app.get("bidi_component")]
    return [json.loads(proto.json) for proto in found if proto.component_name == name]


def walked(app: AppTest) -> dict[str, list[dict[str, Any]]]:
    """The stops of each path that is walked."""
    assert not app.exception, app.exception[0].stack_trace
    return {track["name"]: track["stops"] for track in shown(app)[0]["tracks"]}


def test_typed_sentences_are_decoded_into_a_strip(
    page: Open, trained: Path, decodings: list, said: Said
) -> None:
    app = page("interpolate", run="tiny")
    app.text_input(key="a").set_value(A)
    app.text_input(key="b").set_value(B)
    app.run()
    assert "comes back as" in said(app)
    assert decodings[-1] == (A, B)
    stops = walked(app)["linear"]
    assert [stop["at"] for stop in stops] == [f"{at / 10:.2f}" for at in range(11)]
    assert (stops[0]["mark"], stops[-1]["mark"]) == ("A", "B")
    assert all(0 <= share <= 1 for stop in stops for _, share in stop["tokens"])


def test_a_rerun_never_decodes_again(page: Open, trained: Path, decodings: list) -> None:
    app = page("interpolate", run="tiny", a=A, b=B)
    assert len(decodings) == 1
    before = walked(app)
    app.run()
    assert len(decodings) == 1
    assert [stop["parts"] for stop in walked(app)["linear"]] == [
        stop["parts"] for stop in before["linear"]
    ]


def test_a_link_carries_its_sentences_and_settings(
    page: Open, trained: Path, decodings: list
) -> None:
    app = page("interpolate", run="tiny", a=A, b=B, path="spherical", steps="5", decode="beam")
    assert app.text_input(key="a").value == A
    assert list(walked(app)) == ["spherical"]
    assert len(walked(app)["spherical"]) == 5
    assert decodings == [(A, B)]
    carried = app.session_state["note:link-interpolate"]
    assert carried == {
        "a": A, "b": B, "path": ["spherical"], "decode": "beam", "steps": "5", "do": "Two sentences",
    }  # fmt: skip


def test_a_link_with_several_kinds_of_path_holds_them_all() -> None:
    from app import frame

    class Url:
        url = "http://localhost:8501/interpolate"

    query = {"path": ["linear", "geodesic"], "do": "Two sentences"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frame.st, "context", Url)
        patch.setattr(state, "carried", lambda page: query)
        assert frame.address("interpolate").endswith("?path=linear&path=geodesic&do=Two+sentences")


def test_kinds_of_path_are_read_one_by_one_and_compared_in_numbers(
    page: Open, trained: Path
) -> None:
    app = page("interpolate", run="tiny", a=A, b=B)
    app.pills(key="path").set_value(["linear", "spherical"]).run()
    assert list(walked(app)) == ["linear", "spherical"]
    table = app.dataframe[0].value
    assert table["path"].tolist() == ["linear", "spherical"]
    assert {"path_energy", "path_length", "monotonicity", "mean_nll"} & set(table.columns) >= {
        "path_energy", "path_length", "mean_nll",
    }  # fmt: skip


def test_one_path_is_measured_by_the_decoders_metric_only_when_asked(
    page: Open, trained: Path
) -> None:
    app = page("interpolate", run="tiny", a=A, b=B)
    assert not app.dataframe, "nothing is measured unasked"
    app.segmented_control(key="about-path").set_value("Numbers").run()
    assert "path_energy" not in app.dataframe[0].value
    app.button(key="measure").click().run()
    assert app.dataframe[0].value["path_energy"].notna().all()


def test_a_geodesic_is_bent_in_the_background_and_says_what_it_cost(
    page: Open, trained: Path, wait_until: Wait, said: Said
) -> None:
    app = page("interpolate", run="tiny", a=A, b=B)
    app.pills(key="path").set_value(["linear", "geodesic"]).run()
    assert "linear" in walked(app)
    wait_until(app, lambda app: "geodesic" in walked(app))
    assert "less energy than the path it was bent from" in said(app)
    row = app.dataframe[0].value.set_index("path")["path_energy"]
    assert row["geodesic"] <= row["linear"] * 1.05


def test_a_path_through_the_data_and_the_distance_to_data_wait_for_the_codes(
    page: Open, trained: Path, wait_until: Wait
) -> None:
    app = page("interpolate", run="tiny", a=A, b=B)
    app.pills(key="path").set_value(["linear", "through-data"]).run()
    wait_until(app, lambda app: "through-data" in walked(app))
    assert all(stop["values"]["far"] >= 0 for stop in walked(app)["linear"])
    assert "far" in [gauge["name"] for gauge in shown(app)[0]["gauges"]]


def test_paths_are_drawn_among_the_sentences(page: Open, trained: Path, wait_until: Wait) -> None:
    app = page("interpolate", run="tiny", a=A, b=B)
    app.segmented_control(key="about-path").set_value("On the map").run()
    wait_until(app, lambda app: app.get("plotly_chart"))
    spec = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert [trace["name"] for trace in spec["data"]] == ["sentences", "linear"]
    assert len(spec["data"][1]["text"]) == 11


def test_only_paths_that_stay_where_the_codes_live_are_offered(
    page: Open, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page("interpolate", run="tiny", a=A, b=B, path="linear")
    linear = ["linear", "spherical", "norm-preserving", "through-data", "geodesic"]
    assert app.pills(key="path").options == linear
    for family, expected in {
        "vmf": ["spherical", "through-data", "geodesic"],
        "bernoulli": ["bits", "through-data"],
    }.items():
        run = SimpleNamespace(config=lambda family=family: {"model": {"latent": {"name": family}}})
        assert list(loaders.ways(run)) == expected
    monkeypatch.setattr(loaders, "ways", lambda run: {"spherical": "Along the arc."})
    app.run()
    assert app.pills(key="path").options == ["spherical"]
    assert list(walked(app)) == ["spherical"]


def test_a_run_begins_with_a_pair_of_its_own_data(page: Open, trained: Path) -> None:
    app = page("interpolate", run="tiny")
    for key in ("a", "b"):
        assert app.text_input(key=key).value.startswith("the ")


def test_swap_exchanges_the_ends(page: Open, trained: Path) -> None:
    app = page("interpolate", run="tiny", a=A, b=B)
    app.button(key="swap").click().run()
    assert (app.text_input(key="a").value, app.text_input(key="b").value) == (B, A)


def test_two_rows_of_the_map_become_the_ends(page: Open, trained: Path) -> None:
    app = page("interpolate", run="tiny", a=A, b=B)
    app.session_state["note:pair"] = (B, C)
    app.run()
    assert (app.text_input(key="a").value, app.text_input(key="b").value) == (B, C)


def test_an_empty_sentence_is_asked_for(page: Open, trained: Path, said: Said) -> None:
    app = page("interpolate", run="tiny", a=A, b=B)
    app.text_input(key="b").set_value("").run()
    assert "Two sentences, please" in said(app)


def test_what_is_typed_never_becomes_markup(page: Open, trained: Path, said: Said) -> None:
    app = page("interpolate", run="tiny", a="<img src=x onerror=alert(1)>", b=B)
    assert "comes back as" in said(app)
    assert "<img" not in "".join(element.value for element in app.html)


def test_every_export_is_offered(page: Open, trained: Path) -> None:
    app = page("interpolate", run="tiny", a=A, b=B)
    app.segmented_control(key="about-path").set_value("Take away").run()
    labels = {element.proto.label for element in app.get("download_button")}
    assert {"Markdown", "CSV", "JSON", "LaTeX"} <= labels


def test_a_decoder_that_ignores_the_code_is_called_so(
    page: Open, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = interpolation.between
    monkeypatch.setattr(
        "engine.explore.ways.between", lambda *args: replace(real(*args), ignored=True)
    )
    app = page("interpolate", run="tiny", a=A, b=B)
    assert not app.exception
    assert any("ignores the code" in error.value for error in app.error)


def test_the_data_that_are_not_here_are_named_and_the_rest_works(
    page: Open, trained: Path, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    monkeypatch.setattr(loaders, "data_missing", lambda run: "The data set animals is gone.")
    app = page("interpolate", run="tiny", a=A, b=B)
    assert "through-data" not in app.pills(key="path").options
    assert "No distance to data. The data set animals is gone." in said(app)
    app.segmented_control(key="about-path").set_value("On the map").run()
    spec = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert spec["data"][0]["name"] == "prior"


def test_a_corpus_that_can_be_made_here_is_offered_and_then_used(
    page: Open, home: Path, monkeypatch: pytest.MonkeyPatch, wait_until: Wait, said: Said
) -> None:
    from app import making
    from engine.data.writing import Draft

    def make(name: str, progress: object) -> None:
        with Draft(name) as draft:
            draft.add({"text": [f"return the number of items in list {at} ." for at in range(80)]})
            draft.finish(title=name, source="made for a test")

    monkeypatch.setattr(making, "ensure", make)
    app = page("interpolate", run="demo", a="Open a file.", b="Raise an error.", steps="3")
    assert "through-data" not in app.pills(key="path").options
    assert "No distance to data" in said(app) and app.button(key="random").disabled
    app.button(key="make-corpus").click().run()
    wait_until(app, lambda app: "through-data" in app.pills(key="path").options)
    assert not app.button(key="random").disabled
    assert "make-corpus" not in {button.key for button in app.button}


def test_four_corners_make_a_palette_whose_line_is_decoded(page: Open, trained: Path) -> None:
    app = page("interpolate", run="tiny", do="Palette", a=A, b=B, c=C, d=A, side="4")
    assert not app.exception
    square = shown(app, "zscape_palette")[0]
    assert len(square["cells"]) == 16 and square["line"] == []
    line = {"of": square["of"], "points": [[0, 0], [1, 1]]}
    app.session_state["palette"] = {"line": line}
    app.run()
    assert shown(app, "zscape_palette")[0]["line"] == [[0, 0], [1, 1]]
    assert len(walked(app)["line"]) == 21
    app.text_input(key="d").set_value(B).run()
    assert shown(app, "zscape_palette")[0]["line"] == [], "another square begins without a line"


def test_a_path_runs_through_several_stops(page: Open, trained: Path, said: Said) -> None:
    app = page("interpolate", run="tiny", do="Several stops", through=f"{A}\n{C}\n{B}", steps="4")
    stops = walked(app)["tour"]
    assert [(at, stop["mark"]) for at, stop in enumerate(stops) if stop["mark"]] == [
        (0, "stop 1"), (3, "stop 2"), (6, "stop 3"),
    ]  # fmt: skip
    app.text_area(key="through").set_value(A).run()
    assert "Two sentences or more, please" in said(app)


def test_two_labels_make_a_direction_that_slides_a_sentence(
    page: Open, trained: Path, wait_until: Wait, said: Said
) -> None:
    app = page("interpolate", run="tiny", do="Attribute", a=A, having="cat", lacking="dog")
    assert app.selectbox(key="having").value == "cat (label)"
    wait_until(app, lambda app: shown(app))
    stops = walked(app)["slide"]
    assert [stops[0]["at"], stops[-1]["at"]] == ["-3.0", "+3.0"]
    assert all(stop["short"].endswith("%") for stop in stops)
    assert {metric.label for metric in app.metric} >= {"Effect", "AUC, left out", "Agreement"}
    assert app.get("plotly_chart"), "the spread of the difference"
    app.toggle(key="keep").set_value(True).run()
    wait_until(app, lambda app: app.error)
    assert "needs numbers that differ" in said(app), "all sentences are equally long"
    app.toggle(key="keep").set_value(False).run()
    app.selectbox(key="having").set_value("dog (label)").run()
    assert "Two different groups, please" in said(app)


def test_two_labels_are_proposed_before_any_slice(page: Open, trained: Path) -> None:
    data = Corpus.open("animals")
    slices.save(data, "mine", "train", range(20))
    try:
        app = page("interpolate", run="tiny", do="Attribute", a=A)
        proposed = [app.selectbox(key=key).value for key in ("having", "lacking")]
        assert proposed == [str(group) for group in _largest_labels(data)]
        assert "mine (slice)" in app.selectbox(key="having").options
    finally:
        slices.delete(data, "mine")


def _largest_labels(data: Corpus) -> list[material.Group]:
    counts = Counter(data.labels("train") or [])
    return [material.Group(name, "label", "train") for name, _ in counts.most_common(2)]


def test_an_analogy_is_answered_beside_its_control(page: Open, trained: Path, said: Said) -> None:
    app = page("interpolate", run="tiny", do="Analogy", a=A, b=B, c=C)
    assert len(walked(app)["analogy"]) == 7
    assert "No control" in said(app) or "random pairs would show" in said(app)
    ours = model.Model(store.find("tiny"), app.session_state["checkpoint"])
    background.keep(material._key(ours), material.make(ours))
    app.text_area(key="pairs").set_value(f"{B}|{A}\nno pair").run()
    assert "Control" in said(app) and "left out: no pair" in said(app)
    assert any(metric.label == "Likeness of the pairs" for metric in app.metric)


def test_draws_of_a_posterior_are_counted(page: Open, trained: Path) -> None:
    app = page("interpolate", run="tiny", do="Wobble", a=A)
    assert not app.exception
    assert any("What draws read" in element.value for element in app.html)
    assert {metric.label for metric in app.metric} >= {"Settled", "Readings", "Entropy"}


def test_the_same_pair_goes_through_several_checkpoints(
    page: Open, trained: Path, wait_until: Wait
) -> None:
    app = page("interpolate", run="tiny", do="Across", a=A, b=B)
    wait_until(app, lambda app: shown(app))
    names = list(walked(app))
    assert len(names) > 1 and all(name.startswith("tiny · ") for name in names)
    assert app.dataframe[0].value["model"].tolist() == names


@pytest.mark.parametrize(
    "do", ["Palette", "Several stops", "Attribute", "Analogy", "Wobble", "Across"]
)
def test_every_mode_offers_its_result_in_four_formats(
    page: Open, trained: Path, wait_until: Wait, do: str
) -> None:
    app = page("interpolate", run="tiny", do=do)
    wait_until(app, lambda app: len(app.get("download_button")) >= 4)
    assert not app.exception
    labels = {element.proto.label for element in app.get("download_button")}
    assert {"Markdown", "CSV", "JSON", "LaTeX"} <= labels
