"""Encoders that were trained before."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Literal, Self

import torch
from pydantic import field_validator
from torch import Tensor

from engine.config import Config as BaseConfig
from engine.config import ConfigError, located, param
from engine.models import hub
from engine.models.encoders.base import Encoder, pooled


class PretrainedEncoder(Encoder):
    r"""Reads a sentence with a BERT that was trained before, and is trained on here or left as it is.

    .. math:: h = \mathrm{pool}(\mathrm{BERT}(x))

    The run's tokeniser must be the model's own (``tokenizer.kind = pretrained``); start and end tokens are
    its [CLS] and [SEP]. Weights are read where training begins; afterwards they are the checkpoint's, and
    of ``source`` only the settings are needed.

    References:
        BERT: Pre-training of Deep Bidirectional Transformers, Devlin et al., 2019,
        https://arxiv.org/abs/1810.04805;
        Sentence-BERT, Reimers and Gurevych, 2019, https://arxiv.org/abs/1908.10084 (the default's pooling)
    """

    ids: Tensor

    class Config(BaseConfig):
        """BERT and its kin, pre-trained."""

        name: Literal["pretrained"] = "pretrained"
        source: str = param(
            "sentence-transformers/all-MiniLM-L6-v2",
            "A folder with a pre-trained model, or its name on the Hugging Face hub; BERT, RoBERTa, "
            "DistilBERT, ELECTRA, MPNet and the like. tokenizer.source must be its own.",
            min_length=1,
            basic=True,
        )
        summary: Literal["first", "mean", "max"] = param(
            "mean",
            "What becomes of the states: that of [CLS] (BERT), or the mean (Sentence-BERT) or maximum of each "
            "unit over the sentence.",
        )
        frozen: bool = param(
            False,
            "Leave it as it is and train what follows alone: faster, and nothing is forgotten.",
        )

        _whole_path = field_validator("source")(located)

    def __init__(
        self, config: Config, vocab_size: int, pad_id: int, own_embedding: bool = True
    ) -> None:
        super().__init__()
        from transformers import AutoModel

        self.pad_id, self.summary = pad_id, config.summary
        self.source, self.frozen = config.source, config.frozen
        self.embedding = None
        settings = hub.settings_of(config.source)
        if getattr(settings, "is_encoder_decoder", False):
            raise ConfigError(
                f"the encoder pretrained is an encoder alone, got a {settings.model_type} from "
                f"{config.source!r}; choose a BERT or the like"
            )
        self.longest = getattr(settings, "max_position_embeddings", None) or 512
        self.size = settings.hidden_size
        self.model = AutoModel.from_config(settings)
        if getattr(self.model, "pooler", None) is not None:
            self.model.pooler = None
        # The model's own id of each of ours; a checkpoint holds it.
        self.register_buffer("ids", torch.arange(vocab_size) % settings.vocab_size)
        if config.frozen:
            self.model.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Self:
        """A frozen model drops nothing out."""
        super().train(mode)
        if self.frozen:
            self.model.eval()
        return self

    def adopt(self, words: Sequence[str]) -> None:
        """The weights of ``source``, and its ids of ``words`` (V,).

        Raises:
            ConfigError: it cannot be read, or does not know the words.
        """
        self.ids.copy_(hub.ids_of(words, self.source))
        weights = hub.weights_of(self.source).state_dict()
        self.model.load_state_dict({k: v for k, v in weights.items() if "pooler." not in k})

    def forward(self, x: Tensor, table: Tensor | None = None) -> Tensor:
        """The summary h (B, H) of sentences x (B, T); see :meth:`Encoder.forward`."""
        if x.shape[1] > self.longest:
            raise ConfigError(
                f"{self.source} reads {self.longest} tokens at most, start and end counted, got "
                f"{x.shape[1]}: lower data.max_tokens"
            )
        inside = x != self.pad_id
        # transformers looks at the numbers of a mask, and a model of shapes alone (meta) has none.
        mask = None if x.is_meta else inside.long()
        with torch.no_grad() if self.frozen else contextlib.nullcontext():
            found = self.model(input_ids=self.ids[x], attention_mask=mask)
        return pooled(found.last_hidden_state, inside, self.summary)
