from __future__ import annotations

import csv
import io
import math

import numpy as np
import pytest

from engine.config import DataError
from engine.data.tokenizers import Tokenizer
from engine.decoding import DecodingConfig
from engine.explore.bulk import reconstruct_lines
from engine.explore.reconstruction import reconstruct
from engine.models.latents import LATENTS
from engine.models.vae import VAE
from tests.evaluation.test_families import has_density, vae
from tests.explore.conftest import TEXTS

HARD = ["The park ran.", "cat cat cat cat", "Is nobody on the mat in the park?"]


def test_lines_come_worst_first_and_are_those_of_one_by_one(
    trained: VAE, tokenizer: Tokenizer
) -> None:
    lines = [*TEXTS, *HARD]
    found = reconstruct_lines(trained, tokenizer, lines, chunk=3)
    similarity = [line.similarity for line in found.lines]
    assert similarity == sorted(similarity) and similarity[0] < 1 == similarity[-1]
    assert sorted(line.number for line in found.lines) == list(range(1, 9))
    for line in found.lines:
        (alone,) = reconstruct(trained, tokenizer, [lines[line.number - 1]])
        assert (line.text, line.output, line.exact) == (alone.text, alone.output, alone.exact)
        assert line.similarity == pytest.approx(alone.similarity)
        assert line.nll == pytest.approx(sum(alone.token_nll), abs=1e-3)
        assert line.kl == pytest.approx(alone.kl, rel=1e-4)
        assert line.tokens == len(alone.pieces)


def test_whole_and_groups_add_up(trained: VAE, tokenizer: Tokenizer) -> None:
    lines, labels = [*TEXTS, *HARD], ["a"] * 5 + ["b"] * 3
    found = reconstruct_lines(trained, tokenizer, lines, labels)
    assert found.whole.lines == sum(g.lines for g in found.by_length) == 8
    assert [(g.name, g.lines) for g in found.by_label] == [("a", 5), ("b", 3)]
    learnt, hard = found.by_label
    assert learnt.exact == learnt.similarity == 1 and learnt.bleu == pytest.approx(100)
    assert hard.similarity < 1 and hard.bleu < 60
    mean = sum(g.similarity * g.lines for g in found.by_length) / 8
    assert found.whole.similarity == pytest.approx(mean)
    assert [g.name for g in found.by_length] == ["1 to 5 tokens", "6 to 10 tokens"]
    assert reconstruct_lines(trained, tokenizer, lines).by_label == []


def test_blank_lines_are_left_out_and_numbers_stay(trained: VAE, tokenizer: Tokenizer) -> None:
    found = reconstruct_lines(
        trained, tokenizer, ["", TEXTS[0], "  ", TEXTS[1]], ["x", "y", "x", "z"]
    )
    assert {(line.number, line.label) for line in found.lines} == {(2, "y"), (4, "z")}


def test_unknown_words_and_cuts_are_told(trained: VAE, tokenizer: Tokenizer) -> None:
    lines = ["The zorp sat on the mat.", TEXTS[0]]
    found = reconstruct_lines(trained, tokenizer, lines, decoding=DecodingConfig(max_tokens=4))
    by_number = {line.number: line for line in found.lines}
    assert by_number[1].unknown == ["zorp"] and by_number[2].unknown == []
    assert all(line.truncated and line.tokens == 4 for line in found.lines)


def test_everything_exports(trained: VAE, tokenizer: Tokenizer) -> None:
    found = reconstruct_lines(trained, tokenizer, [*TEXTS, 'a "quoted, line"'])
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert [row["text"] for row in rows] == [line.text for line in found.lines]
    assert float(rows[0]["similarity"]) == pytest.approx(found.lines[0].similarity, abs=1e-4)
    assert len(rows) == 6 and set(rows[0]) >= {"output", "nll", "kl", "unknown"}


def test_progress_is_told_and_may_end_it(trained: VAE, tokenizer: Tokenizer) -> None:
    told: list[tuple[int, int | None, str]] = []
    reconstruct_lines(trained, tokenizer, TEXTS, chunk=2, progress=lambda *n: told.append(n))
    assert [done for done, _, _ in told] == [0, 2, 4, 5]
    assert all(total == 5 for _, total, _ in told)

    def stop(*news: object) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        reconstruct_lines(trained, tokenizer, TEXTS, progress=stop)


@pytest.mark.parametrize("name", LATENTS)
def test_every_family_has_its_lines_and_a_kl_where_it_has_one(
    name: str, tokenizer: Tokenizer
) -> None:
    model = vae(name, tokenizer.vocab_size)
    found = reconstruct_lines(model, tokenizer, TEXTS)
    assert all(math.isnan(line.kl) != has_density(model) for line in found.lines)
    assert np.isfinite([line.nll for line in found.lines]).all()


@pytest.mark.parametrize(
    ("lines", "labels", "message"),
    [
        ([], None, "at least one line"),
        ([" "], None, "at least one line"),
        (["a"], [], "needs a label"),
    ],
)
def test_nothing_to_do_is_said(
    trained: VAE, tokenizer: Tokenizer, lines: list[str], labels: list[str] | None, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        reconstruct_lines(trained, tokenizer, lines, labels)


@pytest.mark.slow
def test_ten_thousand_lines_are_done_in_half_a_minute(trained: VAE, tokenizer: Tokenizer) -> None:
    import time

    began = time.process_time()
    found = reconstruct_lines(trained, tokenizer, TEXTS * 2000)
    assert found.whole.lines == 10_000 and found.whole.exact == 1
    assert time.process_time() - began < 30
