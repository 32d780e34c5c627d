"""The tab Posterior mean space in a real browser: scrub, click a sentence, two runs on the same axes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from engine.data.corpus import Corpus
from engine.runs import store
from engine.runs.mean_space import FOLDER, Snapshot
from tests.app.conftest import make_run
from tests.app.planted import untrained
from tests.app.test_mean_space_page import KEEPING_UP, LAGGING, ROWS, add
from tests.browser.driving import Map

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def home(workshop: Path) -> Path:
    """A home with a run whose encoder lags behind, and one whose encoder keeps up."""
    make_run(workshop)
    untrained(workshop, "gaussian", "keeps-up")
    record("tiny", LAGGING)
    record("keeps-up", KEEPING_UP)
    return workshop


def record(name: str, taken: list[Snapshot]) -> None:
    run = store.find(name)
    (run.path / FOLDER).mkdir()
    for one in taken:
        add(run, one)


def opened(tab: Page, address: str, query: str) -> Map:
    tab.goto(f"{address}/posterior?run={query}")
    tab.get_by_role("tab", name="Posterior mean space").click()
    return Map(tab).settle()


def reach(space: Map, pane: int = 0) -> float:
    """How far the sentences are drawn from the origin."""
    return float(np.abs(list(space.ask("(map, pane) => [...map.rows.panes[pane].xy]", pane))).max())


def test_scrubbing_moves_the_sentences_and_a_click_tells_the_way_of_one(
    tab: Page, address: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZSCAPE_HOME", str(home))
    space = opened(tab, address, "tiny")
    step = space.root.get_by_role("slider")
    step.focus()
    step.press("Home")
    space.settle()
    assert reach(space) == 0
    step.press("End")
    space.settle()
    assert reach(space) == pytest.approx(0.6)
    # The last sentence is the farthest to the right: the model's mean 0.6, the encoder's 0.
    tab.mouse.click(*space.screen(0.6, 0.0))
    text = Corpus.open("animals").texts("train", [int(ROWS[-1])])[0]
    expect(tab.get_by_text(text, exact=True).first).to_be_visible()
    expect(tab.get_by_text(f"row {ROWS[-1]:,} of split train")).to_be_visible()
    expect(tab.get_by_label(re.compile("Both means of the sentence over training"))).to_be_visible()
    expect(tab.locator("[data-testid=stException]")).to_have_count(0)


def test_two_runs_are_drawn_on_the_same_axes_and_the_address_keeps_both(
    tab: Page, address: str
) -> None:
    space = opened(tab, address, "tiny&mean-space-beside=keeps-up")
    expect(space.stage).to_have_attribute(
        "aria-label", re.compile("Posterior mean space of tiny and keeps-up")
    )
    left, right = space.view(0), space.view(1)
    assert left == right
    first, second = space.screen(0.0, 0.0, 0), space.screen(0.0, 0.0, 1)
    assert second[0] > first[0] + 100 and second[1] == pytest.approx(first[1], abs=1)
    assert "mean-space-beside=keeps-up" in tab.url
    expect(tab.locator("[data-testid=stException]")).to_have_count(0)
