"""What is known about a corpus that others publish: where it lies, what is inside, how it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.data.reading import Rows

PREFIX = "hf:"
"""Begins the address of a data set of the Hugging Face hub."""
Reader = Callable[[Path, str], Iterator[Rows]]
"""A file and the split that it is read for; gives rows with "text", with "label" where there is one."""


@dataclass(frozen=True)
class Remote:
    """A file on somebody's server.

    Attributes:
        address: where it is downloaded from.
        name: what it is called here.
        checksum: "sha256:..." or "md5:..." where one is stated, empty where none is; then the one of
            the first download is remembered.
        confirm: Google Drive may ask for a confirmation before it hands the file out.
    """

    address: str
    name: str
    checksum: str = ""
    confirm: bool = False


@dataclass(frozen=True)
class Download:
    """A corpus that is downloaded by its name, or read from the files that somebody has already.

    Attributes:
        help: what it is, for a tooltip.
        homepage: where its publisher describes it, and where a person can download it by hand.
        licence: in plain words; says so where none is stated.
        rows: about how many texts it has.
        label: what its labels mean; empty where it has none.
        files: what is downloaded; archives or the files themselves.
        splits: split -> the name of the file that holds it, in an archive or on its own.
        read: reads one of these files.
        size: bytes of the download, about; 0 where nobody states it.
        beside: files that are read together with those of the splits, and lie beside them.
        kind: what its rows are; pictures are texts too, as data URIs.
    """

    name: str
    title: str
    help: str
    homepage: str
    licence: str
    rows: int
    label: str
    files: tuple[Remote, ...]
    splits: Mapping[str, str]
    read: Reader
    size: int = 0
    kind: Literal["text", "images"] = "text"
    beside: tuple[str, ...] = ()

    @property
    def wanted(self) -> tuple[str, ...]:
        """The names of the files that must be there, each once."""
        return tuple(dict.fromkeys([*self.splits.values(), *self.beside]))

    @property
    def by_hand(self) -> str:
        """What to do where the download does not work."""
        return (
            f"download it by hand (described at {self.homepage}) and give the file or folder: "
            f"data import {self.name} --from PATH, or under By name on the page Datasets"
        )
