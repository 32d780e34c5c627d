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
from engine.presets import preset
from engine.runs import store

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


def test_a_folder_without_data_is_refused_at_once_and_one_with_splits_says_what_is_read(
    page: Open, home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    app = by_path(page, folder)
    assert (
        "must hold a file for train" in app.error[0].value and "holds nothing" in app.error[0].value
    )
    assert not [button for button in app.button if str(button.key).startswith("import-")]
    for split in ("train", "test"):
        (folder / f"{split}.txt").write_text("a line\n" * 5)
    app.run()
    assert not app.error
    told = next(one.value for one in app.caption if "A folder with" in one.value)
    assert "train.txt, test.txt" in told
    assert not app.button(key=f"import-{folder}-go").disabled


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


def test_the_data_set_of_a_draft_outlives_a_reload(page: Open, trained: Path) -> None:
    app = page("train", corpus="animals")
    draft = app.session_state["draft"]
    assert draft.config.data.name == "animals" and draft.origin == "quick"
    app.selectbox(key=f"{draft.key}.data").set_value("unicode-names").run()
    assert app.query_params["corpus"] == "unicode-names"


def test_an_address_names_only_data_sets_that_are_here(page: Open, trained: Path) -> None:
    app = page("train", corpus="/etc/hostname")
    assert app.session_state["draft"].config.data.name == preset("quick").data.name


def test_a_builtin_corpus_is_offered_with_one_click(
    page: Open, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import making

    asked = []
    monkeypatch.setattr(making, "ensure", lambda name, tell: asked.append(name) or Named(name))
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
    assert said(app).count('src="data:image/png;base64,') >= 24
    assert "Showing 24 random of 24 pictures." in said(app)


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
    config = preset("quick").model_dump(mode="json")
    store.create(config | {"data": config["data"] | {"name": "glyphs"}}, "of-texts")
    app = page("train")
    app.selectbox(key="clone-from").set_value("of-texts").run()
    next(button for button in app.button if button.label == "Clone").click().run()
    assert app.button(key="start").disabled
    assert any("tokenizer.kind must be 'pixels'" in error.value for error in app.error)


# -- what is uploaded ------------------------------------------------------------------------------


def upload(app: AppTest, name: str, content: bytes, number: int = 0) -> Path:
    """Drops a file; where the app keeps it until it is imported."""
    app.file_uploader(key=f"upload-{number}").upload(name, content).run()
    [kept] = uploaded()
    return kept


def uploaded() -> list[Path]:
    from engine.config import home

    return sorted((home() / "cache" / "uploads").glob("*/*"))


def until_over(app: AppTest) -> None:
    deadline = time.monotonic() + 30
    while jobs.live() and time.monotonic() < deadline:
        time.sleep(0.02)
    app.run()


def test_the_source_of_an_uploaded_file_is_its_own_name(
    page: Open, home: Path, table: Path, wait_until: Callable[..., None]
) -> None:
    app = page("data")
    kept = upload(app, "reviews.csv", table.read_bytes())
    app.button(key=f"import-{kept}-go").click().run()
    wait_until(app, lambda _: not jobs.live() and len(corpora()) == 1)
    assert corpora()[0].source == "reviews.csv" and uploaded() == []


def test_an_upload_that_cannot_be_imported_does_not_stay(page: Open, home: Path) -> None:
    app = page("data")
    kept = upload(app, "one.txt", b"only one line\n")
    app.button(key=f"import-{kept}-go").click().run()
    until_over(app)
    assert corpora() == [] and uploaded() == []


def test_an_upload_that_another_takes_the_place_of_does_not_stay(page: Open, home: Path) -> None:
    app = page("data")
    upload(app, "book.xlsx", b"PK\x03\x04 and more")
    assert "Excel workbook" in app.error[0].value, "said by the importer, not by the uploader"
    kept = upload(app, "one.txt", b"a line\nanother\n")
    assert kept.name == "one.txt"


def test_what_a_closed_tab_has_left_is_forgotten_after_a_day(home: Path) -> None:
    import io
    import os

    from app import uploads

    old = home / "cache" / "uploads" / "old"
    old.mkdir(parents=True)
    (old / "left.txt").write_text("a line\n")
    os.utime(old, (time.time() - 25 * 3600,) * 2)
    fresh = io.BytesIO(b"a line\n")
    fresh.name, fresh.file_id = "new.txt", "new"  # type: ignore[attr-defined]
    assert uploads.save(fresh).read_bytes() == b"a line\n"
    assert [path.name for path in uploaded()] == ["new.txt"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("id,review\n", "no rows"),
        ("id,stars\n1,2\n2,3\n3,1\n", "choose the text column"),
    ],
)
def test_import_waits_for_something_to_import_and_says_why(
    page: Open, home: Path, tmp_path: Path, content: str, why: str
) -> None:
    path = tmp_path / "poor.csv"
    path.write_text(content)
    button = by_path(page, path).button(key=f"import-{path}-go")
    assert button.disabled and why in button.help


def test_a_column_that_is_empty_is_no_text_column(page: Open, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "hollow.csv"
    path.write_text("text,note\n" + "a fine line,\n" * 30)
    app = by_path(page, path)
    assert not app.button(key=f"import-{path}-go").disabled
    app.selectbox(key=f"import-{path}-text").set_value("note").run()
    button = app.button(key=f"import-{path}-go")
    assert button.disabled and "note is empty" in button.help
