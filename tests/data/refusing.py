"""What every refused import must hold: a sentence that names fault and cure, and no leftovers."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import DataError
from engine.data.corpus import corpora
from engine.data.importing import ImportOptions, import_path


def refused(path: Path, *words: str, **options: object) -> str:
    """The message of the refused import, which must hold ``words`` and be one sentence or two."""
    with pytest.raises(DataError) as caught:
        import_path(path, "bad", ImportOptions.model_validate(options))
    message = str(caught.value)
    for word in words:
        assert word in message, message
    assert len(message) < 600
    return message


def check_nothing_stayed(home: Path) -> None:
    """Fails where a data set, or a part of one, is left in this home."""
    assert corpora() == []
    left = home / "datasets"
    assert not left.exists() or [p.name for p in left.iterdir() if p.name != ".locks"] == []
