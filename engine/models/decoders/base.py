"""What a decoder promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor, nn


class Decoder(nn.Module, ABC):
    """p(x|z): teacher-forced for the likelihood, step by step for generation.

    It is made as ``cls(config, vocab_size, pad_id, latent_size, latent_tokens)``: codes z fall into
    ``latent_tokens`` latent tokens of equal width, one after the other, for a decoder that tells them apart.

    A decoder that writes all words at once keeps the contract: its steps read out one place after the
    other and do not look at the tokens.

    Attributes:
        reads_words: whether what it says next depends on the words before.
        whole_length: the tokens of whatever it writes, end not counted, where it can have no other
            number: the pixels of a picture.
        state_size: numbers that the state of one code holds, where these count beside its logits.
    """

    reads_words: bool = True
    whole_length: int | None = None
    state_size: int = 0

    @abstractmethod
    def token_nll(self, x: Tensor, z: Tensor, inputs: Tensor | None = None) -> Tensor:
        """-log p(x_t | x_<t, z) of every predicted token, nats, float32; 0 at padding.

        Args:
            x: sentences (B, T), START first, right-padded.
            z: codes (B, Z) or (S, B, Z).
            inputs: what the decoder reads instead of x[:, :-1] (word dropout), (B, T-1).

        Returns:
            (B, T-1), or (S, B, T-1).
        """

    @abstractmethod
    def start(self, z: Tensor) -> Any:
        """The state before the first token, for codes z (N, Z)."""

    @abstractmethod
    def step(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Logits (N, V) of the next token after ``tokens`` (N,), and the next state."""

    @abstractmethod
    def select(self, state: Any, index: Tensor) -> Any:
        """The state of rows ``index`` (M,): reorders beams, drops finished sentences."""
