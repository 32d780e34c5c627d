"""Reader of the captions of COCO 2017."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.config import DataError
from engine.data.reading import ROWS, Rows

# The test captions of COCO are not published: the validation file is dealt as CoTK deals it, odd
# captions (counted from 1) for validation, even ones for the test.
PARTS = {"train": slice(None), "valid": slice(0, None, 2), "test": slice(1, None, 2)}


def captions(path: Path, split: str) -> Iterator[Rows]:
    """The captions of a file in its order; the number of the picture is kept.

    References:
        Microsoft COCO Captions: Data Collection and Evaluation Server, Chen et al., 2015,
        https://arxiv.org/abs/1504.00325

    Raises:
        DataError: it is not a caption file of COCO.
    """
    import pyarrow as pa

    found = _annotations(path)[PARTS[split]]
    numbers = range(1, len(found) + 1)
    size = path.stat().st_size
    for start in range(0, len(found), ROWS):
        part = found[start : start + ROWS]
        columns = {
            "text": [str(item["caption"]) for item in part],
            "image": pa.array([int(item["image_id"]) for item in part], pa.int64()),
        }
        done = size * (start + len(part)) // len(found)
        yield Rows(columns, numbers[start : start + ROWS], done)


def _annotations(path: Path) -> list[dict[str, Any]]:
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)["annotations"]
        if not found or "caption" not in found[0] or "image_id" not in found[0]:
            raise KeyError("caption")
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise DataError(
            f"{path.name} must be a caption file of COCO, one JSON object whose annotations have "
            "caption and image_id; is it the published file, and whole?"
        ) from error
    return found
