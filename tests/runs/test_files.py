"""Files are whole or absent, whatever instant a reader looks at or a writer dies at."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from engine.config import DataError
from engine.runs import files


def test_a_file_is_replaced_and_no_temporary_one_stays(tmp_path: Path) -> None:
    target = tmp_path / "status.json"
    files.write_json(target, {"step": 1})
    files.write_json(target, {"step": 2, "name": "é"})
    assert files.read_json(target) == {"step": 2, "name": "é"}
    assert os.listdir(tmp_path) == ["status.json"]


def test_a_write_that_dies_before_its_rename_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "status.json"
    files.write_json(target, {"step": 1})
    monkeypatch.setattr(files.os, "replace", _disk_is_full)
    with pytest.raises(OSError, match="full"):
        files.write_json(target, {"step": 2})
    assert files.read_json(target) == {"step": 1}
    assert os.listdir(tmp_path) == ["status.json"]


def _disk_is_full(*_: object) -> None:
    raise OSError("disk full")


def test_a_file_that_is_not_json_is_named_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(DataError, match="config.json must be a JSON file"):
        files.read_json(tmp_path / "config.json")


def test_a_last_line_without_newline_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    files.append_record(path, {"step": 1})
    with open(path, "a") as file:
        file.write('{"step": 2, "train/k')
    assert files.read_records(path) == [{"step": 1}]


def test_numbers_that_are_not_finite_are_written_as_null(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    files.append_record(path, {"step": 1, "train/loss": float("nan"), "valid/ppl": float("inf")})
    assert json.loads(path.read_text()) == {"step": 1, "train/loss": None, "valid/ppl": None}


def test_a_damaged_line_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\nnonsense\n')
    with pytest.raises(DataError, match="line 2 of"):
        files.read_records(path)


def test_cutting_keeps_the_first_lines_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"step":  1}\n{"step": 2}\n{"step": 3}\n{"st')
    files.keep_first(path, 2)
    assert path.read_bytes() == b'{"step":  1}\n{"step": 2}\n'
    files.keep_first(tmp_path / "absent.jsonl", 2)
    assert not (tmp_path / "absent.jsonl").exists()


def test_the_tail_of_a_long_log_is_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("".join(f"line {number} é\n" for number in range(10_000)))
    assert files.tail(path, 2) == "line 9998 é\nline 9999 é"
    assert files.tail(path, 10**6, window=100).startswith("line 99")
    assert files.tail(tmp_path / "absent", 5) == ""


def _fill(text: str):  # noqa: ANN202
    return lambda folder: (folder / "model.safetensors").write_text(text)


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "last"
    for text in ("one", "two", "three"):
        files.replace_folder(target, _fill(text))
        assert (target / "model.safetensors").read_text() == text
    assert os.listdir(tmp_path) == ["last"]


@pytest.mark.parametrize("renames_done", [0, 1, 2])
def test_a_folder_survives_a_death_between_any_two_renames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renames_done: int
) -> None:
    target = tmp_path / "last"
    files.replace_folder(target, _fill("old"))
    left = [renames_done]

    def rename(self: Path, to: Path) -> Path:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        os.rename(self, to)
        return to

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "rename", rename)
        files.replace_folder(target, _fill("new"))
    found = (files.whole_folder(target) / "model.safetensors").read_text()
    assert found == ("new" if renames_done == 2 else "old")
    files.recover(target)
    assert (target / "model.safetensors").read_text() == ("new" if renames_done else "old")
    files.replace_folder(target, _fill("newer"))
    assert (target / "model.safetensors").read_text() == "newer"
    assert os.listdir(tmp_path) == ["last"]


def test_a_linked_file_keeps_its_content_when_the_source_is_replaced(tmp_path: Path) -> None:
    files.write_atomic(tmp_path / "a", "one")
    files.link_or_copy(tmp_path / "a", tmp_path / "b")
    files.write_atomic(tmp_path / "a", "two")
    assert (tmp_path / "b").read_text() == "one"
