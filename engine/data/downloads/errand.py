"""One file on its way: which of its bytes are here, and which to ask for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.data.downloads.entry import Remote

if TYPE_CHECKING:
    from requests import Response


@dataclass(frozen=True)
class Errand:
    """One file to fetch, and what its messages need.

    Attributes:
        by_hand: what a person can do where it does not work.
        headers: sent along, such as a token.
    """

    remote: Remote
    part: Path
    by_hand: str
    headers: Mapping[str, str]

    @property
    def received(self) -> int:
        """Bytes that are here."""
        return self.part.stat().st_size if self.part.exists() else 0

    @property
    def memory(self) -> Path:
        """Which version of the file the bytes are of."""
        return self.part.with_name(f"{self.part.name}.json")

    def forget(self) -> None:
        """Remove what has come so far."""
        self.part.unlink(missing_ok=True)
        self.memory.unlink(missing_ok=True)


def range_of(errand: Errand) -> dict[str, str]:
    """The headers that ask for what is missing, if the file is still the same."""
    if not errand.received:
        return {}
    headers = {"Range": f"bytes={errand.received}-"}
    if validator := remembered(errand).get("validator"):
        headers["If-Range"] = validator
    return headers


def goes_on(response: Response, errand: Errand) -> bool:
    """Whether the response holds the bytes behind those that are here, of the same file."""
    given = response.headers.get("Content-Range", "")
    same = end_of_range(response) == remembered(errand).get("total")
    return response.status_code == 206 and given.startswith(f"bytes {errand.received}-") and same


def remembered(errand: Errand) -> dict[str, Any]:
    """The version of the file that the bytes here are of."""
    try:
        return dict(json.loads(errand.memory.read_text()))
    except (OSError, ValueError, TypeError):
        return {}  # then nothing is gone on with


def version(response: Response, total: int | None) -> dict[str, Any]:
    """What tells whether a later response is of the same file."""
    tag = response.headers.get("ETag", "")
    strong = tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified")
    return {"validator": strong, "total": total}


def length_of(response: Response, start: int) -> int | None:
    """Bytes of the whole file, where the server says it."""
    if response.status_code == 206:
        return end_of_range(response)
    # A compressed body has another length than the file.
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return None
    length = response.headers.get("Content-Length", "")
    return start + int(length) if length.isdigit() else None


def end_of_range(response: Response) -> int | None:
    """Bytes of the whole file, where a part of it was asked for."""
    total = response.headers.get("Content-Range", "").rpartition("/")[2]
    return int(total) if total.isdigit() else None
