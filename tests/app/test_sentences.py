"""Sentences become HTML that says what changed, and never become markup themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from app import sentences

EVIL = '<script>alert("x")</script> & <b>bold</b>'


@dataclass
class Step:
    alpha: float
    text: str
    pieces: list[str] = field(default_factory=list)
    changed: list[bool] = field(default_factory=list)
    folded: bool = False
    nll: float = 1.0


def step(alpha: float, text: str, changed: list[bool] | None = None, folded: bool = False) -> Step:
    pieces = text.split()
    return Step(alpha, text, pieces, changed or [False] * len(pieces), folded)


@pytest.mark.parametrize(
    "made",
    [
        sentences.marked(EVIL, EVIL.split(), [True] * len(EVIL.split())),
        sentences.difference([("added", EVIL.split())]),
        sentences.underlined(EVIL, ["bold"]),
        sentences.strip([step(0, EVIL), step(1, EVIL)], 0),
        sentences.numbered([EVIL]),
        sentences.numbered([EVIL], "something else"),
        sentences.compared("a b", EVIL),
        sentences.big(EVIL, [], []),
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


def test_steps_that_read_the_same_are_one_row() -> None:
    steps = [step(0, "a"), step(0.5, "a", folded=True), step(1, "b", [True])]
    assert sentences.folded(steps) == [range(0, 2), range(2, 3)]
    made = sentences.strip(steps, 1)
    assert made.count('role="row"') == 2
    assert "0.00–0.50" in made
    assert made.count("zs-on") == 1


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
