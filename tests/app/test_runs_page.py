"""Runs: the monitor says what is, and its buttons do what they say or say why not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import jobs
from engine.config import DataError, RunBusy
from engine.runs import evaluations, launcher, store

Open = Callable[..., AppTest]
Said = Callable[[AppTest], str]


def record(step: int, kl: float) -> dict[str, float]:
    values = {"elbo": -80.0, "reconstruction": 80 - kl, "kl": kl, "ppl": 40.0, "active_units": 2.0}
    values |= {"mutual_information": kl * 0.9, "mutual_information_n": 2000.0}
    return {"step": step, "epoch": step / 10, "seconds": step * 1.0} | {
        f"valid/{name}": value for name, value in values.items()
    }


def charts_of(app: AppTest) -> int:
    return len(app.get("plotly_chart"))


def test_a_running_run_shows_progress_and_can_be_stopped(
    page: Open, fake_run: Callable[..., Path], said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = []
    monkeypatch.setattr(launcher, "stop", lambda run: stopped.append(run.name))
    fake_run("busy", "running", [record(10, 3.0), record(20, 4.0)], total_steps=40)
    app = page("runs", run="busy")
    assert "running" in [badge.value for badge in app.get("badge")] or "running" in said(app)
    assert any(progress.value == 50 for progress in app.progress)
    assert charts_of(app) >= 6
    assert app.button(key="Resume-busy").disabled and app.button(key="Delete-busy").disabled
    app.button(key="Stop-busy").click().run()
    assert stopped == ["busy"]


def test_a_failed_run_says_what_went_wrong_and_what_helps(
    page: Open, fake_run: Callable[..., Path], said: Said
) -> None:
    fake_run("broken", "failed", message="the loss is nan at step 20; a lower rate helps")
    app = page("runs", run="broken")
    assert "the loss is nan at step 20" in said(app)
    assert "What usually helps" in said(app)
    assert "step 20 train elbo" in said(app), "the log is open"


def test_the_tables_of_evaluations_are_listed_with_units_and_definitions(
    page: Open, fake_run: Callable[..., Path], said: Said
) -> None:
    folder = fake_run("measured", "finished", [record(10, 3.0)])
    table = {
        "split": "test",
        "checkpoint": "best",
        "step": 1200,
        "made": 1.0,
        "notes": ["no probe", "no BLEU of pictures"],
    }
    table |= {"metrics": {"forward_ppl": 211.8, "copied": 0.023, "kl": 3.0, "of_another_day": 1.0}}
    evaluations.keep(store.Run(folder), "test", "best", table | {"real": {"forward_ppl": 65.5}})
    app = page("runs", run="measured")
    assert "Evaluation\\: test, best, step 1,200" in [one.label for one in app.expander]
    (shown,) = [one.value for one in app.dataframe if "What it is" in one.value]
    assert shown["Number"].tolist() == ["Forward perplexity", "Copied", "KL"]
    assert shown["Value"].tolist() == ["211.8", "2.3%", "3"]
    assert shown["Real text"].tolist() == ["65.5", "", ""]
    assert shown["Unit"][2] == "nats/sentence" and "4-gram" in shown["What it is"][0]
    assert "No probe" in said(app) and "No BLEU of pictures" in said(app)


def measured(app: AppTest) -> dict[str, str]:
    """The table of the one evaluation of a page, by label; empty while there is none."""
    found = [one.value for one in app.dataframe if "What it is" in one.value]
    return dict(zip(found[0]["Number"], found[0]["Value"], strict=True)) if found else {}


def test_a_run_is_measured_from_its_page_as_by_the_command(
    page: Open, trained: Path, said: Said, wait_until: Callable[..., None]
) -> None:
    run = store.find("tiny")
    before = {path.name for path in run.path.iterdir()}
    app = page("runs", run="tiny")
    app.button(key="Evaluate-tiny").click().run()
    assert "Everything" in said(app) or "all that applies" in said(app)
    field = {one.label: one for one in [*app.selectbox, *app.number_input]}
    field["Split"].set_value("valid")
    field["Checkpoint"].set_value("last")
    field["Sentences at most"].set_value(9)
    field["Importance samples K"].set_value(20)
    field["A sentence is valid if it"].set_value("python")
    (submit,) = [one for one in app.button if one.label == "Measure"]
    try:
        submit.click().run()
        wait_until(app, lambda app: measured(app) and not jobs.ended("evaluation:"))
        (table,) = evaluations.kept(run)
        assert (table["split"], table["checkpoint"], table["valid"]) == ("valid", "last", "python")
        assert table["metrics"]["rows"] == 9 and table["evaluation"]["iw_samples"] == 20
        assert table["metrics"]["generated"] == 9 and "path_valid" in table["metrics"]
        shown = measured(app)
        assert {"IW-NLL", "Cost of swapped codes", "Token accuracy", "Forward BLEU"} <= set(shown)
        assert not app.button(key="Evaluate-tiny").disabled
        app.button(key="Evaluate-tiny").click().run()
    finally:
        for path in run.path.iterdir():  # the run is every test's
            if path.name not in before:
                path.unlink()


def test_an_evaluation_that_cannot_be_says_why_and_the_page_stays(
    page: Open, trained: Path, said: Said, wait_until: Callable[..., None], monkeypatch: Any
) -> None:
    def broken(*args: Any) -> None:
        raise DataError("the data set animals is gone; import it again")

    monkeypatch.setattr("engine.maps.orders.carry_out", broken)
    app = page("runs", run="tiny")
    app.button(key="Evaluate-tiny").click().run()
    (submit,) = [one for one in app.button if one.label == "Measure"]
    submit.click().run()
    wait_until(app, lambda app: "import it again" in said(app))
    assert "did not work" in " ".join(error.proto.title for error in app.error)
    assert not app.button(key="Evaluate-tiny").disabled


def test_a_run_without_a_checkpoint_cannot_be_measured_yet(
    page: Open, fake_run: Callable[..., Path]
) -> None:
    fake_run("young", "running", [record(10, 3.0)])
    button = page("runs", run="young").button(key="Evaluate-young")
    assert button.disabled and "no checkpoint yet" in button.help


def test_codes_without_a_density_say_why_there_are_dashes(
    page: Open, fake_run: Callable[..., Path]
) -> None:
    fake_run("points", "finished", [{"step": 10, "epoch": 1.0, "valid/reconstruction": 30.0}])
    app = page("runs", run="points")
    shown = {one.label: one for one in app.metric}
    assert shown["KL"].value == "–" and "have no density" in shown["KL"].help
    assert (
        shown["Reconstruction"].value == "30" and "no density" not in shown["Reconstruction"].help
    )


def test_a_disabled_button_says_why(page: Open, trained: Path) -> None:
    app = page("runs", run="tiny")
    assert app.button(key="Stop-tiny").disabled
    assert "nothing to stop" in app.button(key="Stop-tiny").help
    assert "clone it" in app.button(key="Resume-tiny").help


def test_a_finished_run_has_curves_probes_and_a_verdict(
    page: Open, trained: Path, said: Said
) -> None:
    app = page("runs", run="tiny")
    assert charts_of(app) == 9
    assert "Probe sentences" in said(app)
    # Its KL weight still rose when it ended.
    assert "Too early to tell" in {info.proto.title for info in app.info}
    assert "still rising" in said(app) and "The KL is" in said(app)
    assert not [button for button in app.button if str(button.key).startswith("remedy-")]
    assert {metric.label for metric in app.metric} >= {"ELBO", "KL", "Active units"}


def test_a_collapsed_run_offers_clones_with_a_remedy(
    page: Open, fake_run: Callable[..., Path], said: Said
) -> None:
    fake_run("flat", "finished", [record(10, 0.01), record(20, 0.01)])
    app = page("runs", run="flat")
    assert "The posterior has collapsed" in {error.proto.title for error in app.error}
    app.button(key="remedy-aggressive").click().run()
    remedies = [remedy.name for remedy in app.session_state["draft"].config.objective.remedies]
    assert remedies == ["annealing", "free_bits", "aggressive"]


def test_a_collapsed_run_offers_a_clone_whose_code_reaches_the_softmax(
    page: Open, fake_run: Callable[..., Path]
) -> None:
    fake_run("flat", "finished", [record(10, 0.01), record(20, 0.01)])
    app = page("runs", run="flat")
    app.button(key="remedy-z_output").click().run()
    draft = app.session_state["draft"]
    assert draft.config.model.decoder.z_output and draft.origin.endswith("the code at the softmax")


def test_a_run_that_ended_early_says_what_ended_it(
    page: Open, fake_run: Callable[..., Path], said: Said
) -> None:
    told = "stopped by the plateau rule after 4 falls of the rate at step 20 of 90"
    fake_run("short", "finished", [record(20, 3.0)], step=20, total_steps=90, message=told)
    app = page("runs", run="short")
    assert f"Training was {told}." in said(app)
    resume = app.button(key="Resume-short")
    assert resume.disabled and "ended early" in resume.help and "all its steps" not in resume.help


def test_a_run_with_no_record_yet_says_what_it_waits_for(
    page: Open, fake_run: Callable[..., Path], said: Said
) -> None:
    fake_run("young", "queued", activity="waiting for a free slot")
    assert "waiting for a free slot" in said(page("runs", run="young"))


def test_an_error_of_an_action_stays_until_it_is_dismissed(
    page: Open, fake_run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(run: store.Run) -> None:
        raise RunBusy("the device is on fire; wait")

    monkeypatch.setattr(launcher, "resume", busy)
    fake_run("ended", "stopped", [record(10, 3.0)])
    app = page("runs", run="ended")
    app.button(key="Resume-ended").click().run()
    assert any("on fire" in error.value for error in app.error)
    app.run()
    assert any("on fire" in error.value for error in app.error)
    app.button(key="dismiss-error-0").click().run()
    assert not any("on fire" in error.value for error in app.error)


def test_deleting_asks_first(page: Open, fake_run: Callable[..., Path], said: Said) -> None:
    folder = fake_run("old", "finished", [record(10, 3.0)])
    app = page("runs", run="old")
    app.button(key="Delete-old").click().run()
    assert folder.exists()
    assert "gone for good" in said(app)


def test_smoothing_and_axis_can_be_chosen(page: Open, trained: Path, said: Said) -> None:
    app = page("runs", run="tiny")
    app.segmented_control(key="x-axis").set_value("epoch")
    app.slider(key="smoothing").set_value(0.0)
    app.toggle(key="log").set_value(True)
    app.run()
    assert said(app) and charts_of(app) == 9


def test_frozen_curves_stay_while_records_arrive(page: Open, fake_run: Callable[..., Path]) -> None:
    import json

    folder = fake_run("busy", "running", [record(10, 3.0), record(20, 4.0)], total_steps=40)

    def kl(app: AppTest) -> str:
        return next(
            chart.proto.spec for chart in app.get("plotly_chart") if "KL" in chart.proto.spec[:4000]
        )

    app = page("runs", run="busy")
    app.toggle(key="freeze-busy").set_value(True).run()
    frozen = kl(app)
    with (folder / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(record(30, 9.0)) + "\n")
    app.run()
    assert kl(app) == frozen
    app.toggle(key="freeze-busy").set_value(False).run()
    assert kl(app) != frozen
