"""What only a browser shows of the latent map: gestures, keys, legend, steps, both painters, a saved page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from app import latent_map as maps
from tests.browser import planted
from tests.browser.driving import Map, star

pytestmark = [pytest.mark.browser, pytest.mark.slow]
N = 3000


@pytest.fixture
def quiet_tab(browser: Browser) -> Iterator[Page]:
    """A tab that fails the test if a script of the page does or an error is logged."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda told: broken.append(told.text) if told.type == "error" else None)
    yield page
    context.close()
    assert broken == []


@pytest.fixture
def opened(quiet_tab: Page, map_address: str) -> Callable[..., Map]:
    """Opens the test page with a query and waits for the map."""

    def open_map(query: str = "") -> Map:
        quiet_tab.goto(f"{map_address}/?n={N}&{query}")
        return Map(quiet_tab).settle()

    return open_map


def inside(xy: np.ndarray, outline: list[tuple[float, float]]) -> np.ndarray:
    """Rows within an outline, by crossings counted one edge after the other."""
    within = np.zeros(len(xy), bool)
    for (x1, y1), (x2, y2) in zip(outline, outline[1:] + outline[:1], strict=True):
        crosses = (y1 > xy[:, 1]) != (y2 > xy[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            at = x1 + (xy[:, 1] - y1) / (y2 - y1) * (x2 - x1)
        within ^= crosses & (xy[:, 0] < at)
    return np.flatnonzero(within)


XY = planted.places(N, 8).astype(np.float32)


# -- selecting --------------------------------------------------------------------------------------


@pytest.mark.parametrize("painter", ["cpu", "gpu"])
def test_a_lasso_returns_exactly_the_rows_within_it(opened: Any, painter: str) -> None:
    the_map = opened(f"painter={painter}")
    assert the_map.ask("map => map.painter.constructor.name").lower().startswith(painter)
    the_map.tool("Select with a lasso").click()
    outline = star(*the_map.screen(-5, 1), 150)
    the_map.draw(outline)
    expected = inside(XY, [the_map.world(*place) for place in outline])
    assert len(expected) > 50
    the_map.expect_told("count", len(expected))
    the_map.expect_told("sum", expected.sum())
    the_map.expect_told("rows", ",".join(map(str, expected[:40])))


def test_shift_adds_alt_subtracts_and_undo_goes_back_through_it_all(opened: Any) -> None:
    the_map = opened()
    the_map.tool("Select with a box").click()
    left, top = the_map.screen(-12, 6)
    right, bottom = the_map.screen(-3, -6)
    middle = (top + bottom) / 2
    the_map.draw([(left, top), (right, middle)])
    upper = int(the_map.ask("map => map.selectedCount"))
    the_map.draw([(left, middle), (right, bottom)], "Shift")
    both = int(the_map.ask("map => map.selectedCount"))
    the_map.draw([(left, top), (right, middle)], "Alt")
    lower = int(the_map.ask("map => map.selectedCount"))
    assert 0 < upper < both and abs(upper + lower - both) <= 1
    the_map.expect_told("count", lower)
    the_map.tab.keyboard.press("Control+z")
    the_map.expect_told("count", both)
    the_map.tab.keyboard.press("Control+z")
    the_map.expect_told("count", upper)
    the_map.tab.keyboard.press("Control+Shift+z")
    the_map.expect_told("count", both)
    the_map.tab.keyboard.press("Escape")
    the_map.expect_told("count", 0)
    the_map.tool("Undo").click()
    the_map.expect_told("count", both)


def test_shift_drag_is_a_lasso_without_changing_the_mode(opened: Any) -> None:
    the_map = opened()
    the_map.draw(star(*the_map.screen(-5, 1), 120), "Shift")
    assert the_map.ask("map => map.mode") == "pan"
    assert the_map.ask("map => map.selectedCount") > 0


def test_a_click_focuses_the_row_under_it_and_the_card_tells_it(opened: Any) -> None:
    the_map = opened()
    the_map.stage.focus()
    row = 1234
    the_map.tab.mouse.move(*the_map.screen(*XY[row]))
    expect(the_map.root.locator(".lm-card")).to_contain_text(re.compile(r"row \d+"))
    the_map.tab.mouse.click(*the_map.screen(*XY[row]))
    focus = int(the_map.ask("map => map.pointing.focus"))
    assert np.hypot(*(XY[focus] - XY[row])) < 0.05
    the_map.expect_told("focus", focus)
    text = the_map.root.locator(".lm-card p").inner_text()
    assert text.endswith(f"row {focus}")


def test_pythons_selection_comes_once_and_a_lasso_outlives_other_reruns(opened: Any) -> None:
    the_map = opened()
    the_map.tab.get_by_role("button", name="Select a slice").click()
    the_map.expect_told("count", N // 10)
    assert the_map.ask("map => map.selectedCount") == N // 10
    the_map.tool("Select with a lasso").click()
    the_map.draw(star(*the_map.screen(-5, 1), 120))
    caught = the_map.ask("map => map.selectedCount")
    assert caught not in (0, N // 10)
    the_map.expect_told("count", caught)
    runs = int(the_map.told("runs"))
    the_map.tab.get_by_role("button", name="Rerun").click()
    the_map.expect_told("runs", runs + 1)
    the_map.expect_told("count", caught)
    assert the_map.ask("map => map.selectedCount") == caught
    the_map.tool("Undo").click()
    the_map.expect_told("count", N // 10)
    the_map.tab.get_by_role("button", name="Select a slice").click()
    the_map.expect_told("count", N // 10)


# -- looking ----------------------------------------------------------------------------------------


def test_recolouring_from_python_keeps_zoom_selection_and_canvas(opened: Any) -> None:
    the_map = opened()
    the_map.tab.mouse.move(*the_map.screen(-5, 1))
    for _ in range(4):
        the_map.tab.mouse.wheel(0, -120)
    the_map.draw(star(*the_map.screen(-5, 1), 120), "Shift")
    the_map.settle()
    view, count = the_map.view(), the_map.ask("map => map.selectedCount")
    assert view["zoom"] > 2 and count
    the_map.ask("map => { map.marked = true; }")
    the_map.choose("length")
    expect(the_map.root.locator(".lm-histogram")).to_be_visible()
    assert the_map.view() == view
    assert the_map.ask("map => map.selectedCount") == count
    assert the_map.ask("map => map.marked"), "it is the same map and not a new one"


def test_the_wheel_zooms_to_the_pointer_and_a_double_click_shows_everything(opened: Any) -> None:
    the_map = opened()
    place = the_map.screen(-5, 1)
    the_map.tab.mouse.move(*place)
    the_map.tab.mouse.wheel(0, -240)
    the_map.settle()
    assert the_map.view()["zoom"] > 1.3
    assert the_map.world(*place) == pytest.approx((-5, 1), abs=0.02)
    the_map.tab.mouse.dblclick(*place)
    the_map.settle()
    assert the_map.ask("map => map.rows.panes[0].view.isHome")


def test_the_keys_move_zoom_and_choose_the_tool(opened: Any) -> None:
    the_map = opened()
    the_map.stage.focus()
    home = the_map.view()
    the_map.tab.keyboard.press("ArrowRight")
    the_map.settle()
    assert the_map.view()["x"] > home["x"]
    the_map.tab.keyboard.press("+")
    the_map.settle()
    assert the_map.view()["zoom"] == pytest.approx(1.4)
    the_map.tab.keyboard.press("Home")
    the_map.settle()
    assert the_map.view() == home
    for key, mode in {"l": "lasso", "b": "box", "p": "pan"}.items():
        the_map.tab.keyboard.press(key)
        assert the_map.ask("map => map.mode") == mode
    the_map.tab.keyboard.press("Enter")
    assert the_map.ask("map => map.pointing.focus") is not None
    assert "row" in the_map.root.locator(".lm-live").inner_text()


def test_it_can_be_reached_and_named_without_seeing_it(opened: Any) -> None:
    the_map = opened()
    expect(the_map.stage).to_have_attribute("role", "application")
    expect(the_map.stage).to_have_attribute("aria-label", re.compile("Map of 3,000"))
    unnamed = (
        "root => [...root.querySelectorAll('button')].filter(b => !b.ariaLabel && !b.textContent)"
    )
    assert the_map.root.evaluate(f"root => ({unnamed})(root).length") == 0
    the_map.stage.focus()
    the_map.tab.keyboard.press("Tab")
    assert (
        the_map.root.evaluate("root => root.getRootNode().activeElement.ariaLabel")
        == "Move the map"
    )
    outline = "e => getComputedStyle(e, '::after').borderTopWidth"
    the_map.tab.keyboard.press("Shift+Tab")
    assert the_map.stage.evaluate(outline) == "2px"


def test_another_projection_keeps_the_selection_and_the_points_travel(opened: Any) -> None:
    the_map = opened()
    the_map.draw(star(*the_map.screen(-5, 1), 120), "Shift")
    count = the_map.ask("map => map.selectedCount")
    the_map.expect_told("count", count)
    the_map.tab.get_by_text("Other projection").click()
    the_map.tab.wait_for_function(
        "root => root.latentMap.glides.size", arg=the_map.root.element_handle()
    )
    the_map.settle()
    assert the_map.ask("map => map.selectedCount") == count
    the_map.expect_told("count", count)
    placed = the_map.ask("map => map.rows.panes[0].place(map.rows.slotOf[7])")
    turned = planted.material(N, 8).turned[0].xy[7]
    assert placed == pytest.approx(turned, rel=1e-4)


# -- legend -----------------------------------------------------------------------------------------


def test_a_click_in_the_legend_hides_and_a_double_click_shows_one_alone(opened: Any) -> None:
    the_map = opened()
    lines = the_map.root.locator(".lm-legend li > button")
    expect(lines).to_have_count(8)
    sizes = np.bincount(planted.labels(N, 8))
    lines.nth(2).click()
    expect(the_map.root.locator(".lm-status")).to_contain_text(f"{N - sizes[2]:,} of 3,000")
    expect(lines.nth(2)).to_have_attribute("aria-pressed", "false")
    assert (
        the_map.ask("map => map.rows.within(map.rows.panes[0], () => true).count") == N - sizes[2]
    )
    lines.nth(4).dblclick()
    expect(the_map.root.locator(".lm-status")).to_contain_text(f"{sizes[4]:,} of 3,000")
    lines.nth(5).click(modifiers=["Alt"])
    expect(the_map.root.locator(".lm-status")).to_contain_text(f"{sizes[5]:,} of 3,000")
    the_map.root.get_by_role("button", name="show all").click()
    expect(the_map.root.locator(".lm-status")).to_have_text("3,000 sentences")


def test_hidden_rows_are_neither_caught_nor_picked(opened: Any) -> None:
    the_map = opened()
    the_map.root.locator(".lm-legend li > button").nth(2).click()
    the_map.tool("Select with a box").click()
    (left, top), (right, bottom) = the_map.screen(-9, 6), the_map.screen(9, -6)
    left, top, right, bottom = round(left), round(top), round(right), round(bottom)
    the_map.draw([(left, top), (right, bottom)])
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    caught = inside(XY, [the_map.world(*corner) for corner in corners])
    hidden = planted.labels(N, 8)[caught] == 2
    assert hidden.sum() > 200
    assert the_map.ask("map => map.chosen.now.rows()") == caught[~hidden].tolist()
    row = int(np.flatnonzero(planted.labels(N, 8) == 2)[0])
    the_map.tab.mouse.move(*the_map.screen(*XY[row]))
    assert planted.labels(N, 8)[the_map.ask("map => map.pointing.row ?? 0")] != 2


def test_a_filter_from_python_shows_in_the_counts(opened: Any) -> None:
    the_map = opened()
    the_map.tab.get_by_text("Only even rows").click()
    expect(the_map.root.locator(".lm-status")).to_contain_text("1,500 of 3,000 sentences shown")
    counts = the_map.root.locator(".lm-legend .lm-count")
    total = np.bincount(planted.labels(N, 8))[0]
    expect(counts.first).to_have_text(re.compile(rf"^\d+ / {total}$"))


def test_twenty_of_many_categories_are_named_and_the_others_can_be_searched(opened: Any) -> None:
    the_map = opened()
    the_map.choose("many")
    expect(the_map.root.locator(".lm-others")).to_have_text("130 others, in grey")
    the_map.root.get_by_role("searchbox").fill("intent 14")
    lines = the_map.root.locator(".lm-legend li > button:visible")
    expect(lines).to_have_count(11)  # 14 and 140 to 149
    lines.first.dblclick()
    expect(the_map.root.locator(".lm-status")).to_contain_text("of 3,000")


def test_a_range_of_values_is_dragged_on_the_colour_bar(opened: Any) -> None:
    the_map = opened()
    the_map.choose("length")
    bar = the_map.root.locator(".lm-histogram")
    box = bar.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    the_map.draw([(box["x"] + 1, middle), (box["x"] + box["width"] / 2, middle)])
    shown = the_map.ask("map => map.rows.shown")
    assert 0 < shown < N
    bar.dblclick()
    assert the_map.ask("map => map.rows.shown") == N


# -- panes and steps --------------------------------------------------------------------------------


def test_two_panes_share_one_selection_and_one_pointer(opened: Any) -> None:
    the_map = opened("panes=2")
    assert the_map.ask("map => map.rows.panes.length") == 2
    assert the_map.root.locator("canvas").count() == 2, "one of points, one of marks"
    outline = star(*the_map.screen(-5, 1), 70)
    the_map.draw(outline, "Shift")
    expected = inside(XY, [the_map.world(*place) for place in outline])
    the_map.expect_told("count", len(expected))
    the_map.expect_told("sum", expected.sum())
    row = 2345
    other = planted.material(N, 8, panes=2).points[1].xy[row]
    the_map.tab.mouse.move(*the_map.screen(*other, pane=1))
    hover = int(the_map.ask("map => map.pointing.row"))
    assert np.hypot(*(planted.material(N, 8, panes=2).points[1].xy[hover] - other)) < 0.2
    before = the_map.view(0)
    the_map.tab.mouse.wheel(0, -240)
    the_map.settle()
    assert the_map.view(0) == before and the_map.view(1)["zoom"] > 1.3


def test_steps_are_scrubbed_without_asking_the_server(opened: Any, quiet_tab: Page) -> None:
    sockets: list[str] = []
    requests: list[str] = []
    quiet_tab.on("websocket", lambda socket: (
        socket.on("framesent", lambda _: sockets.append("sent")),
        socket.on("framereceived", lambda _: sockets.append("received")),
    ))  # fmt: skip
    the_map = opened("steps=20")
    quiet_tab.wait_for_timeout(1000)
    sockets.clear()
    quiet_tab.on("request", lambda request: requests.append(request.url))
    slider = the_map.root.get_by_role("slider")
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    the_map.draw(
        [(box["x"] + share * box["width"], middle) for share in np.linspace(0.01, 0.99, 40)]
    )
    the_map.settle()
    assert the_map.ask("map => map.step") == 19
    slider.press("ArrowLeft")
    the_map.settle()
    assert the_map.ask("map => map.step") == 18
    expect(the_map.root.locator(".lm-step-name")).to_have_text("step 1900")
    placed = the_map.ask("map => map.rows.panes[0].place(map.rows.slotOf[7])")
    assert placed == pytest.approx(planted.material(N, 8, 20).points[0].xy[18, 7], abs=0.01)
    quiet_tab.wait_for_timeout(500)
    assert (sockets, requests) == ([], [])


def test_a_step_is_told_at_rest_when_it_was_asked_for(opened: Any) -> None:
    the_map = opened("steps=6&step")
    the_map.root.get_by_role("slider").press("End")
    the_map.expect_told("step", 5)


def test_play_runs_to_the_last_step(opened: Any) -> None:
    the_map = opened("steps=3")
    the_map.tool("Play the steps").click()
    the_map.tab.wait_for_function(
        "root => root.latentMap.step === 2", arg=the_map.root.element_handle()
    )
    expect(the_map.tool("Play the steps")).to_be_visible()


INK = """map => {
  const { width, height } = map.marks;
  const dots = map.marks.getContext("2d").getImageData(0, 0, width, height).data;
  return dots.filter((value, place) => place % 4 === 3 && value > 0).length;
}"""


def test_arrows_lead_to_the_next_step_and_there_are_none_at_the_last(opened: Any) -> None:
    inks = []
    for address in ("steps=3", "steps=3&moves=50"):
        the_map = opened(address)
        first = the_map.ask(INK)
        the_map.root.get_by_role("slider").press("End")
        the_map.settle()
        inks.append((first, the_map.ask(INK)))
    (plain, plain_last), (arrows, last) = inks
    assert arrows > plain + 500 and last == plain_last


# -- surroundings -----------------------------------------------------------------------------------


def picture(the_map: Map) -> np.ndarray:
    """The stage as (height, width, 3)."""
    return np.asarray(Image.open(BytesIO(the_map.stage.screenshot())).convert("RGB"))


def corner(the_map: Map) -> np.ndarray:
    """The colour of the stage's last corner: its background."""
    return picture(the_map)[-4, -4]


@pytest.mark.parametrize("painter", ["cpu", "gpu"])
def test_the_map_follows_the_theme_while_it_is_shown(opened: Any, painter: str) -> None:
    the_map = opened(f"painter={painter}")
    assert corner(the_map).min() > 240
    the_map.tab.emulate_media(color_scheme="dark")
    the_map.tab.wait_for_function(
        "root => root.latentMap.theme.dark", arg=the_map.root.element_handle()
    )
    the_map.settle()
    assert corner(the_map).max() < 60


def test_both_painters_draw_the_same_picture(opened: Any) -> None:
    pictures = [picture(opened(f"painter={painter}")).astype(float) for painter in ("cpu", "gpu")]
    difference = np.abs(pictures[0] - pictures[1]).mean(-1)
    assert (difference > 40).mean() < 0.003
    assert difference.mean() < 1.5


def test_a_lost_context_is_restored(opened: Any) -> None:
    the_map = opened("painter=gpu")
    before = the_map.stage.screenshot()
    the_map.ask(
        "map => { map.loss = map.painter.gl.getExtension('WEBGL_lose_context'); map.loss.loseContext(); }"
    )
    the_map.tab.wait_for_timeout(300)
    the_map.ask("map => map.loss.restoreContext()")
    the_map.tab.wait_for_function(
        "root => !root.latentMap.painter.lost", arg=the_map.root.element_handle()
    )
    the_map.settle()
    assert the_map.stage.screenshot() == before


def test_when_a_context_stays_lost_the_processor_takes_over(opened: Any) -> None:
    the_map = opened("painter=gpu")
    the_map.ask("map => map.painter.gl.getExtension('WEBGL_lose_context').loseContext()")
    the_map.tab.wait_for_function(
        "root => root.latentMap.painter.name === 'processor'", arg=the_map.root.element_handle()
    )
    the_map.settle()
    assert len(np.unique(picture(the_map).reshape(-1, 3), axis=0)) > 200


def test_without_webgl_the_processor_draws_and_the_menu_says_so(
    quiet_tab: Page, map_address: str
) -> None:
    quiet_tab.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, options) {"
        "  return kind.startsWith('webgl') ? null : get.call(this, kind, options); };"
    )
    quiet_tab.goto(f"{map_address}/?n={N}")
    the_map = Map(quiet_tab).settle()
    the_map.tool("More").click()
    expect(the_map.root.get_by_role("menu")).to_contain_text("Drawn by the processor")


def test_who_comes_back_to_the_page_finds_view_selection_and_history(opened: Any) -> None:
    the_map = opened()
    the_map.tab.mouse.move(*the_map.screen(-5, 1))
    the_map.tab.mouse.wheel(0, -240)
    the_map.draw(star(*the_map.screen(-5, 1), 120), "Shift")
    the_map.settle()
    view, count = the_map.view(), the_map.ask("map => map.selectedCount")
    the_map.expect_told("count", count)
    the_map.tab.get_by_text("Leave").click()
    expect(the_map.tab.get_by_text("elsewhere")).to_be_visible()
    expect(the_map.root).to_have_count(0)
    the_map.tab.get_by_text("Leave").click()
    the_map.settle()
    assert the_map.view() == view
    the_map.expect_told("count", count)
    the_map.tool("Undo").click()
    the_map.expect_told("count", 0)


def test_with_less_motion_nothing_glides(opened: Any) -> None:
    the_map = opened("steps=3")
    the_map.tab.emulate_media(reduced_motion="reduce")
    the_map.tool("Zoom in").click()
    assert the_map.ask("map => map.glides.size") == 0
    assert the_map.view()["zoom"] == pytest.approx(1.6)


def test_on_a_narrow_page_panes_lie_above_each_other(opened: Any) -> None:
    the_map = opened("panes=2")
    the_map.tab.set_viewport_size({"width": 420, "height": 900})
    the_map.settle()
    first, second = the_map.ask("map => map.rows.panes.map((pane) => pane.view.rect)")
    assert (first["x"], second["x"]) == (0, 0) and second["y"] == first["height"]


def test_after_a_reload_the_map_is_there_again(opened: Any) -> None:
    the_map = opened()
    the_map.draw(star(*the_map.screen(-5, 1), 120), "Shift")
    the_map.expect_told("count", the_map.ask("map => map.selectedCount"))
    the_map.tab.reload()
    the_map.settle()
    assert the_map.ask("map => map.selectedCount") == 0
    the_map.expect_told("count", 0)


def test_bytes_that_cannot_be_had_are_said_and_can_be_asked_for_again(
    tab: Page, map_address: str
) -> None:
    tab.route(re.compile(r"/media/.*\.bin"), lambda route: route.fulfill(status=404))
    tab.goto(f"{map_address}/?n={N}")
    again = tab.locator(".lm").get_by_role("button", name="Try again")
    expect(tab.locator(".lm-note")).to_contain_text("the server answered 404")
    tab.unroute(re.compile(r"/media/.*\.bin"))
    again.click()
    Map(tab).settle()


def test_pictures_are_saved_with_legend_and_marks(opened: Any) -> None:
    the_map = opened("overlays")
    for item, ending in {"Save as picture": "png", "Save as drawing": "svg"}.items():
        the_map.tool("More").click()
        with the_map.tab.expect_download() as saved:
            the_map.root.get_by_role("menuitem", name=item).click()
        assert saved.value.suggested_filename == f"latent-map.{ending}"
        content = Path(saved.value.path()).read_bytes()
        if ending == "png":
            saved_picture = Image.open(BytesIO(content))
            assert saved_picture.width > 2 * the_map.ask("map => map.size.width")
        else:
            text = content.decode()
            assert text.count("<circle") >= N
            assert "garden</text>" in text and "μ ± σ" in text
            ElementTree.fromstring(text)


# -- a page of its own ------------------------------------------------------------------------------


def test_a_saved_page_opens_from_disk_and_keeps_hover_lasso_legend_and_steps(
    quiet_tab: Page, tmp_path: Path
) -> None:
    found = planted.material(N, 8, 5)
    file = tmp_path / "map.html"
    file.write_text(
        maps.standalone_html(
            found.points,
            alt="Map of 3,000 points",
            texts=found.texts,
            colour=found.colours["label"],
            steps=[f"step {step}" for step in range(5)],
            overlays=planted.overlays(),
        ),
        encoding="utf-8",
    )
    asked: list[str] = []
    quiet_tab.on("request", lambda request: asked.append(request.url))
    quiet_tab.goto(file.as_uri())
    the_map = Map(quiet_tab).settle()
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []
    the_map.root.get_by_role("slider").press("End")
    the_map.settle()
    xy = found.points[0].xy[-1].astype(np.float16).astype(float)
    outline = star(*the_map.screen(-5, 1), 120)
    the_map.draw(outline, "Shift")
    expected = inside(xy, [the_map.world(*place) for place in outline])
    assert the_map.ask("map => map.chosen.now.rows()") == expected.tolist()
    quiet_tab.mouse.move(*the_map.screen(*xy[1234]))
    expect(the_map.root.locator(".lm-card p")).to_contain_text(re.compile(r"row \d+"))
    the_map.root.locator(".lm-legend li > button").first.dblclick()
    expect(the_map.root.locator(".lm-status")).to_contain_text("of 3,000")
    quiet_tab.mouse.move(*the_map.screen(0, 0))
    quiet_tab.mouse.wheel(0, -240)
    the_map.settle()
    assert the_map.view()["zoom"] > 1.3
