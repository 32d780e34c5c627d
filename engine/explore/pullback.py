r"""How differently the decoder speaks at two codes: the latent space as the decoder measures it.

The decoder's token distributions pull the Fisher metric back to the codes,

.. math::
    G(z) = \sum_t J_t^T (\mathrm{diag}\,p_t - p_t p_t^T) J_t, \qquad
    sKL(z, z + dz) \approx \tfrac12\, dz^T G\, dz,

with :math:`J_t` the derivative of the logits at token t, and sKL the mean of KL there and KL back. A path
of codes :math:`z_0 \dots z_K` has the energy :math:`E = \sum_k sKL(z_k, z_{k+1})`, nats, and the length
:math:`L = \sum_k \sqrt{2\, sKL(z_k, z_{k+1})}`; :math:`L^2 \le 2 K E`, equal where every step says as much.

References:
    Arvanitidis, Gonzalez-Duque, Pouplin, Kalatzis and Hauberg, Pulling Back Information Geometry, 2022,
    arXiv:2106.05367.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.config import ConfigError
from engine.decoding.vocabulary import END, START

if TYPE_CHECKING:
    from engine.models.vae import VAE

# Logits of one pass that may be held with their gradients; more anchors go through one after the other.
_LOGITS = 2**25


class Pullback:
    """The decoder read along some strings, which are the same wherever on a path it is asked.

    Where we differ from a mean over all sentences: the decoder is asked after the beginnings of a few
    ``anchors`` only (teacher forcing), each as important as the other. Those should be what it writes
    along the path.

    Attributes:
        passes: sentences read so far, each at one code, whatever their length.

    Args:
        model: a text VAE; its mode must be that of evaluation.
        anchors: token ids without start and end; copies count once.
    """

    def __init__(self, model: VAE, anchors: Sequence[Sequence[int]]) -> None:
        self.decoder: Any = model.decoder
        self.anchors = [list(ids) for ids in dict.fromkeys(map(tuple, anchors))]
        if not self.anchors:
            raise ConfigError("a pull-back metric reads along at least one sentence, got none")
        self.vocab_size = model.vocab_size
        self.passes = 0

    def divergences(self, z: Tensor) -> Tensor:
        """sKL of each code and the next, nats, mean over the anchors, (K-1,); differentiable in z (K, Z)."""
        self.passes += len(z) * len(self.anchors)
        longest = 1 + max(map(len, self.anchors))
        together = max(1, _LOGITS // (len(z) * longest * self.vocab_size))
        total = z.new_zeros(len(z) - 1)
        for start in range(0, len(self.anchors), together):
            total = total + self._summed(z, self.anchors[start : start + together])
        return total / len(self.anchors)

    def energy(self, z: Tensor) -> Tensor:
        """E of a path z (K, Z), nats, a scalar."""
        return self.divergences(z).sum()

    def length(self, z: Tensor) -> Tensor:
        """L of a path z (K, Z), a scalar."""
        return lengths(self.divergences(z)).sum()

    def _summed(self, z: Tensor, anchors: list[list[int]]) -> Tensor:
        """The divergences summed over these anchors, (K-1,)."""
        tokens, counted = _columns(anchors, z.device)
        codes = len(z)
        state = self.decoder.start(z.repeat(len(anchors), 1))
        total = z.new_zeros(codes - 1)
        for read, counts in zip(tokens, counted, strict=True):
            logits, state = self.decoder.step(read.repeat_interleave(codes), state)
            each = symmetrised_kl(logits.view(len(anchors), codes, -1))
            total = total + counts @ each
        return total


def symmetrised_kl(logits: Tensor) -> Tensor:
    r"""The mean of KL(p||q) and KL(q||p) of neighbours on the last but one dimension, nats.

    .. math:: \tfrac12 \sum_v (p_v - q_v)(a_v - b_v)

    for logits a, b: the normalisers cancel.

    Args:
        logits: shape (..., K, V).

    Returns:
        Shape (..., K-1).
    """
    p = logits.softmax(-1)
    apart = (p[..., 1:, :] - p[..., :-1, :]) * (logits[..., 1:, :] - logits[..., :-1, :])
    return 0.5 * apart.sum(-1)


def lengths(divergences: Tensor) -> Tensor:
    """The length of each step whose sKL is given, nats to the half."""
    return (2 * divergences.clamp(min=0)).sqrt()


def _columns(anchors: list[list[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """What is read before each token, (T, A), and whether that token is predicted, (T, A)."""
    longest = 1 + max(map(len, anchors))
    tokens = torch.full((len(anchors), longest), END)
    counted = torch.zeros(len(anchors), longest)
    for row, ids in enumerate(anchors):
        tokens[row, : len(ids) + 1] = torch.tensor([START, *ids])
        counted[row, : len(ids) + 1] = 1
    return tokens.T.to(device), counted.T.to(device)
