"""A new user's path, in a real browser: the demonstration, one's own text, training, map, sentences."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 240  # seconds; a shared machine can be very slow
PLOT = ".js-plotly-plot"

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def keyed(tab: Page, key: str) -> Locator:
    """The widget of that key."""
    return tab.locator(f".st-key-{key}")


def settled(tab: Page) -> None:
    """Wait until the page has been drawn whole, without a traceback."""
    tab.wait_for_selector("[data-testid=stSidebarNav]")
    tab.wait_for_function("() => !document.querySelector('[data-testid=stSkeleton]')")
    expect(tab.locator("[data-testid=stException]")).to_have_count(0)


def until(ready: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.5)


def points(tab: Page, chart: int = 0) -> int:
    """How many points the first line of a chart has."""
    plots = f"document.querySelectorAll('{PLOT}')"
    return tab.evaluate(f"n => {plots}[n]?._fullData?.[0]?.x?.length ?? 0", chart)


def across(tab: Page, chart: int = 0) -> list[float]:
    """The horizontal range that a chart shows."""
    script = f"n => document.querySelectorAll('{PLOT}')[n].layout.xaxis.range.map(Number)"
    return tab.evaluate(script, chart)


def reviews(folder: Path) -> Path:
    """A CSV as people have them: a comma inside quotes, a label, an index."""
    path = folder / "reviews.csv"
    rows = ["id,review,verdict"]
    for number in range(1500):
        good = number % 2 == 0
        words = "was very good, again," if good else "was cold and late"
        text = f"the dish {number % 30} {words} at table {number // 30}"
        rows.append(f'{number},"{text}",{"good" if good else "bad"}')
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.skipif(
    not (ROOT / "assets" / "demo_run" / "config.json").exists(),
    reason="there is no assets/demo_run",
)
def test_the_demonstration_run_is_two_clicks_away(tab: Page, address: str) -> None:
    tab.goto(address)
    keyed(tab, "door-demo").get_by_role("button").click()
    expect(tab.locator(".zs-strip")).to_be_visible()
    assert tab.locator(".zs-step").count() > 1, "the path has more than one sentence"
    settled(tab)


def test_from_a_file_to_an_interpolated_sentence(tab: Page, address: str, tmp_path: Path) -> None:
    import_a_csv(tab, address, reviews(tmp_path))
    start_the_quick_preset(tab)
    curves_move_and_keep_their_zoom(tab)
    a_reload_finds_everything_again(tab)
    stop_resume_and_finish(tab)
    the_map_is_coloured_by_label(tab)
    two_typed_sentences_are_interpolated(tab)


def import_a_csv(tab: Page, address: str, csv: Path) -> None:
    tab.goto(f"{address}/data")
    tab.locator("input[type=file]").set_input_files(csv)
    go = tab.get_by_role("button", name="Import", exact=True)
    go.wait_for()
    expect(tab.get_by_role("combobox", name="Text column")).to_have_value("review")
    expect(tab.get_by_role("combobox", name="Label column")).to_have_value("verdict")
    go.click()
    keyed(tab, "train-on").wait_for()
    expect(tab.get_by_role("heading", name="reviews")).to_be_visible()
    settled(tab)


def start_the_quick_preset(tab: Page) -> None:
    keyed(tab, "train-on").get_by_role("button").click()
    expect(tab.get_by_role("heading", name="Settings, from quick")).to_be_visible()
    epochs = tab.locator("[class*=training-epochs] input")
    epochs.fill("100")
    epochs.press("Enter")
    tab.get_by_text("Advanced", exact=True).click()
    tab.get_by_role("tab", name="Training").click()
    tab.get_by_text("Plateau", exact=True).click()  # so that all epochs are trained
    tab.get_by_label("Name of the run", exact=True).fill("mine")
    tab.get_by_label("Name of the run", exact=True).press("Enter")
    expect(tab.locator("[data-testid=stCode]").last).to_contain_text("--name mine")
    expect(tab.locator("[data-testid=stCode]").last).to_contain_text("training.plateau=null")
    keyed(tab, "start").get_by_role("button").click()
    expect(tab.get_by_role("heading", name="mine")).to_be_visible()


def curves_move_and_keep_their_zoom(tab: Page) -> None:
    tab.wait_for_selector(PLOT)
    until(lambda: points(tab) > 3, "the first points")
    before = points(tab)
    until(lambda: points(tab) > before, "a curve to move")
    whole = tab.get_by_role("button", name="Whole run")
    until(lambda: drag(tab) or whole.is_visible(), "a drag to zoom")
    until(lambda: across(tab, 0) == across(tab, 1), "the zoom to reach the other curves")
    zoomed, count = across(tab), points(tab)
    until(lambda: points(tab) > count, "a curve to move while zoomed")
    assert across(tab) == pytest.approx(zoomed), "the zoom survives new points"
    whole.click()


def drag(tab: Page) -> None:
    """Across the middle of the first curve; a redraw may cut it off, as it may a person's."""
    box = tab.locator(PLOT).first.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    tab.mouse.move(box["x"] + box["width"] * 0.35, y)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] * 0.75, y, steps=4)
    tab.mouse.up()
    tab.wait_for_timeout(2000)


def a_reload_finds_everything_again(tab: Page) -> None:
    tab.reload()
    expect(tab.get_by_role("heading", name="mine")).to_be_visible()
    tab.wait_for_selector(PLOT)
    until(lambda: points(tab) > 3, "the curves after a reload")
    expect(keyed(tab, "Stop-mine").get_by_role("button")).to_be_enabled()


def stop_resume_and_finish(tab: Page) -> None:
    keyed(tab, "Stop-mine").get_by_role("button").click()
    resume = keyed(tab, "Resume-mine").get_by_role("button")
    expect(resume).to_be_enabled()
    expect(tab.get_by_text(re.compile(r"stopped at step \d+, with a checkpoint"))).to_be_visible()
    resume.click()
    expect(keyed(tab, "Stop-mine").get_by_role("button")).to_be_enabled()
    finished = tab.locator("[data-testid=stMain]").get_by_text(re.compile("finished$"))
    expect(finished.first).to_be_visible(timeout=3 * PATIENCE * 1000)
    settled(tab)


def the_map_is_coloured_by_label(tab: Page) -> None:
    tab.get_by_role("link", name="Latent map").click()
    expect(tab.get_by_text(re.compile(r"Showing \d+ of \d+ validation sentences"))).to_be_visible()
    legend = tab.locator(".lm-legend")
    expect(legend.locator("header b")).to_have_text("label")
    expect(legend.locator("li")).to_have_count(2)
    expect(legend).to_contain_text(re.compile("bad.*good", re.DOTALL))
    settled(tab)


def two_typed_sentences_are_interpolated(tab: Page) -> None:
    tab.get_by_role("link", name="Interpolate").click()
    a = "the dish 3 was cold and late at table 5"
    b = "the dish 8 was very good, again, at table 9"
    for label, text in (("A", a), ("B", b)):
        field = tab.get_by_label(label, exact=True)
        field.wait_for()
        field.fill(text)
        field.press("Enter")
    expect(tab.locator(".zs-strip")).to_be_visible()
    until(lambda: "b=the+dish+8" in tab.url, "the address to carry the sentences")
    tab.reload()
    expect(tab.get_by_label("A", exact=True)).to_have_value(a)
    expect(tab.locator(".zs-strip")).to_be_visible()
    settled(tab)
