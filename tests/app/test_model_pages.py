"""Sample and Reconstruct on a small trained run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import jobs, loaders
from app.creating import model
from app.reconstruct_page import batches, lines
from engine.runs import store

ROOT = Path(__file__).resolve().parents[2]
Open = Callable[..., AppTest]
Said = Callable[[AppTest], str]
STRIP = 'class="zs-strip"'


pytestmark = pytest.mark.usefixtures("forgetful")


def strip(app: AppTest) -> str:
    assert not app.exception, app.exception[0].stack_trace
    return next(element.value for element in app.html if STRIP in element.value)


def test_samples_are_drawn_and_another_draw_differs(page: Open, trained: Path) -> None:
    app = page("sample", run="tiny")
    first = strip(app)
    assert first.count('role="row"') == 10
    app.button(key="draw-again").click().run()
    assert app.number_input(key="sample-seed").value == 43
    assert strip(app) != first
    app.number_input(key="sample-seed").set_value(42).run()
    assert first[first.index('role="cell"') :][:60] in strip(app)


def test_samples_are_measured_beside_the_data_and_looked_up_in_it(
    page: Open, trained: Path, wait_until: Callable[..., None], said: Said
) -> None:
    app = page("sample", run="tiny")
    wait_until(app, lambda app: any(metric.label == "Copied" for metric in app.metric))
    numbers = {metric.label: metric for metric in app.metric}
    assert set(numbers) >= {"Different sentences", "Distinct-1", "Self-BLEU", "Mean length"}
    assert numbers["Self-BLEU"].delta.startswith("data ")
    assert "nearest training sentence" in strip_and_facts(app)


def strip_and_facts(app: AppTest) -> str:
    return "".join(element.value for element in app.html)


def test_samples_can_be_drawn_around_a_sentence(page: Open, trained: Path, said: Said) -> None:
    app = page("sample", run="tiny")
    app.segmented_control(key="draw-from").set_value("around a sentence").run()
    assert "A sentence, please" in said(app)
    app.text_input(key="centre").set_value("the cat sees the ball .").run()
    assert strip(app)


def test_a_point_of_the_map_is_sampled_around(page: Open, trained: Path) -> None:
    app = page("latent_map", run="tiny")
    app.session_state["note:around"] = "the cat sees the ball ."
    app.switch_page(str(ROOT / "pages" / "sample.py")).run()
    assert not app.exception
    assert app.segmented_control(key="draw-from").value == "around a sentence"
    assert app.text_input(key="centre").value == "the cat sees the ball ."


def test_samples_can_be_drawn_from_a_label_or_a_slice(page: Open, trained: Path) -> None:
    from engine.data import slices
    from engine.data.corpus import Corpus

    corpus = Corpus.open("animals")
    slices.save(corpus, "few", "valid", [0, 1, 2])
    try:
        app = page("sample", run="tiny")
        app.segmented_control(key="draw-from").set_value("from a slice or label").run()
        box = app.selectbox(key="draw-group")
        assert box.options[0] == "few (slice)" and "cat (label)" in box.options
        first = strip(app)
        box.set_value("cat (label)").run()
        assert strip(app) != first
    finally:
        slices.delete(corpus, "few")


def test_many_samples_are_drawn_in_the_background(
    page: Open, trained: Path, wait_until: Callable[..., None], said: Said
) -> None:
    app = page("sample", run="tiny")
    app.select_slider(key="sample-n").set_value(500).run()
    wait_until(app, lambda app: any(STRIP in element.value for element in app.html))
    assert "Showing 100 of 500" in said(app)
    labels = [element.proto.label for element in app.get("download_button")]
    assert labels == ["CSV", "JSON", "Text"]


def test_the_data_that_are_not_here_leave_samples_unjudged(
    page: Open, trained: Path, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    monkeypatch.setattr(loaders, "data_missing", lambda run: "The data set animals is gone.")
    app = page("sample", run="tiny")
    assert "Whether they are copied is not known. The data set animals is gone." in said(app)
    app.segmented_control(key="draw-from").set_value("from a slice or label").run()
    assert "The sentences of this run are not here" in said(app)


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
    assert "Some lines, please" in said(app)
    app.text_area(key="lines").set_value("the cat sees the ball .\n\nthe dog .\n").run()
    assert "Showing 2 of 2 lines" in said(app)
    match = app.dataframe[0].value["match"].tolist()
    assert len(match) == 2 and match == sorted(match)
    assert {metric.label for metric in app.metric} >= {"BLEU-4", "Exact match", "Edit similarity"}


def test_another_source_does_not_keep_the_report_of_the_last_one(
    page: Open, trained: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.creating.model.SENTENCES_AT_ONCE", 5)
    app = page("reconstruct", run="tiny", mode="many lines")
    app.text_area(key="lines").set_value("the cat sees the ball .\nthe dog .").run()
    assert len(app.dataframe) == 1
    app.segmented_control(key="lines-of").set_value("a file").run()
    assert "A file, please" in said(app) and not app.dataframe
    earlier = app.selectbox(key="batch")
    assert earlier.value is None and "2 pasted lines, greedy (done)" in earlier.options
    run = store.find("tiny")
    ours = batches.asked(model.Model(run, run.preferred_checkpoint()))
    earlier.set_value(ours[0].key).run()
    assert len(app.dataframe) == 1, "it is still there for whoever asks for it"
    app.segmented_control(key="lines-of").set_value("a split").run()
    assert not app.dataframe
    app.segmented_control(key="lines-of").set_value("pasted lines").run()
    assert len(app.dataframe) == 1


def test_a_split_is_reconstructed_in_the_background_and_found_again_in_another_tab(
    page: Open,
    trained: Path,
    wait_until: Callable[..., None],
    said: Said,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.creating.model.SENTENCES_AT_ONCE", 5)
    app = page("reconstruct", run="tiny", mode="many lines")
    app.segmented_control(key="lines-of").set_value("a split").run()
    assert not app.dataframe, "nothing is begun unasked"
    app.segmented_control(key="lines-split").set_value("train").run()
    app.button(key="begin-batch").click().run()
    another = page("reconstruct", run="tiny", mode="many lines")
    wait_until(another, lambda app: app.dataframe)
    assert "training sentences, greedy" in said(another)
    assert "By label" not in said(another) and len(another.get("plotly_chart")) == 2
    labels = [element.proto.label for element in another.get("download_button")]
    assert labels[:2] == ["CSV, all lines", "JSON, everything"]
    app.run()
    assert app.button(key="begin-batch").disabled and app.button(key="begin-batch").help
    chosen = another.dataframe[0].value.iloc[0]["typed"]
    assert chosen.startswith("the ")


def test_a_file_is_reconstructed(
    page: Open, trained: Path, wait_until: Callable[..., None]
) -> None:
    app = page("reconstruct", run="tiny", mode="many lines")
    app.segmented_control(key="lines-of").set_value("a file").run()
    content = b"the cat sees the ball .\nthe bird finds the tree ."
    app.file_uploader(key="lines-file").set_value(("some.txt", content, "text/plain")).run()
    wait_until(app, lambda app: app.dataframe)
    assert len(app.dataframe[0].value) == 2


def test_a_table_is_no_file_of_lines_and_the_way_for_it_is_named(
    page: Open, trained: Path, said: Said
) -> None:
    app = page("reconstruct", run="tiny", mode="many lines")
    app.segmented_control(key="lines-of").set_value("a file").run()
    app.file_uploader(key="lines-file").set_value(("some.csv", b"a,b\n1,2\n", "text/csv")).run()
    assert "is a table by its name" in said(app) and "import it on Datasets" in said(app)


def test_a_cancelled_batch_is_not_begun_again_unasked(
    page: Open, trained: Path, wait_until: Callable[..., None], said: Said
) -> None:
    ours = model.Model(store.find("tiny"), store.find("tiny").preferred_checkpoint())
    batch = batches.of(ours, lines.Lines(["the cat ."] * 300, None, "300 lines"), "greedy")
    batches.begin(batch)
    job = jobs.find(batch.key)
    assert job is not None
    job.cancelled.set()
    app = page("reconstruct", run="tiny", mode="many lines")
    wait_until(app, lambda app: not job.live)
    app.run()
    if job.state == "cancelled":  # it may have been quicker
        assert "stopped before it was done" in said(app)
        assert any(button.label == "Try again" for button in app.button)
