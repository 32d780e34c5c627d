"""Residual encoder of pictures."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from engine.config import Config as BaseConfig
from engine.config import param
from engine.models.encoders.base import Encoder
from engine.models.pictures.pixels import MOST_SIDE, OFF, Norm, pixels_of


class ResNetEncoder(Encoder):
    r"""Reads a picture with a residual network of convolutions.

    .. math:: y = \mathrm{ELU}(f(x) + D x), \quad f = \mathrm{conv}_{3 \times 3} \circ \mathrm{conv}_{3 \times 3}

    for each block, whose first convolution and D (1x1) take strides; then one kernel over all that is
    left gives h. Every convolution is batch-normalised: in training a summary depends on its batch, in
    evaluation it does not.

    Where we differ from the authors' code: weights begin as PyTorch has them.

    References:
        Lagging Inference Networks and Posterior Collapse in Variational Autoencoders,
        He, Spokoyny, Neubig and Berg-Kirkpatrick, 2019, https://arxiv.org/abs/1901.05534;
        Deep Residual Learning for Image Recognition, He, Zhang, Ren and Sun, 2016,
        https://arxiv.org/abs/1512.03385
    """

    class Config(BaseConfig):
        """Residual network, for pictures."""

        name: Literal["resnet"] = "resnet"
        side: int = param(
            28,
            "Rows and columns of a picture; as the tokeniser and the decoder have it.",
            ge=2,
            le=MOST_SIDE,
            unit="pixels",
        )
        planes: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = param(
            (64, 64, 64),
            "Planes of each residual block (64 64 64 in He et al. 2019).",
            min_length=1,
        )
        strides: tuple[Annotated[int, Field(ge=1, le=8)], ...] = param(
            (2, 2, 2), "By how much each block shrinks the picture (2 2 2 in He et al. 2019)."
        )
        hidden: int = param(
            512,
            "Width of the summary (512 in He et al. 2019).",
            ge=1,
            le=8192,
            symbol="H",
            basic=True,
        )

        @model_validator(mode="after")
        def _a_stride_for_each_block(self) -> Self:
            if len(self.planes) != len(self.strides):
                raise ValueError(
                    f"each residual block has its planes and its stride, got {len(self.planes)} planes and "
                    f"{len(self.strides)} strides: give as many of the one as of the other"
                )
            return self

    def __init__(self, config: Config, vocab_size: int, pad_id: int) -> None:
        super().__init__()
        self.side, self.size, self.embedding = config.side, config.hidden, None
        planes = [1, *config.planes]
        self.blocks = nn.Sequential(
            *(
                _Residual(before, after, stride)
                for before, after, stride in zip(planes, planes[1:], config.strides, strict=False)
            )
        )
        left = config.side
        for stride in config.strides:
            left = -(-left // stride)
        self.whole = nn.Conv2d(planes[-1], config.hidden, left, bias=False)
        self.norm = Norm(config.hidden)

    def forward(self, x: Tensor, table: Tensor | None = None) -> Tensor:
        """The summary h (B, H) of pictures x (B, T); see :meth:`Encoder.forward`.

        A row that ends where it starts, as an empty sentence does, is a black picture.

        Raises:
            ConfigError: the pictures have another side.
        """
        ids = x[:, 1:-1]
        if ids.shape[1] == 0:
            ids = ids.new_full((len(x), self.side**2), OFF)
        y = self.blocks(pixels_of(ids, self.side))
        return F.elu(self.norm(self.whole(y))).flatten(1)


class _Residual(nn.Module):
    """Two 3x3 convolutions beside the identity, or beside a 1x1 one where size or planes change."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
        self.one_norm = Norm(after)
        self.two = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.two_norm = Norm(after)
        changed = stride != 1 or before != after
        self.short = nn.Identity() if not changed else nn.Sequential(
            nn.Conv2d(before, after, 1, stride, bias=False), Norm(after)
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        inner = F.elu(self.one_norm(self.one(x)))
        return F.elu(self.short(x) + self.two_norm(self.two(inner)))
