"""T5 decoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from pydantic import field_validator
from torch import Tensor, nn
from torch.nn import functional as F

from engine.config import Config as BaseConfig
from engine.config import ConfigError, located, param
from engine.models import hub
from engine.models.decoders.base import Decoder
from engine.models.decoders.vocabulary import vocabulary_nll
from engine.models.transformers.t5_windows import use_windows


@dataclass(frozen=True)
class State:
    """Memory (N, M, H), and of each layer keys and values of the words so far and of the memory."""

    memory: Tensor
    kept: list[tuple[Tensor, ...]]


class T5Decoder(Decoder):
    r"""Writes a sentence with T5's decoder, which looks across at the latent tokens.

    .. math::
        m = \mathrm{upsample}(\mathrm{norm}(W z_1), \ldots, \mathrm{norm}(W z_K)), \quad
        p(x_t) = \mathrm{softmax}(E\,\mathrm{T5}(e(x_{<t}); m) / \sqrt{H})

    The first latent token stands once in the memory and each other ``upsample`` times, followed by
    upsample - 1 rows of zeros, as Funnel's own upsampling has it. Words are scored by their embeddings. Where
    a remedy asks for a fresh decoder, it is fresh, whatever it began with.

    Where we differ from transformer-vae: its windows are cut at fixed places, so that a window's first word
    sees none before it; ours move with the word.

    References:
        Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer, Raffel et al.,
        2020, https://arxiv.org/abs/1910.10683;
        transformer-vae, Fraser-Greenlee, 2021, https://github.com/Fraser-Greenlee/transformer-vae
    """

    class Config(BaseConfig):
        """T5's decoder, fresh or pre-trained."""

        name: Literal["t5"] = "t5"
        source: str | None = param(
            None,
            "A folder with a pre-trained T5, or its name on the Hugging Face hub, to begin with; it sets all "
            "sizes, embedding must be its width, and tokenizer.source must be its own. None begins afresh, "
            "as transformer-vae does.",
            min_length=1,
        )
        embedding: int = param(
            768,
            "Width of words and states (768 in T5's base size, which transformer-vae takes).",
            ge=1,
            le=8192,
            symbol="H",
            basic=True,
        )
        layers: int = param(12, "Stacked layers (12 in T5's base size).", ge=1, le=96)
        heads: int = param(12, "Heads of attention (12 in T5's base size).", ge=1, le=128)
        head_width: int = param(64, "Width of a head (64 in T5).", ge=1, le=1024)
        feedforward: int = param(
            3072,
            "Width inside the feed-forward networks (3072 in T5's base size).",
            ge=1,
            le=65_536,
        )
        dropout: float = param(0.1, "Dropout on states and attention (0.1 in T5).", ge=0, lt=1)
        upsample: int = param(
            4,
            "How often each latent token but the first stands in the memory (4 in transformer-vae, whose "
            "Funnel has three blocks); 1 for once.",
            ge=1,
            le=64,
        )
        memory_norm: Literal["layer", "t5", "none"] = param(
            "layer",
            "What follows W z: a layer norm, T5's feed-forward layer, or nothing (all in transformer-vae).",
        )
        checkpoint_every: int = param(
            0,
            "Compute what is inside every so-manieth layer again on the way back instead of keeping it: less "
            "memory, up to a third more time (3 in transformer-vae's grad_check_pnt). 0 keeps all.",
            ge=0,
            le=96,
            unit="layers",
        )

        window: int = param(
            0,
            "A word sees those less than this many places before it: time and memory grow with length times "
            "window instead of length squared (60 and 200 in transformer-vae). 0 sees all.",
            ge=0,
            le=65_536,
            unit="tokens",
        )

        _whole_path = field_validator("source")(located)

    def __init__(
        self, config: Config, vocab_size: int, pad_id: int, latent_size: int, latent_tokens: int = 1
    ) -> None:
        super().__init__()
        self.pad_id, self.vocab_size = pad_id, vocab_size
        self.latent_tokens, self.upsample = latent_tokens, config.upsample
        self.source = config.source
        self.stack, self.embedding = _stack(config, vocab_size, pad_id)
        width: int = self.stack.config.d_model
        self.widen = nn.Linear(latent_size // latent_tokens, width)
        self.memory_norm = _memory_norm(config.memory_norm, self.stack.config)

    def reset_parameters(self) -> None:
        """T5's own fresh weights, which its parts do not know of."""
        for part in reversed(list(self.stack.modules())):
            self.stack._init_weights(part)

    def adopt(self, words: Sequence[str]) -> None:
        """The weights of ``source``, and its embeddings of ``words`` (V,); nothing without a source.

        Raises:
            ConfigError: it cannot be read, or does not know the words.
        """
        if self.source is None:
            return
        ids = hub.ids_of(words, self.source)
        model = hub.weights_of(self.source)
        rows = model.get_input_embeddings().weight[ids]
        weights = {k: v for k, v in model.decoder.state_dict().items() if "embed_tokens" not in k}
        self.stack.load_state_dict(weights)
        with torch.no_grad():
            self.embedding.weight.copy_(rows)
            self.embedding.weight[self.pad_id] = 0

    def token_nll(self, x: Tensor, z: Tensor, inputs: Tensor | None = None) -> Tensor:
        """Teacher-forced nats per token; see :meth:`Decoder.token_nll`."""
        inputs = x[:, :-1] if inputs is None else inputs
        targets = x[:, 1:].expand(*z.shape[:-2], -1, -1)
        rows = self.embedding(inputs)
        rows = rows.expand(*z.shape[:-1], *rows.shape[1:]).flatten(0, -3)
        memory = self._memory(z.reshape(-1, z.shape[-1]))
        found = self.stack(inputs_embeds=rows, encoder_hidden_states=memory, use_cache=False)
        keep = (targets != self.pad_id).flatten()
        seen = found.last_hidden_state.flatten(0, 1)[keep]
        nll = vocabulary_nll(seen, self._scores, targets.flatten()[keep], self.vocab_size)
        return nll.new_zeros(keep.shape).masked_scatter(keep, nll).view(targets.shape)

    def start(self, z: Tensor) -> State:
        """The memory, and no word yet."""
        return State(self._memory(z), [])

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """One token for every row: logits (N, V), float32, and the next state."""
        from transformers import DynamicCache, EncoderDecoderCache

        cache: Any = (
            EncoderDecoderCache(state.kept)
            if state.kept
            else EncoderDecoderCache(DynamicCache(), DynamicCache())
        )
        found = self.stack(
            inputs_embeds=self.embedding(tokens)[:, None],
            encoder_hidden_states=state.memory,
            cache=cache,
            use_cache=True,
        )
        kept: list[tuple[Tensor, ...]] = [
            (own.keys, own.values, across.keys, across.values)
            for own, across in zip(
                cache.self_attention_cache.layers, cache.cross_attention_cache.layers, strict=True
            )
        ]
        return self._scores(found.last_hidden_state[:, 0]).float(), State(state.memory, kept)

    def select(self, state: State, index: Tensor) -> State:
        """The rows ``index`` of the state."""
        kept = [tuple(part[index] for part in layer) for layer in state.kept]
        return State(state.memory[index], kept)

    def _memory(self, z: Tensor) -> Tensor:
        """What the decoder looks across at, (N, M, H), for codes (N, Z)."""
        made = self.memory_norm(self.widen(z.unflatten(-1, (self.latent_tokens, -1))))
        if self.upsample == 1:
            return made
        repeated = made[:, 1:].repeat_interleave(self.upsample, 1)
        return torch.cat([made[:, :1], F.pad(repeated, (0, 0, 0, self.upsample - 1))], 1)

    def _scores(self, states: Tensor) -> Tensor:
        return F.linear(states * states.shape[-1] ** -0.5, self.embedding.weight)


def _stack(config: T5Decoder.Config, vocab_size: int, pad_id: int) -> tuple[Any, nn.Embedding]:
    """The library's decoder of that size, freshly initialised as it does, and a table for the words."""
    from transformers import T5Config
    from transformers.models.t5.modeling_t5 import T5Stack

    if config.source is None:
        settings = T5Config(
            d_model=config.embedding,
            d_kv=config.head_width,
            d_ff=config.feedforward,
            num_layers=config.layers,
            num_heads=config.heads,
            dropout_rate=config.dropout,
        )
    else:
        settings = hub.settings_of(config.source)
        _check_source(config, settings)
        settings.num_layers = settings.num_decoder_layers
        settings.dropout_rate = config.dropout
    settings.vocab_size, settings.is_decoder = 1, True
    stack: Any = T5Stack(settings)
    stack.embed_tokens = None  # words are embedded before they come here
    if config.window:
        use_windows(stack, config.window)
    if config.checkpoint_every:
        stack.activation_checkpointing_enable(every_n_layers=config.checkpoint_every)
    return stack, nn.Embedding(vocab_size, settings.d_model, padding_idx=pad_id)


def _check_source(config: T5Decoder.Config, settings: Any) -> None:
    if settings.model_type != "t5":
        raise ConfigError(
            f"the decoder t5 begins with a T5, got a {settings.model_type} from {config.source!r}; choose "
            f"another source"
        )
    if settings.d_model != config.embedding:
        raise ConfigError(
            f"model.decoder.embedding must be the width of {config.source!r}, which is "
            f"{settings.d_model}, got {config.embedding}: set it to {settings.d_model}"
        )


def _memory_norm(which: str, settings: Any) -> nn.Module:
    if which == "layer":
        return nn.LayerNorm(settings.d_model)
    if which == "none":
        return nn.Identity()
    from transformers.models.t5.modeling_t5 import T5LayerFF

    return T5LayerFF(settings)
