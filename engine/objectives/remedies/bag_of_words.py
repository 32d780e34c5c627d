"""The bag-of-words loss: the code alone must know which words are said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from torch import Tensor, nn

from engine.config import Config as BaseConfig
from engine.config import param
from engine.objectives.remedies.base import Forward, Remedy
from engine.objectives.remedies.discrepancy import needs_gradient

if TYPE_CHECKING:
    from engine.models.latents import Latent
    from engine.models.vae import VAE

PADDING = 0


class BagOfWords(Remedy):
    r"""Asks the code for the words of the sentence, in any order, past the decoder.

    .. math::
        -w \sum_t \log \mathrm{softmax}(f(z))_{x_t}, \quad f(z) = W_2 \tanh(W_1 z + b_1) + b_2

    over the words that the decoder predicts, the end token counted, start token and padding not. f is
    trained along and lives only in training.

    References:
        Learning Discourse-level Diversity for Neural Dialog Models using Conditional Variational
        Autoencoders, Zhao, Zhao and Eskenazi, 2017, https://arxiv.org/abs/1703.10960
    """

    class Config(BaseConfig):
        """The code alone must know which words are said."""

        name: Literal["bag_of_words"] = "bag_of_words"
        weight: float = param(
            1.0,
            "Weight of the loss (1 in Zhao et al. 2017, 0.2 in DELLA).",
            ge=0,
            le=1000,
            symbol="w",
            basic=True,
        )
        hidden: int = param(
            400, "Width of the network's inner layer (400 in Zhao et al. 2017).", ge=1, le=8192
        )

    def check(self, model: VAE, latent: Latent) -> None:
        """Codes must carry a gradient."""
        needs_gradient("bag_of_words", model, latent)

    def head(self, model: VAE) -> nn.Module | None:
        """f, from a code (B, Z) to logits (B, V)."""
        self._words = nn.Sequential(
            nn.Linear(model.latent.size, self.config.hidden),
            nn.Tanh(),
            nn.Linear(self.config.hidden, model.vocab_size),
        )
        return self._words

    def penalty(self, forward: Forward) -> dict[str, Tensor]:
        """The weighted loss."""
        if self.config.weight == 0:
            return {}
        said = forward.x[:, 1:]
        each = self._words(forward.z).float().log_softmax(-1).gather(1, said)
        nll = -each.masked_fill(said == PADDING, 0).sum(1).mean()
        return {"bag_of_words": self.config.weight * nll}
