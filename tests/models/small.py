"""Recurrent models of a few units, with every cell and every place where z may enter."""

from __future__ import annotations

import itertools
from typing import Any

import torch

from engine.models.decoders import DECODERS
from engine.models.encoders import ENCODERS
from engine.models.latents.gaussian import Gaussian
from engine.models.vae import VAE, ModelConfig, build_model

V, E, H, Z = 17, 5, 7, 3
X = torch.tensor([[1, 5, 6, 7, 8, 2], [1, 9, 2, 0, 0, 0], [1, 4, 4, 16, 2, 0]])
CELLS = ("lstm", "gru")
INITIAL = {"lstm": ("he2019", "shared", "zero"), "gru": ("linear", "tanh", "zero")}
# Cell, first state, at every step, in the output; z enters somewhere.
PLACES = [
    (cell, *place)
    for cell in CELLS
    for place in itertools.product(INITIAL[cell], (True, False), (True, False))
    if place != ("zero", False, False)
]
Place = tuple[str, str, bool, bool]


def decoder_config(place: Place, **settings: Any) -> Any:
    """A decoder's config with z in that place, without dropout."""
    cell, initial, every, output = place
    sizes = {"embedding": E, "hidden": H, "dropout_in": 0.0, "dropout_out": 0.0}
    places = {"initial_state": initial, "z_every_step": every, "z_output": output}
    return DECODERS[cell].Config(**sizes | places | settings)  # type: ignore[attr-defined]


def model(
    place: Place = ("lstm", "he2019", True, False),
    encoder: dict[str, Any] | None = None,
    decoder: dict[str, Any] | None = None,
    **settings: Any,
) -> VAE:
    """A VAE of one cell; ``encoder``, ``decoder`` and the rest change its settings."""
    torch.manual_seed(1)
    sizes = {"embedding": E, "hidden": H}
    config = ModelConfig(
        encoder=ENCODERS[place[0]].Config(**sizes | (encoder or {})),  # type: ignore[attr-defined]
        latent=Gaussian.Config(size=Z),
        decoder=decoder_config(place, **(decoder or {})),
        **{"initialisation": "pytorch"} | settings,
    )
    return build_model(config, V)
