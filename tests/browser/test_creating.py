"""What only a browser shows of the pages that create: walking, drawing, downloads, a job that survives."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_new_user import keyed, settled

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLACE = ".walk-place"


@pytest.fixture
def said_to_server(tab: Page) -> Callable[[], int]:
    """How many messages the page has sent so far."""
    sent: list[object] = []
    tab.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    return lambda: len(sent)


def opened(tab: Page, address: str, query: str = "") -> None:
    tab.goto(f"{address}/interpolate?{query}")
    tab.locator(".zs-strip, .palette .cell").first.wait_for()
    settled(tab)


def quiet(tab: Page, sent: Callable[[], int]) -> int:
    """Wait until the page has nothing more to say; how much it has said."""
    before = -1
    while before != sent():
        before = sent()
        tab.wait_for_timeout(1500)
    return before


def test_a_path_is_walked_without_a_word_to_the_server(
    tab: Page, address: str, said_to_server: Callable[[], int]
) -> None:
    opened(tab, address, "path=linear&path=spherical")
    before = quiet(tab, said_to_server)
    expect(tab.locator(PLACE)).to_have_text("α = 0.50")
    scrubber = tab.get_by_role("slider", name="Walk from A to B")
    scrubber.press("ArrowRight")
    expect(tab.locator(PLACE)).to_have_text("α = 0.60")
    tab.get_by_role("tab", name="spherical").click()
    expect(tab.locator(PLACE)).to_have_text("α = 0.60")
    tab.locator(".zs-step").last.locator(".zs-sentence").click()
    expect(tab.locator(PLACE)).to_have_text(re.compile(r"^α = \d\.\d\d"))
    scrubber.press("Home")
    expect(tab.locator(PLACE)).to_have_text("α = 0.00 · A")
    first = tab.locator(".zs-big").inner_text()
    assert first == tab.locator(".zs-step").first.locator(".zs-sentence").inner_text()
    tab.get_by_role("button", name="Play").click()
    expect(tab.locator(PLACE)).to_have_text("α = 0.20")
    tab.get_by_role("button", name="Pause").click()
    tab.get_by_text("Token probabilities").click()
    expect(tab.locator(".walk-heat td").nth(10)).to_be_visible()
    assert said_to_server() == before
    rows = tab.locator(".zs-strip:visible .zs-step")
    told = [row.split("×") for row in rows.all_inner_texts()]
    assert len(told) < 11, "stops that read the same are one row"
    assert sum(int(row[1]) if len(row) > 1 else 1 for row in told) == 11


def test_where_one_was_on_a_path_survives_another_pair(tab: Page, address: str) -> None:
    opened(tab, address)
    tab.get_by_role("slider", name="Walk from A to B").press("End")
    expect(tab.locator(PLACE)).to_have_text("α = 1.00 · B")
    a = tab.get_by_label("A", exact=True)
    a.fill("Open a file.")
    a.press("Enter")
    expect(tab.locator(".zs-strip")).to_contain_text("file")
    expect(tab.locator(PLACE)).to_have_text("α = 1.00 · B")


def test_a_line_is_drawn_over_the_palette_with_mouse_and_keys(
    tab: Page, address: str, said_to_server: Callable[[], int]
) -> None:
    opened(tab, address, "do=Palette")
    box = tab.locator(".stage").bounding_box()
    assert box is not None
    before = quiet(tab, said_to_server)
    tab.mouse.move(box["x"] + 20, box["y"] + 20)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=8)
    tab.mouse.move(box["x"] + box["width"] - 20, box["y"] + 30, steps=8)
    expect(tab.locator(".reading li").first).to_be_visible()
    assert said_to_server() == before, "what the line passes is read in the browser"
    tab.mouse.up()
    expect(tab.get_by_text("21 codes, evenly spaced")).to_be_visible()
    expect(tab.get_by_role("slider", name="Walk along the line")).to_be_visible()
    passed = tab.locator(".cell.on").count()
    assert 5 <= passed < 25
    tab.get_by_role("button", name="Clear the line").click()
    expect(tab.get_by_text("21 codes, evenly spaced")).to_have_count(0)
    cells = tab.locator(".cell")
    cells.first.focus()
    for key in ("Enter", "ArrowRight", "ArrowRight", "ArrowDown", "Enter"):
        tab.keyboard.press(key)
    expect(tab.get_by_role("slider", name="Walk along the line")).to_be_visible()
    expect(tab.locator(".hint")).to_have_text(re.compile(r"The line passes \d cells\."))


def test_what_is_taken_away_is_what_is_shown(tab: Page, address: str) -> None:
    opened(tab, address, "steps=5")
    tab.get_by_text("Take away", exact=True).click()
    with tab.expect_download() as got:
        keyed(tab, "export-csv-csv").get_by_role("button").click()
    rows = list(csv.DictReader(io.StringIO(got.value.path().read_text(encoding="utf-8"))))
    assert [row["alpha"] for row in rows] == ["0", "0.25", "0.5", "0.75", "1"]
    assert rows[0]["text"] == tab.locator(".zs-step .zs-sentence").first.inner_text()
    with tab.expect_download() as got:
        keyed(tab, "export-json-json").get_by_role("button").click()
    assert len(json.loads(got.value.path().read_text(encoding="utf-8"))["steps"]) == 5


def test_a_geodesic_is_bent_while_the_straight_path_is_read(tab: Page, address: str) -> None:
    opened(tab, address, "path=linear&path=geodesic&steps=5")
    expect(tab.get_by_text(re.compile("Geodesic"))).to_be_visible()
    expect(tab.get_by_role("tab", name="geodesic")).to_be_visible()
    expect(
        tab.get_by_text(re.compile("less energy than the path it was bent from"))
    ).to_be_visible()


def test_a_batch_survives_a_reload(tab: Page, address: str) -> None:
    tab.goto(f"{address}/reconstruct?mode=many+lines")
    lines = [f"Return the number of items in list {number}." for number in range(600)]
    field = tab.get_by_label("Pasted lines")
    field.fill("\n".join(lines))
    field.press("Control+Enter")
    keyed(tab, "begin-batch").get_by_role("button").first.click()
    expect(tab.get_by_text("600 pasted lines, greedy").first).to_be_visible()
    tab.reload()
    expect(tab.get_by_text("600 pasted lines, greedy").first).to_be_visible()
    tab.goto(f"{address}/guide")
    settled(tab)
    tab.goto(f"{address}/reconstruct?mode=many+lines")
    expect(tab.get_by_text("Showing 600 of 600 lines, worst first.")).to_be_visible()
    with tab.expect_download() as got:
        keyed(tab, "bulk-csv").get_by_role("button").click()
    rows = list(csv.DictReader(io.StringIO(got.value.path().read_text(encoding="utf-8"))))
    assert len(rows) == 600
    match = [float(row["similarity"]) for row in rows]
    assert match == sorted(match)


def test_samples_are_downloaded_as_they_are_shown(tab: Page, address: str) -> None:
    tab.goto(f"{address}/sample")
    tab.locator(".zs-strip").wait_for()
    settled(tab)
    with tab.expect_download() as got:
        keyed(tab, "samples-txt").get_by_role("button").click()
    texts = got.value.path().read_text(encoding="utf-8").splitlines()
    assert len(texts) == 10
    assert tab.locator(".zs-strip .zs-sentence").first.inner_text().startswith(texts[0])
