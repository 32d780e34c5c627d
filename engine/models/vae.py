"""The model: encoder + latent family + decoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

import torch
from pydantic import field_validator, model_validator
from torch import Tensor, nn

from engine.config import Config, param
from engine.models.decoders import DECODERS, Decoder
from engine.models.decoders.lstm import LSTMDecoder
from engine.models.encoders import ENCODERS
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.latents import LATENTS, Latent, LatentFamily
from engine.models.latents.gaussian import Gaussian

Share = Literal["no", "yes", "detached"]


class ModelConfig(Config):
    """What the model is made of."""

    encoder: ENCODERS.union = param(LSTMEncoder.Config(), "Reads a sentence.")  # type: ignore[name-defined]
    latent: LATENTS.union = param(  # type: ignore[name-defined]
        Gaussian.Config(), "The family of codes.", basic=True
    )
    decoder: DECODERS.union = param(LSTMDecoder.Config(), "Writes a sentence.")  # type: ignore[name-defined]
    initialisation: Literal["he2019", "pytorch"] = param(
        "he2019",
        "he2019: every weight uniform in ±0.01, embeddings in ±0.1 (goes with SGD at rate 1); norms "
        "begin at 1. "
        "pytorch: each layer's own default (goes with Adam).",
    )
    share_embedding: Share = param(
        "no",
        "no: encoder and decoder have a word embedding each (He et al. 2019). yes: the encoder reads "
        "through the decoder's. detached: it does, and does not move it.",
        only="text",
    )
    word_vectors: str | None = param(
        None,
        "A file of word vectors (GloVe's text format, may be gzipped), which word embeddings begin "
        "with; spelling and case must be the vocabulary's. Needed only where training begins.",
        only="text",
    )

    @field_validator("word_vectors")
    @classmethod
    def _wherever_the_worker_runs(cls, path: str | None) -> str | None:
        return str(Path(path).expanduser().absolute()) if path else None

    @model_validator(mode="after")
    def _one_width(self) -> Self:
        """One table, or one file of vectors, fits embeddings of one width only."""
        if self.share_embedding == "no" and not self.word_vectors:
            return self
        setting = "word_vectors" if self.share_embedding == "no" else "share_embedding"
        widths = [getattr(part, "embedding", None) for part in (self.encoder, self.decoder)]
        if None in widths:
            raise ValueError(
                f"{setting} needs word embeddings, and of encoder {self.encoder.name!r} and decoder "
                f"{self.decoder.name!r} not both have one: turn {setting} off or choose others"
            )
        if widths[0] != widths[1]:
            raise ValueError(
                f"{setting} needs embeddings of one width, got {widths[0]} (encoder) and {widths[1]} "
                f"(decoder): set model.encoder.embedding and model.decoder.embedding to the same number"
            )
        return self


class VAE(nn.Module):
    """A variational autoencoder of sentences.

    Args:
        initialisation: how the decoder gets fresh weights.
        share_embedding: whether the encoder reads through the decoder's table, and moves it.
        keep_embedding: whether the decoder's table survives fresh weights; a shared one does anyway.
    """

    def __init__(
        self,
        encoder: nn.Module,
        latent: LatentFamily,
        decoder: Decoder,
        vocab_size: int,
        initialisation: str = "pytorch",
        share_embedding: Share = "no",
        keep_embedding: bool = False,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.latent = latent
        self.decoder = decoder
        self.vocab_size = vocab_size
        self.initialisation = initialisation
        self.share_embedding = share_embedding
        self.keep_embedding = keep_embedding or share_embedding != "no"

    def summary(self, x: Tensor) -> Tensor:
        """The encoder's summary h (B, H) of sentences x (B, T)."""
        if self.share_embedding == "no":
            return self.encoder(x)
        table: Any = self.decoder.embedding
        detached = self.share_embedding == "detached"
        return self.encoder(x, table.weight.detach() if detached else table.weight)

    def encode(self, x: Tensor, samples: int | None = None) -> Latent:
        """Codes, KL and posterior of sentences x (B, T)."""
        return self.latent(self.summary(x), samples)

    def code(self, x: Tensor) -> Tensor:
        """The deterministic code (B, Z) of sentences x (B, T)."""
        return self.latent.code(self.summary(x))

    def reset_decoder(self) -> None:
        """Fresh weights for the decoder, as it was first initialised.

        A table that the encoder reads through stays, and so does one that began as word vectors: their
        file may be gone when a resumed run comes here.
        """
        table: Any = self.decoder.embedding if self.keep_embedding else None
        kept = None if table is None else table.weight.detach().clone()
        initialise(self.decoder, self.initialisation)
        if kept is not None:
            table.weight.data.copy_(kept)

    def inference_parameters(self) -> list[nn.Parameter]:
        """The weights of q(z|x): encoder and latent family, but no table that the decoder owns."""
        return [*self.encoder.parameters(), *self.latent.parameters()]

    def generative_parameters(self) -> list[nn.Parameter]:
        """The weights of p(x|z): the decoder."""
        return list(self.decoder.parameters())

    def adopt(self, words: Sequence[str]) -> None:
        """The weights of parts that were trained before, and their embeddings of ``words`` (V,).

        Raises:
            ConfigError: they cannot be read, or do not know the words.
        """
        for part in (self.encoder, self.decoder):
            if callable(adopt := getattr(part, "adopt", None)):
                adopt(words)

    @torch.no_grad()
    def begin_with(self, vectors: Tensor, known: Tensor) -> None:
        """Word vectors for the embeddings, encoder's and decoder's alike.

        Words without a vector are drawn from a normal distribution with the mean and the deviation
        that each unit has over the words with one.

        Args:
            vectors: one row for each word, (V, E); those of unknown words do not matter.
            known: which rows hold a vector, (V,), at least one.
        """
        found = vectors[known]
        mean, deviation = found.mean(0), found.std(0, correction=0)
        drawn = mean + deviation * torch.randn_like(vectors)
        rows = torch.where(known[:, None], vectors, drawn)
        for table in (getattr(self.encoder, "embedding", None), self.decoder.embedding):
            if isinstance(table, nn.Embedding):
                table.weight.copy_(rows)
                if table.padding_idx is not None:
                    table.weight[table.padding_idx] = 0


def build_model(config: ModelConfig, vocab_size: int, pad_id: int = 0) -> VAE:
    """The freshly initialised model that ``config`` describes."""
    shared = {} if config.share_embedding == "no" else {"own_embedding": False}
    encoder: Any = ENCODERS.build(config.encoder, vocab_size, pad_id, **shared)
    latent: Any = LATENTS.build(config.latent, encoder.size, encoder.tokens)
    decoder: Any = DECODERS.build(config.decoder, vocab_size, pad_id, latent.size, latent.tokens)
    model = VAE(
        encoder,
        latent,
        decoder,
        vocab_size,
        config.initialisation,
        config.share_embedding,
        keep_embedding=bool(config.word_vectors),
    )
    if config.initialisation == "he2019":
        _initialise_as_he2019(model)
    return model


def initialise(module: nn.Module, how: str) -> None:
    """Fresh weights for ``module`` and all it holds, as ``ModelConfig.initialisation`` says."""
    for part in reversed(list(module.modules())):  # a whole may correct what its parts begin with
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
        # Torch's, those of pre-trained models, and those of pictures.
        if type(module).__name__.endswith("LayerNorm") or isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)  # type: ignore[arg-type]
            if getattr(module, "bias", None) is not None:
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]
        if callable(begin := getattr(module, "begin_at_zero", None)):
            begin()
