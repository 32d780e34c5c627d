"""Whatever a name or a path stands for: made here, downloaded by name, imported, or a file."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from engine.config import DataError, one_of
from engine.data.builtin import (
    digits,
    digits_text,
    docstrings,
    python_lines,
    synthetic,
    unicode_names,
)
from engine.data.corpus import Corpus, Progress, corpora, exists, folder
from engine.data.downloads import DOWNLOADS
from engine.data.downloads.entry import PREFIX

if TYPE_CHECKING:
    from engine.data.importing import ImportOptions

SEED = 42
# Names that presets give to data that neither come with Zscape nor by name.
_AWAITED = {
    "headlines": "import headlines, one a line or with a column of labels, under that name (data import FILE "
    "--name headlines), or say --data; the authors' are hf:Fraser/news-category-dataset"
}
_HUB = "hf:OWNER/NAME stands for any data set of the Hugging Face hub"


@dataclass(frozen=True)
class Builtin:
    """A corpus that is made on the user's machine at first use.

    Attributes:
        help: what it is, for a tooltip.
        rows: about how many sentences or pictures it has.
        label: what its labels mean.
        make: returns its columns; "text" and "label" are among them, and "split" where it is not drawn.
        kind: whether a text is a sentence or a picture.
    """

    name: str
    title: str
    help: str
    rows: int
    label: str
    source: str
    make: Callable[[Progress | None], dict[str, Any]]
    kind: Literal["text", "images"] = "text"


BUILTIN: dict[str, Builtin] = {
    entry.name: entry
    for entry in (
        Builtin(
            "docstrings",
            "Docstrings",
            "First sentences of the documentation inside this Python and its packages: short, "
            "real English.",
            38_000,
            "package",
            "docstrings of the standard library and the installed requirements",
            docstrings.make,
        ),
        Builtin(
            "python-lines",
            "Python lines",
            "Statements of the Python standard library, one line each: text with a strict grammar.",
            87_000,
            "kind of statement",
            "source of the standard library",
            python_lines.make,
        ),
        Builtin(
            "unicode-names",
            "Unicode names",
            "Names of characters, such as 'greek small letter alpha': short phrases with a clear "
            "structure.",
            28_500,
            "script, or kind of symbol",
            "Python's Unicode database",
            unicode_names.make,
        ),
        Builtin(
            "synthetic",
            "Synthetic (known latent)",
            "Sentences of a random LSTM that reads a known two-dimensional code, after He et al. "
            "2019; the true codes are kept.",
            20_000,
            "mixture component of the true code",
            "generated with numpy, seed 19950927",
            synthetic.make,
        ),
        Builtin(
            "digits",
            "Digits (images)",
            "Handwritten digits as grey pictures of 8 by 8 pixels: small enough to train on in minutes.",
            1_797,
            "digit",
            "scikit-learn's digits: the test set of Alpaydin and Kaynak's optical recognition data, UCI",
            digits.make,
            "images",
        ),
        Builtin(
            "digits-text",
            "Digits as text",
            "Handwritten digits written out, a character a pixel, after transformer-vae's MNIST: text whose "
            "grammar is a grid and whose meaning is a picture.",
            3_600,
            "digit",
            "scikit-learn's digits: the test set of Alpaydin and Kaynak's optical recognition data, UCI",
            digits_text.make,
        ),
    )
}


def ensure(name: str, progress: Progress | None = None) -> Corpus:
    """A built-in corpus, made on first use; who comes meanwhile waits for it.

    Raises:
        DataError: there is no built-in corpus of this name.
    """
    if name not in BUILTIN:
        raise DataError(one_of("built-in data set", name, BUILTIN))
    with locked(name, progress):
        return Corpus.open(name) if exists(name) else _make(BUILTIN[name], progress)


def download(
    name: str,
    source: Path | None = None,
    save_as: str | None = None,
    options: ImportOptions | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """A published corpus, downloaded or read from files that are here; opened if it is there already.

    Args:
        name: of ``DOWNLOADS``, or ``hf:OWNER/NAME[:CONFIG[:SPLIT]]``.
        source: a file or folder of a published corpus; then no network is touched.
        save_as: what the corpus shall be called; made from the name where absent.
        options: how it is imported.
        progress: told what is done.

    Raises:
        DataError: there is no such corpus, or it cannot be had; with the cure.
    """
    if name.startswith(PREFIX):
        return _from_hub(name, source, save_as, options, progress)
    if name not in DOWNLOADS:
        raise DataError(f"{one_of('published data set', name, DOWNLOADS)}; or {_HUB}")
    from engine.data.downloads.making import make
    from engine.data.importing import check_name

    with locked(name, progress):
        if exists(name) and save_as is source is options is None:
            return Corpus.open(name)
        return make(DOWNLOADS[name], check_name(save_as or name), source, options, progress)


def resolve(name_or_path: str | Path, progress: Progress | None = None) -> Corpus:
    """What a name or a path stands for: built-in, imported, published, or a file or folder to import.

    For where data are asked for: it downloads what is published and not here. A path is imported under a
    name made from it; the same content is not imported twice.

    Raises:
        DataError: it is none of these.
    """
    name = str(name_or_path)
    if (corpus := _here(name, progress)) is not None:
        return corpus
    if _published(name):
        return download(name, progress=progress)
    path = Path(name).expanduser()
    if name and path.exists():
        return _imported(path, progress)
    known = [*BUILTIN, *DOWNLOADS, *(card.name for card in corpora())]
    if name in _AWAITED:
        raise DataError(f"the data set {name!r} is yours to bring: {_AWAITED[name]}")
    message = one_of("data set", name, dict.fromkeys(known))
    raise DataError(f"{message}; no file {name!r} either; {_HUB}")


def at_hand(name: str, progress: Progress | None = None) -> Corpus:
    """The data set that a run learned from, to look at: nothing is downloaded or imported for it.

    A built-in one is made where it is missing, which needs no network.

    Raises:
        DataError: it is not on this machine; says how it comes back.
    """
    if (corpus := _here(name, progress)) is not None:
        return corpus
    cure = (
        f"download it again first (data import {name}, or By name on the page Datasets)"
        if _published(name)
        else "import it again under that name"
    )
    raise DataError(f"unknown data set {name!r}: it is not on this machine (any more); {cure}")


@contextmanager
def locked(name: str, progress: Progress | None = None) -> Iterator[None]:
    """Only one process or thread makes the corpus of this name; others wait here."""
    path = folder() / ".locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if progress:
                progress(0, None, f"waiting for {name}, which another process is making")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _here(name: str, progress: Progress | None) -> Corpus | None:
    """What is called so and needs neither network nor file; None where there is no such thing."""
    if name in BUILTIN:
        return ensure(name, progress)
    if exists(name):
        return Corpus.open(name)
    return _from(name) if name.startswith(PREFIX) else None


def _from(source: str) -> Corpus | None:
    """The first data set that came from this address of the hub, if there is one."""
    return next((Corpus.open(card.name) for card in corpora() if card.source == source), None)


def _published(name: str) -> bool:
    return name in DOWNLOADS or name.startswith(PREFIX)


def _make(entry: Builtin, progress: Progress | None) -> Corpus:
    from engine.data.writing import Draft

    with Draft(entry.name) as draft:
        columns = entry.make(progress)
        given = columns.pop("split", None)
        for split in dict.fromkeys(given or [None]):
            rows = {name: _where(given, split, values) for name, values in columns.items()}
            draft.add(rows, split)
        return draft.finish(
            seed=SEED,
            progress=progress,
            title=entry.title,
            kind=entry.kind,
            source=entry.source,
            builtin=True,
            notes=(f"label: {entry.label}",),
        )


def _where(given: list[str] | None, split: str | None, values: Any) -> Any:
    """The values of the rows that are given to this split; all of them where none is given."""
    return (
        values if given is None else [v for v, s in zip(values, given, strict=True) if s == split]
    )


def _imported(path: Path, progress: Progress | None) -> Corpus:
    from engine.data.fingerprints import content_fingerprint
    from engine.data.importing import import_path

    content = content_fingerprint(path)
    with locked(content, progress):
        for card in corpora():
            if card.source_fingerprint == content:
                return Corpus.open(card.name)
        return import_path(path, progress=progress)


def _from_hub(
    name: str,
    source: Path | None,
    save_as: str | None,
    options: ImportOptions | None,
    progress: Progress | None,
) -> Corpus:
    from engine.data.downloads import hub
    from engine.data.importing import check_name, free_name

    address = hub.parse(name)
    if source is not None:
        raise DataError(f"files of {address} are imported by their path alone, without its name")
    with locked(address.slug, progress):
        if save_as is options is None and (corpus := _from(str(address))) is not None:
            return corpus
        words = [address.repo.rpartition("/")[2], address.config, address.split]
        derived = "-".join(word for word in words if word).replace("_", "-").lower()
        # A name of DOWNLOADS stands for that corpus, not for its namesake on the hub.
        derived += "-hub" * (derived in DOWNLOADS)
        called = check_name(save_as) if save_as else free_name(derived)
        return hub.make(address, called, options, progress)
