"""Learns what the ids of a tokeniser stand for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal, Self

from pydantic import field_validator, model_validator

from engine.config import Config, ConfigError, located, param
from engine.data.adopting import adopt

PAD, START, END, UNKNOWN = 0, 1, 2, 3
SPECIALS = ("<pad>", "<s>", "</s>", "<unk>")
BYTES = 256
# A word keeps inner full stops, apostrophes, and commas or colons between digits.
WORD = r"<unk>|\w+(?:[.'’]\w+|(?<=\d)[,:](?=\d)\w+)*|[^\w\s]"


class TokenizerConfig(Config):
    """How sentences are cut into tokens."""

    kind: Literal["word", "char", "bpe", "wordpiece", "pretrained", "pixels"] = param(
        "word",
        "Words; single characters; byte pairs or word pieces, which are parts of words learnt from the text; "
        "pretrained: as somebody else's tokeniser has it; pixels: of pictures, each on or off.",
    )
    source: str | None = param(
        None,
        "pretrained: a tokenizer.json, a folder that holds one, or a name on the Hugging Face hub. It brings "
        "its own vocabulary and case. Needed only where a run begins.",
        only="text",
    )
    vocab_size: int = param(
        20_000,
        "Largest number of ids, the four special ones counted; the rarest are left out.",
        unit="ids",
        basic=True,
        only="text",
        ge=5,
        le=1_000_000,
    )
    min_count: int = param(
        1,
        "A word, character or byte pair seen less often in training is unknown.",
        unit="times",
        only="text",
        ge=1,
        le=1_000_000,
    )
    lowercase: bool = param(False, "Read every text in lower case.", only="text")
    side: int = param(
        28,
        "pixels: every picture is scaled to so many rows of so many pixels.",
        unit="pixels",
        only="images",
        ge=1,
        le=64,
    )
    binarisation: Literal["dynamic", "fixed"] = param(
        "dynamic",
        "pixels: a grey pixel is on with a probability of its grey level. dynamic: drawn anew whenever "
        "training reads the picture (Burda et al. 2016). fixed: once, as it is for validation and test.",
        only="images",
    )

    _whole_path = field_validator("source")(located)

    @model_validator(mode="after")
    def _a_source_for_what_is_not_learnt(self) -> Self:
        if (self.kind == "pretrained") != bool(self.source):
            raise ValueError(
                "kind 'pretrained' and a source go together, got "
                f"kind {self.kind!r} with source {self.source!r}: set both, or neither"
            )
        return self

    @property
    def reads(self) -> Literal["text", "images"]:
        """The kind of data that this is a tokeniser for."""
        return "images" if self.kind == "pixels" else "text"

    def require(self, kind: str, data: str) -> None:
        """Raises ConfigError where text would be read as pictures, or pictures as text.

        Args:
            kind: what the data set holds, "text" or "images".
            data: its name.
        """
        if kind == self.reads:
            return
        if kind == "images":
            raise ConfigError(
                f"data set {data!r} holds pictures, so tokenizer.kind must be 'pixels', got {self.kind!r}; "
                "set it, or choose a preset for images or a data set of text"
            )
        raise ConfigError(
            f"data set {data!r} holds text, so tokenizer.kind must be word, char, bpe, wordpiece or "
            "pretrained, got 'pixels'; set it, or choose a data set of pictures such as 'digits'"
        )


def learn(config: TokenizerConfig, tokenised: bool, texts: Iterator[str]) -> Any:
    """A model of the ``tokenizers`` library with the vocabulary of these texts."""
    from tokenizers import Tokenizer as Model
    from tokenizers import models, normalizers

    if config.kind == "pretrained":
        return adopt(config.source or "")
    if config.kind == "char":
        model = Model(models.WordLevel(_characters(config, texts), unk_token=SPECIALS[UNKNOWN]))
    else:
        unknown = {"unk_token": SPECIALS[UNKNOWN]}
        kinds: dict[str, Any] = {"word": models.WordLevel, "wordpiece": models.WordPiece}
        model = Model(kinds[config.kind](**unknown) if config.kind in kinds else models.BPE())
    if config.lowercase:
        model.normalizer = normalizers.Lowercase()
    if config.kind == "word":
        _learn_words(model, config, tokenised, texts)
    elif config.kind == "bpe":
        _learn_byte_pairs(model, config, texts)
    elif config.kind == "wordpiece":
        _learn_word_pieces(model, config, texts)
    return _without_added_tokens(model)


def _characters(config: TokenizerConfig, texts: Iterator[str]) -> dict[str, int]:
    count: Counter[str] = Counter()
    for text in texts:
        count.update(text.lower() if config.lowercase else text)
    common = sorted((-n, c) for c, n in count.items() if n >= config.min_count)
    kept = [character for _, character in common[: config.vocab_size - len(SPECIALS)]]
    return _numbered(kept)


def _numbered(pieces: list[str]) -> dict[str, int]:
    return {piece: number for number, piece in enumerate((*SPECIALS, *pieces))}


def _learn_words(
    model: Any, config: TokenizerConfig, tokenised: bool, texts: Iterator[str]
) -> None:
    from tokenizers import Regex, models, pre_tokenizers, trainers

    # Removing what is not a word takes half the time of cutting at blanks and then at words.
    words_only = pre_tokenizers.Split(Regex(WORD), "removed", invert=True)
    model.pre_tokenizer = pre_tokenizers.WhitespaceSplit() if tokenised else words_only
    model.train_from_iterator(texts, trainers.WordLevelTrainer(**_settings(config)))
    # A text that holds "<unk>", as published corpora do, has moved it from its place.
    learnt = model.get_vocab()
    words = [word for word in sorted(learnt, key=learnt.__getitem__) if word not in SPECIALS]
    model.model = models.WordLevel(_numbered(words), unk_token=SPECIALS[UNKNOWN])


def _learn_byte_pairs(model: Any, config: TokenizerConfig, texts: Iterator[str]) -> None:
    from tokenizers import decoders, pre_tokenizers, trainers

    if config.vocab_size < BYTES + len(SPECIALS):
        raise ConfigError(
            f"byte pairs need a vocabulary of at least {BYTES + len(SPECIALS)} ids (256 bytes and "
            f"4 special ids), got {config.vocab_size}; raise vocab_size or choose kind 'char'"
        )
    model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    model.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(initial_alphabet=alphabet, **_settings(config))
    model.train_from_iterator(texts, trainer)


def _learn_word_pieces(model: Any, config: TokenizerConfig, texts: Iterator[str]) -> None:
    from tokenizers import Regex, pre_tokenizers, trainers

    # Cut at words as everywhere here, so that they are joined as everywhere here.
    model.pre_tokenizer = pre_tokenizers.Split(Regex(WORD), "removed", invert=True)
    model.train_from_iterator(texts, trainers.WordPieceTrainer(**_settings(config)))


def _settings(config: TokenizerConfig) -> dict[str, Any]:
    return {
        "vocab_size": config.vocab_size,
        "min_frequency": config.min_count,
        "special_tokens": list(SPECIALS),
        "show_progress": False,
    }


def _without_added_tokens(model: Any) -> Any:
    """The same model, in which a text that holds "</s>" does not end there."""
    import tokenizers

    saved = json.loads(model.to_str())
    saved["added_tokens"] = []
    return tokenizers.Tokenizer.from_str(json.dumps(saved))
