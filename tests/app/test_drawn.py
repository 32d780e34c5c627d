"""Texts that are pictures are shown as pictures."""

from __future__ import annotations

import re

from streamlit.testing.v1 import AppTest


def _page(texts: list[str]) -> None:
    from types import SimpleNamespace

    from app.interpolate_page import drawn

    drawn.draw([SimpleNamespace(alpha=at / 10, text=text) for at, text in enumerate(texts)])


def _drawn(*texts: str) -> AppTest:
    return AppTest.from_function(_page, args=(list(texts),)).run()


def test_what_a_text_draws_is_shown_and_what_is_no_picture_is_counted():
    import numpy as np

    from engine.data.builtin.digits_text import written

    digit = written(np.eye(8))
    half = " ".join(digit.split()[:33])
    app = _drawn(digit, "not a picture", written(np.eye(8), "up"), half)
    assert not app.exception
    [shown] = [one.value for one in app.html]
    assert shown.count('src="data:image/png;base64,') == 3
    assert re.findall("<figcaption>(.*?)</figcaption>", shown) == ["0.00", "0.20", "0.30"]
    assert "2 of 4 are whole pictures" in app.caption[0].value


def test_other_sentences_draw_nothing():
    app = _drawn("the cat sees the dog", "")
    assert not app.exception and not app.html and not app.caption
