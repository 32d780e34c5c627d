"""A causal network a pixel at a time: what was computed for the pixels before is kept.

A new pixel moves nothing that was computed before it, so that each layer needs one position: what the rows
above contribute to a whole row is one convolution where the row begins, and the pixels to the left are one
small product. Norms are those of evaluation, and part of the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.models.pictures.causal import Block, Causal, CausalNetwork
from engine.models.pictures.pixels import Norm


class Line(NamedTuple):
    """What a masked convolution of reach R has seen of N pictures of C planes.

    Attributes:
        rows: the last R finished rows, (N, C, R, side), zeros above the picture.
        above: what they contribute to each pixel of this row, its norm's offset with it, (N, side, O).
        row: R zeros, and this row up to the pixel that is asked for, (N, R + columns, C).
    """

    rows: Tensor
    above: Tensor
    row: Tensor

    def with_pixel(self, values: Tensor) -> Line:
        """One pixel more in this row, (N, C)."""
        return Line(self.rows, self.above, torch.cat([self.row, values[:, None]], 1))

    def select(self, index: Tensor) -> Line:
        """Pictures ``index`` (M,)."""
        return Line(self.rows[index], self.above[index], self.row[index])


@dataclass(frozen=True)
class Begun:
    """N pictures, written up to a pixel.

    Attributes:
        network: the weights as they were at the start.
        maps: maps beside the pictures, with rows of zeros above and below, (N, F, side + 2 R, side).
        first: what the first layer has seen.
        lines: what each block has seen.
        asked: pixels asked for so far, which have been written but for the last one.
    """

    network: Stepper
    maps: Tensor
    first: Line
    lines: dict[Block, Line]
    asked: int = 0

    def select(self, index: Tensor) -> Begun:
        """Pictures ``index`` (M,)."""
        lines = {block: line.select(index) for block, line in self.lines.items()}
        first = self.first.select(index)
        return Begun(self.network, self.maps[index], first, lines, self.asked)


class Stepper:
    """The network's weights as a pixel at a time needs them, norms of evaluation in them."""

    def __init__(self, network: CausalNetwork, side: int) -> None:
        self.network, self.side = network, side
        first = network.first
        self.first = _Seen(first.image, first.norm)
        scale, _ = first.norm.affine_in_evaluation()
        self.maps = first.maps.weight * scale[:, None, None, None]
        blocks: list[Any] = [*network.blocks, *network.skips]
        self.blocks: dict[Block, _Bottleneck] = {block: _Bottleneck(block) for block in blocks}
        self.head = _Product(network.head, network.head_norm)

    def begin(self, maps: Tensor) -> Begun:
        """Pictures beside maps (N, F, side, side) before their first pixel."""
        reach = self.first.reach
        padded = F.pad(maps, (0, 0, reach, reach))
        first = self._with_maps(self.first.begin(maps, self.side), padded, 0)
        lines = {b: part.seen.begin(maps, self.side) for b, part in self.blocks.items()}
        return Begun(self, padded, first, lines)

    def next(self, written: Tensor, begun: Begun) -> tuple[Tensor | None, Begun]:
        """The network's number for the next pixel, (N,), or None where none is left.

        Args:
            written: the pixel before it, (N,), 0 or 1; not looked at before the first.
            begun: what the pictures are so far.
        """
        first, lines, place = begun.first, begun.lines, begun.asked
        if place >= self.side**2:
            return None, begun
        row, column = divmod(place, self.side)
        if place:
            first = first.with_pixel(written[:, None])
        if row and column == 0:
            first = self._with_maps(self.first.turn(first), begun.maps, row)
            lines = {block: self.blocks[block].seen.turn(line) for block, line in lines.items()}
        after: dict[Block, Line] = {}

        def apply(block: Block, x: Tensor) -> Tensor:
            y, after[block] = self.blocks[block].next(x, lines[block], column)
            return y

        y = self.network.through(F.elu(self.first.sum(first, column)), apply)
        number = F.linear(F.elu(self.head(y)), self.network.out.weight.flatten(1))
        number = (number + self.network.out.bias)[:, 0]  # type: ignore[operator]
        return number, Begun(self, begun.maps, first, after, place + 1)

    def _with_maps(self, line: Line, maps: Tensor, row: int) -> Line:
        """The line with what the maps contribute to this row."""
        reach = self.first.reach
        near = maps[:, :, row : row + 2 * reach + 1]
        part = F.conv2d(near, self.maps, padding=(0, reach)).squeeze(2).transpose(1, 2)
        return line._replace(above=line.above + part)


class _Product:
    """A 1x1 convolution and its norm."""

    def __init__(self, conv: nn.Conv2d, norm: Norm) -> None:
        scale, self.offset = norm.affine_in_evaluation()
        self.weight = (conv.weight.flatten(1) * scale[:, None]).T

    def __call__(self, x: Tensor) -> Tensor:
        return torch.addmm(self.offset, x, self.weight)


class _Seen:
    """A masked convolution and its norm."""

    def __init__(self, conv: Causal, norm: Norm) -> None:
        scale, self.offset = norm.affine_in_evaluation()
        weight = conv.weight * scale[:, None, None, None]
        self.reach, self.left = conv.reach, conv.reach + conv.itself
        self._above = weight[:, :, :-1]
        self._left = weight[:, :, -1, : self.left].permute(2, 1, 0).flatten(0, 1)

    def begin(self, like: Tensor, side: int) -> Line:
        """Nothing seen yet, of as many pictures as ``like`` has rows."""
        planes = self._above.shape[1]
        rows = like.new_zeros(len(like), planes, self.reach, side)
        return Line(rows, self._contributed(rows), like.new_zeros(len(like), self.reach, planes))

    def turn(self, line: Line) -> Line:
        """The row is finished and the next one begins."""
        finished = line.row[:, self.reach :].transpose(1, 2).unsqueeze(2)
        rows = torch.cat([line.rows[:, :, 1:], finished], 2)
        return Line(rows, self._contributed(rows), line.row[:, : self.reach])

    def sum(self, line: Line, column: int) -> Tensor:
        """The convolution at the pixel of ``column``, (N, O)."""
        window = line.row[:, -self.left :].flatten(1)
        return torch.addmm(line.above[:, column], window, self._left)

    def _contributed(self, rows: Tensor) -> Tensor:
        found = F.conv2d(rows, self._above, self.offset, padding=(0, self.reach))
        return found.squeeze(2).transpose(1, 2)


class _Bottleneck:
    """A block, as `Block.forward` has it."""

    def __init__(self, block: Block) -> None:
        self.narrow = _Product(block.narrow, block.narrow_norm)
        self.seen = _Seen(block.seen, block.seen_norm)
        self.widen = _Product(block.widen, block.widen_norm)

    def next(self, x: Tensor, line: Line, column: int) -> tuple[Tensor, Line]:
        """What the block makes of the next pixel's x (N, C)."""
        line = line.with_pixel(F.elu(self.narrow(x)))
        return F.elu(x + self.widen(F.elu(self.seen.sum(line, column)))), line
