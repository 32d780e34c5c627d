"""How arrays become bytes for the latent map, and how a selection comes back.

The bytes do not travel in Streamlit's messages, which are sent again with every change: they are kept in
its store of media files under a hash of their content, and the browser fetches each address once. The
messages then hold addresses only. Streamlit drops files that no session shows any more.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit import runtime

BYTES = "application/octet-stream"
SCRIPT = "text/javascript"


@dataclass(frozen=True, repr=False)
class Blob:
    """Bytes with a name that says what is in them."""

    content: bytes
    digest: str

    @classmethod
    def of(cls, content: bytes) -> Blob:
        """Name some bytes by their content."""
        return cls(content, hashlib.blake2b(content, digest_size=16).hexdigest())

    def address(self, place: str, kind: str = BYTES) -> str:
        """Where the browser finds the bytes, as long as this place of the page shows them.

        Args:
            place: which element and which part of it; other bytes at the same place replace these.
            kind: the media type.
        """
        if not runtime.exists():  # a script run without Streamlit's server
            return ""
        # Streamlit names large files by samples of their content. With our own hash in the file's
        # name, two arrays that differ by one value in the middle have different addresses.
        path = runtime.get_instance().media_file_mgr.add(
            self.content, kind, place, file_name=self.digest
        )
        base = (st.get_option("server.baseUrlPath") or "").strip("/")
        return f"/{base}{path}" if base else path


def pack_texts(texts: Sequence[str]) -> bytes:
    """Count, N + 1 offsets, UTF-8: a reader finds any sentence without reading the others."""
    encoded = [str(text).encode("utf-8", "replace") for text in texts]
    offsets = np.zeros(len(encoded) + 1, "<u4")
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    return np.uint32(len(encoded)).astype("<u4").tobytes() + offsets.tobytes() + b"".join(encoded)


def pack_mask(mask: np.ndarray) -> bytes:
    """One bit a row, the first row in the lowest bit."""
    return np.packbits(mask, bitorder="little").tobytes()


def pack_rows(rows: np.ndarray, n: int) -> str:
    """Rows as text: "b" and a bit for each of N rows, in base64."""
    mask = np.zeros(n, bool)
    mask[rows] = True
    return "b" + base64.b64encode(pack_mask(mask)).decode()


def unpack_rows(packed: str | None, n: int) -> np.ndarray:
    """The rows that the browser packed: "b" and bits, or "d" and the gaps between a few rows.

    Returns:
        Rows in rising order, int64; those beyond N are left out.
    """
    if not packed:
        return np.empty(0, np.int64)
    content = np.frombuffer(base64.b64decode(packed[1:]), np.uint8)
    if packed[0] == "b":
        return np.flatnonzero(
            np.unpackbits(content, count=min(n, 8 * len(content)), bitorder="little")
        )
    gaps, gap, shift = [], 0, 0
    for byte in content.tolist():
        gap |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            gaps.append(gap + 1)
            gap = shift = 0
    rows = np.cumsum(np.asarray(gaps, np.int64)) - 1
    return rows[rows < n]
