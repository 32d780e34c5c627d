"""A network of convolutions in which no pixel sees itself or a later one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.models.pictures.pixels import Norm

Apply = Callable[["Block", Tensor], Tensor]


class Causal(nn.Module):
    """A convolution that sees the pixels above and to the left, and with ``itself`` the pixel too.

    The rows of the kernel that lie below the pixel would be zeros; they are not there.

    Args:
        inputs, outputs: planes.
        kernel: its width, odd.
        itself: mask B of van den Oord et al. 2016, which follows a mask A.
    """

    mask: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int, itself: bool) -> None:
        super().__init__()
        self.reach, self.itself = kernel // 2, itself
        self.weight = nn.Parameter(torch.empty(outputs, inputs, self.reach + 1, kernel))
        mask = torch.ones(self.reach + 1, kernel)
        mask[-1, self.reach + itself :] = 0
        self.register_buffer("mask", mask, persistent=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """PyTorch's default, of the inputs that are seen."""
        # Whole rows above, and of the pixel's own row what is to its left.
        pixels = self.reach * self.weight.shape[3] + self.reach + self.itself
        bound = 1 / math.sqrt(self.weight.shape[1] * pixels)
        nn.init.uniform_(self.weight, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        """Planes (B, C, rows, columns) from (B, C', rows, columns)."""
        padded = F.pad(x, (self.reach, self.reach, self.reach, 0))
        return F.conv2d(padded, self.weight * self.mask)


class First(nn.Module):
    """The first layer: the picture, masked so that no pixel sees itself, and maps, which all see."""

    def __init__(self, maps: int, channels: int, kernel: int) -> None:
        super().__init__()
        self.image = Causal(1, channels, kernel, itself=False)
        self.maps = nn.Conv2d(maps, channels, kernel, padding=kernel // 2, bias=False)
        self.norm = Norm(channels)

    def forward(self, pixels: Tensor, maps: Tensor) -> Tensor:
        """Channels (B, C, side, side) of pixels (B, 1, side, side) and maps (B, F, side, side)."""
        return F.elu(self.norm(self.image(pixels) + self.maps(maps)))


class Block(nn.Module):
    """A residual bottleneck: 1x1 to half the channels, a masked kernel there, 1x1 back."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        half = channels // 2
        self.narrow, self.narrow_norm = nn.Conv2d(channels, half, 1, bias=False), Norm(half)
        self.seen, self.seen_norm = Causal(half, half, kernel, itself=True), Norm(half)
        self.widen, self.widen_norm = nn.Conv2d(half, channels, 1, bias=False), Norm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Channels (B, C, side, side) from as many."""
        inner = F.elu(self.narrow_norm(self.narrow(x)))
        inner = F.elu(self.seen_norm(self.seen(inner)))
        return F.elu(x + self.widen_norm(self.widen(inner)))


class CausalNetwork(nn.Module):
    r"""One number for each pixel, from the pixels before it and from maps.

    .. math::
        y_i = \mathrm{block}_i(y_{i-1} + \mathrm{skip}_i(y_{i-3})), \qquad
        y = y_{n-1} + \mathrm{skip}_n(y_{n-3})

    A skip is a block of its own, with the kernel of layer i-2; there is none before layer 3.

    Args:
        maps: F, maps beside the picture.
        channels: C.
        kernels: widths of the layers' kernels, the first layer's first.
    """

    def __init__(self, maps: int, channels: int, kernels: Sequence[int]) -> None:
        super().__init__()
        self.first = First(maps, channels, kernels[0])
        self.blocks = nn.ModuleList(Block(channels, kernel) for kernel in kernels[1:])
        self.skips = nn.ModuleList(Block(channels, kernel) for kernel in kernels[1:-1])
        self.head = nn.Conv2d(channels, channels, 1, bias=False)
        self.head_norm = Norm(channels)
        self.out = nn.Conv2d(channels, 1, 1)

    def forward(self, pixels: Tensor, maps: Tensor) -> Tensor:
        """A number for each pixel, (B, side²), of pixels (B, 1, side, side) and maps (B, F, side, side)."""
        # Channels lie together from here on, which is half as fast again on a CPU.
        beside = maps.contiguous(memory_format=torch.channels_last)
        y = self.through(self.first(pixels, beside), lambda block, x: block(x))
        return self.out(F.elu(self.head_norm(self.head(y)))).flatten(1)

    def through(self, y: Tensor, apply: Apply) -> Tensor:
        """What follows the first layer, ``apply`` telling how a block is applied."""
        last = [y]
        for number, block in enumerate([*self.blocks, None], start=1):
            y = last[-1]
            if number >= 3:
                y = y + apply(self.skips[number - 3], last[-3])  # type: ignore[arg-type]
            if block is not None:
                last = [*last[-2:], apply(block, y)]  # type: ignore[arg-type]
        return y
