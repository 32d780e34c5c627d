"""Every encoder and decoder at the size of a few units, in all its forms, and models made of them."""

from __future__ import annotations

import tempfile
from typing import Any

import torch

from engine.models.decoders import DECODERS
from engine.models.encoders import ENCODERS
from engine.models.latents.gaussian import Gaussian
from engine.models.vae import VAE, ModelConfig, build_model

V, E, H, Z = 17, 6, 8, 4
X = torch.tensor([[1, 5, 6, 7, 8, 2], [1, 9, 2, 0, 0, 0], [1, 4, 4, 16, 2, 0]])
# Parts that read and write pictures, the words between START and END their pixels.
PICTURES = {"resnet", "pixelcnn"}
SIDE = 3
X_PICTURES = torch.tensor(
    [[1, *row, 2] for row in ([4, 5, 5, 4, 5, 4, 4, 4, 5], [5] * 9, [4, 4, 5, 4, 4, 5, 4, 4, 5])]
)

# Filled in conftest, before the first test.
TINY_BERT, TINY_T5 = (tempfile.mkdtemp(prefix=f"tiny-{name}-") for name in ("bert", "t5"))

RECURRENT = {"embedding": E, "hidden": H}
STACK = {"embedding": E, "hidden": H, "layers": 2, "heads": 2, "feedforward": 12, "dropout": 0.0}

ENCODER_SIZES: dict[str, dict[str, Any]] = {
    "lstm": RECURRENT,
    "gru": RECURRENT,
    "transformer": STACK,
    "funnel": {"embedding": E, "hidden": H, "blocks": 2, "layers": 1, "heads": 2}
    | {"feedforward": 12, "dropout": 0.0, "tokens": 2},
    "pretrained": {"source": TINY_BERT},
    "resnet": {"side": SIDE, "planes": (4, 6), "strides": (2, 1), "hidden": H},
}
DECODER_SIZES: dict[str, dict[str, Any]] = {
    "lstm": RECURRENT | {"dropout_in": 0.0, "dropout_out": 0.0},
    "gru": RECURRENT | {"dropout_in": 0.0, "dropout_out": 0.0},
    "transformer": STACK,
    "parallel": STACK | {"length": 8},
    "t5": {"embedding": E, "layers": 2, "heads": 2, "head_width": 4, "feedforward": 12}
    | {"dropout": 0.0},
    "pixelcnn": {"side": SIDE, "kernels": (3, 3, 3, 3), "channels": 6, "maps": 2},
}

# Forms that differ from the default, by what is set.
ENCODER_FORMS: dict[str, list[dict[str, Any]]] = {
    "lstm": [{}],
    "gru": [{}],
    "transformer": [
        {},
        {"summary": "max"},
        {"summary": "mean", "embedding": H},
        {"norm": "post"},
        {"window": 2},
        {"window": 3, "checkpoint_every": 1},
    ],
    "funnel": [{}, {"tokens": 5, "blocks": 3, "embedding": H}, {"tokens": 1, "checkpoint": True}],
    "pretrained": [{}, {"summary": "first"}, {"summary": "max", "frozen": True}],
    "resnet": [{}, {"planes": (4,), "strides": (1,)}, {"planes": (4,) * 3, "strides": (2,) * 3}],
}
DECODER_FORMS: dict[str, list[dict[str, Any]]] = {
    "lstm": [{}],
    "gru": [{}],
    "transformer": [
        {},
        {"memory_tokens": 3, "norm": "post"},
        {"z_memory": "prefix", "memory_tokens": 3, "z_every_step": False},
        {"z_memory": "none"},
        {"z_memory": "none", "z_every_step": False, "z_output": True},
        {"tie_embedding": True, "output_bias": True, "z_output": True},
        {"tie_embedding": True, "embedding": H, "output_bias": True},
        {"window": 2, "memory_tokens": 2},
        {"window": 3, "z_memory": "prefix", "memory_tokens": 2},
        {"window": 1, "z_memory": "none", "checkpoint_every": 1},
        {"checkpoint_every": 2, "output_bias": True},
    ],
    "parallel": [{}, {"length": 5, "temperature": 0.1, "norm": "post", "window": 3}],
    "t5": [
        {},
        {"upsample": 1, "memory_norm": "t5"},
        {"memory_norm": "none", "checkpoint_every": 1},
        {"window": 2, "checkpoint_every": 1},
        {"window": 3},
    ],
    "pixelcnn": [{}, {"kernels": (7,), "maps": 1}, {"kernels": (3, 5), "channels": 5}],
}


def forms(which: dict[str, list[dict[str, Any]]]) -> list[Any]:
    """Name and settings of each form, for parametrize."""
    import pytest

    return [
        pytest.param(name, settings, id=name + "".join(f"-{k}={v}" for k, v in settings.items()))
        for name, all_settings in which.items()
        for settings in all_settings
    ]


def rows_for(name: str) -> torch.Tensor:
    """What this part reads or writes: three sentences, or three pictures."""
    return X_PICTURES if name in PICTURES else X


def pair_of(name: str) -> tuple[str, str]:
    """An encoder and a decoder of which this part is one."""
    if name in PICTURES:
        return "resnet", "pixelcnn"
    return name if name in ENCODER_SIZES else "lstm", name if name in DECODER_SIZES else "lstm"


def encoder_config(name: str, **settings: Any) -> Any:
    """An encoder's config at a few units."""
    return ENCODERS[name].Config(**ENCODER_SIZES[name] | settings)  # type: ignore[attr-defined]


def decoder_config(name: str, **settings: Any) -> Any:
    """A decoder's config at a few units."""
    return DECODERS[name].Config(**DECODER_SIZES[name] | settings)  # type: ignore[attr-defined]


def model_of(encoder: Any = None, decoder: Any = None, latent: Any = None, **settings: Any) -> VAE:
    """A VAE of these parts, random, its weights large enough for the code to matter."""
    torch.manual_seed(1)
    config = ModelConfig(
        encoder=encoder or encoder_config("lstm"),
        latent=latent or Gaussian.Config(size=Z),
        decoder=decoder or decoder_config("lstm"),
        **{"initialisation": "pytorch"} | settings,
    )
    return build_model(config, V)


def codes(*shape: int) -> torch.Tensor:
    """Codes of Z units, always the same."""
    return torch.randn(*shape, Z, generator=torch.Generator().manual_seed(5))
