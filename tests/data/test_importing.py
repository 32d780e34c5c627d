"""Every format comes in, columns are guessed and can be corrected, given splits are kept."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from engine.data.corpus import Corpus
from engine.data.importing import ImportOptions, guess, import_path, import_text
from engine.data.library import resolve

ROWS = [
    (f"the {word} is the {i}th thing, and it is here", ("news", "sport", "music")[i % 3], i)
    for i, word in enumerate(["house", "tree", "river", "cloud", "stone"] * 12)
]


def frame() -> pd.DataFrame:
    return pd.DataFrame(ROWS, columns=["sentence", "topic", "number"])


def write_txt(path: Path) -> None:
    path.write_text("\n".join(text for text, _, _ in ROWS), encoding="utf-8")


def write_jsonl(path: Path) -> None:
    frame().to_json(path, orient="records", lines=True)


FORMATS: dict[str, Callable[[Path], None]] = {
    "txt": write_txt,
    "csv": lambda path: frame().to_csv(path, index=False),
    "tsv": lambda path: frame().to_csv(path, index=False, sep="\t"),
    "jsonl": write_jsonl,
    "parquet": lambda path: frame().to_parquet(path, index=False),
}


def all_texts(corpus: Corpus) -> list[str]:
    return sorted(t for split in ("train", "valid", "test") for t in corpus.texts(split))


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_corpus(
    home: Path, tmp_path: Path, suffix: str, zipped: bool
) -> None:
    path = tmp_path / f"things.{suffix}"
    FORMATS[suffix](path)
    if zipped:
        packed = path.with_name(path.name + ".gz")
        packed.write_bytes(gzip.compress(path.read_bytes()))
        path = packed
    corpus = import_path(path)
    assert corpus.name == "things"
    assert all_texts(corpus) == sorted(text for text, _, _ in ROWS)
    if suffix == "txt":
        assert corpus.labels("train") is None
        return
    by_text = {text: (label, number) for text, label, number in ROWS}
    labels, numbers = corpus.labels("train") or [], corpus.column("train", "number")
    assert list(zip(labels, numbers)) == [by_text[text] for text in corpus.texts("train")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_without_a_header_is_recognised(home: Path, tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "plain.csv"
    data = frame()[["topic", "sentence"]]
    data.to_csv(path, index=False, header=False, sep=delimiter)
    found = guess(path)
    assert (found.header, found.delimiter) == (False, delimiter)
    assert (found.text_column, found.label_column) == ("column 2", "column 1")
    assert len(all_texts(import_path(path))) == len(ROWS)


def test_a_txt_of_label_and_text_is_read_as_a_table(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "reviews.txt"
    path.write_text("".join(f"{label}\t{text}\n" for text, label, _ in ROWS))
    assert set(import_path(path).labels("train") or ()) == {"news", "sport", "music"}


def test_quotes_in_tab_separated_text_are_part_of_the_text(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "quotes.tsv"
    lines = [f'noun\t"thing" number {i} is a word\n' for i in range(20)]
    path.write_text("".join(lines))
    assert '"thing" number 3 is a word' in all_texts(import_path(path))


def test_a_cell_may_span_lines_and_becomes_one_line(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    path.write_text(
        "text,label\n" + "".join(f'"a ""cell""\n of, {i}",x{i % 2}\n' for i in range(9))
    )
    assert 'a "cell" of, 4' in all_texts(import_path(path))


def test_guessed_columns_can_be_corrected(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "things.csv"
    frame().to_csv(path, index=False)
    found = guess(path)
    assert (found.text_column, found.label_column) == ("sentence", "topic")
    assert found.preview is not None and list(found.preview.columns) == list(frame().columns)
    options = ImportOptions(text_column="sentence", label_column="number")
    assert set(import_path(path, "numbers", options).labels("train") or ()) <= set(
        map(str, range(60))
    )
    assert import_path(path, "plain", ImportOptions(label_column="")).labels("train") is None


def test_an_identifier_is_not_taken_for_a_label(tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    pd.DataFrame({"id": range(60), "text": [t for t, _, _ in ROWS]}).to_csv(path, index=False)
    assert guess(path).label_column is None


def test_named_text_columns_win_over_longer_ones(tmp_path: Path) -> None:
    path = tmp_path / "urls.csv"
    urls = [f"https://example.org/a/very/long/address/that/says/nothing/{i}" for i in range(60)]
    pd.DataFrame({"url": urls, "text": [t for t, _, _ in ROWS]}).to_csv(path, index=False)
    assert guess(path).text_column == "text"


def write_splits(folder: Path, suffix: str = "txt", valid: str = "dev") -> None:
    folder.mkdir()
    for split, names in {"train": "abcdefghij", valid: "klm", "test": "nop"}.items():
        (folder / f"{split}.{suffix}").write_text("".join(f"the letter {c}\n" for c in names))
    (folder / "README.md").write_text("not data")


def test_splits_that_come_with_a_folder_are_kept(home: Path, tmp_path: Path) -> None:
    write_splits(tmp_path / "letters")
    corpus = resolve(tmp_path / "letters")
    assert corpus.name == "letters"
    assert corpus.texts("train") == [f"the letter {c}" for c in "abcdefghij"]
    assert corpus.texts("valid") == [f"the letter {c}" for c in "klm"]
    assert corpus.texts("test") == [f"the letter {c}" for c in "nop"]


def test_a_missing_held_out_split_is_taken_from_train(home: Path, tmp_path: Path) -> None:
    write_splits(tmp_path / "letters")
    (tmp_path / "letters" / "dev.txt").unlink()
    corpus = resolve(tmp_path / "letters")
    assert corpus.card.rows == {"train": 9, "valid": 1, "test": 3}
    assert set(corpus.texts("valid")) <= {f"the letter {c}" for c in "abcdefghij"}


def test_given_splits_keep_overlap_unless_asked(home: Path, tmp_path: Path) -> None:
    write_splits(tmp_path / "letters")
    with open(tmp_path / "letters" / "test.txt", "a") as file:
        file.write("the letter a\n")
    kept = import_path(tmp_path / "letters", "kept")
    assert kept.rows("test") == 4
    assert any("1 of 4 test texts occur in train (kept" in note for note in kept.card.notes)
    dropped = import_path(tmp_path / "letters", "dropped", ImportOptions(drop_overlap=True))
    assert dropped.texts("test") == [f"the letter {c}" for c in "nop"]


def test_the_same_content_is_imported_once(home: Path, tmp_path: Path) -> None:
    write_splits(tmp_path / "letters")
    write_splits(tmp_path / "copy", valid="valid")
    first = resolve(tmp_path / "letters")
    assert resolve(str(tmp_path / "letters")).name == first.name
    assert resolve(tmp_path / "copy").name == first.name
    (tmp_path / "letters" / "test.txt").write_text("another text\n")
    assert resolve(tmp_path / "letters").name == "letters-2"


def test_pasted_text_becomes_a_corpus(home: Path) -> None:
    corpus = import_text("\n".join(text for text, _, _ in ROWS), "pasted")
    assert sum(corpus.card.rows.values()) == 60
    table = import_text("\n".join(f"{label}\t{text}" for text, label, _ in ROWS), "table")
    assert set(table.labels("train") or ()) == {"news", "sport", "music"}


def test_what_was_left_out_is_noted_with_its_lines(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "odd.txt"
    path.write_text("\n".join(["", *(t for t, _, _ in ROWS), "caf\ufffd au lait", "cafÃ© noir"]))
    card = import_path(path).card
    assert "1 empty rows left out" in card.notes
    assert any("line 62" in problem for problem in card.encoding_problems)
    assert any("line 63" in problem for problem in card.encoding_problems)


def test_bad_bytes_can_be_replaced_or_another_encoding_named(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    path.write_bytes("\n".join(f"le café numéro {i}" for i in range(20)).encode("cp1252"))
    right = import_path(path, "right", ImportOptions(encoding="cp1252"))
    assert "le café numéro 7" in all_texts(right)
    replaced = import_path(path, "replaced", ImportOptions(bad_bytes="replace"))
    assert "le caf\ufffd num\ufffdro 7" in all_texts(replaced)
    assert "20 texts hold" in replaced.card.encoding_problems[0]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_understood(home: Path, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "marked.csv"
    frame().to_csv(path, index=False, encoding=encoding)
    assert guess(path).text_column == "sentence"
    assert all_texts(import_path(path)) == sorted(text for text, _, _ in ROWS)


def test_line_ends_of_windows_do_not_stay_in_the_text(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "windows.txt"
    path.write_bytes("\r\n".join(text for text, _, _ in ROWS).encode())
    assert all_texts(import_path(path)) == sorted(text for text, _, _ in ROWS)


@pytest.mark.parametrize("long_texts, kept", [("drop", 60), ("cut", 61)])
def test_long_texts_can_be_dropped_or_cut(
    home: Path, tmp_path: Path, long_texts: str, kept: int
) -> None:
    path = tmp_path / "long.txt"
    path.write_text("\n".join(["x" * 30_000, *(text for text, _, _ in ROWS)]))
    options = ImportOptions.model_validate({"long_texts": long_texts})
    corpus = import_path(path, options=options)
    assert sum(corpus.card.rows.values()) == kept
    assert max(map(len, all_texts(corpus))) <= 20_000


def test_progress_counts_bytes_up_to_the_size_of_the_file(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text("".join(json.dumps({"text": f"text {i}"}) + "\n" for i in range(30_000)))
    seen: list[tuple[int, int | None]] = []
    import_path(path, progress=lambda done, total, what: seen.append((done, total)))
    reading = [done for done, total in seen if total == path.stat().st_size]
    assert reading == sorted(reading) and reading[-1] == path.stat().st_size
    assert seen[-1] == (30_000, 30_000)
