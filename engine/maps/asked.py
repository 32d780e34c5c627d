"""What is asked of a checkpoint, and where the answer is kept until the checkpoint is written anew."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar

from engine.runs.store import Run


def digest(key: str) -> str:
    """A short name for a key."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Asked:
    """Something about one checkpoint of a run that is computed once and kept in the run's cache.

    A class of it adds what else is asked, as fields, and names its files.

    Attributes:
        run: a run with that checkpoint.
        checkpoint: best, last or step-...
    """

    KIND: ClassVar[str] = ""
    # Raised when the same question gets another answer than before.
    FORMAT: ClassVar[int] = 1

    run: Run
    checkpoint: str

    @property
    def mark(self) -> str:
        """Names the answer; another version of the checkpoint has another mark."""
        return self.mark_of(self.run.version(self.checkpoint))

    @property
    def file(self) -> Path:
        """Where the answer is kept once it is there."""
        return self.file_of(self.mark)

    @property
    def place(self) -> str:
        """What of the mark stays the same when the checkpoint is written anew."""
        asked = [getattr(self, one.name) for one in fields(self) if one.name != "run"]
        return digest(repr((self.FORMAT, asked)))

    def mark_of(self, version: str) -> str:
        """The mark of an answer that was found with this version of the checkpoint."""
        return f"{self.place}-{digest(version)}"

    def file_of(self, mark: str) -> Path:
        """Where the answer of that mark is kept."""
        return self.run.cache / f"{self.KIND}-{mark}.npz"

    def drop_older(self, mark: str) -> None:
        """Remove what other versions of the checkpoint left, and what was made of it, or the disk would fill."""
        for path in self.run.cache.glob(f"*-{self.place}-*.npz"):
            if mark not in path.name:
                path.unlink(missing_ok=True)
