"""Four sentences as the corners of a square, and what the model writes inside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.config import ConfigError
from engine.decoding.config import DecodingConfig
from engine.explore.decoded import Decoded, decode_codes
from engine.explore.ends import Endpoint, encode_typed, endpoint
from engine.explore.interpolation import allowed
from engine.explore.paths import at

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.evaluation.aggregate import Aggregate
    from engine.models.vae import VAE

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Palette:
    """A square of codes between four sentences: A and B above, C and D below.

    Attributes:
        corners: A, B, C and D as typed and as they come back.
        size: k, cells along each side.
        cells: what the k x k codes decode to, row by row from A's; each compared with its left
            neighbour, the first of a row with the one above.
        codes: of the cells, (k * k, Z).
        path: the way between codes that it is made with.
        tokens: how many latent tokens a code is made of.
    """

    corners: list[Endpoint]
    size: int
    cells: list[Decoded]
    codes: Floats
    path: str
    tokens: int

    @property
    def distinct(self) -> int:
        """How many different sentences the cells read."""
        return len({cell.text for cell in self.cells})

    def codes_at(self, points: ArrayLike) -> Floats:
        """Codes at places of the square (M, 2), such as a drawn line: (across, down), 0 to 1; (M, Z)."""
        last = self.size - 1
        corners = self.codes[[0, last, self.size * last, self.size**2 - 1]]
        places = np.clip(np.atleast_2d(np.asarray(points, dtype=np.float64)), 0, 1)
        return square(corners, places, self.path, self.tokens)


def palette(
    model: VAE,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    size: int = 5,
    path: str | None = None,
    decoding: DecodingConfig | None = None,
    data: Aggregate | None = None,
) -> Palette:
    """Encode four sentences and decode k x k codes between them, all in one batch.

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        texts: A, B, C and D.
        size: k, at least 2.
        path: a name in PATHS that the family has; its best one where absent.
        decoding: how to decode; greedy where absent.
        data: encoded rows, to flag cells that lie off the data.

    Raises:
        DataError: a sentence is blank.
        ConfigError: there are not four sentences, k is below 2, or the path leaves where codes live.
    """
    if len(texts) != 4 or size < 2:
        raise ConfigError(
            f"a palette needs four sentences and 2 cells a side, got {len(texts)} and {size}"
        )
    decoding = decoding or DecodingConfig()
    typed, corners = encode_typed(model, tokenizer, texts, decoding)
    path, tokens = allowed(model, path), model.latent.tokens
    side = np.linspace(0, 1, size)
    places = np.stack([np.tile(side, size), np.repeat(side, size)], axis=1)
    codes = square(corners, places, path, tokens)
    last = size - 1
    at_corners = [0, last, size * last, size**2 - 1]
    codes[at_corners] = corners
    before = [max(cell - (1 if cell % size else size), 0) for cell in range(size**2)]
    cells = decode_codes(model, tokenizer, codes, decoding, compared_with=before, data=data)
    ends = [
        endpoint(one, cells[cell].ids, cells[cell].text)
        for one, cell in zip(typed, at_corners, strict=True)
    ]
    return Palette(ends, size, cells, codes, path, tokens)


def square(corners: ArrayLike, places: ArrayLike, path: str = "linear", tokens: int = 1) -> Floats:
    """Codes inside a square, (M, Z): across the two sides on a path, then down between them.

    On the straight path that is bilinear; on any, each side of the square is the path of its two corners.

    Args:
        corners: A, B, C and D, (4, Z).
        places: (across, down), 0 to 1, (M, 2).
        path: a name in PATHS.
        tokens: how many latent tokens a code is made of.
    """
    a, b, c, d = np.asarray(corners, dtype=np.float64)
    found = []
    for across, down in np.asarray(places, dtype=np.float64):
        above, below = (at(*side, [across], path, tokens)[0] for side in ((a, b), (c, d)))
        found.append(at(above, below, [down], path, tokens)[0])
    return np.stack(found)


def decode_line(
    model: VAE,
    tokenizer: Tokenizer,
    found: Palette,
    points: ArrayLike,
    steps: int = 21,
    decoding: DecodingConfig | None = None,
    data: Aggregate | None = None,
) -> list[Decoded]:
    """Decode codes evenly spaced along a line that was drawn over a palette, in one batch.

    Args:
        model: the text VAE that made the palette.
        tokenizer: the run's tokeniser.
        found: the palette.
        points: corners of the line, (across, down), 0 to 1, (M, 2), at least one.
        steps: how many codes.
        decoding: how to decode; greedy where absent.
        data: encoded rows, to flag codes that lie off the data.
    """
    codes = found.codes_at(spaced(points, steps))
    return decode_codes(model, tokenizer, codes, decoding, data=data)


def spaced(points: ArrayLike, steps: int) -> Floats:
    """Places evenly spaced along a broken line (M, 2), ends included, (steps, 2)."""
    corners = np.atleast_2d(np.asarray(points, dtype=np.float64))
    legs = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    if not legs.any():
        return np.repeat(corners[:1], steps, axis=0)
    reached = np.concatenate([[0.0], np.cumsum(legs)])
    wanted = np.linspace(0, reached[-1], steps)
    return np.stack([np.interp(wanted, reached, column) for column in corners.T], axis=1)
