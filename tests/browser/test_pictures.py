"""Pictures in a real browser: the strip that is scrubbed, and the thumbnail beside the pointer on the map."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.planted import make_picture_run
from tests.browser.driving import Map

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def home(workshop: Path) -> Path:
    """A home with a run that has seen pictures."""
    make_picture_run(workshop)
    return workshop


def test_the_strip_is_scrubbed_and_shows_the_picture_large(tab: Page, address: str) -> None:
    tab.goto(f"{address}/interpolate?run=small")
    large = tab.locator(".walk-images .zs-big img")
    expect(large).to_be_visible()
    steps = tab.locator(".walk .zs-film .zs-step")
    steps.first.click()
    expect(large).to_have_attribute("src", steps.first.locator("img").get_attribute("src") or "")
    tab.get_by_role("slider", name="Walk from A to B").press("End")
    expect(tab.locator(".walk-place")).to_contain_text("B")
    expect(large).to_have_attribute("src", steps.last.locator("img").get_attribute("src") or "")
    assert large.evaluate("one => one.naturalWidth") == 6
    expect(tab.locator(".walk-heat")).to_be_hidden()


def test_the_map_fetches_a_picture_when_the_pointer_comes_to_it(tab: Page, address: str) -> None:
    tab.goto(f"{address}/latent_map?run=small")
    drawn = Map(tab).settle()
    assert drawn.ask("map => map.texts.kept.size") == 0
    tab.mouse.move(*drawn.screen(*drawn.ask("map => map.rows.panes[0].place(0)")))
    shown = tab.locator(".lm-card img")
    expect(shown).to_be_visible()
    assert shown.evaluate("one => one.complete && one.naturalWidth") == 6
    assert drawn.ask("map => map.texts.kept.size") == 1
    expect(tab.locator("[data-testid=stException]")).to_have_count(0)
