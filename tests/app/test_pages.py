"""Every page, through app/main.py, in every state that a user can meet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.navigation import ENTRIES

Open = Callable[..., AppTest]
Said = Callable[[AppTest], str]
MODEL_PAGES = ("latent_map", "posterior", "interpolate", "sample", "reconstruct")


@pytest.mark.parametrize("stem", ENTRIES)
def test_every_page_opens_on_an_empty_home(stem: str, page: Open, home: Path, said: Said) -> None:
    app = page(stem)
    assert said(app)
    assert app.title, "a page has a title"


@pytest.mark.parametrize("stem", ENTRIES)
def test_every_page_opens_on_a_finished_run(
    stem: str, page: Open, trained: Path, said: Said
) -> None:
    app = page(stem, run="tiny")
    assert said(app)
    assert app.selectbox(key="run").value == "tiny"
    assert app.selectbox(key="checkpoint").value in ("best", "last")


@pytest.mark.parametrize("stem", MODEL_PAGES)
def test_a_run_without_checkpoint_is_explained(
    stem: str, page: Open, fake_run: Callable[..., Path], said: Said
) -> None:
    fake_run("young", "running", total_steps=100)
    assert "has no checkpoint yet" in said(page(stem, run="young"))


@pytest.mark.parametrize("stem", ["runs", "interpolate"])
def test_a_deleted_run_in_the_address_is_explained(
    stem: str, page: Open, trained: Path, said: Said
) -> None:
    app = page(stem, run="gone")
    assert "gone" in said(app)
    assert app.selectbox(key="run").value in ("tiny", "demo")
    app.button(key="dismiss-missing").click().run()
    assert not any("gone" in warning.value for warning in app.warning)


def test_the_job_chip_shows_a_live_run_on_every_page(
    page: Open, fake_run: Callable[..., Path]
) -> None:
    fake_run("busy", "running", step=43, total_steps=100, eta_seconds=120.0)
    labels = [button.label for button in page("guide").button]
    assert any("busy" in label and "43%" in label and "left" in label for label in labels)


def test_home_shows_runs_as_cards_with_their_health(page: Open, trained: Path, said: Said) -> None:
    app = page("home")
    assert "tiny" in said(app)
    assert "animals" in said(app)
    assert any(word in said(app) for word in ("healthy", "weak", "collapsed"))
    assert any(metric.label == "ELBO" for metric in app.metric)


def test_the_guide_explains_every_metric_family_remedy_and_estimator(
    page: Open, home: Path
) -> None:
    from engine.metrics import METRICS
    from engine.models.estimators import ESTIMATORS
    from engine.models.latents import LATENTS
    from engine.objectives.remedies import REMEDIES

    app = page("guide")
    assert len(app.table) == 1, "the registries wait until their tab is opened"
    app.session_state["guide-tabs"] = "Latents and remedies"
    tables = [table.value for table in app.run().table]
    assert set(tables[-1]["Key"]) == set(METRICS) and len(tables[-1]) == len(METRICS)
    for registry, table in zip((LATENTS, REMEDIES, ESTIMATORS), tables, strict=False):
        assert [registry.about(name)[0] for name in registry] == list(table["What it does"])


def test_the_guide_tells_the_numbers_of_images_in_their_words(page: Open, home: Path) -> None:
    app = page("guide")
    app.segmented_control(key="guide-kind").set_value("images").run()
    assert not app.exception
    table = app.table[-1].value
    assert {"elbo", "kl", "exact_match", "mean_gap"} <= set(table["Key"])
    assert not {"bleu", "forward_ppl", "rare_words", "valid"} & set(table["Key"])
    told = " ".join([*table["How it is computed"], *table["Unit"], *table.index])
    assert "entence" not in told and "end token" not in told
    assert any("Nats are per image." in one.value for one in app.markdown)
    app.text_input(key="guide-number").set_value("active units").run()
    assert "active_units" in set(app.table[-1].value["Key"])
    assert len(app.table[-1].value) < len(table)


def test_the_guide_finds_the_option_of_another_program(page: Open, home: Path, said: Said) -> None:
    from engine.counterparts import PROGRAMS

    app = page("guide")
    app.session_state["guide-tabs"] = "Coming from"
    app.run()
    for name, program in PROGRAMS.items():
        app.selectbox(key="options-program").set_value(name).run()
        assert not app.exception
        assert any(len(table.value) == len(program.rows) for table in app.table)
    app.selectbox(key="options-program").set_value("TMNT")
    app.text_input(key="options-find").set_value("kappa").run()
    found = [list(table.value.index) for table in app.table]
    assert ["`--kappa`"] in found
    app.text_input(key="options-find").set_value("full_kl_step").run()
    assert "Found in VAE-tensorflow." in said(app)


def test_a_damaged_run_takes_no_page_with_it(
    page: Open, fake_run: Callable[..., Path], said: Said
) -> None:
    folder = fake_run("damaged", "running")
    (folder / "status.json").write_text("{half a fi")
    (folder / "config.json").write_text("")
    assert "cannot be read" in "".join(error.proto.title for error in page("home").error)
    assert "must be a JSON file" in said(page("runs", run="damaged"))
    assert said(page("guide"))


def test_every_verdict_has_a_colour_and_a_banner(home: Path) -> None:
    from typing import get_args

    from app import blocks
    from engine.evaluation.diagnosis import State

    assert set(blocks.HEALTH) == set(get_args(State))

    def banners() -> None:
        from typing import get_args

        from app import blocks
        from engine.evaluation.diagnosis import Diagnosis, State

        for state in get_args(State):
            blocks.health(Diagnosis(state, ["So it is."], [], []))

    app = AppTest.from_function(banners).run()
    assert not app.exception
    assert len(app.error) + len(app.warning) + len(app.success) == len(get_args(State))
