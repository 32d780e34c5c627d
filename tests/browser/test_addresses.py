"""What a mistyped address shows in a real browser: in AppTest there is no address."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_mistyped_address_names_the_page_that_was_meant(tab: Page, address: str) -> None:
    tab.goto(f"{address}/guied?run=demo")
    note = tab.get_by_text("There is no page 'guied'; did you mean Guide?")
    expect(note).to_be_visible()
    expect(tab.get_by_role("dialog")).to_have_count(0)  # Streamlit's own "Page not found"
    tab.keyboard.press("r")  # the whole script again
    tab.wait_for_timeout(1000)
    expect(note).to_be_visible()
    tab.get_by_role("link", name="Open Guide").click()
    expect(tab.get_by_role("heading", name="Guide")).to_be_visible()
    expect(tab).to_have_url(re.compile("/guide"))


def test_home_and_other_spellings_open_their_page(tab: Page, address: str) -> None:
    tab.goto(f"{address}/home")
    expect(tab.get_by_role("heading", name="Read what lies between")).to_be_visible()
    expect(tab.get_by_role("dialog")).to_have_count(0)
    tab.goto(f"{address}/Guide")
    expect(tab.get_by_role("heading", name="Guide")).to_be_visible()
