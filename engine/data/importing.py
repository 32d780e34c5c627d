"""Turns a file, a folder or pasted text into a corpus, whole or not at all."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from engine.config import Config, DataError, param
from engine.data.cleaning import Cleaner, TooManyLabels
from engine.data.corpus import Corpus, Progress, exists
from engine.data.files import check_encoding
from engine.data.fingerprints import content_fingerprint
from engine.data.folders import derived_name, files_of
from engine.data.guessing import PREVIEW, SAMPLE, Guess, detect, guess_columns
from engine.data.pictures.importing import import_pictures
from engine.data.pictures.sources import holds_pictures
from engine.data.reading import Rows, column_named, parquet_columns, read

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
PASTED = "pasted text"


class ImportOptions(Config):
    """How a file becomes a corpus; what is not set is guessed from the file."""

    text_column: str | None = param(None, "The column with the texts; guessed where not set.")
    label_column: str | None = param(
        None, "The column with the labels; guessed where not set, none where empty."
    )
    valid: float = param(
        0.1, "Share of the different texts held out for validation.", gt=0, lt=0.5, basic=True
    )
    test: float = param(
        0.1, "Share of the different texts held out for the test.", gt=0, lt=0.5, basic=True
    )
    seed: int = param(42, "Decides which texts are held out.", ge=0, basic=True)
    drop_overlap: bool = param(
        False,
        "Where the data comes with splits: leave out of validation and test what training has. "
        "Off keeps published splits comparable.",
    )
    max_characters: int = param(
        20_000, "A longer text is not one sentence.", unit="characters", ge=1, le=50_000_000
    )
    long_texts: Literal["refuse", "drop", "cut"] = param(
        "refuse", "What to do with a text that is too long: refuse the file, drop it, or cut it."
    )
    max_labels: int = param(
        1_000, "More different labels are no labels.", unit="labels", ge=2, le=10_000_000
    )
    delimiter: str | None = param(
        None, "What separates columns; guessed where not set.", min_length=1, max_length=1
    )
    header: bool | None = param(None, "Whether the first line names the columns; guessed.")
    encoding: str | None = param(None, "Such as utf-8 or cp1252; UTF-8 where not set.")
    bad_bytes: Literal["refuse", "replace"] = param(
        "refuse", "What to do with bytes that are not text: refuse the file, or replace them by �."
    )
    invert: bool | None = param(
        None,
        "Of pictures: exchange light and dark, so that ink on paper becomes high levels on 0; guessed from "
        "their borders where not set.",
    )


def guess(path: Path | str, options: ImportOptions | None = None) -> Guess:
    """What a file seems to be: format, columns, which of them hold text and labels, first rows.

    Raises:
        DataError: it cannot be read at all.
    """
    import pandas as pd

    options, path = options or ImportOptions(), Path(path).expanduser()
    encoding = check_encoding(options.encoding) if options.encoding else None
    found = detect(path, options.delimiter, options.header, encoding)
    if found.format == "parquet":
        found = replace(found, columns=parquet_columns(path))
    sample = _sample(found, options)
    if found.format == "txt":
        return replace(found, preview=pd.DataFrame({"text": sample["text"][:PREVIEW]}))
    text, label = guess_columns(sample)
    text = column_named(options.text_column, found) if options.text_column else text
    if options.label_column is not None:
        label = column_named(options.label_column, found) if options.label_column else None
    elif label == text:
        label = None
    preview = pd.DataFrame({name: values[:PREVIEW] for name, values in sample.items()})
    return replace(found, text_column=text, label_column=label, preview=preview)


def import_path(
    path: Path | str,
    name: str | None = None,
    options: ImportOptions | None = None,
    progress: Progress | None = None,
    source: str | None = None,
) -> Corpus:
    """Import a file, or a folder with files for train, valid (dev, val) and test; or pictures.

    Pictures come as an .npz, or as a folder or zip of files (:mod:`engine.data.pictures.importing`).
    Splits that come with a folder are kept; a held-out split that is missing is taken from train.

    Args:
        path: the file or folder.
        name: of the data set; made from the path's where absent.
        options: how it becomes a corpus.
        progress: told how many bytes are read.
        source: where it is from, as its card says; the path where absent.

    Raises:
        DataError: with the line and the cure; nothing half-imported stays behind.
    """
    path, options = Path(path).expanduser(), options or ImportOptions()
    if holds_pictures(path):
        name = check_name(name) if name else free_name(derived_name(path))
        return import_pictures(path, name, options, progress, source)
    files = files_of(path)
    name = check_name(name) if name else free_name(derived_name(path))
    return import_files(files, name, options, progress, source=source or str(path.resolve()))


def import_text(
    pasted: str,
    name: str,
    options: ImportOptions | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Import pasted text: one text per line, or a table with tabs.

    Raises:
        DataError: with the line and the cure.
    """
    if not pasted.strip():
        raise DataError("the pasted text is empty; paste one text per line")
    name = check_name(name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PASTED
        path.write_text(pasted, encoding="utf-8", errors="replace", newline="\n")
        return import_files([(None, path)], name, options, progress, source=PASTED)


def check_name(name: str) -> str:
    """A name that a data set can have and that is not taken.

    Raises:
        DataError: it cannot, or is.
    """
    if not _NAME.fullmatch(name):
        raise DataError(
            "the name of a data set must be made of lower-case letters, digits, '-', '_' and '.', "
            f"begin with a letter or digit and have at most 64 characters; got {name!r}"
        )
    if exists(name) or _is_builtin(name):
        raise DataError(f"a data set named {name!r} exists already; choose another name")
    return name


def free_name(wanted: str) -> str:
    """A name made from any words, numbered where it is taken."""
    base = re.sub(r"[^a-z0-9._]+", "-", wanted.lower()).strip("-._")[:56] or "corpus"
    name, number = base, 2
    while exists(name) or _is_builtin(name):
        name, number = f"{base}-{number}", number + 1
    return name


def _is_builtin(name: str) -> bool:
    from engine.data.library import BUILTIN  # the library imports files through this module

    return name in BUILTIN


def import_files(
    files: list[tuple[str | None, Path]],
    name: str,
    options: ImportOptions | None = None,
    progress: Progress | None = None,
    **card: Any,
) -> Corpus:
    """Import files of one layout, each with the split that it is, or None where that is to be drawn.

    Args:
        files: at least one.
        name: that is free.
        options: what is not set is guessed.
        progress: told what is done.
        card: fields of ``Card`` that the caller knows; ``source`` at least.

    Raises:
        DataError: with the line and the cure; nothing half-imported stays behind.
    """
    options = options or ImportOptions()
    try:
        return _write(files, name, options, progress, card)
    except TooManyLabels as error:
        if options.label_column is not None:
            raise
        # Its first rows looked like labels; nobody asked for them.
        note = f"{error.summary}: kept as a column, not as labels"
        plain = options.model_copy(update={"label_column": ""})
        return _write(
            files, name, plain, progress, card | {"notes": (*card.get("notes", ()), note)}
        )


def _write(
    files: list[tuple[str | None, Path]],
    name: str,
    options: ImportOptions,
    progress: Progress | None,
    card: dict[str, Any],
) -> Corpus:
    from engine.data.writing import Draft

    first = guess(files[0][1], options)
    cleaner = Cleaner(first, options)
    size = sum(path.stat().st_size for _, path in files)
    errors = "strict" if options.bad_bytes == "refuse" else "replace"
    with Draft(name) as draft:
        before = 0
        for split, path in files:
            layout = first if path == first.path else _alike(first, path, options)
            for rows in read(layout, errors):
                draft.add(cleaner.clean(rows, path.name), split)
                if progress:
                    done = min(before + rows.position, size)
                    progress(done, size, f"importing {name}: {draft.rows:,} rows")
            before += path.stat().st_size
        cleaner.check(draft.rows)
        if "source_fingerprint" not in card:  # reads all files once more
            card = card | {"source_fingerprint": _fingerprint(files)}
        return draft.finish(
            valid=options.valid,
            test=options.test,
            seed=options.seed,
            drop_overlap=options.drop_overlap,
            progress=progress,
            encoding_problems=tuple(cleaner.encoding_problems()),
            **{"title": name} | card | {"notes": (*card.get("notes", ()), *cleaner.notes())},
        )


def _fingerprint(files: list[tuple[str | None, Path]]) -> str:
    split, path = files[0]
    return content_fingerprint(path if split is None else path.parent)


def _alike(first: Guess, path: Path, options: ImportOptions) -> Guess:
    """The layout of another file of the same corpus: read as the first was.

    Raises:
        DataError: its columns are others.
    """
    other = guess(path, options.model_copy(update={"header": first.header}))
    if set(other.columns) != set(first.columns):
        raise DataError(
            f"{path.name} has the columns {', '.join(other.columns)}, but {first.path.name} has "
            f"{', '.join(first.columns)}; files of one data set must have the same columns"
        )
    return replace(
        other,
        delimiter=first.delimiter,
        text_column=first.text_column,
        label_column=first.label_column,
    )


def _sample(found: Guess, options: ImportOptions) -> dict[str, list[str]]:
    """Strings of the first thousand rows, by column."""
    errors = "replace"  # a preview may show what the import will refuse
    sample: dict[str, list[str]] = {name: [] for name in found.columns}
    for rows in _first(read(found, errors), SAMPLE):
        for name, values in rows.items():
            sample[name] += ["" if v is None else str(v) for v in values]
    return sample


def _first(stream: Iterator[Rows], wanted: int) -> Iterator[Mapping[str, list[Any]]]:
    for rows in stream:
        columns = {name: list(islice(_values(v), wanted)) for name, v in rows.columns.items()}
        yield columns
        wanted -= len(rows.lines)
        if wanted <= 0:
            return


def _values(column: Any) -> Iterator[Any]:
    return iter(column.to_pylist() if hasattr(column, "to_pylist") else column)
