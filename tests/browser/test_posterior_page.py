"""Posterior in a real browser: a bar is clicked, the page is reloaded, a remedy leads to New run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.app.conftest import make_run
from tests.app.planted import collapse, untrained

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def home(workshop: Path) -> Path:
    """A home with a run that learned little and one that has collapsed."""
    make_run(workshop)
    collapse(untrained(workshop, "gaussian", "flat"))
    return workshop


def test_a_click_on_a_bar_moves_along_that_dimension(tab: Page, address: str) -> None:
    tab.goto(f"{address}/posterior?run=tiny")
    strip = tab.get_by_role("table", name=re.compile("Traversal of"))
    expect(strip).to_be_visible()
    chosen = tab.get_by_role("combobox", name="Dimension")
    first = chosen.input_value()
    expect(strip).to_have_attribute("aria-label", f"Traversal of {first}")
    bars = tab.locator("[class*=st-key-kl-per-dimension-tiny] .bars .point path")
    expect(bars).to_have_count(4)
    click(tab, bars.nth(2))
    expect(chosen).not_to_have_value(first)
    clicked = chosen.input_value()
    expect(strip).to_have_attribute("aria-label", f"Traversal of {clicked}")
    chosen.click()
    chosen.fill(first)
    chosen.press("Enter")
    expect(strip).to_have_attribute("aria-label", f"Traversal of {first}")
    expect(tab.locator("[class*=st-key-kl-per-dimension-tiny] .bars")).to_have_count(1)
    tab.reload()
    expect(tab.get_by_role("table", name=f"Traversal of {first}")).to_be_visible()
    expect(tab.locator("[data-testid=stException]")).to_have_count(0)


def click(tab: Page, bar: Locator) -> None:
    """Where the bar is: over it lies what Plotly drags with, which passes the click on."""
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box is not None
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_a_remedy_of_a_collapsed_run_leads_to_new_run(tab: Page, address: str) -> None:
    tab.goto(f"{address}/posterior?run=flat")
    expect(tab.get_by_text("The posterior has collapsed", exact=True)).to_be_visible()
    tab.get_by_role("button", name="Word dropout").click()
    expect(tab.get_by_role("heading", name="New run")).to_be_visible()
    expect(tab.get_by_text(re.compile("from run flat with word dropout"))).to_be_visible()
    expect(tab.locator("[data-testid=stCode]").last).to_contain_text("word_dropout")
