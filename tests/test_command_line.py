"""The command line: one model trained, looked into and measured, and every mistake answered in a sentence."""

from __future__ import annotations

import gzip
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from engine.__main__ import app, main
from engine.config import ROOT
from engine.data import slices
from engine.data.corpus import Corpus
from engine.data.writing import Draft
from engine.metrics import METRICS
from engine.runs import launcher, store, worker
from engine.runs.status import Status

Capture = pytest.CaptureFixture[str]
SMALL = [
    "model.encoder.embedding=8",
    "model.encoder.hidden=12",
    "model.latent.size=3",
    "model.decoder.embedding=8",
    "model.decoder.hidden=12",
    "training.device=cpu",
    "training.precision=float32",
    "evaluation.mi_rows=40",
]
SETTINGS = [word for setting in SMALL for word in ("--set", setting)]


@pytest.fixture(scope="module", autouse=True)
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home for all of these tests, with one small data set."""
    folder = tmp_path_factory.mktemp("workspace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSCAPE_HOME", str(folder))
        with Draft("toy") as draft:
            lines = [f"the {a} {v} the {b}" for a in ANIMALS for v in VERBS for b in ANIMALS]
            draft.add({"text": lines, "label": [line.split()[1] for line in lines]})
            draft.finish(title="Toy", source="made for a test")
        yield folder


ANIMALS, VERBS = ["cat", "dog", "bird", "fish", "cow", "hen"], ["sees", "hears", "likes", "seeks"]


@pytest.fixture(scope="module")
def trained(workspace: Path) -> store.Run:
    """A run of the quick preset, cut down and trained in the foreground."""
    train = ["train", "--preset", "quick", "--data", "toy", "--name", "trained", "--max-steps", "8"]
    assert run_main(train + SETTINGS) == 0
    return store.find("trained")


def run_main(arguments: list[str]) -> int:
    """The exit code of a command."""
    try:
        main(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def output_of(capsys: Capture, *arguments: str) -> str:
    """What a command that succeeds writes to stdout."""
    capsys.readouterr()
    code = run_main(list(arguments))
    said = capsys.readouterr()
    assert code == 0, said.err
    return said.out


def json_of(capsys: Capture, *arguments: str) -> Any:
    return json.loads(output_of(capsys, *arguments, "--json"))


def complaint_of(capsys: Capture, *arguments: str) -> str:
    """The one sentence on stderr of a command that the user can mend."""
    capsys.readouterr()
    code = run_main(list(arguments))
    said = capsys.readouterr()
    assert code == 2, (code, said)
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err


# -- data and presets ---------------------------------------------------------------------------


def test_help_needs_no_torch() -> None:
    code = (
        "import sys; from engine.__main__ import main\n"
        "try: main(['--help'])\n"
        "finally: assert not {'torch', 'pandas', 'pyarrow', 'numpy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for command in (
        "data",
        "presets",
        "train",
        "runs",
        "stop",
        "resume",
        "evaluate",
        "encode",
        "project",
    ):
        assert command in done.stdout
    assert "worker" not in done.stdout


def test_every_command_that_opens_a_checkpoint_calls_it_restore_too() -> None:
    from typer.main import get_command

    commands = get_command(app).commands  # type: ignore[attr-defined]
    spellings = {
        name: option.opts
        for name, command in commands.items()
        for option in command.params
        if option.name == "checkpoint"
    }
    assert {"evaluate", "encode", "sample", "reconstruct", "interpolate"} < set(spellings)
    assert {"posterior", "traverse", "attribute", "project", "mean-space", "export"} < set(
        spellings
    )
    assert all(names == ["--checkpoint", "--restore"] for names in spellings.values())


def test_presets_are_listed_with_what_they_are_for(capsys: Capture) -> None:
    shown = output_of(capsys, "presets")
    assert "quick" in shown and "a first look" in shown
    assert json_of(capsys, "presets")["aggressive"]["objective"]["remedies"]


def test_data_sets_are_listed_those_that_are_made_when_used_too(capsys: Capture) -> None:
    shown = output_of(capsys, "data", "list")
    assert "toy" in shown and "docstrings" in shown and "made when first used" in shown
    here = {entry["name"]: entry["here"] for entry in json_of(capsys, "data", "list")}
    assert here["toy"] and not here["synthetic"]


def test_a_file_is_imported_once_and_trained_on(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    rows = [f"the {a} {v},{v}" for a in ANIMALS for v in VERBS]
    file.write_text("\n".join(["sentence,verb", *rows]) + "\n")
    shown = output_of(capsys, "data", "import", str(file), "--name", "verbs", "--valid", "0.25")
    assert shown == "verbs\n"
    cards = {entry["name"]: entry for entry in json_of(capsys, "data", "list")}
    assert cards["verbs"]["rows"]["valid"] == 6
    name = output_of(capsys, *TRAIN, "--data", str(file), "--max-steps", "1").strip()
    assert store.find(name).config()["data"]["name"] == "verbs"


def test_a_file_that_is_not_there_is_said_to_be_missing(capsys: Capture, tmp_path: Path) -> None:
    path = str(tmp_path / "nowhere.csv")
    assert f"no file or folder at {path}" in complaint_of(capsys, "data", "import", path)


# -- training -----------------------------------------------------------------------------------

TRAIN = ["train", "--preset", "quick", *SETTINGS]


def test_training_ends_with_the_name_of_its_run(capsys: Capture, trained: store.Run) -> None:
    assert trained.status().state == "finished"
    assert trained.status().step == trained.status().total_steps == 8
    assert trained.status().preset == "quick"
    assert "step 8/8" in trained.log()
    name = output_of(capsys, *TRAIN, "--data", "toy", "--max-steps", "1")
    assert name == "toy-quick-1\n"


def test_training_says_that_the_posterior_collapsed_and_how_to_go_on(capsys: Capture) -> None:
    vanilla = ["train", "--preset", "vanilla", "--data", "toy", "--max-steps", "2", *SETTINGS]
    capsys.readouterr()
    assert run_main(vanilla) == 0
    finished, verdict, help = capsys.readouterr().err.splitlines()[-3:]
    assert "finished at step 2 of 2" in finished
    assert verdict.startswith("The posterior has collapsed")
    assert help.startswith("What usually helps: Anneal")
    setting = shlex.split(help[help.index("--set") :])
    name = output_of(capsys, *vanilla, *setting).strip()
    assert store.find(name).config()["objective"]["remedies"][0]["name"] == "annealing"


def test_training_says_how_far_it_is_in_plain_lines(capsys: Capture) -> None:
    capsys.readouterr()
    assert run_main([*TRAIN, "--data", "toy", "--max-steps", "10"]) == 0
    lines = capsys.readouterr().err
    assert "step 10/10  train" in lines and "tokens/s" in lines
    assert "step 10/10  valid  elbo" in lines
    assert "\r" not in lines


def test_training_draws_a_bar_on_a_terminal(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.commands.terminal.on_terminal", lambda: True)
    capsys.readouterr()
    assert run_main([*TRAIN, "--data", "toy", "--max-steps", "10"]) == 0
    shown = capsys.readouterr().err
    assert "tokens/s" in shown and "10/10" in shown and "\r" in shown
    assert "step 10/10  valid  elbo" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--preset", "quik"], "did you mean 'quick'"),
        (["--data", "nowhere"], "nowhere"),
        (["--set", "model.latent.sise=3"], "unknown setting 'model.latent.sise'"),
        (["--set", "model.latent.size=none"], "model.latent"),
        (["--set", "training.epochs"], "a setting is written a.b=value"),
        (["--max-steps", "0"], "training.max_steps"),
        (["--name", "a b"], "letters, digits"),
        (["--name", "trained"], "exists already"),
    ],
)
def test_a_mistake_is_answered_in_a_sentence(
    capsys: Capture, trained: store.Run, arguments: list[str], words: str
) -> None:
    before = store.runs()
    assert words in complaint_of(capsys, *TRAIN, "--data", "toy", *arguments)
    assert store.runs() == before


def test_a_run_that_fails_says_why(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    diverging = ["--set", "training.decoder_optimiser.name=sgd", "--data", "toy"]
    monkeypatch.setattr("engine.training.loop.math.isfinite", lambda value: False)
    capsys.readouterr()
    assert run_main([*TRAIN, *diverging]) == 2
    assert "a lower learning rate" in capsys.readouterr().err
    assert store.runs()[0].status().state == "failed"


def test_a_finished_run_is_not_resumed(capsys: Capture, trained: store.Run) -> None:
    assert "finished all its steps" in complaint_of(capsys, "resume", "trained")


# -- runs ---------------------------------------------------------------------------------------


def test_runs_are_listed_with_their_states(capsys: Capture, trained: store.Run) -> None:
    row = next(line for line in output_of(capsys, "runs").splitlines() if "trained" in line)
    assert "finished" in row and "8/8" in row and "toy" in row
    facts = next(entry for entry in json_of(capsys, "runs") if entry["name"] == "trained")
    assert facts["state"] == "finished" and facts["checkpoints"] == ["best", "last"]


def test_a_run_that_is_not_there_is_missed_with_those_that_are(
    capsys: Capture, trained: store.Run
) -> None:
    for command in ("stop", "resume", "evaluate", "sample"):
        missed = complaint_of(capsys, command, "traind")
        assert "did you mean 'trained'" in missed and "; there is " in missed


def test_a_run_that_does_not_run_is_not_stopped(capsys: Capture, trained: store.Run) -> None:
    assert "is finished" in complaint_of(capsys, "stop", "trained")


def test_a_run_is_deleted_when_that_is_confirmed(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.create({"data": {"name": "toy"}}, "doomed")
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert run_main(["delete", "doomed"]) == 1
    assert run.path.exists()
    assert "is deleted" in output_of(capsys, "delete", "doomed", "--yes")
    assert not run.path.exists()


# -- looking into a model -----------------------------------------------------------------------

A, B = "the cat sees the dog", "the bird likes the cow"


def test_a_model_is_evaluated(capsys: Capture, trained: store.Run) -> None:
    found = json_of(capsys, "evaluate", "trained", "--split", "test", "--iw-samples", "5")
    assert found["run"] == "trained" and found["checkpoint"] == "best"
    assert set(found["metrics"]) <= set(METRICS)
    assert found["metrics"]["rows"] == 14
    assert found["metrics"]["iw_samples"] == 5
    assert len(found["kl_per_unit"]) == 3
    shown = output_of(capsys, "evaluate", str(trained.path), "--limit", "6")
    assert "nats/sentence" in shown and "Active units" in shown
    assert json_of(capsys, "evaluate", "trained", "--limit", "6")["metrics"]["rows"] == 6


def test_an_evaluation_is_the_same_twice(capsys: Capture, trained: store.Run) -> None:
    first, second = (json_of(capsys, "evaluate", "trained", "--limit", "8") for _ in range(2))
    assert first == second


GENERATION = {"forward_bleu", "backward_ppl", "self_bleu", "distinct_1", "novel", "copied"}
PROBE = {"probe_accuracy", "probe_control", "probe_majority", "probe_rows"}


def test_an_evaluation_has_every_number_that_applies_and_real_text_beside_it(
    capsys: Capture, trained: store.Run, tmp_path: Path
) -> None:
    samples = tmp_path / "samples.txt"
    found = json_of(capsys, "evaluate", "trained", "--valid", "python", "--output", str(samples))
    metrics, real = found["metrics"], found["real"]
    assert GENERATION | PROBE | {"valid", "bleu", "hole_rate", "nll_iw", "elbo"} <= set(metrics)
    assert {"token_accuracy", "path_valid", "path_valid_se"} <= set(metrics)
    assert GENERATION | {"valid"} <= set(real) < set(metrics)
    assert metrics["generated"] == 14 == len(samples.read_text().splitlines())
    assert any("not 1,000" in remark for remark in found["notes"])
    # Each animal is the second word of its sentences.
    assert metrics["probe_classes"] == len(ANIMALS) and 0 <= metrics["probe_accuracy"] <= 1
    shown = output_of(capsys, "evaluate", "trained", "--limit", "8")
    assert "real text" in shown and "Forward perplexity" in shown


def test_what_costs_much_can_be_left_out_of_an_evaluation(
    capsys: Capture, trained: store.Run
) -> None:
    nothing = ["--samples", "--probe", "--holes", "--swaps", "--reconstructions", "--iw-samples"]
    asked = [word for option in nothing for word in (option, "0")]
    found = json_of(capsys, "evaluate", "trained", *asked)
    left_out = GENERATION | PROBE | {"z_shuffle", "hole_rate", "bleu", "nll_iw", "token_accuracy"}
    assert not left_out & set(found["metrics"]) and found["real"] == {}
    assert {"elbo", "ppl", "active_units"} < set(found["metrics"])
    wrong = complaint_of(capsys, "evaluate", "trained", "--samples", "0", "--output", "x.txt")
    assert "left out" in wrong


def test_an_evaluation_is_kept_with_its_run(capsys: Capture, trained: store.Run) -> None:
    found = json_of(capsys, "evaluate", "trained", "--split", "valid", "--restore", "last")
    kept = json.loads((trained.path / "evaluation-valid-last.json").read_text())
    assert kept["step"] == 8 and kept.pop("made") > 0
    assert kept == found
    assert kept["amounts"]["samples"] == 1000 and kept["decoding"]["strategy"] == "sample"


def test_the_training_split_is_probed_on_rows_that_the_probe_was_not_fitted_on(
    capsys: Capture, trained: store.Run
) -> None:
    found = json_of(capsys, "evaluate", "trained", "--split", "train", "--limit", "40")["metrics"]
    rows = Corpus.open("toy").rows("train")
    assert found["probe_rows"] == rows // 2 and found["probe_test_rows"] == 40
    assert found["generated"] == 40 and found["copied"] <= 1


@pytest.mark.parametrize("check", ["pyton", "no_such_module:check"])
def test_a_check_of_validity_that_is_not_there_is_answered_before_the_work(
    capsys: Capture, trained: store.Run, check: str
) -> None:
    assert check in complaint_of(capsys, "evaluate", "trained", "--valid", check)


def test_a_split_or_checkpoint_that_is_not_there_is_answered(
    capsys: Capture, trained: store.Run
) -> None:
    assert "choose one of" in complaint_of(capsys, "evaluate", "trained", "--split", "tost")
    wrong = complaint_of(capsys, "sample", "trained", "--checkpoint", "step-00000099")
    assert "it has best, last" in wrong


def test_a_checkpoint_is_restored_by_name_number_or_step(
    capsys: Capture, trained: store.Run
) -> None:
    def restored(*option: str) -> str:
        return json_of(capsys, "sample", "trained", "-n", "1", *option)["checkpoint"]

    assert restored() == restored("--restore", "best") == "best"
    assert restored("--restore", "last") == restored("--checkpoint", "last") == "last"
    last = trained.step_of("last")
    assert last == 8 and trained.step_of(restored("--restore", "8")) == 8
    wrong = complaint_of(capsys, "sample", "trained", "--restore", "7")
    assert "no checkpoint 'step-00000007'" in wrong and "it has best, last" in wrong


def test_the_exact_likelihood_is_for_few_bits_and_no_other_code(
    capsys: Capture, trained: store.Run
) -> None:
    assert "at most 16 bits" in complaint_of(capsys, "evaluate", "trained", "--exact")
    bits = [*SETTINGS, "--set", 'model.latent={"name": "bernoulli", "size": 5}']
    train = ["train", "--preset", "quick", "--data", "toy", "--name", "bits", "--max-steps", "4"]
    assert run_main(train + bits) == 0
    asked = ("evaluate", "bits", "--exact", "--limit", "7", "--iw-samples", "300")
    found = json_of(capsys, *asked)["metrics"]
    assert found["nll_exact"] == pytest.approx(found["nll_iw"], abs=0.1)
    assert found["ppl_exact"] == pytest.approx(found["ppl_iw"], rel=0.05) and found["rows"] == 7


def test_sentences_are_sampled(capsys: Capture, trained: store.Run) -> None:
    assert len(output_of(capsys, "sample", "trained", "-n", "4").splitlines()) == 4
    settings = ["--strategy", "sample", "--temperature", "0.7", "--top-k", "3", "--seed", "1"]
    first, second = (json_of(capsys, "sample", "trained", *settings) for _ in range(2))
    assert first == second and len(first["texts"]) == len(first["codes"]) == 10
    assert {"self_bleu", "distinct_1", "unique"} < set(first["measures"]) <= set(METRICS)
    around = json_of(capsys, "sample", "trained", "--around", A, "-n", "3")
    assert len(around["texts"]) == 3
    assert "strategy" in complaint_of(capsys, "sample", "trained", "--strategy", "best")


def test_samples_are_written_one_a_line(
    capsys: Capture, trained: store.Run, tmp_path: Path
) -> None:
    path = tmp_path / "samples.txt"
    asked = ("sample", "trained", "--count", "203", "--strategy", "sample", "--seed", "5")
    assert output_of(capsys, *asked, "--output", str(path)) == ""
    written = path.read_text().splitlines()
    assert written == output_of(capsys, *asked).splitlines() and len(written) == 203
    assert len(set(written)) > 1
    nowhere = str(tmp_path / "no" / "samples.txt")
    assert "must exist" in complaint_of(capsys, *asked, "--output", nowhere)


@pytest.mark.parametrize(
    "command",
    [
        ["sample", "trained"],
        ["reconstruct", "trained", "--input", "{lines}"],
        ["evaluate", "trained"],
        ["interpolate", "trained", "a cat", "a dog"],
    ],
    ids=lambda command: command[0],
)
def test_sentences_are_not_written_into_a_picture(
    capsys: Capture, trained: store.Run, tmp_path: Path, command: list[str]
) -> None:
    lines, output = tmp_path / "lines.txt", tmp_path / "x.PNG"
    lines.write_text(f"{A}\n")
    asked = [word.format(lines=lines) for word in command]
    wrong = complaint_of(capsys, *asked, "--output", str(output))
    assert "text" in wrong and ("the ending .txt" in wrong or "leave it out" in wrong)
    assert not output.exists()


def test_a_picture_is_not_read_as_a_sentence(
    capsys: Capture, trained: store.Run, tmp_path: Path
) -> None:
    from PIL import Image

    path = tmp_path / "one.png"
    Image.new("L", (4, 4)).save(path)
    asked = ("--input", str(path))
    assert "run of text" in complaint_of(capsys, "reconstruct", "trained", *asked)
    output = ("--output", str(tmp_path / "z.parquet"))
    assert "run of text" in complaint_of(capsys, "encode", "trained", *asked, *output)


def test_sentences_are_reconstructed_from_a_file(
    capsys: Capture, trained: store.Run, tmp_path: Path
) -> None:
    path = tmp_path / "lines.txt.gz"
    path.write_bytes(gzip.compress(f"{A}\n\n{B}\n".encode()))
    found = json_of(capsys, "reconstruct", "trained", "--input", str(path), "--draws", "2")
    assert [one["text"] for one in found["sentences"]] == [A, B]
    assert all(len(one["draws"]) == 2 and one["output"] for one in found["sentences"])
    assert output_of(capsys, "reconstruct", "trained", "-i", str(path)).splitlines()[0] == A


def test_a_reconstruction_has_a_line_for_each_line_of_its_input(
    capsys: Capture, trained: store.Run, tmp_path: Path
) -> None:
    given, written = tmp_path / "lines.txt", tmp_path / "back.txt"
    given.write_text(f"{A}\n\n{'the cat ' * 60}\n  \n{B}\n\n")
    asked = ("reconstruct", "trained", "--input", str(given), "--output", str(written))
    found = json_of(capsys, *asked)["sentences"]
    assert [one["line"] for one in found] == [1, 3, 5]
    lines = written.read_text().split("\n")
    assert len(lines) == 7 and lines[-1] == ""
    assert [bool(line) for line in lines] == [True, False, True, False, True, False, False]
    assert lines[:5:2] == [one["output"] for one in found]
    assert [one["truncated"] for one in found] == [False, True, False]


def test_a_sample_of_the_posterior_is_reconstructed_where_that_is_asked(
    capsys: Capture, trained: store.Run, tmp_path: Path
) -> None:
    path = tmp_path / "lines.txt"
    path.write_text(f"{A}\n")
    asked = ("reconstruct", "trained", "--input", str(path))
    costs = [
        json_of(capsys, *asked, *more, "--seed", seed)["sentences"][0]["token_nll"]
        for more in ((), ("--sampled",))
        for seed in ("1", "2")
    ]
    assert costs[0] == costs[1] and costs[2] != costs[3] != costs[0]


def test_input_that_cannot_be_read_is_answered(
    capsys: Capture, trained: store.Run, tmp_path: Path
) -> None:
    def complaint(path: Path) -> str:
        return complaint_of(capsys, "reconstruct", "trained", "--input", str(path))

    assert "there is no file" in complaint(tmp_path / "nowhere")
    (tmp_path / "empty").write_text("\n \n")
    assert "at least one line" in complaint(tmp_path / "empty")
    (tmp_path / "latin").write_bytes("gut\nschön".encode("latin-1"))
    assert "line 2 of" in complaint(tmp_path / "latin")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"a long line " * 50)[:20])
    assert "cannot be read" in complaint(tmp_path / "cut.gz")


def test_two_sentences_are_interpolated(capsys: Capture, trained: store.Run) -> None:
    lines = output_of(capsys, "interpolate", "trained", A, B).splitlines()
    assert len(lines) == 11 and lines[0].startswith("0.00  ") and lines[-1].startswith("1.00  ")
    found = json_of(capsys, "interpolate", "trained", A, B, "--steps", "5", "--path", "spherical")
    assert [step["alpha"] for step in found["steps"]] == [0, 0.25, 0.5, 0.75, 1]
    assert found["a"]["text"] == A and found["path"] == "spherical"
    wrong = complaint_of(capsys, "interpolate", "trained", A, B, "--path", "circular")
    assert "choose one of" in wrong and "linear" in wrong
    assert "empty" in complaint_of(capsys, "interpolate", "trained", A, " ")


def test_every_way_is_gone_and_measured_and_a_geodesic_tells_its_cost(
    capsys: Capture, trained: store.Run
) -> None:
    for path in ("through-data", "geodesic"):
        found = json_of(capsys, "interpolate", "trained", A, B, "--steps", "5", "--path", path)
        assert found["path"] == path and len(found["steps"]) == 5
        assert set(found["measures"]) <= set(METRICS) and "path_energy" in found["measures"]
        assert ("geodesic" in found) == (path == "geodesic")
    cost = found["geodesic"]
    assert cost["energy"] <= cost["straight_energy"] and cost["passes"] > 0
    assert (
        len(output_of(capsys, "interpolate", "trained", A, B, "--path", "geodesic").splitlines())
        == 11
    )


def test_the_code_is_tried_when_a_model_is_evaluated(capsys: Capture, trained: store.Run) -> None:
    found = json_of(capsys, "evaluate", "trained", "--swaps", "10", "--holes", "50")["metrics"]
    assert found["z_shuffle_n"] == 10 and 0 <= found["hole_rate"] <= 1
    assert (
        {"z_shuffle", "reverse_coverage", "covered_units", "mmd_prior"} < set(found) <= set(METRICS)
    )
    plain = json_of(capsys, "evaluate", "trained", "--swaps", "0", "--holes", "0")["metrics"]
    assert not {"z_shuffle", "hole_rate"} & set(plain)


def test_the_posterior_is_judged_with_its_evidence(capsys: Capture, trained: store.Run) -> None:
    found = json_of(capsys, "posterior", "trained", "--split", "train", "-n", "60")
    assert found["diagnosis"]["state"] in ("healthy", "weak", "collapsed", "ignored")
    assert set(found["metrics"]) <= set(METRICS) and len(found["worst"]) == 5
    said = output_of(capsys, "posterior", "trained", "-n", "20", "--worst", "1")
    assert "Swapping codes between sentences" in said and "lie in holes" in said


def test_the_posterior_mean_space_of_a_checkpoint_is_measured_and_written(
    capsys: Capture, trained: store.Run, tmp_path: Path
) -> None:
    given = ("mean-space", trained.name, "-n", "12", "--samples", "20", "--along", "norm")
    table, rows = tmp_path / "means.csv", 12
    found = json_of(capsys, *given, "--output", str(table))
    (moment,) = found["moments"]
    assert moment["sentences"] == rows and set(moment["metrics"]) <= set(METRICS)
    frame = pd.read_csv(table)
    assert len(frame) == rows and (frame[["model_mean", "inference_mean", "gap"]] >= 0).all(
        axis=None
    )
    film = tmp_path / "film.gif"
    told = output_of(capsys, *given, "--beside", trained.name, "--output", str(film))
    assert "Spread of the model's means" in told and film.read_bytes()[:6] == b"GIF89a"
    for wrong, why in (("angle", "unknown kind of axis"), ("unit:9", "choose one from 1 to 3")):
        words = [*given[:-1], wrong, "--output", str(table)]
        assert why in complaint_of(capsys, *words)
    assert "unknown ending" in complaint_of(capsys, *given, "--output", "film.mov")


def test_a_recorded_posterior_mean_space_is_told_moment_by_moment(capsys: Capture) -> None:
    record = 'training.mean_space={"every": 2, "sentences": 6, "samples": 4}'
    train = ["train", "--preset", "quick", "--data", "toy", "--name", "watched", "--set", record]
    assert run_main([*train, "--max-steps", "4", *SETTINGS]) == 0
    found = json_of(capsys, "mean-space", "watched")
    assert [moment["moment"] for moment in found["moments"]] == [0, 2, 4]
    assert all(moment["sentences"] == 6 for moment in found["moments"])


def test_a_sentence_is_traversed(capsys: Capture, trained: store.Run) -> None:
    asked = ("traverse", "trained", A, "--split", "train")
    found = json_of(capsys, *asked, "--most", "2", "--stops", "3")
    assert len(found["axes"]) == 2 and found["sentence"]["text"] == A
    assert all(len(axis["stops"]) == 3 for axis in found["axes"])
    shown = output_of(capsys, *asked, "--axes", "pca", "--over", "deviations", "--most", "1")
    assert shown.startswith("PC 1") and len(shown.splitlines()) == 10
    assert "did you mean 'units'" in complaint_of(capsys, *asked, "--axes", "unit")


def test_a_sentence_slides_along_an_attribute(capsys: Capture, trained: store.Run) -> None:
    asked = ("attribute", "trained", A, "--having", "dog", "--lacking", "cat")
    found = json_of(capsys, *asked, "--stops", "5")
    assert [stop["s"] for stop in found["stops"]] == [-3, -1.5, 0, 1.5, 3]
    assert found["vector"]["how"] == "mean" and len(found["vector"]["direction"]) == 3
    assert len(output_of(capsys, *asked, "--how", "lda").splitlines()) == 13
    wrong = complaint_of(capsys, "attribute", "trained", A, "--having", "dog", "--lacking", "snake")
    assert "slice or label 'snake'" in wrong
    assert "all of them are 5" in complaint_of(capsys, *asked, "--keep-length")


def test_codes_are_written_to_parquet(capsys: Capture, trained: store.Run, tmp_path: Path) -> None:
    lines, output = tmp_path / "lines.txt", tmp_path / "z.parquet"
    lines.write_text(f"{A}\n{B}\n")
    output_of(capsys, "encode", "trained", "--input", str(lines), "--output", str(output))
    frame = pd.read_parquet(output)
    assert frame.columns.tolist() == ["text", "z0", "z1", "z2", "kl", "reconstruction"]
    assert frame["text"].tolist() == [A, B]
    found = json_of(capsys, "interpolate", "trained", A, B)["codes"]
    assert frame.loc[0, ["z0", "z1", "z2"]].tolist() == pytest.approx(found[0], abs=1e-5)
    output_of(capsys, "encode", "trained", "--split", "valid", "--limit", "7", "-o", str(output))
    frame = pd.read_parquet(output)
    assert len(frame) == 7 and set(frame["label"]) <= set(ANIMALS)
    assert sorted(os.listdir(tmp_path)) == ["lines.txt", "z.parquet"]
    assert "either --input" in complaint_of(capsys, "encode", "trained", "-o", str(output))
    nowhere = str(tmp_path / "no" / "z.parquet")
    wrong = complaint_of(capsys, "encode", "trained", "--split", "valid", "-o", nowhere)
    assert "the folder of" in wrong


def test_sentences_are_laid_out_on_a_map_that_is_measured_and_kept(
    capsys: Capture, trained: store.Run, tmp_path: Path
) -> None:
    output = tmp_path / "map.parquet"
    asked = ("project", "trained", "--split", "train", "-n", "40", "--set", "components=2")
    found = json_of(capsys, *asked, "--output", str(output))
    assert found["sentences"] == 40 and found["projection"] == {"name": "pca", "components": 2}
    assert set(found["metrics"]) == {"trustworthiness", "neighbour_recall"}
    assert Path(found["file"]).parent == trained.cache and Path(found["file"]).exists()
    frame = pd.read_parquet(output)
    assert len(frame) == 40 and {"map_pc_1", "map_pc_2", "z0", "label"} <= set(frame)
    shown = output_of(capsys, *asked)
    assert "trustworthiness" in shown and "10 neighbours of 40 sentences" in shown
    assert json_of(capsys, *asked, "--all")["sentences"] > 90


def test_a_custom_axis_goes_from_a_label_to_a_slice(capsys: Capture, trained: store.Run) -> None:
    data = Corpus.open("toy")
    cats = [row for row, label in enumerate(data.labels("train") or []) if label == "cat"]
    slices.save(data, "my cats", "train", cats)
    asked = ("project", "trained", "--projection", "axis", "--split", "train", "--all")
    ends = ("--towards", "my cats", "--away", "dog")
    assert json_of(capsys, *asked, *ends)["projection"]["direction"] == "difference"
    white = json_of(capsys, *asked, *ends, "--set", "direction=whitened")
    assert white["projection"]["direction"] == "whitened"
    assert "two groups of rows" in complaint_of(capsys, *asked)
    assert "both --towards and --away" in complaint_of(capsys, *asked, "--towards", "my cats")
    wrong = complaint_of(capsys, *asked, "--towards", "cats", "--away", "dog")
    assert "slice or label 'cats'; there are slices my cats and labels bird, cat" in wrong


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--projection", "pcaa"], "did you mean 'pca'"),
        (["--set", "components"], "a setting is written a=value"),
        (["--set", "component=2"], "unknown setting 'component'"),
        (["--set", "components=0"], "components"),
        (["--split", "tost"], "did you mean 'test'"),
        (["--output", "map.xlsx"], "unknown ending '.xlsx'"),
        (["--output", "/nowhere/map.csv"], "the folder of"),
    ],
)
def test_a_map_that_cannot_be_made_is_answered_in_a_sentence(
    capsys: Capture, trained: store.Run, arguments: list[str], words: str
) -> None:
    assert words in complaint_of(capsys, "project", "trained", *arguments)


# -- processes ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_run_in_the_background_is_stopped_and_resumed(capsys: Capture) -> None:
    endless = [
        *TRAIN,
        "--data",
        "toy",
        "--set",
        "training.epochs=10000",
        "--set",
        "training.plateau=null",
    ]
    name = output_of(capsys, *endless, "--background").strip()
    run = store.find(name)
    _until(lambda: len(run.metrics()) > 2)
    assert "is stopped: stopped at step" in output_of(capsys, "stop", name)
    output_of(capsys, "resume", name, "--background")
    _until(lambda: run.status().state == "running")
    assert "killed on request" in output_of(capsys, "stop", name, "--force")
    assert run.status().state == "stopped"


@pytest.mark.slow
def test_control_c_stops_with_a_checkpoint(capsys: Capture) -> None:
    endless = ["--data", "toy", "--set", "training.epochs=10000", "--name", "interrupted"]
    command = [sys.executable, "-m", "engine", *TRAIN, *endless, "--set", "training.plateau=null"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    _until(lambda: "interrupted" in [run.name for run in store.runs()])
    run = store.find("interrupted")
    _until(lambda: len(run.metrics()) > 2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out == "interrupted\n"
    assert "go on with: python -m engine resume interrupted" in err
    assert run.status().state == "stopped" and "last" in run.checkpoints()
    assert run.status().step > 0
    with pytest.raises(Exception, match="only a run with a worker"):
        launcher.stop(run)


def _until(condition: Any, seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def test_a_preset_whose_data_are_yours_to_bring_says_which(capsys: Capture) -> None:
    wrong = complaint_of(capsys, "train", "--preset", "transformer-vae-headlines")
    assert "'headlines' is yours to bring" in wrong and "--name headlines" in wrong


def test_a_batch_larger_than_the_data_is_told(workspace: Path, capsys: Capture) -> None:
    assert (
        run_main([*TRAIN, "--data", "toy", "--set", "training.batch_size=5000", "--dry-run"]) == 0
    )
    assert "the batch of 5,000 is larger than the training split" in capsys.readouterr().err


def test_words_that_the_vocabulary_lacks_are_named_of_reconstructions_too(
    capsys: Capture, trained: store.Run, tmp_path: Path
) -> None:
    (tmp_path / "lines.txt").write_text("the xylophone sees the cat\n")
    assert run_main(["reconstruct", "trained", "--input", str(tmp_path / "lines.txt")]) == 0
    assert "the vocabulary lacks xylophone" in capsys.readouterr().err


def test_a_dry_run_goes_through_everything_and_keeps_nothing(
    workspace: Path, trained: store.Run, capsys: Capture
) -> None:
    before = sorted(path.name for path in (workspace / "runs").iterdir())
    assert run_main([*TRAIN, "--data", "toy", "--dry-run"]) == 0
    told = capsys.readouterr().err
    assert "two steps, a validation and a checkpoint went well" in told
    assert "nothing was kept" in told
    diverging = ["--set", "training.decoder_optimiser.learning_rate=1e308"]
    assert run_main([*TRAIN, "--data", "toy", *diverging, "--dry-run"]) == 2
    assert "learning_rate" in capsys.readouterr().err
    assert sorted(path.name for path in (workspace / "runs").iterdir()) == before


def test_a_dry_run_that_is_stopped_does_not_say_how_to_go_on_with_it(
    workspace: Path, trained: store.Run, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = worker.work

    def interrupted(run: store.Run, watch: Any = None) -> Any:
        def look(status: Status) -> None:
            if status.activity == "training":
                signal.raise_signal(signal.SIGINT)

        return work(run, look)

    monkeypatch.setattr(worker, "work", interrupted)
    before = store.runs()
    capsys.readouterr()
    assert run_main([*TRAIN, "--data", "toy", "--dry-run"]) == 1
    said = capsys.readouterr()
    assert "the dry run was stopped before its end; nothing was kept" in said.err
    assert "resume" not in said.err and said.out == ""
    assert store.runs() == before and list((workspace / "cache" / "dry-runs").iterdir()) == []


def test_pieces_are_listed_and_an_unknown_one_ends_with_a_sentence(capsys: Capture) -> None:
    table = output_of(capsys, "presets", "--pieces")
    assert "tenth_5_tkn" in table and "model.latent.size=77" in table
    found = json_of(capsys, "presets", "--pieces", "--json")
    assert found["window60"]["settings"] == ["model.decoder.window=60"]
    told = complaint_of(capsys, "train", "--preset", "transformer-vae", "--pieces", "tenth")
    assert "unknown piece 'tenth'" in told
