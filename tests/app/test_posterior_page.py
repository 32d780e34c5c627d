"""Posterior on runs whose state is known: alive, collapsed, of every latent family, damaged, unfinished."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import jobs
from app.posterior_page import dimensions, figures, headline
from engine.models.latents import LATENTS
from tests.app.planted import collapse, train_one_that_is_alive, untrained

Open = Callable[..., AppTest]
Said = Callable[[AppTest], str]
Wait = Callable[..., None]

TRAINING = {"health-split": "training"}


@pytest.fixture(scope="module")
def home_of_runs(workshop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the workshop with a run that is alive, a collapsed one, and one of every family."""
    home = tmp_path_factory.mktemp("posteriors") / "home"
    shutil.copytree(workshop, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSCAPE_HOME", str(home))
        train_one_that_is_alive()
        for family in LATENTS:
            untrained(home, family)
        collapse(untrained(home, "gaussian", "collapsed"))
        yield home


@pytest.fixture
def runs(home_of_runs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That home as this test's own."""
    monkeypatch.setenv("ZSCAPE_HOME", str(home_of_runs))
    return home_of_runs


@pytest.fixture
def opened(page: Open, runs: Path, wait_until: Wait) -> Open:
    """Opens the page and waits for the report."""

    def open_page(run: str, **query: str) -> AppTest:
        app = page("posterior", run=run, **TRAINING, **query)
        wait_until(app, lambda shown: shown.get("download_button") or shown.exception)
        assert not app.exception, app.exception
        return app

    return open_page


def labels(app: AppTest, kind: str) -> list[str]:
    return [element.label for element in app.get(kind)]


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_the_view_is_in_the_address_and_in_the_link(page: Open, runs: Path) -> None:
    app = page("posterior", run="tiny", **{"posterior-view": "Posterior mean space"})
    assert not app.exception
    assert app.session_state["posterior-view"] == "Posterior mean space"
    assert app.session_state["note:link-posterior"]["posterior-view"] == "Posterior mean space"


# -- verdicts ---------------------------------------------------------------------------------------


def test_a_posterior_that_is_alive_is_said_to_be_with_its_evidence(
    opened: Open, said: Said
) -> None:
    app = opened("alive", checkpoint="last")
    words = said(app)
    assert app.success[0].value.startswith("The decoder uses the code")
    assert "Swapping codes between sentences changes reconstruction by" in words
    assert "Measured on 96 of 96 sentences of the training split of animals, seed 42" in words
    assert "From n = 96 rows no more than ln n = 4.56 can be seen" in words
    assert metrics(app)["Active units, of 8"] == "8"
    assert float(metrics(app)["Mutual information"]) <= np.log(96)
    assert not [button for button in app.button if str(button.key).startswith("remedy-")]


def test_a_collapsed_posterior_is_cloned_with_a_remedy_in_one_click(
    opened: Open, said: Said
) -> None:
    app = opened("collapsed")
    assert "The posterior has collapsed" in app.error[0].value
    assert "4 of 4 dimensions carry under 0.01 nats" in said(app)
    assert metrics(app)["Active units, of 4"] == "0"
    app.button(key="remedy-word_dropout").click().run()
    draft = app.session_state["draft"]
    assert draft.origin == "run collapsed with word dropout"
    assert draft.config.objective.remedies[-1].name == "word_dropout"
    assert draft.config.model.latent.size == 4


@pytest.mark.parametrize("family", LATENTS)
def test_every_family_has_a_page_and_what_it_lacks_is_a_dash_with_the_reason(
    family: str, opened: Open, said: Said
) -> None:
    app = opened(f"of-{family}")
    words = said(app)
    shown = {label.partition(", of")[0]: value for label, value in metrics(app).items()}
    dashes = {label for label, value in shown.items() if value == "–"}
    for label in dashes:
        assert any(line.startswith("– ") and label in line for line in words.splitlines()), label
    lacking = {
        "vmf": {"Active units", "Units without holes"},
        "power_spherical": {"Active units", "Units without holes"},
        "deterministic": {"KL", "Mutual information", "Hole rate"},
    }
    assert lacking.get(family, set()) <= dashes
    assert bool(dashes) == (family in (*lacking, "logistic_gaussian"))
    assert "Traversal of z[" in words
    for chart in app.get("plotly_chart"):
        assert chart.proto.alt.strip(), "a chart says what it shows"


def test_the_report_is_made_once(opened: Open, page: Open) -> None:
    opened("of-gaussian")
    again = page("posterior", run="of-gaussian", **TRAINING)
    assert again.get("download_button"), "the second visit finds it on disk"
    assert not jobs.live("posterior:")


# -- one dimension ----------------------------------------------------------------------------------


def test_a_dimension_is_moved_through_from_minus_three_to_three_deviations(
    opened: Open, said: Said
) -> None:
    app = opened("alive", checkpoint="last")
    app.selectbox(key="unit").set_value("z[2]").run()
    words = said(app)
    assert "**z[2] from -3σ to 3σ**" in words
    strip = next(element.value for element in app.html if "Traversal of z[2]" in element.value)
    assert "-3.0σ" in strip and "+3.0σ" in strip
    assert "σ of the sentences' codes" in words
    app.session_state["link"] = True
    link = next(block.value for block in app.run().code if block.value.startswith("http"))
    assert "unit=z%5B2%5D" in link and "health-split=training" in link
    app.segmented_control(key="sigma-of").set_value("the prior").run()
    assert "σ of the prior: 1, around 0." in said(app)


def test_a_dimension_that_does_nothing_is_said_to_do_nothing(opened: Open, said: Said) -> None:
    app = opened("collapsed")
    assert "alone, this dimension changes nothing here" in said(app)


def test_a_bit_has_two_places(opened: Open, said: Said) -> None:
    assert "from 0 to 1" in said(opened("of-bernoulli"))


def test_a_sentence_of_ones_own_is_moved(opened: Open, said: Said) -> None:
    app = opened("alive", checkpoint="last")
    app.text_input(key="moved-alive").set_value("").run()
    assert "A sentence, please" in said(app)
    app.text_input(key="moved-alive").set_value("the cat sees the ball .").run()
    assert "Traversal of z[" in said(app)


def test_a_dimension_that_another_run_lacks_is_forgotten(opened: Open, said: Said) -> None:
    app = opened("alive", checkpoint="last")
    app.selectbox(key="unit").set_value("z[7]").run()
    app.selectbox(key="run").set_value("of-gaussian").run()
    assert "Posterior" in said(app)


# -- states -----------------------------------------------------------------------------------------


def test_the_work_shows_how_far_it_is_survives_a_reload_and_can_be_stopped(
    page: Open, runs: Path, wait_until: Wait, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.maps import posteriors

    pause = threading.Event()

    def make(request: Any, host: Any, progress: Any) -> None:
        while not pause.wait(0.05):
            progress(30, 90, "encoding")

    monkeypatch.setattr(posteriors, "make", make)
    page("posterior", run="tiny", **{"health-split": "test"})
    app = page(
        "posterior", run="tiny", **{"health-split": "test"}
    )  # another tab finds the same job
    (job,) = jobs.live("posterior:")
    assert job.title == "Looking at the posterior of tiny"
    app.button(key=f"cancel-{job.key}").click().run()
    again = f"again-{job.key}"
    wait_until(app, lambda shown: any(button.key == again for button in shown.button))
    assert "stopped before it was done" in said(app.run()), "it does not begin again unasked"
    pause.set()


def test_a_damaged_checkpoint_is_explained(
    page: Open, runs: Path, wait_until: Wait, said: Said
) -> None:
    folder = runs / "runs" / "damaged"
    shutil.copytree(runs / "runs" / "tiny", folder)
    path = folder / "checkpoints" / "best" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    app = page("posterior", run="damaged")
    wait_until(app, lambda shown: shown.error)
    assert "must be a safetensors file" in said(app)
    shutil.rmtree(folder)


def test_a_run_whose_status_is_damaged_is_explained(
    page: Open, fake_run: Callable[..., Path], said: Said
) -> None:
    folder = fake_run("damaged", "running")
    (folder / "status.json").write_text("{")
    assert "must be a JSON file" in said(page("posterior", run="damaged"))


# -- parts ------------------------------------------------------------------------------------------


def test_everything_can_be_taken_away(opened: Open) -> None:
    found = labels(opened("of-gaussian"), "download_button")
    assert found == ["Report (JSON)", "Numbers (CSV)", "Dimensions (CSV)", "Prior draws (CSV)"]


def test_the_words_about_the_information_know_its_cap() -> None:
    at_cap = headline.in_words(kl=38.2, information=7.59, upper=93.0, n=2000)
    assert "ln n = 7.60" in at_cap and "between 7.59 and 38.20" in at_cap
    below = headline.in_words(kl=1.9, information=1.1, upper=1.2, n=2000)
    assert "bound from above" in below and "0.80 nats" in below


def test_dimensions_are_ranked_by_what_they_carry(opened: Open) -> None:
    opened("alive", checkpoint="last")
    from app.posteriors import Request, find
    from engine.runs import store

    kept = find(Request(store.find("alive"), "last", "train"))
    assert kept is not None
    found = dimensions.ranked(kept)
    assert (np.diff(found.values) <= 0).all() and sorted(found.order) == list(range(8))
    assert found.values[0] == max(kept.kl_per_unit)


def test_a_threshold_marks_what_is_under_it_by_more_than_its_colour() -> None:
    values = np.array([1.0, 0.5, 0.001])
    bar = figures.bars_by_unit(["a", "b", "c"], values, "KL", "nats", 0.01).data[0]
    assert bar.marker.color[0] != bar.marker.color[2]
    assert list(bar.marker.pattern.shape) == ["", "", "/"]
    log = figures.bars_by_unit(["a"], np.zeros(1), "V", "", 0.01, log=True)
    assert log.data[0].y[0] > 0, "a logarithmic axis has no zero"
