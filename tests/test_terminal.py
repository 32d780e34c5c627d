"""What commands show: tables as wide as the terminal, one estimate of the time left."""

from __future__ import annotations

import sys

import pytest

from engine.commands import terminal
from engine.runs.status import Status
from tests.test_command_line import output_of

Capture = pytest.CaptureFixture[str]
LONG = "a small model for a first look that takes some minutes on a laptop"
ROWS = [("quick", LONG), ("[bold]", "lists such as [0] stay as they are")]


def shown(capsys: Capture) -> list[str]:
    terminal.show_table(("preset", "what"), ROWS)
    return capsys.readouterr().out.splitlines()


def test_a_table_is_wrapped_to_a_terminal_and_one_line_a_row_elsewhere(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    plain = shown(capsys)
    assert len(plain) == 3 and plain[1] == f"quick   {LONG}"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    wrapped = shown(capsys)
    assert max(map(len, wrapped)) <= 40 and wrapped[1].startswith("quick   a small model")
    second = wrapped.index(next(line for line in wrapped if line.startswith("[bold]")))
    assert " ".join(line[8:].strip() for line in wrapped[1:second]) == LONG
    monkeypatch.setenv("COLUMNS", "200")
    assert shown(capsys) == plain


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ("--options", "    model.latent.size=32 (in preset lagging-yahoo)"),
        ("--pieces", "    model.latent.size=77 model.latent.tokens=5 model.encoder.tokens=5"),
    ],
)
def test_long_lists_are_no_wider_than_the_terminal(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, which: str, words: str
) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    lines = output_of(capsys, "presets", which).splitlines()
    too_wide = [line for line in lines if len(line) > 72 and " " in line.strip()]
    assert too_wide == [] and words in lines


def test_the_bar_has_the_time_left_of_the_status_and_no_other(capsys: Capture) -> None:
    bar = terminal.TrainingBar()
    status = Status(state="running", activity="training", total_steps=100, eta_seconds=3960.0)
    bar(status.model_copy(update={"step": 1, "tokens_per_second": 1234.4}))
    bar(status.model_copy(update={"step": 50, "eta_seconds": 61.0, "activity": "validating"}))
    bar(status.model_copy(update={"state": "finished"}))
    said = capsys.readouterr().err
    assert "50/100 [00:00, 0:01:01 left]" in said and "<" not in said
    assert terminal.time_left(status) == "1:06:00"
    assert terminal.time_left(status.model_copy(update={"eta_seconds": None})) == ""
