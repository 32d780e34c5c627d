"""A deterministic autoencoder beside the VAE, whose signal to the decoder is to be matched."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from engine.config import Config as BaseConfig
from engine.config import ConfigError, param
from engine.models.vae import initialise
from engine.objectives.remedies.base import Forward, Remedy
from engine.objectives.remedies.discrepancy import SCALES, needs_gradient

if TYPE_CHECKING:
    from engine.models.decoders import Decoder
    from engine.models.latents import Latent
    from engine.models.vae import VAE


class Coupled(Remedy):
    r"""Trains an autoencoder without noise on the same encoder, and draws the decoder's start to its start.

    .. math::
        \lambda_s \left(-\log p_c(x | c)\right) + \lambda_c\, D\big(h_0(z), \mathrm{sg}(h_0^c(c))\big), \quad
        D = \sum_s \frac{\|a - b\|^2}{2 Z s + \|a - b\|^2}

    with s from 0.1 to 10, or the squared Euclidean distance; sg stops the gradient and :math:`h_0` is the
    decoder's first state. With ``path`` own, c is a linear map of the encoder's summary and :math:`p_c` a
    second decoder of the same build: the encoder is shared, the decoders are not. With ``path`` shared, c
    is the family's own code, and the VAE's decoder reads it too.

    Where we differ: the authors match the input of a first step that makes :math:`h_0`, and their two
    decoders share word embeddings. Their D is ours less its constant.

    References:
        On the Encoder-Decoder Incompatibility in Variational Text Modeling and Beyond, Wu, Wang and
        Wang, 2020, https://arxiv.org/abs/2004.09189
    """

    class Config(BaseConfig):
        """A deterministic autoencoder beside the VAE, on the same encoder."""

        name: Literal["coupled"] = "coupled"
        reconstruction_weight: float = param(
            1.0,
            "Weight of the deterministic reconstruction (1 in Wu et al. 2020).",
            ge=0,
            le=1000,
            symbol="λ_s",
        )
        match_weight: float = param(
            0.1,
            "Weight of the match of the decoders' first states (0.1 in Wu et al. 2020; 10 with the "
            "Euclidean distance on Yahoo).",
            ge=0,
            le=1000,
            symbol="λ_c",
            basic=True,
        )
        distance: Literal["imq", "euclidean"] = param(
            "imq", "How first states are compared: inverse multiquadric, or squared Euclidean."
        )
        path: Literal["own", "shared"] = param(
            "own",
            "own: a code and a decoder beside the VAE's, as the authors have it; shared: the family's own "
            "code through the VAE's decoder, which costs no weights.",
        )

    def check(self, model: VAE, latent: Latent) -> None:
        """Codes must carry a gradient, and the decoder's first state must come from the code."""
        needs_gradient("coupled", model, latent)
        start = _first_state(model.decoder, latent.z.detach())
        if start is None or not start.requires_grad:
            raise ConfigError(
                f"coupled matches first states that the code makes, and those of this "
                f"{type(model.decoder).__name__} are not; choose a recurrent decoder whose initial "
                f"state comes from the code, or leave coupled out"
            )

    def head(self, model: VAE) -> nn.Module | None:
        """The deterministic path's own weights: c = W h, and a decoder."""
        if self.config.path == "shared" or not self._matters:
            return None
        code = nn.Linear(model.encoder.size, model.latent.size)  # type: ignore[arg-type]
        self._code, self._decoder = code, copy.deepcopy(model.decoder)
        head = nn.ModuleDict({"code": code, "decoder": self._decoder})
        initialise(head, model.initialisation)
        if model.keep_embedding:  # word vectors, or a table that is the encoder's too
            table: Any = self._decoder.embedding
            table.load_state_dict(model.decoder.embedding.state_dict())  # type: ignore[union-attr]
        return head

    @property
    def _matters(self) -> bool:
        return self.config.reconstruction_weight > 0 or self.config.match_weight > 0

    def penalty(self, forward: Forward) -> dict[str, Tensor]:
        """The deterministic reconstruction and the match, weighted."""
        if not self._matters:
            return {}
        model, x = forward.model, forward.x
        own = self.config.path == "own"
        code = self._code(forward.h).float() if own else model.latent.code(forward.h)
        decoder = self._decoder if own else model.decoder
        nll = decoder.token_nll(x, code, forward.inputs).sum(-1).mean()
        target = _first_state(decoder, code)
        signal = _first_state(model.decoder, forward.z)
        assert target is not None and signal is not None
        off = (signal.float() - target.detach().float()).square().sum(-1)
        return {
            "coupled_reconstruction": self.config.reconstruction_weight * nll,
            "coupled_match": self.config.match_weight * self._distance(off, code.shape[-1]).mean(),
        }

    def _distance(self, off: Tensor, size: int) -> Tensor:
        if self.config.distance == "euclidean":
            return off
        return torch.stack([off / (2 * size * scale + off) for scale in SCALES]).sum(0)


def _first_state(decoder: Decoder, z: Tensor) -> Tensor | None:
    """h0 as (B, L * H), of a decoder whose state begins with it, (L, B, H); else None."""
    state = decoder.start(z)
    h = state[0] if isinstance(state, tuple) else state
    if not isinstance(h, Tensor) or h.dim() != 3:
        return None
    return h.transpose(0, 1).flatten(1)
