"""Tokenisers made elsewhere cut as they did, with our ids; whatever kind they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer as Model
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

from engine.config import ConfigError, DataError
from engine.data.tokenizers import Tokenizer, TokenizerConfig
from engine.experiment import load_config

TEXTS = [
    "the cat sat on the mat .",
    "a dog ran and ran in the park .",
    "dogs and cats run ; mats do not .",
] * 20


def wordpiece() -> Model:
    model = Model(models.WordPiece(unk_token="[UNK]"))
    model.normalizer = normalizers.BertNormalizer()
    model.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    model.decoder = decoders.WordPiece()
    specials = ["[PAD]", "[MASK]", "[UNK]", "[CLS]", "[SEP]"]
    trainer = trainers.WordPieceTrainer(vocab_size=60, special_tokens=specials)
    model.train_from_iterator(TEXTS, trainer)
    ends = [(token, model.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    model.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=ends
    )
    model.enable_truncation(4)
    return model


def byte_pairs() -> Model:
    """As GPT-2's: one special token, which is start and end, and no unknown."""
    model = Model(models.BPE())
    model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    model.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    model.train_from_iterator(TEXTS, trainer)
    return model


def unigrams() -> Model:
    """As T5's: no start."""
    model = Model(models.Unigram())
    model.pre_tokenizer = pre_tokenizers.Metaspace()
    model.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=60, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>"
    )
    model.train_from_iterator(TEXTS, trainer)
    model.add_special_tokens(["<extra_id_0>"])
    return model


KINDS = {
    "wordpiece": (wordpiece, ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]),
    "byte pairs": (byte_pairs, ["<pad>", "<s>", "<|endoftext|>", "<unk>"]),
    "unigrams": (unigrams, ["<pad>", "<s>", "</s>", "<unk>"]),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def adopted(kind: str, tmp_path: Path) -> tuple[Model, Tokenizer]:
    """The original without its truncation, and what we made of its file."""
    original = KINDS[kind][0]()
    original.save(str(tmp_path / "tokenizer.json"))
    original.no_truncation()
    config = TokenizerConfig(kind="pretrained", source=str(tmp_path))
    return original, Tokenizer.train(config, [])


@every_kind
def test_special_tokens_come_first_and_every_piece_is_there_once(kind, adopted):
    original, ours = adopted
    assert ours.words[:4] == KINDS[kind][1]
    assert len(set(ours.words)) == len(ours.words) == ours.vocab_size
    assert set(original.get_vocab()) <= set(ours.words)


@every_kind
def test_texts_are_cut_as_they_were_and_come_together_again(kind, adopted):
    original, ours = adopted
    for text, row in zip(TEXTS[:3], ours.encode(TEXTS[:3]), strict=True):
        theirs = original.encode(text, add_special_tokens=False).tokens
        assert [ours.words[i] for i in row[1:-1]] == theirs
        assert row[0] == 1 and row[-1] == 2 and len(theirs) > 4
        again = ours.decode([row])[0]
        assert again.replace(" ", "") == text.replace(" ", "")
        assert ours.encode([again]) == [row]


@every_kind
def test_special_tokens_in_a_text_are_text(kind, adopted):
    _, ours = adopted
    for row in ours.encode(["the [SEP] cat", "the </s> cat", "the <|endoftext|> cat"]):
        assert min(row[1:-1]) > 2


@every_kind
def test_a_run_keeps_it_whole_in_its_own_file(kind, adopted, tmp_path):
    _, ours = adopted
    ours.save(tmp_path / "ours.json")
    (tmp_path / "tokenizer.json").unlink()
    again = Tokenizer.load(tmp_path / "ours.json")
    assert again.encode(TEXTS[:3]) == ours.encode(TEXTS[:3])
    assert again.fingerprint == ours.fingerprint


def test_unknown_pieces_are_unknown():
    config = TokenizerConfig(kind="wordpiece", vocab_size=40)
    ours = Tokenizer.train(config, TEXTS)
    assert ours.encode(["the 漢 cat"])[0].count(3) == 1
    assert [piece for piece in ours.words if piece.startswith("##")]


def test_what_is_no_tokeniser_is_named(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    for source in (tmp_path, tmp_path / "nothing.json"):
        with pytest.raises(DataError, match="tokenizer.source must be a tokenizer.json, a folder"):
            Tokenizer.train(TokenizerConfig(kind="pretrained", source=str(source)), [])
    with pytest.raises(ConfigError, match="kind 'pretrained' and a source go together"):
        load_config({"tokenizer": {"kind": "pretrained"}})
