"""What is measured on samples: planted samples whose numbers are known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.config import DataError
from engine.data.tokenizers import Tokenizer, TokenizerConfig
from engine.data.tokens import Tokens
from engine.evaluation.copies import Originals
from engine.evaluation.generation import RealText, generation_scores, real_text
from engine.evaluation.ngrams import NgramModel
from engine.evaluation.sentence_bleu import bleu_against
from engine.evaluation.validity import parses_as_python
from engine.metrics import METRICS

NAMES, VALUES = ["total", "count", "size", "width", "rows"], ["1", "2", "None", "True", "[]"]
LINES = [f"{a} = {b} + {c}" for a in NAMES for b in VALUES for c in NAMES if a != c]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(TokenizerConfig(kind="word", min_count=1), LINES)


def tokens_of(tokenizer: Tokenizer, lines: list[str]) -> Tokens:
    return Tokens.of(tokenizer.encode(lines))


@pytest.fixture(scope="module")
def real(tokenizer: Tokenizer) -> RealText:
    rng = np.random.default_rng(0)
    shuffled = [LINES[at] for at in rng.permutation(len(LINES))]
    training, other = tokens_of(tokenizer, shuffled[:70]), tokens_of(tokenizer, shuffled[70:])
    return real_text(other, training, tokenizer, 20, seed=1)


def test_real_sentences_are_chosen_in_equal_numbers_and_no_more_than_there_are(
    tokenizer: Tokenizer, real: RealText
) -> None:
    assert len(real.ids) == len(real.texts) == 20 and len(real.counted) == 70
    assert all(text in LINES for text in real.texts)
    training, few = tokens_of(tokenizer, LINES[:9]), tokens_of(tokenizer, LINES[50:54])
    assert len(real_text(few, training, tokenizer, 100).ids) == 4
    assert len(real_text(training, few, tokenizer, 100).ids) == 4
    assert len(real_text(few, training, tokenizer, 100, counted=6).counted) == 6
    with pytest.raises(DataError, match="has none"):
        real_text(Tokens.of([]), training, tokenizer, 10)


def test_sentences_of_the_training_split_itself_are_kept_from_the_model_that_scores_them(
    tokenizer: Tokenizer,
) -> None:
    training = tokens_of(tokenizer, LINES)
    found = real_text(training, training, tokenizer, 1000, same=True)
    assert len(found.ids) == len(found.counted) == len(LINES) // 2
    chosen, counted = ({tuple(ids) for ids in part} for part in (found.ids, found.counted))
    assert not chosen & counted and len(chosen | counted) == len(LINES)


def test_training_sentences_written_again_are_copies_and_score_what_the_stand_ins_do(
    real: RealText, tokenizer: Tokenizer
) -> None:
    copies = real.counted[:20]
    found = generation_scores(copies, tokenizer.decode(copies), real, parses_as_python)
    assert set(found.samples) <= set(METRICS) and set(found.real) < set(found.samples)
    assert set(found.samples) - set(found.real) == {"generated"}
    assert found.samples["generated"] == 20
    assert (found.samples["copied"], found.samples["novel"], found.samples["valid"]) == (1, 0, 1)
    assert (found.real["copied"], found.real["novel"], found.real["valid"]) == (0, 1, 1)
    # The stand-ins are these very sentences.
    for name in ("forward_bleu", "backward_bleu", "harmonic_bleu", "backward_ppl"):
        assert found.samples[name] == pytest.approx(found.real[name])
    assert found.samples["forward_ppl"] < found.real["forward_ppl"]
    assert found.samples["forward_bleu"] == pytest.approx(bleu_against(copies, real.ids))
    counted = NgramModel(real.counted, range(3, tokenizer.vocab_size))
    assert found.real["forward_ppl"] == pytest.approx(counted.perplexity(real.ids))
    assert found.samples["forward_ppl"] == pytest.approx(counted.perplexity(copies))


def test_one_sentence_repeated_is_likely_and_covers_nothing(real: RealText) -> None:
    repeated = [real.ids[0]] * 20
    found = generation_scores(repeated, ["x ="] * 20, real, parses_as_python)
    samples = found.samples
    assert samples["unique"] == 1 / 20 and samples["self_bleu"] == pytest.approx(100)
    assert samples["forward_bleu"] == pytest.approx(100)
    assert samples["backward_bleu"] < found.real["backward_bleu"]
    assert samples["backward_ppl"] > 2 * found.real["backward_ppl"]
    assert samples["valid"] == 0 and samples["novel"] == 1


def test_copies_and_novelty_count_sentences_and_different_sentences() -> None:
    originals = Originals(Tokens.of([[1, 4, 5, 2], [1, 6, 2]]))
    ids = [[4, 5], [4, 5], [7], [7], [8, 4]]
    real = RealText([[6]] * 5, [""] * 5, [[4, 5], [6]] * 5, originals, 9)
    found = generation_scores(ids, [""] * 5, real)
    assert found.samples["copied"] == 2 / 5  # two of five are "4 5"
    assert found.samples["novel"] == 2 / 3  # of "4 5", "7" and "8 4" two are new
    assert "valid" not in found.samples


def test_unequal_numbers_are_not_compared(real: RealText) -> None:
    with pytest.raises(DataError, match="equal numbers"):
        generation_scores([[4]], ["x"], real)
