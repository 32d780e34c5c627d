"""Sentences become HTML that says what changed, and never become markup themselves."""

from __future__ import annotations

import pytest

from app import sentences, showing

EVIL = '<script>alert("x")</script> & <b>bold</b>'


@pytest.mark.parametrize(
    "made",
    [
        sentences.marked(EVIL, EVIL.split(), [True] * len(EVIL.split())),
        sentences.difference([("added", EVIL.split())]),
        sentences.underlined(EVIL, ["bold"]),
        showing.TEXT.strip([("1", showing.TEXT.html(EVIL), "")], "Lines"),
        showing.TEXT.strip([("1", showing.TEXT.compared("something else", EVIL), "")], EVIL),
        sentences.compared("a b", EVIL),
    ],
)
def test_a_sentence_never_becomes_markup(made: str) -> None:
    assert "<script" not in made
    assert "<b>" not in made
    assert "&lt;script&gt;" in made


def test_only_changed_pieces_are_marked() -> None:
    made = sentences.marked("a red car.", ["a", "red", "car", "."], [False, True, False, False])
    assert made.count("zs-mark") == 1
    assert '<span class="zs-mark">red</span>' in made


def test_pieces_that_do_not_spell_the_text_leave_it_whole() -> None:
    assert sentences.spans("hello", ["xyz"], [True]) == [("hello", True)]


def test_unknown_words_are_underlined() -> None:
    made = sentences.underlined("the quux sleeps", ["quux"])
    assert '<span class="zs-unknown">quux</span>' in made
    assert made.startswith("the ")


def test_neighbouring_marks_are_one_mark() -> None:
    pieces = ["very", "good", ",", "again"]
    assert sentences.spans("very good, again", pieces, [True, True, True, False]) == [
        ("very good,", True),
        (" again", False),
    ]
