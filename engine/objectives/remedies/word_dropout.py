"""Word dropout: the decoder forgets some of the words it has written."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from engine.config import Config as BaseConfig
from engine.config import ConfigError, param
from engine.models.latents import Latent
from engine.models.vae import VAE
from engine.objectives.remedies.base import Remedy

START, UNKNOWN = 1, 3


class WordDropout(Remedy):
    r"""Replaces words that the decoder reads by the unknown token, so that it must ask the code.

    Each input token but the start token becomes ``<unk>`` with probability p; what is predicted stays.

    References:
        Generating Sentences from a Continuous Space, Bowman et al., 2016, https://arxiv.org/abs/1511.06349
    """

    class Config(BaseConfig):
        """The decoder reads unknown tokens in place of some words."""

        name: Literal["word_dropout"] = "word_dropout"
        rate: float = param(
            0.25,
            "Probability that a word is hidden from the decoder (0.25 to 0.4 in Bowman et al. 2016; 1 hides all).",
            ge=0,
            le=1,
            symbol="p",
            basic=True,
        )

    def check(self, model: VAE, latent: Latent) -> None:
        """The decoder must read words for any to be hidden from it."""
        if not model.decoder.reads_words:
            raise ConfigError(
                f"word_dropout hides words from the decoder, and a {type(model.decoder).__name__} reads "
                f"none; leave word_dropout out"
            )

    def corrupt(self, tokens: Tensor) -> Tensor:
        """``tokens`` (B, T) with some words unknown; start tokens and padding stay."""
        hidden = torch.rand(tokens.shape, device=tokens.device) < self.config.rate
        return tokens.masked_fill(hidden & (tokens > START), UNKNOWN)
