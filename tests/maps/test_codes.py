"""Codes of a run's sentences: encoded once, found again, made anew when anything about them changed."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from engine.config import DataError, RunNotFound
from engine.data import corpus as corpora
from engine.data.corpus import Corpus
from engine.data.writing import Draft
from engine.explore.encoding import encode_corpus
from engine.hosting import ModelHost
from engine.maps import codes
from engine.maps.codes import Request
from engine.runs import store
from engine.runs.material import split_of
from tests.maps.conftest import leftovers


def test_codes_are_encoded_once_and_found_with_their_texts(
    request_: Request, host: ModelHost
) -> None:
    assert codes.find(request_) is None
    made = codes.obtain(request_, host)
    found = codes.find(request_)
    data = Corpus.open("animals")
    assert found is not None and found.of == len(found.codes) == data.rows("train")
    assert (found.codes == made.codes).all() and (found.kl == made.kl).all()
    assert found.indices.tolist() == list(range(found.of))
    assert found.texts == data.texts("train") and found.labels == data.labels("train")
    assert found.deviations is not None and found.deviations.shape == found.codes.shape
    assert leftovers(request_.run) == []


def test_parts_and_their_order_do_not_show(
    request_: Request, host: ModelHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "PART", 7)
    made = codes.encode(replace(request_, n=40, seed=3), host)
    hosted = host.get(request_.run, "last")
    tokens = split_of(request_.run, hosted.config, "train")
    whole = encode_corpus(hosted.model, tokens, made.indices)
    assert made.codes == pytest.approx(whole.codes, abs=1e-5)
    assert made.kl == pytest.approx(whole.kl, rel=1e-3, abs=1e-5)
    assert made.deviations == pytest.approx(whole.deviations, rel=1e-3)
    assert (made.reconstruction > 0).all()


def test_some_rows_are_a_random_choice_in_which_every_label_keeps_its_share(
    request_: Request, host: ModelHost
) -> None:
    made = codes.encode(replace(request_, n=30), host)
    assert made.labels is not None and len(made.texts) == 30 and made.of > 90
    assert set(Counter(made.labels).values()) <= {4, 5, 6}
    other = codes.encode(replace(request_, n=30, seed=1), host)
    assert other.indices.tolist() != made.indices.tolist()
    assert len(codes.encode(replace(request_, n=10**6), host).texts) == made.of


def test_progress_counts_the_sentences_and_what_it_raises_ends_the_encoding(
    request_: Request, host: ModelHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "PART", 40)
    said: list[tuple[int, int | None]] = []
    codes.encode(request_, host, lambda done, total, what: said.append((done, total)))
    assert [done for done, _ in said] == [40, 80, 96] and said[0][1] == 96

    def cancel(done: int, total: int | None, what: str) -> None:
        raise KeyboardInterrupt

    wanted = replace(request_, seed=9)
    with pytest.raises(KeyboardInterrupt):
        codes.encode(wanted, host, cancel)
    assert codes.find(wanted) is None and leftovers(request_.run) == []


def test_codes_without_scores_are_found_among_those_with_them(
    request_: Request, host: ModelHost
) -> None:
    plain = replace(request_, reconstruction=False)
    made = codes.encode(plain, host)
    assert np.isnan(made.reconstruction).all()
    assert codes.find(request_) is None, "scores that were asked for are not left out"
    plain.file.unlink()
    codes.encode(request_, host)
    assert (found := codes.find(plain)) is not None and (found.codes == made.codes).all()


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half a file", None])
def test_a_damaged_file_is_removed_and_the_codes_are_made_anew(
    request_: Request, host: ModelHost, damage: bytes | None
) -> None:
    made = codes.encode(request_, host)
    whole = request_.file.read_bytes()
    request_.file.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert codes.find(request_) is None and not request_.file.exists()
    assert (codes.obtain(request_, host).codes == made.codes).all()


def test_a_checkpoint_that_is_written_anew_has_codes_of_its_own_and_the_older_are_dropped(
    request_: Request, host: ModelHost
) -> None:
    codes.encode(request_, host)
    old = request_.file
    like_a_map = old.with_name(old.name.replace("codes-", "map-").replace(".npz", "-0.npz"))
    like_a_map.write_bytes(b"")
    other = replace(request_, checkpoint="best")
    codes.encode(other, host)
    weights = request_.run.checkpoint("last") / store.WEIGHTS
    os.utime(weights, ns=(1, 1))
    assert codes.find(request_) is None
    codes.encode(request_, host)
    assert request_.file.exists() and request_.file != old
    assert not old.exists() and not like_a_map.exists() and other.file.exists()


def test_codes_of_rows_that_the_data_no_longer_have_are_not_shown(
    request_: Request, host: ModelHost
) -> None:
    codes.encode(request_, host)
    corpora.delete("animals")
    with pytest.raises(DataError, match="unknown data set 'animals'"):
        codes.find(request_)
    with Draft("animals") as draft:
        draft.add({"text": [f"the cat sees the ball {i}" for i in range(50)]})
        draft.finish(title="Others", source="made for a test")
    assert codes.find(request_) is None
    assert codes.encode(request_, host).labels is None


def test_what_is_not_there_is_answered(request_: Request, host: ModelHost) -> None:
    with pytest.raises(DataError, match="did you mean 'train'"):
        codes.encode(replace(request_, split="trian"), host)
    with pytest.raises(RunNotFound, match="has no checkpoint"):
        codes.find(replace(request_, checkpoint="step-00000099"))
