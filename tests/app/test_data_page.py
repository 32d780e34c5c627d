"""Datasets: guess, correct, import in the background, look, delete."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import jobs
from engine.data import pictures
from engine.data.corpus import Corpus, corpora
from engine.data.importing import import_path

Open = Callable[..., AppTest]
Said = Callable[[AppTest], str]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.csv"
    rows = [
        f"{number},a fine review number {number},{'good' if number % 2 else 'bad'}"
        for number in range(60)
    ]
    path.write_text("id,review,stars\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def by_path(page: Open, path: Path) -> AppTest:
    app = page("data")
    app.segmented_control(key="bring").set_value("a path on this machine").run()
    app.text_input(key="server-path").set_value(str(path)).run()
    return app


def test_columns_are_guessed_shown_and_correctable(page: Open, home: Path, table: Path) -> None:
    app = by_path(page, table)
    assert app.selectbox(key=f"import-{table}-text").value == "review"
    assert app.selectbox(key=f"import-{table}-label").value == "stars"
    assert list(app.dataframe[0].value.columns) == ["id", "review", "stars"]


def test_a_file_is_imported_in_the_background_and_then_shown(
    page: Open, home: Path, table: Path, wait_until: Callable[..., None], said: Said
) -> None:
    app = by_path(page, table)
    app.text_input(key=f"import-{table}-name").set_value("mine").run()
    app.button(key=f"import-{table}-go").click().run()
    wait_until(app, lambda _: not jobs.live() and [card.name for card in corpora()] == ["mine"])
    app.run()
    assert app.selectbox(key="data").value == "mine"
    data = Corpus.open("mine")
    assert sum(data.rows(split) for split in ("train", "valid", "test")) == 60
    assert set(data.labels("train")) == {"good", "bad"}
    assert "fine review" in str(app.dataframe[-1].value)


def test_a_file_without_text_is_explained(
    page: Open, home: Path, tmp_path: Path, said: Said
) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("")
    app = by_path(page, path)
    assert app.error and "empty" in app.error[0].value


def test_an_import_that_fails_leaves_nothing_and_says_why_at_once(
    page: Open, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "one.txt"
    path.write_text("only one line\n")
    app = by_path(page, path)
    app.button(key=f"import-{path}-go").click().run()
    deadline = time.monotonic() + 30
    while jobs.live() and time.monotonic() < deadline:
        time.sleep(0.02)
    # It may have ended before the click's own run did; else the next one says it.
    if not app.error:
        app.run()
    assert "did not work" in app.error[0].proto.title
    assert corpora() == []


def test_pasted_lines_become_a_data_set(
    page: Open, home: Path, wait_until: Callable[..., None]
) -> None:
    app = page("data")
    app.segmented_control(key="bring").set_value("pasted text").run()
    assert app.button(key="paste-go").disabled
    lines = "\n".join(f"the {colour} number {n}" for colour in ("red", "blue") for n in range(30))
    app.text_area(key="pasted").set_value(lines).run()
    app.button(key="paste-go").click().run()
    wait_until(app, lambda _: not jobs.live() and len(corpora()) == 1)


def test_an_uploaded_file_is_read_under_its_own_name(page: Open, home: Path, table: Path) -> None:
    app = page("data")
    app.file_uploader(key="upload-0").upload("reviews.csv", table.read_bytes()).run()
    assert not app.exception
    assert "reviews" in [field.value for field in app.text_input]


def test_train_on_this_leads_to_a_draft_on_it(page: Open, trained: Path) -> None:
    app = page("data", data="animals")
    app.button(key="train-on").click().run()
    assert app.session_state["draft"].config.data.name == "animals"


def test_a_builtin_corpus_is_offered_with_one_click(
    page: Open, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import data_view

    asked = []
    monkeypatch.setattr(data_view, "ensure", lambda name, tell: asked.append(name) or Named(name))
    app = page("data")
    app.button(key="make-unicode-names").click().run()
    assert asked == ["unicode-names"]


class Named:
    def __init__(self, name: str) -> None:
        self.name = name


@pytest.fixture
def glyphs(tmp_path: Path) -> Path:
    """Thirty small pictures, dark on light, and their labels."""
    ink = np.random.default_rng(0).integers(0, 256, (30, 5, 5)).astype(np.uint8)
    ink[:, [0, -1]] = ink[:, :, [0, -1]] = 0
    np.savez(tmp_path / "glyphs.npz", x=255 - ink, y=np.arange(30) % 3, place=np.arange(30) % 5)
    return tmp_path / "glyphs.npz"


def test_pictures_are_guessed_shown_and_imported(
    page: Open, home: Path, glyphs: Path, wait_until: Callable[..., None], said: Said
) -> None:
    app = by_path(page, glyphs)
    key = f"import-{glyphs}"
    assert app.selectbox(key=f"{key}-label").value == "y"
    assert "light and dark will be exchanged" in said(app)
    app.segmented_control(key=f"{key}-invert").set_value("no").run()
    assert "light and dark stay" in said(app)
    app.segmented_control(key=f"{key}-invert").set_value("guess").run()
    app.selectbox(key=f"{key}-label").set_value("place").run()
    app.button(key=f"{key}-go").click().run()
    wait_until(app, lambda _: not jobs.live() and [card.name for card in corpora()] == ["glyphs"])
    data = Corpus.open("glyphs")
    assert set(data.labels("train")) == set("01234")
    assert pictures.read(data.texts("train", [0])[0])[0].tolist() == [0] * 5
    app.run()
    assert not app.exception and app.dataframe[-1].value["text"][0].startswith("data:image/png")
    assert "Showing 20 random of 24 pictures." in said(app)


def test_checks_of_pictures_count_what_pictures_have(page: Open, home: Path, glyphs: Path) -> None:
    import_path(glyphs, "glyphs")
    app = page("data", data="glyphs")
    app.session_state["data-tabs"] = "Checks"
    app.run()
    told = {metric.label: metric.value for metric in app.metric}
    assert told["Pixels"] == "5 × 5" and told["Duplicates"] == "0" and "Ink" in told
    assert "Truncated" not in told and not app.exception


def test_a_damaged_file_of_pictures_is_explained(page: Open, home: Path, glyphs: Path) -> None:
    glyphs.write_bytes(glyphs.read_bytes()[:100])
    app = by_path(page, glyphs)
    assert app.error and "ends early or is damaged" in app.error[0].value


def test_text_settings_and_pictures_do_not_start_a_run(
    page: Open, home: Path, glyphs: Path
) -> None:
    import_path(glyphs, "glyphs")
    app = page("train")
    app.selectbox(key=f"{app.session_state['draft'].key}.data").set_value("glyphs").run()
    assert app.button(key="start").disabled
    assert any("tokenizer.kind must be 'pixels'" in error.value for error in app.error)
