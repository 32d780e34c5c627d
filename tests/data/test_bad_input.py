"""Whatever people bring, they get a sentence that names the fault and the cure, and no leftovers."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from engine.config import DataError
from engine.data.importing import guess, import_path, import_text
from engine.data.library import resolve
from tests.data.refusing import check_nothing_stayed, refused

SENTENCES = [f"this is sentence {i} of a good file" for i in range(200)]


@pytest.fixture(autouse=True)
def _nothing_stays(home: Path) -> Iterator[None]:
    yield
    check_nothing_stayed(home)


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("content", [b"", b"   \n\n \n"])
def test_an_empty_file(tmp_path: Path, content: bytes) -> None:
    refused(write(tmp_path / "empty.txt", content), "empty.txt is empty", "one text per line")


def test_an_empty_gzip(tmp_path: Path) -> None:
    refused(write(tmp_path / "empty.txt.gz", gzip.compress(b"")), "is empty")


def test_one_line(tmp_path: Path) -> None:
    refused(write(tmp_path / "one.txt", "one line\n"), "at least 3 different texts", "got 1 row")


def test_only_duplicates(tmp_path: Path) -> None:
    path = write(tmp_path / "same.txt", "the same\n" * 500)
    refused(path, "got 500 rows with only 1 different texts", "Add more lines")


@pytest.mark.parametrize(
    "content, what",
    [
        (b"\x7fELF\0\1\2" * 500, "a binary file"),
        (b"PK\x03\x04 and so on", "a zip archive or an Excel workbook"),
        (b"%PDF-1.7 and so on", "a PDF"),
    ],
)
def test_binary(tmp_path: Path, content: bytes, what: str) -> None:
    refused(write(tmp_path / "data.txt", content), what, "export it as")


def test_a_wrong_encoding_names_the_lines(tmp_path: Path) -> None:
    lines = [s.encode() for s in SENTENCES]
    lines[2] = lines[99] = "café".encode("latin-1")
    path = write(tmp_path / "latin.txt", b"\n".join(lines))
    refused(path, "line 3 (byte 0xe9 at position 4)", "line 100", "cp1252")
    write(tmp_path / "latin.csv", b"text\n" + b"\n".join(lines))
    refused(tmp_path / "latin.csv", "line 4", "UTF-8")
    packed = write(tmp_path / "latin.txt.gz", gzip.compress(path.read_bytes()))
    refused(packed, "line 3")


def test_an_unknown_encoding(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "a\nb\nc\n")
    refused(path, "unknown encoding 'klingon'", encoding="klingon")


def test_a_line_of_a_megabyte(tmp_path: Path) -> None:
    path = write(tmp_path / "long.txt", "\n".join([*SENTENCES, "x" * (1 << 20), *SENTENCES]))
    refused(path, "line 201 of long.txt has 1,048,576 characters", "one sentence per line")


def test_a_megabyte_without_a_line_end(tmp_path: Path) -> None:
    refused(write(tmp_path / "one.txt", "word " * (1 << 18)), "line 1 of one.txt has 1,310,719")


def test_a_csv_cell_of_a_megabyte(tmp_path: Path) -> None:
    body = "".join(f"{s},x\n" for s in SENTENCES)
    path = write(tmp_path / "long.csv", f"text,label\n{body}{'y' * (1 << 20)},x\n")
    refused(path, "line 202 of long.csv has 1,048,576 characters")


def test_a_csv_without_a_text_column(tmp_path: Path) -> None:
    pd.DataFrame({"id": range(50), "score": range(50)}).to_csv(tmp_path / "n.csv", index=False)
    refused(tmp_path / "n.csv", "has no column with text", "id, score")


def test_a_parquet_without_a_text_column(tmp_path: Path) -> None:
    pd.DataFrame({"id": range(50), "score": range(50)}).to_parquet(tmp_path / "n.parquet")
    refused(tmp_path / "n.parquet", "has no column with text")
    refused(tmp_path / "n.parquet", "must hold strings, got int64", text_column="id")


def many_labels(path: Path) -> Path:
    rows = 100_000
    texts = [f"text number {i}" for i in range(rows)]
    pd.DataFrame({"text": texts, "user": [f"u{i}" for i in range(rows)]}).to_csv(path, index=False)
    return path


def test_a_label_column_of_100_000_values(tmp_path: Path) -> None:
    path = many_labels(tmp_path / "users.csv")
    refused(path, "column 'user' has more than 1,000 different values", label_column="user")


def test_a_missing_column(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "sentence,topic\n" + "a b c,x\nd e f,y\n" * 9)
    refused(path, "unknown column 'sentense' (did you mean 'sentence'?)", text_column="sentense")
    refused(path, "unknown column 'label'; choose one of", label_column="label")


def test_a_missing_file(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere.txt", "there is no file", "nowhere.txt")
    with pytest.raises(DataError, match="unknown data set 'nowhere'"):
        resolve("nowhere")


def test_a_folder_without_data(tmp_path: Path) -> None:
    write(tmp_path / "a.pdf", "x")
    refused(tmp_path, "must hold a file for train", "a.pdf")


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_parquet_that_is_cut_off(tmp_path: Path, keep: float) -> None:
    pd.DataFrame({"text": SENTENCES}).to_parquet(tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    cut = write(tmp_path / "cut.parquet", whole[: int(len(whole) * keep)])
    refused(cut, "cut.parquet is not a whole Parquet file", "cut off")


def test_a_parquet_that_is_none(tmp_path: Path) -> None:
    refused(write(tmp_path / "a.parquet", "text\na\nb\n"), "does not begin like one")


@pytest.mark.parametrize("suffix", ["txt", "csv", "jsonl", "parquet"])
def test_a_gzip_that_is_cut_off(tmp_path: Path, suffix: str) -> None:
    data = pd.DataFrame({"text": [s + os.urandom(40).hex() for s in SENTENCES * 20]})
    whole = tmp_path / f"whole.{suffix}"
    if suffix == "parquet":
        data.to_parquet(whole)
    elif suffix == "jsonl":
        data.to_json(whole, orient="records", lines=True)
    else:
        data.to_csv(whole, index=False)
    packed = gzip.compress(whole.read_bytes())
    cut = write(tmp_path / f"cut.{suffix}.gz", packed[: len(packed) // 2])
    refused(cut, f"cut.{suffix}.gz ends before its compressed data does", "again")


def test_rows_of_different_width_name_the_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\n" + "a b c,x\n" * 20 + "d, e and f,y\n")
    refused(path, "line 22 of a.csv has 3 columns where the first line has 2", "double quotes")
    path = write(tmp_path / "b.csv", "text,label\n" + "a b c,x\n" * 20 + "d\n")
    refused(path, "line 22 of b.csv has 1 column where", "fill in")


def test_a_quote_that_never_closes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\n" + "a b c,x\n" * 20 + '"d e f,y\n' + "g,z\n" * 9)
    refused(path, "cannot be read from line 22 on", "double quote that is not closed")


def test_json_that_is_none_names_the_line(tmp_path: Path) -> None:
    lines = ['{"text": "a good line"}'] * 20
    path = write(tmp_path / "a.jsonl", "\n".join([*lines, "{'text': 'b'}"]))
    refused(path, "line 21 of a.jsonl is not JSON")
    path = write(tmp_path / "b.jsonl", "\n".join([*lines, "[1, 2]"]))
    refused(path, "line 21 of b.jsonl must be a JSON object")
    refused(write(tmp_path / "c.json", '[{"text": "a"}]'), "one JSON list", "jq")


def test_a_text_column_of_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,other\n" + "".join(f",{s}\n" for s in SENTENCES))
    refused(path, "holds no text: all 200 rows are empty", text_column="text")


def test_files_of_one_folder_with_different_columns(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", "text,label\n" + "a b c,x\n" * 20)
    write(tmp_path / "test.csv", "text,topic\n" + "a b c,x\n" * 20)
    refused(tmp_path, "test.csv has the columns text, topic, but train.csv has text, label")


def test_a_name_that_cannot_be(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "\n".join(SENTENCES))
    for name in ("../evil", "Big", "", "docstrings"):
        with pytest.raises(DataError, match="name"):
            import_text("\n".join(SENTENCES), name)
    with pytest.raises(DataError, match="lower-case"):
        import_path(path, "a/b")


def test_nothing_pasted() -> None:
    with pytest.raises(DataError, match="pasted text is empty"):
        import_text(" \n", "pasted")


def test_a_faulty_file_can_still_be_looked_at(tmp_path: Path) -> None:
    path = write(tmp_path / "latin.csv", "text,label\nle café,x\nle thé,y\n".encode("latin-1"))
    preview = guess(path).preview
    assert preview is not None and preview["text"][0] == "le caf\ufffd"
