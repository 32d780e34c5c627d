from __future__ import annotations

import pytest
import torch

from engine.models.vae import VAE
from tests.evaluation.tiny import lstm_vae, tiny_vae


def sharp(model: VAE) -> VAE:
    """A surer decoder: random ones end at once in a beam."""
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.mul_(1.6)
        for name, parameter in model.decoder.named_parameters():
            if name in ("output.weight", "table.weight"):
                parameter.mul_(3)
    return model.eval()


MODELS = {
    "markov": lambda: sharp(tiny_vae(2, seed=10)),
    "lstm": lambda: sharp(lstm_vae(2, vocab=30, seed=3)),
}


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> VAE:
    """Two random models whose sentences end after different lengths, some never."""
    return MODELS[request.param]()


@pytest.fixture
def codes() -> torch.Tensor:
    """Forty codes of two units."""
    return 2 * torch.randn(40, 2, generator=torch.Generator().manual_seed(9))
