"""The model: encoder + latent family + decoder."""

from __future__ import annotations

from typing import Any, Literal

from torch import Tensor, nn

from engine.config import Config, param
from engine.models.decoders import DECODERS, Decoder
from engine.models.decoders.lstm import LSTMDecoder
from engine.models.encoders import ENCODERS
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.latents import LATENTS, Latent, LatentFamily
from engine.models.latents.gaussian import Gaussian


class ModelConfig(Config):
    """What the model is made of."""

    encoder: ENCODERS.union = param(LSTMEncoder.Config(), "Reads a sentence.")  # type: ignore[name-defined]
    latent: LATENTS.union = param(Gaussian.Config(), "The family of codes.")  # type: ignore[name-defined]
    decoder: DECODERS.union = param(LSTMDecoder.Config(), "Writes a sentence.")  # type: ignore[name-defined]
    initialisation: Literal["he2019", "pytorch"] = param(
        "he2019",
        "he2019: every weight uniform in ±0.01, embeddings in ±0.1 (goes with SGD at rate 1). "
        "pytorch: each layer's own default (goes with Adam).",
    )


class VAE(nn.Module):
    """A variational autoencoder of sentences."""

    def __init__(
        self,
        encoder: nn.Module,
        latent: LatentFamily,
        decoder: Decoder,
        vocab_size: int,
        initialisation: str = "pytorch",
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.latent = latent
        self.decoder = decoder
        self.vocab_size = vocab_size
        self.initialisation = initialisation

    def summary(self, x: Tensor) -> Tensor:
        """The encoder's summary h (B, H) of sentences x (B, T)."""
        return self.encoder(x)

    def encode(self, x: Tensor, samples: int | None = None) -> Latent:
        """Codes, KL and posterior of sentences x (B, T)."""
        return self.latent(self.summary(x), samples)

    def code(self, x: Tensor) -> Tensor:
        """The deterministic code (B, Z) of sentences x (B, T)."""
        return self.latent.code(self.summary(x))

    def reset_decoder(self) -> None:
        """Fresh weights for the decoder, as it was first initialised."""
        initialise(self.decoder, self.initialisation)

    def inference_parameters(self) -> list[nn.Parameter]:
        """The weights of q(z|x): encoder and latent family."""
        return [*self.encoder.parameters(), *self.latent.parameters()]

    def generative_parameters(self) -> list[nn.Parameter]:
        """The weights of p(x|z): the decoder."""
        return list(self.decoder.parameters())


def build_model(config: ModelConfig, vocab_size: int, pad_id: int = 0) -> VAE:
    """The freshly initialised model that ``config`` describes."""
    encoder: Any = ENCODERS.build(config.encoder, vocab_size, pad_id)
    latent: Any = LATENTS.build(config.latent, encoder.size)
    decoder: Any = DECODERS.build(config.decoder, vocab_size, pad_id, latent.size)
    model = VAE(encoder, latent, decoder, vocab_size, config.initialisation)
    if config.initialisation == "he2019":
        _initialise_as_he2019(model)
    return model


def initialise(module: nn.Module, how: str) -> None:
    """Fresh weights for ``module`` and all it holds, as ``ModelConfig.initialisation`` says."""
    for part in module.modules():
        reset = getattr(part, "reset_parameters", None)
        if callable(reset):
            reset()
    if how == "he2019":
        _initialise_as_he2019(module)


def _initialise_as_he2019(model: nn.Module) -> None:
    for parameter in model.parameters():
        nn.init.uniform_(parameter, -0.01, 0.01)
    for module in model.modules():
        if isinstance(module, nn.Embedding):
            nn.init.uniform_(module.weight, -0.1, 0.1)
            if module.padding_idx is not None:
                nn.init.zeros_(module.weight[module.padding_idx].detach())
