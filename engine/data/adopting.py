"""A tokeniser that was made elsewhere, with its ids in our order: padding, start, end, unknown first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.config import DataError

# How others spell our special tokens, in the order of ids.
SPELLINGS = (
    ("[PAD]", "<pad>", "<|pad|>"),
    ("[CLS]", "<s>", "<bos>", "[BOS]", "<|startoftext|>", "<cls>"),
    ("[SEP]", "</s>", "<eos>", "[EOS]", "<|endoftext|>"),
    ("[UNK]", "<unk>", "<|unk|>"),
)
OURS = ("<pad>", "<s>", "</s>", "<unk>")
UNKNOWN = 3


def adopt(source: str) -> Any:
    """A model of the ``tokenizers`` library with its pieces renumbered, and none that are added to texts.

    Special tokens keep their spelling; one that it lacks is put in as ours. All other pieces follow in
    their own order.

    Args:
        source: a file of the library (tokenizer.json), a folder that holds one, or a name on the Hugging
            Face hub.

    Raises:
        DataError: it cannot be read.
    """
    import tokenizers

    try:
        saved = json.loads(_read(source).to_str())
        pieces = _pieces(saved)
        specials = _specials(saved["model"], pieces)
        others = [piece for piece in pieces if piece not in specials]
        _renumber(saved["model"], [*specials, *others])
        saved |= {"added_tokens": [], "post_processor": None, "truncation": None, "padding": None}
        return tokenizers.Tokenizer.from_str(json.dumps(saved))
    # The library raises bare Exception for whatever it cannot read or reach.
    except Exception as error:
        told = str(error).strip().splitlines()
        raise DataError(
            f"tokenizer.source must be a tokenizer.json, a folder that holds one, or a name on the Hugging "
            f"Face hub that can be reached, got {source!r}; the library says: "
            f"{told[0] if told else type(error).__name__}"
        ) from error


def _read(source: str) -> Any:
    import tokenizers

    path = Path(source).expanduser()
    if path.is_dir():
        path = path / "tokenizer.json"
    if path.exists() or path.suffix == ".json":
        return tokenizers.Tokenizer.from_str(path.read_text(encoding="utf-8"))
    return tokenizers.Tokenizer.from_pretrained(source)


def _pieces(saved: dict[str, Any]) -> list[str]:
    """All pieces by id, those counted that were added to the model's own."""
    vocabulary = saved["model"]["vocab"]
    if isinstance(vocabulary, list):
        numbered = {piece: number for number, (piece, _) in enumerate(vocabulary)}
    else:
        numbered = dict(vocabulary)
    for token in saved["added_tokens"]:
        numbered.setdefault(token["content"], token["id"])
    return sorted(numbered, key=numbered.__getitem__)


def _specials(model: dict[str, Any], pieces: list[str]) -> list[str]:
    known, found = set(pieces), []
    for spellings, ours in zip(SPELLINGS, OURS, strict=True):
        theirs = (piece for piece in spellings if piece in known and piece not in found)
        found.append(next(theirs, ours))
    if (unknown := model.get("unk_token")) in known and unknown not in found:
        found[UNKNOWN] = unknown
    return found


def _renumber(model: dict[str, Any], pieces: list[str]) -> None:
    if isinstance(model["vocab"], list):  # Unigram: pieces with their log-probabilities, by place
        scores = dict(model["vocab"])
        model["vocab"] = [[piece, scores.get(piece, 0.0)] for piece in pieces]
        model["unk_id"] = UNKNOWN
        return
    model["vocab"] = {piece: number for number, piece in enumerate(pieces)}
    if model.get("unk_token") is None and model["type"] != "BPE":
        model["unk_token"] = pieces[UNKNOWN]
