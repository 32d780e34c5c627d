"""New run: what is on the form is what starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.experiment import load_config
from engine.presets import SECTIONS, fitting, preset
from engine.runs import launcher, store

Open = Callable[..., AppTest]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[store.Run]:
    """The runs that were started, without a process."""
    runs: list[store.Run] = []
    monkeypatch.setattr(launcher, "start", runs.append)
    return runs


def form(app: AppTest, setting: str) -> str:
    return f"{app.session_state['draft'].key}.{setting}"


def test_the_page_begins_with_the_quick_preset(page: Open, home: Path) -> None:
    app = page("train")
    assert app.session_state["draft"].config == preset("quick")


def test_a_data_set_of_images_begins_with_a_preset_for_images_however_it_was_chosen(
    page: Open, home: Path
) -> None:
    by_address = page("train", corpus="digits")
    by_picker = page("train")
    by_picker.selectbox(key=form(by_picker, "data")).set_value("digits").run()
    for app in (by_address, by_picker):
        assert not app.exception and not app.error
        draft = app.session_state["draft"]
        assert draft.origin == "lagging-omniglot-small"
        assert draft.config == preset("lagging-omniglot-small")
        assert not app.button(key="start").disabled
        assert {metric.label for metric in app.metric} >= {"Weights", "Steps", "Pictures"}
    by_picker.selectbox(key=form(by_picker, "data")).set_value("docstrings").run()
    assert by_picker.session_state["draft"].origin == "quick"


def test_the_settings_of_a_run_of_pictures_speak_of_pictures(page: Open, home: Path) -> None:
    app = page("train", corpus="digits")
    app.toggle(key=form(app, "training.mean_space?")).set_value(True).run()
    assert not app.exception
    named = [
        (widget.label, widget.help or "")
        for kind in (app.number_input, app.selectbox, app.toggle, app.text_input)
        for widget in kind
        if widget.key and widget.key.startswith(app.session_state["draft"].key)
    ]
    labels = {label for label, _ in named}
    assert {"Max pixels", "Batch size B (pictures)", "Side (pixels)", "Pictures"} <= labels
    assert not {"Vocab size (ids)", "Lowercase", "Word vectors", "Source"} & labels
    about = [text for label, help in named for text in (label, help)]
    spoken = [text for text in about if "entence" in text or "tokens" in text]
    assert not spoken
    of_text = page("train")
    assert not any(widget.label == "Side (pixels)" for widget in of_text.number_input)
    assert any(widget.label == "Max tokens" for widget in of_text.number_input)


def test_pictures_that_a_model_would_read_smaller_are_read_whole_at_a_click(
    page: Open, home: Path, tmp_path: Path
) -> None:
    import numpy as np

    from engine.data.importing import import_path

    path = tmp_path / "wide.npz"
    rng = np.random.default_rng(0)
    np.savez(path, images=rng.integers(0, 255, (40, 12, 10)).astype(np.uint8))
    import_path(path, "wide")
    app = page("train", corpus="wide")
    assert any("reads them at 8 by 8" in one.value for one in app.caption)
    app.button(key="read-whole").click().run()
    assert not app.exception and not app.error
    config = app.session_state["draft"].config
    sides = (config.tokenizer.side, config.model.encoder.side, config.model.decoder.side)
    assert sides == (12, 12, 12) and config.data.max_tokens == 144
    assert app.session_state["draft"].origin == "lagging-omniglot-small"
    assert not any(button.key == "read-whole" for button in app.button)


def test_a_preset_that_cannot_read_the_data_set_brings_its_own(page: Open, home: Path) -> None:
    app = page("train", corpus="digits")
    app.button(key="preset-standard").click().run()
    assert app.session_state["draft"].config == preset("standard")
    app.button(key="preset-lagging-omniglot").click().run()
    assert app.session_state["draft"].config.data.name == "omniglot"
    assert not app.error and not app.button(key="start").disabled


@pytest.mark.parametrize(
    ("name", "section"), [("quick", "To work with"), ("annealed", "One remedy each, to compare")]
)
def test_the_tab_of_the_chosen_preset_is_open(
    name: str, section: str, page: Open, home: Path
) -> None:
    app = page("train")
    app.button(key=f"preset-{name}").click().run()
    opened = [
        list(SECTIONS)[block.proto.tab_container.default_tab_index]
        for block in app.get("tab_container")
        if [tab.label for tab in block.children.values()] == list(SECTIONS)
    ]
    assert opened == [section]
    chosen = [tab.label for tab in app.tabs for one in tab.markdown if "chosen" in one.value]
    assert chosen == [section]


def test_a_data_set_has_a_preset_that_reads_it_and_images_that_which_was_made_for_them() -> None:
    assert fitting("text", "mine") == fitting("text", "yahoo") == "quick"
    assert fitting("images", "mine") == fitting("images", "digits") == "lagging-omniglot-small"
    assert fitting("images", "omniglot") == "lagging-omniglot"


def test_starting_writes_the_form_as_a_run(page: Open, home: Path, started: list) -> None:
    app = page("train")
    app.number_input(key=form(app, "training.epochs")).set_value(3)
    app.number_input(key=form(app, "model.latent.gaussian.size")).set_value(7)
    app.text_input(key=form(app, "run")).set_value("mine")
    app.run()
    app.button(key="start").click().run()
    assert [run.name for run in started] == ["mine"]
    config = load_config(store.find("mine").config())
    assert (config.training.epochs, config.model.latent.size) == (3, 7)
    assert config.model_copy(
        update={"training": preset("quick").training, "model": preset("quick").model}
    ) == preset("quick")


def test_a_preset_card_replaces_the_form(page: Open, home: Path) -> None:
    app = page("train")
    app.button(key="preset-aggressive").click().run()
    assert app.session_state["draft"].config == preset("aggressive")
    assert app.multiselect(key=form(app, "objective.remedies:")).value == [
        "annealing",
        "aggressive",
    ]


def test_what_was_typed_survives_a_visit_to_another_page(page: Open, home: Path) -> None:
    from app.navigation import ENTRIES

    app = page("train")
    app.number_input(key=form(app, "training.epochs")).set_value(9).run()
    app.switch_page(ENTRIES["guide"].path).run()
    app.switch_page(ENTRIES["train"].path).run()
    assert app.number_input(key=form(app, "training.epochs")).value == 9


def test_the_command_line_says_what_was_changed(page: Open, home: Path) -> None:
    app = page("train")
    app.number_input(key=form(app, "objective.beta")).set_value(0.5).run()
    assert "--preset quick" in app.code[-1].value
    assert "--set objective.beta=0.5" in app.code[-1].value


def test_a_setting_that_cannot_be_blocks_the_start_and_says_why(page: Open, home: Path) -> None:
    app = page("train")
    app.text_input(key=form(app, "training.device")).set_value("toaster").run()
    assert app.button(key="start").disabled
    assert "red" in app.button(key="start").help
    assert any("Device" in error.value for error in app.error)


def test_a_name_that_is_taken_is_explained(page: Open, home: Path, started: list) -> None:
    store.create(preset("quick").model_dump(mode="json"), "mine")
    app = page("train")
    app.text_input(key=form(app, "run")).set_value("mine").run()
    app.button(key="start").click().run()
    assert started == []
    assert any("exists already" in error.value for error in app.error)


def test_a_run_can_be_cloned(page: Open, trained: Path) -> None:
    app = page("train")
    app.selectbox(key="clone-from").set_value("tiny").run()
    next(button for button in app.button if button.label == "Clone").click().run()
    assert app.session_state["draft"].config == load_config(store.find("tiny").config())


def test_the_schedule_and_the_plan_are_shown(page: Open, trained: Path) -> None:
    app = page("train")
    app.selectbox(key=form(app, "data")).set_value("animals").run()
    values = {metric.label: metric.value for metric in app.metric}
    assert values["Sentences"] == "96"
    assert values["Steps"] == "400"
    assert app.get("plotly_chart"), "the schedule is a curve"


def test_pieces_are_laid_over_the_transformer_vae_in_the_order_of_their_choice(
    page: Open, home: Path, said: Callable[[AppTest], str]
) -> None:
    from engine.presets.pieces import with_pieces

    app = page("train")
    assert not [button for button in app.button if button.key == "lay-over"]
    app.button(key="preset-transformer-vae").click().run()
    chosen = ["batch_large", "tenth_5_tkn", "batch_small"]
    app.multiselect(key="pieces-transformer-vae").set_value(chosen).run()
    told = said(app).replace("\\", "")
    assert "training.batch_size is 10 of piece batch_small" in told
    app.button(key="lay-over").click().run()
    expected = with_pieces(preset("transformer-vae"), " ".join(chosen))
    assert app.session_state["draft"].config == expected
    assert any("model.latent.size=77" in code.value for code in app.code)
