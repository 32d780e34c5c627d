"""What comes from the library ``transformers``: settings, weights and vocabularies, by name or local path.

The library is imported where it is needed: it takes seconds.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.config import ConfigError, home

logger = logging.getLogger(__name__)


def settings_of(source: str) -> Any:
    """The settings of a pre-trained model, a ``PretrainedConfig``; no weights are read.

    They are kept, so that a run's checkpoints can be read when the source is gone or out of reach.

    Args:
        source: a folder with config.json, or a name on the Hugging Face hub.

    Raises:
        ConfigError: there is no such model, or it cannot be reached.
    """
    from transformers import AutoConfig

    kept = home() / "cache" / "pretrained" / f"{sha256(source.encode()).hexdigest()[:16]}.json"
    try:
        settings = _read(AutoConfig.from_pretrained, source)
    except ConfigError:
        if not kept.exists():
            raise
        logger.warning("%s cannot be read; its settings as they were the last time", source)
        return _read(AutoConfig.from_pretrained, str(kept))
    kept.parent.mkdir(parents=True, exist_ok=True)
    draft = kept.with_suffix(f".{os.getpid()}.draft")
    settings.to_json_file(draft, use_diff=False)
    draft.replace(kept)
    return settings


def weights_of(source: str) -> Any:
    """A pre-trained model without its head; safetensors only, code that comes with it is never run.

    Raises:
        ConfigError: there is no such model, or it cannot be reached.
    """
    from transformers import AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    level = logging.get_verbosity()
    logging.set_verbosity_error()  # heads that we do not use are missing: that is as it should be
    try:
        return _read(AutoModel.from_pretrained, source, use_safetensors=True)
    finally:
        logging.set_verbosity(level)


def vocabulary_of(source: str) -> dict[str, int]:
    """The pieces that a pre-trained model knows, and its ids of them.

    Raises:
        ConfigError: it has no tokenizer.json and no vocab.txt, or cannot be reached.
    """
    if (file := Path(source) / "tokenizer.json").is_file():
        import tokenizers

        return tokenizers.Tokenizer.from_file(str(file)).get_vocab()
    if (file := Path(source) / "vocab.txt").is_file():
        lines = file.read_text(encoding="utf-8").splitlines()
        return {piece: number for number, piece in enumerate(lines)}
    from transformers import AutoTokenizer

    return _read(AutoTokenizer.from_pretrained, source).get_vocab()


def ids_of(words: Sequence[str], source: str) -> Tensor:
    """The model's own id of each of our ids, (V,).

    Raises:
        ConfigError: the run's tokeniser cuts text into other pieces than the model knows.
    """
    known = vocabulary_of(source)
    # A token for padding, start or end that the model lacks is read as its first id.
    found = [known.get(word, 0 if number < 4 else -1) for number, word in enumerate(words)]
    if missing := [word for word, at in zip(words, found, strict=True) if at < 0]:
        raise ConfigError(
            f"a pre-trained model reads the pieces of its own tokeniser, got {len(missing):,} of "
            f"{len(words):,} that {source} does not know ({missing[0]!r} ...): set tokenizer.kind to "
            f"'pretrained' and tokenizer.source to {source!r}"
        )
    return torch.tensor(found)


# What could not be read, and when: a hub out of reach takes half a minute to say so.
_failed: dict[str, tuple[float, ConfigError]] = {}
_REMEMBER_SECONDS = 60.0


def _read(read: Callable[..., Any], source: str, **settings: Any) -> Any:
    since, known = _failed.get(source, (-_REMEMBER_SECONDS, None))
    if known is not None and time.monotonic() - since < _REMEMBER_SECONDS and not _is_here(source):
        raise known
    try:
        return read(source, **settings)
    except (OSError, ValueError, json.JSONDecodeError) as error:
        told = str(error).strip().splitlines()
        failure = ConfigError(
            f"{source!r} must be a folder with a pre-trained model (config.json, model.safetensors, "
            f"tokenizer.json) or its name on the Hugging Face hub, and the hub must be in reach; the "
            f"library says: {told[0] if told else type(error).__name__}"
        )
        _failed[source] = (time.monotonic(), failure)
        raise failure from error


def _is_here(source: str) -> bool:
    return Path(source).exists()
