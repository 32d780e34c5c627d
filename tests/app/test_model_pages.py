"""Sample and Reconstruct on a small trained run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]
Open = Callable[..., AppTest]
Said = Callable[[AppTest], str]


def test_samples_are_drawn_and_another_draw_differs(page: Open, trained: Path) -> None:
    def drawn(app: AppTest) -> str:
        return next(element.value for element in app.html if "zs-strip" in element.value)

    app = page("sample", run="tiny")
    first = drawn(app)
    assert first.count('role="row"') == 10
    app.button(key="draw-again").click().run()
    assert drawn(app) != first


def test_samples_can_be_drawn_around_a_sentence(page: Open, trained: Path, said: Said) -> None:
    app = page("sample", run="tiny")
    app.segmented_control(key="draw-from").set_value("around a sentence").run()
    assert "A sentence, please" in said(app)
    app.text_input(key="centre").set_value("the cat sees the ball .").run()
    assert any("zs-strip" in element.value for element in app.html)


def test_a_point_of_the_map_is_sampled_around(page: Open, trained: Path) -> None:
    app = page("latent_map", run="tiny")
    app.session_state["note:around"] = "the cat sees the ball ."
    app.switch_page(str(ROOT / "pages" / "sample.py")).run()
    assert not app.exception
    assert app.segmented_control(key="draw-from").value == "around a sentence"
    assert app.text_input(key="centre").value == "the cat sees the ball ."


def test_a_sentence_is_reconstructed_with_its_difference_and_cost(
    page: Open, trained: Path, said: Said
) -> None:
    app = page("reconstruct", run="tiny")
    app.text_input(key="sentence").set_value("the zebra sees the house .").run()
    assert '<span class="zs-unknown">zebra</span>' in said(app)
    assert {metric.label for metric in app.metric} >= {"Match", "KL", "Reconstruction"}
    assert app.get("plotly_chart"), "the cost of each token"


def test_many_lines_are_reconstructed_worst_first(page: Open, trained: Path, said: Said) -> None:
    app = page("reconstruct", run="tiny")
    app.segmented_control(key="mode").set_value("many lines").run()
    app.text_area(key="lines").set_value("the cat sees the ball .\n\nthe dog .\n").run()
    assert "Showing 2 of 2 lines" in said(app)
    match = app.dataframe[0].value["match"].tolist()
    assert len(match) == 2 and match == sorted(match)
