"""Labels that a Parquet file keeps as numbers, by the names that it keeps beside them.

The library ``datasets``, and so the Hugging Face hub, writes a label as its number and the names of all
labels into the file's metadata, under the key "huggingface".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """Column -> names of its classes, for the columns that have such names."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            name: [str(word) for word in about["names"]]
            for name, about in features.items()
            if isinstance(about, dict) and about.get("_type") == "ClassLabel" and about.get("names")
        }
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}  # most files have none, and none is needed


def named(column: pa.Array, names: list[str]) -> pa.Array:
    """Numbers of classes as their names; one without a name, such as -1, is missing."""
    import numpy as np
    import pyarrow as pa

    numbers: Any = column.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    known = (numbers >= 0) & (numbers < len(names))
    words = pa.array([*names, None], pa.large_string())
    return words.take(pa.array(np.where(known, numbers, len(names))))
