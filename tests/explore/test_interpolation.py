from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest
import torch

from engine.config import ConfigError, DataError
from engine.data.tokenizers import Tokenizer
from engine.decoding import DecodingConfig
from engine.explore.exports import EXPORTS, to_csv, to_json, to_latex, to_markdown
from engine.explore.interpolation import between
from engine.models.latents import LatentFamily
from engine.models.vae import VAE
from tests.explore.conftest import TEXTS

A, B = TEXTS[0], TEXTS[3]


@pytest.mark.parametrize("path", LatentFamily.paths)
def test_a_path_leads_from_one_sentence_to_the_other(
    trained: VAE, tokenizer: Tokenizer, path: str
) -> None:
    found = between(trained, tokenizer, A, B, 11, path)
    assert [step.alpha for step in found.steps] == pytest.approx(np.linspace(0, 1, 11))
    assert found.steps[0].text == found.a.reconstruction == A
    assert found.steps[-1].text == found.b.reconstruction == B
    assert found.a.similarity == found.b.similarity == 1
    assert not found.ignored and found.distinct >= 2
    assert len(found.codes) == 11 and len(found.codes[0]) == 4


def test_what_is_new_in_a_step_is_marked_and_repeats_are_folded(
    trained: VAE, tokenizer: Tokenizer
) -> None:
    steps = between(trained, tokenizer, A, B, 21).steps
    assert not any(steps[0].changed) and not steps[0].folded
    for before, step in zip(steps, steps[1:], strict=False):
        assert step.folded == (step.text == before.text)
        assert len(step.changed) == len(step.pieces)
        assert not (step.folded and any(step.changed))
        for piece, new in zip(step.pieces, step.changed, strict=True):
            assert new or piece in before.pieces
    assert any(step.folded for step in steps) and any(any(step.changed) for step in steps)


def test_each_step_is_scored_under_its_own_code(trained: VAE, tokenizer: Tokenizer) -> None:
    found = between(trained, tokenizer, A, B, 5)
    for step, code in zip(found.steps, found.codes, strict=True):
        x = torch.tensor(tokenizer.encode([step.text]))
        with torch.no_grad():
            nll = trained.decoder.token_nll(x, torch.tensor([code], dtype=torch.float32))[0]
        assert step.token_nll == pytest.approx(nll.tolist(), abs=1e-3)
        assert step.nll == pytest.approx(sum(step.token_nll))
        assert len(step.token_nll) == len(step.pieces) + 1
        assert step.norm == pytest.approx(np.linalg.norm(code))


def test_the_shell_is_the_prior_s(trained: VAE, tokenizer: Tokenizer) -> None:
    found = between(trained, tokenizer, A, B, 2)
    mean = math.sqrt(2) * math.gamma(2.5) / math.gamma(2)
    assert found.shell_mean == pytest.approx(mean, abs=0.03)
    assert found.shell_sd == pytest.approx(math.sqrt(4 - mean**2), abs=0.03)


def test_the_same_question_has_the_same_answer(trained: VAE, tokenizer: Tokenizer) -> None:
    torch.manual_seed(1)
    first = between(trained, tokenizer, A, B)
    torch.manual_seed(2)
    assert between(trained, tokenizer, A, B) == first


def test_identical_sentences_stand_still_and_nobody_is_blamed(
    trained: VAE, tokenizer: Tokenizer
) -> None:
    found = between(trained, tokenizer, A, A, 5, "spherical")
    assert found.distinct == 1 and all(step.folded for step in found.steps[1:])
    assert not found.ignored


def test_a_decoder_that_ignores_the_code_is_called_so(deaf: VAE, tokenizer: Tokenizer) -> None:
    found = between(deaf, tokenizer, A, B)
    assert found.ignored and found.distinct == 1


def test_unknown_words_and_cuts_are_told(trained: VAE, tokenizer: Tokenizer) -> None:
    found = between(trained, tokenizer, "The zorp sat on the quux!", B, 3)
    assert found.a.unknown == ["zorp", "quux"] and found.b.unknown == []
    assert not found.a.truncated
    cut = between(trained, tokenizer, A, "dog", 3, decoding=DecodingConfig(max_tokens=3))
    assert cut.a.truncated and not cut.b.truncated
    assert all(len(step.pieces) <= 3 for step in cut.steps)


def test_any_strategy_decodes_the_path(trained: VAE, tokenizer: Tokenizer) -> None:
    for strategy in ("sample", "beam"):
        found = between(trained, tokenizer, A, B, 3, decoding=DecodingConfig(strategy=strategy))
        assert len(found.steps) == 3


@pytest.mark.parametrize("blank", ["", "  \n"])
def test_a_blank_sentence_is_refused(trained: VAE, tokenizer: Tokenizer, blank: str) -> None:
    with pytest.raises(DataError, match="sentence 2 is empty"):
        between(trained, tokenizer, A, blank)


def test_an_unknown_path_is_refused(trained: VAE, tokenizer: Tokenizer) -> None:
    with pytest.raises(ConfigError, match="choose one of"):
        between(trained, tokenizer, A, B, path="scenic")


def test_exports_hold_every_step(trained: VAE, tokenizer: Tokenizer) -> None:
    found = between(trained, tokenizer, A, B, 5)
    loaded = json.loads(to_json(found))
    assert [step["text"] for step in loaded["steps"]] == [step.text for step in found.steps]
    assert loaded == json.loads(json.dumps(found.to_dict(), allow_nan=False))
    rows = list(csv.DictReader(io.StringIO(to_csv(found))))
    assert [row["text"] for row in rows] == [step.text for step in found.steps]
    assert [float(row["alpha"]) for row in rows] == [0, 0.25, 0.5, 0.75, 1]
    assert to_markdown(found).count("\n| ") == 6 and to_latex(found).count(r"\\") == 8
    assert set(EXPORTS) == {"markdown", "csv", "json", "latex"}
    assert all(export.write(found) for export in EXPORTS.values())


def test_exports_mark_what_is_new_and_escape_what_would_be_read_as_code(
    trained: VAE, tokenizer: Tokenizer
) -> None:
    from dataclasses import replace

    found = between(trained, tokenizer, A, B, 2)
    nasty = replace(
        found.steps[1],
        text="50% of $x_1 | #2 & {a}~^\\ * <b>",
        pieces=["50", "%", "of", "$", "x_1", "|", "#2", "&", "{a}~^\\", "*", "<b>"],
        changed=[True] + [False] * 9 + [True],
    )
    found = replace(found, steps=[found.steps[0], nasty])
    latex, markdown = to_latex(found), to_markdown(found)
    assert r"\textbf{50}\% of \$x\_1 \textbar{} \#2 \& \{a\}" in latex
    assert r"\textasciitilde{}\textasciicircum{}\textbackslash{}" in latex
    assert r"\textbf{\textless{}b\textgreater{}}" in latex
    assert r"**50**% of \$x\_1 \| \#2 & \{a\}\~^\\ \* **\<b\>**" in markdown
