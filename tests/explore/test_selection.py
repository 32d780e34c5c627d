from __future__ import annotations

import pytest

from engine.explore.selection import distinctive_words, summarise

CATS = ["the cat sat", "a Cat ran", "the cat's mat"]
DOGS = ["the dog sat", "a dog ran", "the dog slept", "the dog"] * 5


def test_a_selection_counts_labels_and_finds_its_words() -> None:
    texts, labels = CATS + DOGS, ["pet"] * 3 + ["pet", "beast"] * 10
    found = summarise(texts, [2, 0, 1, 0], labels)
    assert (found.count, found.of) == (3, 23)
    assert [(s.label, s.count, s.share) for s in found.labels] == [("pet", 3, 1.0)]
    assert found.labels[0].overall == pytest.approx(13 / 23)
    assert found.words[0].word == "cat"
    assert found.words[0].inside == pytest.approx(2 / 3) and found.words[0].outside == 0
    assert "dog" not in {word.word for word in found.words}
    assert "the" not in {word.word for word in found.words[:2]}


def test_words_that_all_texts_share_are_not_distinctive() -> None:
    found = distinctive_words(["same thing here"] * 4, ["same thing there"] * 40)
    assert found[0].word == "here"
    assert all(word.score < 0.5 for word in found[1:])


def test_a_common_difference_outweighs_a_word_seen_once() -> None:
    inside = ["red apple"] * 30 + ["zebra"]
    found = distinctive_words(inside, ["green apple"] * 30 + ["red pear"] * 3)
    assert [word.word for word in found][:1] == ["red"]


def test_everything_or_nothing_selected_has_no_distinctive_words() -> None:
    assert summarise(CATS, [0, 1, 2]).words == []
    assert summarise(CATS, []).words == [] and summarise(CATS, [], ["x"] * 3).labels == []
    assert summarise(CATS, [0]).labels == []
