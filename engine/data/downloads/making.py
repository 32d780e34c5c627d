"""Makes a corpus of a published one: from its files wherever they are, whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from engine.config import DataError, home
from engine.data.cleaning import Cleaner
from engine.data.corpus import SPLITS, Corpus, Progress
from engine.data.downloads.archives import extract, is_archive, names
from engine.data.downloads.checksums import told
from engine.data.downloads.entry import Download
from engine.data.downloads.fetching import fetch
from engine.data.guessing import Guess
from engine.data.importing import ImportOptions
from engine.data.reading import Rows


def cache(name: str) -> Path:
    """Where the downloaded files of this name are kept; may be deleted at any time."""
    return home() / "cache" / "downloads" / name


def make(
    entry: Download,
    name: str,
    source: Path | None = None,
    options: ImportOptions | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Download what the entry names, or read it from ``source``, and write the corpus.

    Args:
        entry: what to make.
        name: of the corpus.
        source: a file or folder that somebody has already; then no network is touched.
        options: shares and seed of held-out splits that are not published.
        progress: told what is done.

    Raises:
        DataError: with the cure; nothing half-made stays behind.
    """
    kept = cache(entry.name)
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unpacked-", dir=kept) as unpacked:
        paths, notes = _sources(entry, source, progress)
        found = _find(entry, paths, Path(unpacked), progress)
        files = [(split, found[entry.splits[split]]) for split in SPLITS if split in entry.splits]
        # A published file cannot be mended: a text that is no sentence is left out and counted.
        chosen = (options or ImportOptions()).model_copy(update={"long_texts": "drop"})
        return _write(entry, name, files, chosen, tuple(notes), progress)


def _sources(
    entry: Download, source: Path | None, progress: Progress | None
) -> tuple[list[Path], list[str]]:
    """The files to look into, and what is to be said of them."""
    if source is None:
        kept, paths, notes = cache(entry.name), [], []
        for remote in entry.files:
            path = fetch(remote, kept, entry.by_hand, progress)
            paths.append(path)
            notes.append(told(path, remote))
        return paths, notes
    if not source.exists():
        raise DataError(f"there is no file or folder at {source}; give the path of one")
    note = f"read from {source.resolve()}"
    if not source.is_dir():
        return [source], [note]
    inside = sorted(path for path in source.rglob("*") if path.is_file())
    plain = [path for path in inside if _called(path, entry)]
    if {_called(path, entry) for path in plain} == set(entry.wanted):
        return plain, [note]
    packed = [path for path in inside if path not in plain and is_archive(path)]
    return [*plain, *packed], [note]


def _find(
    entry: Download, paths: list[Path], unpacked: Path, progress: Progress | None
) -> dict[str, Path]:
    """Every wanted file by its name.

    Raises:
        DataError: one is missing; the message says what is wanted and what there is.
    """
    found: dict[str, Path] = {}
    for path in paths:
        if name := _called(path, entry):
            found.setdefault(name, path)
        elif is_archive(path):
            missing = [name for name in entry.wanted if name not in found]
            found |= extract(path, missing, unpacked, progress)
        elif len(entry.wanted) == 1:
            found[entry.wanted[0]] = path
    if missing := [name for name in entry.wanted if name not in found]:
        are = "is" if len(missing) == 1 else "are"
        raise DataError(
            f"{entry.title} must come with {', '.join(entry.wanted)}, in one folder or archive; "
            f"{', '.join(missing)} {are} missing. There is {_there(paths)}; give the published files, or "
            "import your own text as a file"
        )
    return found


def _called(path: Path, entry: Download) -> str | None:
    """Which of the wanted files this is, gzipped or not; None where it is none of them."""
    name = path.name
    names = (name, name.removesuffix(".gz"), f"{name}.gz")
    return next((name for name in names if name in entry.wanted), None)


def _there(paths: list[Path]) -> str:
    shown = [f"{p.name} with {names(p)}" if is_archive(p) else p.name for p in paths[:8]]
    return "; ".join(shown) or "no file of these names, and no archive"


def _write(
    entry: Download,
    name: str,
    files: list[tuple[str, Path]],
    options: ImportOptions,
    notes: tuple[str, ...],
    progress: Progress | None,
) -> Corpus:
    from engine.data.writing import Draft

    cleaner: Cleaner | None = None
    with Draft(name) as draft:
        for split, path, rows, done in _rows(entry, files):
            columns = rows.columns
            if entry.kind == "text":
                cleaner = cleaner or Cleaner(_roles(path, tuple(columns)), options)
                columns = cleaner.clean(rows, path.name)
            draft.add(columns, split)
            if progress:
                progress(done, 1000, f"reading {entry.title}, {draft.rows:,} rows, per mille")
        if not draft.rows:
            raise DataError(
                f"the files of {entry.title} hold nothing to learn from; {entry.by_hand}"
            )
        label = (f"label: {entry.label}",) if entry.label else ()
        return draft.finish(
            valid=options.valid,
            test=options.test,
            seed=options.seed,
            drop_overlap=options.drop_overlap,
            progress=progress,
            title=entry.title,
            source=entry.homepage,
            licence=entry.licence,
            kind=entry.kind,
            notes=(*label, _split_note(entry), *notes, *(cleaner.notes() if cleaner else ())),
            encoding_problems=tuple(cleaner.encoding_problems()) if cleaner else (),
        )


def _rows(entry: Download, files: list[tuple[str, Path]]) -> Iterator[tuple[str, Path, Rows, int]]:
    """All rows with their split, file, and how far the reading is, in per mille."""
    size, before = max(1, sum(path.stat().st_size for _, path in files)), 0
    for split, path in files:
        for rows in entry.read(path, split):
            yield split, path, rows, min(1000, 1000 * (before + rows.position) // size)
        before += path.stat().st_size


def _roles(path: Path, columns: tuple[str, ...]) -> Guess:
    label = "label" if "label" in columns else None
    return Guess(path, "txt", columns=columns, text_column="text", label_column=label)


def _split_note(entry: Download) -> str:
    drawn = [split for split in SPLITS if split not in entry.splits]
    given = ", ".join(split for split in SPLITS if split in entry.splits)
    return f"{given} as published" + (f"; {' and '.join(drawn)} drawn from train" if drawn else "")
