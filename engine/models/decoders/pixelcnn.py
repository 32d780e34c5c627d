"""PixelCNN decoder: pictures, a pixel after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import torch
from pydantic import AfterValidator, Field
from torch import Tensor, nn
from torch.nn import functional as F

from engine.config import Config as BaseConfig
from engine.config import param
from engine.models.decoders.base import Decoder
from engine.models.decoders.vocabulary import END, NEVER
from engine.models.pictures.causal import CausalNetwork
from engine.models.pictures.pixels import MOST_SIDE, OFF, ON, pixels_of
from engine.models.pictures.stepping import Begun, Stepper

# Numbers of one layer that a pass without gradient holds at once; measured on a CPU, which is fastest
# near its cache. A GPU takes all that IW-NLL hands over.
CPU_NUMBERS = 2**19
GPU_NUMBERS = 2**28


def _odd(width: int) -> int:
    if width % 2 == 0:
        raise ValueError(f"a kernel has a middle: its width must be odd, got {width}")
    return width


class PixelCNNDecoder(Decoder):
    r"""Writes a picture row by row, each pixel off or on given the code and all pixels before it.

    .. math:: p(x | z) = \prod_i \mathrm{Bernoulli}\big(x_i;\ \sigma(f_i(x_{<i}, Wz))\big)

    W z is laid out as maps of the picture's size, which every pixel sees whole; f is a network of masked
    convolutions, batch-normalised: the first layer's mask leaves the pixel out, later ones let it pass. The
    end token follows the last pixel with certainty and costs nothing. The likelihood is a picture's whatever
    the batch in evaluation; in training it depends on the batch.

    Where we differ from the authors' code: weights begin as PyTorch has them; the last layer has an
    offset; the loss is taken from logits, without a constant inside the logarithm.

    References:
        Lagging Inference Networks and Posterior Collapse in Variational Autoencoders,
        He, Spokoyny, Neubig and Berg-Kirkpatrick, 2019, https://arxiv.org/abs/1901.05534;
        Pixel Recurrent Neural Networks, van den Oord, Kalchbrenner and Kavukcuoglu, 2016,
        https://arxiv.org/abs/1601.06759 (masks);
        PixelVAE, Gulrajani, Kumar, Ahmed, Taiga, Visin, Vazquez and Courville, 2017,
        https://arxiv.org/abs/1611.05013
    """

    class Config(BaseConfig):
        """PixelCNN, for pictures."""

        name: Literal["pixelcnn"] = "pixelcnn"
        side: int = param(
            28,
            "Rows and columns of a picture; as the tokeniser and the encoder have it.",
            ge=2,
            le=MOST_SIDE,
            unit="pixels",
        )
        kernels: tuple[Annotated[int, Field(ge=3, le=63), AfterValidator(_odd)], ...] = param(
            (7, 7, 7, 7, 7, 5, 5, 5, 5, 3, 3, 3, 3),
            "Width of each layer's kernel, one number a layer (7 five times, 5 four times, 3 four times in "
            "He et al. 2019). Fewer and smaller ones leave more to the code.",
            min_length=1,
        )
        channels: int = param(
            64, "Channels between layers (64 in He et al. 2019).", ge=2, le=4096, basic=True
        )
        maps: int = param(
            4, "Maps that the code becomes (4 in He et al. 2019).", ge=1, le=1024, symbol="F"
        )

    def __init__(
        self, config: Config, vocab_size: int, pad_id: int, latent_size: int, latent_tokens: int = 1
    ) -> None:
        super().__init__()
        self.vocab_size, self.side, self.channels = vocab_size, config.side, config.channels
        self.whole_length = config.side**2
        reaches = sum(kernel // 2 + 2 for kernel in (*config.kernels, *config.kernels[1:-1]))
        self.state_size = config.side * config.channels // 2 * reaches
        self.lay_out = nn.Linear(latent_size, config.maps * config.side**2)
        self.network = CausalNetwork(config.maps, config.channels, config.kernels)

    def token_nll(self, x: Tensor, z: Tensor, inputs: Tensor | None = None) -> Tensor:
        """Nats per pixel, and 0 for the end; see :meth:`Decoder.token_nll`.

        A pixel that is neither off nor on, or a picture that goes on, has no probability.

        Raises:
            ConfigError: the pictures have another side.
        """
        read, targets = x[:, 1:-1] if inputs is None else inputs[:, 1:], x[:, 1:-1]
        pixels = pixels_of(read, self.side)
        logits = self._logits(pixels, z.reshape(-1, z.shape[-1])).view(*z.shape[:-1], -1)
        on = (targets == ON).to(logits.dtype).expand_as(logits)
        nll = F.binary_cross_entropy_with_logits(logits, on, reduction="none")
        never = torch.cat([(targets != ON) & (targets != OFF), x[:, -1:] != END], 1)
        return F.pad(nll, (0, 1)).masked_fill(never, torch.inf)

    def start(self, z: Tensor) -> Begun:
        """A picture of which nothing is written, its norms those of evaluation."""
        return Stepper(self.network, self.side).begin(self._maps(z))

    def step(self, tokens: Tensor, state: Begun) -> tuple[Tensor, Begun]:
        """Logits (N, V): of off and on for a pixel, and after the last one of the end."""
        logits = state.maps.new_full((len(tokens), self.vocab_size), NEVER, dtype=torch.float32)
        number, after = state.network.next((tokens == ON).to(state.maps.dtype), state)
        if number is None:
            logits[:, END] = 0
        else:
            logits[:, OFF], logits[:, ON] = 0, number.float()
        return logits, after

    def select(self, state: Begun, index: Tensor) -> Begun:
        """The rows ``index`` of the state."""
        return state.select(index)

    def _maps(self, z: Tensor) -> Tensor:
        """The code laid out beside the picture, (N, F, side, side)."""
        return self.lay_out(z).view(len(z), -1, self.side, self.side)

    def _logits(self, pixels: Tensor, z: Tensor) -> Tensor:
        """log p(on) - log p(off) of each pixel (N, side²), float32, for codes (N, Z).

        Args:
            pixels: (B, 1, side, side); picture i is read with codes i, i + B, i + 2 B ...
            z: as many codes, or several times as many.
        """
        parts = [
            self.network(pixels[rows % len(pixels)], self._maps(z[rows])).float()
            for rows in self._parts(z)
        ]
        return torch.cat(parts)

    def _parts(self, z: Tensor) -> Iterator[Tensor]:
        """Rows that go through together: all where gradients are wanted, which keep all anyway."""
        rows = torch.arange(len(z), device=z.device)
        if torch.is_grad_enabled():
            return iter((rows,))
        budget = CPU_NUMBERS if z.device.type == "cpu" else GPU_NUMBERS
        return iter(rows.split(max(1, budget // (self.channels * self.side**2))))
