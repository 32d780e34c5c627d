"""How fast the latent map is in a real browser, with the page's whole way through Python.

    python -m tests.benchmarks.latent_map

Medians of several runs. Where the browser has no graphics card, "auto" draws by the processor and "gpu" is
WebGL emulated in software. Targets, on two cores without a graphics card: 100,000 points drawn within 2 s
of the page being ready; a lasso of 50,000 of them shown by the page within 1 s; recoloured within 0.3 s
with the zoom unchanged; 1,000,000 load and pan; 20 steps of 20,000 are scrubbed without a message.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import FLAGS, NAMES, ROOT, serving

# In the page, once a frame: when Python's words stood, when the map was drawn whole.
WATCH = """
window.seen = {};
const found = (root) => {
  for (const each of root.querySelectorAll("*")) {
    if (each.latentMap) return each.latentMap;
    const inner = each.shadowRoot && found(each.shadowRoot);
    if (inner) return inner;
  }
};
const watch = () => {
  window.map ??= document.body && found(document);
  const words = document.querySelector("[data-testid=stCode]");
  if (words) seen.page ??= performance.now();
  if (window.map?.rows && map.palette.length > 1 && !map.frame) seen.drawn ??= performance.now();
  if (window.map?.texts) seen.texts ??= performance.now();
  requestAnimationFrame(watch);
};
requestAnimationFrame(watch);
"""

UNTIL = """
(condition) => new Promise((resolve) => {
  const start = performance.now();
  const ready = new Function(`return ${condition}`);
  const look = () => (ready() ? resolve(performance.now() - start) : requestAnimationFrame(look));
  look();
})
"""

# A lasso around half of the points, by the pointer's own events; resolves when Python has said how many.
LASSO = """
() => new Promise((resolve) => {
  const { stage } = map;
  const box = stage.getBoundingClientRect();
  const [pane] = map.rows.panes;
  const middle = [...pane.xy.filter((_, at) => at % 2 === 0)].sort((a, b) => a - b)[map.rows.n / 2];
  const [right] = pane.view.toScreen(middle, 0);
  const tell = (kind, x, y) => stage.dispatchEvent(new PointerEvent(kind, {
    pointerId: 1, button: 0, clientX: box.left + x, clientY: box.top + y, shiftKey: true, bubbles: true,
  }));
  stage.setPointerCapture = () => {};
  const { height } = box;
  tell("pointerdown", 2, 2);
  for (let at = 0; at <= 60; at++) tell("pointermove", right + 8 * Math.sin(at), 2 + (height - 4) * at / 60);
  for (let at = 60; at >= 0; at--) tell("pointermove", 2, 2 + (height - 4) * at / 60);
  const start = performance.now();
  tell("pointerup", 2, 2);
  const caught = map.selectedCount;
  const here = performance.now() - start;
  const said = () => document.body.innerText.includes(`${caught.toLocaleString("en-US")} rows come back`);
  const look = () => {
    if (!said()) return requestAnimationFrame(look);
    resolve({ caught, here, page: performance.now() - start });
  };
  look();
})
"""

# Moves the map for some seconds and counts the frames in which it was drawn anew.
PAN = """
(milliseconds) => new Promise((resolve) => {
  const start = performance.now();
  const times = [];
  let before = start;
  const paint = map.painter.paint.bind(map.painter);
  let painted = 0;
  map.painter.paint = (scene) => { painted++; paint(scene); };
  const move = (now) => {
    times.push(now - before);
    before = now;
    map.rows.panes[0].view.pan(3 * Math.cos(now / 300), 2 * Math.sin(now / 300));
    map.viewMoved();
    if (now - start < milliseconds) return requestAnimationFrame(move);
    delete map.painter.paint;
    times.sort((a, b) => a - b);
    const { share } = map;
    resolve({ fps: 1000 * painted / (now - start), worst: times[Math.floor(0.95 * times.length)], share });
  };
  requestAnimationFrame(move);
})
"""

FULL = """
() => new Promise((resolve) => {
  const start = performance.now();
  map.painter.paint(map.scene(1));
  map.painter.whenDone(() => resolve(performance.now() - start));
})
"""


def launched(playwright: Any) -> Browser:
    """Chromium, without a graphics card where there is none."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return playwright.chromium.launch(
        executable_path=found, args=[*FLAGS, "--enable-unsafe-swiftshader"]
    )


@contextmanager
def opened(browser: Browser, url: str) -> Iterator[Page]:
    """A new tab with the map drawn and its sentences there."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.add_init_script(WATCH)
    page.goto(url)
    page.evaluate(UNTIL, "seen.drawn && seen.texts && seen.page")
    page.wait_for_timeout(500)
    yield page
    context.close()


def loading(browser: Browser, url: str, repeat: int) -> dict[str, float]:
    """From the page's words (or the start of navigation) to the map drawn whole."""
    runs = []
    for _ in range(repeat):
        with opened(browser, url) as page:
            seen = page.evaluate("seen")
            runs.append(
                {
                    "after the page is ready": max(0, seen["drawn"] - seen["page"]),
                    "after navigation": seen["drawn"],
                    "sentences, after navigation": seen["texts"],
                }
            )
    return {name: median(run[name] for run in runs) / 1000 for name in runs[0]}


def lassoing(page: Page, repeat: int) -> dict[str, float]:
    """From letting go of the lasso to the page's count."""
    runs = []
    for _ in range(repeat):
        runs.append(page.evaluate(LASSO))
        page.evaluate("map.chosen.clear()")
        page.evaluate(UNTIL, "document.body.innerText.includes('\\n0 rows come back')")
        page.wait_for_timeout(300)
    return {
        "rows": runs[0]["caught"],
        "in the browser": median(run["here"] for run in runs) / 1000,
        "shown by the page": median(run["page"] for run in runs) / 1000,
    }


def recolouring(page: Page, repeat: int) -> dict[str, float]:
    """From the click on another colour to the picture; the zoom must not move."""
    page.evaluate("map.rows.panes[0].view.zoomAt(300, 300, 3); map.move()")
    page.wait_for_timeout(500)
    view = page.evaluate("map.rows.panes[0].view.state")
    times = []
    for place in range(2 * repeat):
        wanted = ("length", "label")[place % 2]
        kind = ("values", "categories")[place % 2]
        page.get_by_role("combobox", name="Colour by").click()
        option = page.get_by_role("option", name=wanted, exact=True)
        option.wait_for()
        page.evaluate(
            "addEventListener('click', () => { seen.click = performance.now(); }, { capture: true, once: true })"
        )
        option.click()
        page.evaluate(UNTIL, f"map.scale.kind === '{kind}' && !map.frame")
        times.append(page.evaluate("performance.now() - seen.click"))
        assert page.evaluate("map.rows.panes[0].view.state") == view, "the zoom moved"
        page.wait_for_timeout(400)
    return {"click to picture": median(times) / 1000}


def panning(page: Page, repeat: int) -> dict[str, float]:
    """Frames a second while the map moves, and how long the whole picture takes."""
    page.evaluate(PAN, 800)
    runs = [page.evaluate(PAN, 2500) for _ in range(repeat)]
    page.wait_for_timeout(500)
    full = [page.evaluate(FULL) for _ in range(repeat)]
    return {
        "frames a second": median(run["fps"] for run in runs),
        "95 % of frames within, s": median(run["worst"] for run in runs) / 1000,
        "share drawn while moving": median(run["share"] for run in runs),
        "whole picture, s": median(full) / 1000,
    }


def scrubbing(page: Page, repeat: int) -> dict[str, float]:
    """Messages while 20 steps are scrubbed, and frames a second."""
    messages: list[str] = []
    page.on("request", lambda request: messages.append(request.url))
    page.on("websocket", lambda _: messages.append("a socket"))
    sent = page.evaluate(
        "() => { window.sent = 0; const send = WebSocket.prototype.send;"
        " WebSocket.prototype.send = function (data) { window.sent++; send.call(this, data); }; return 0; }"
    )
    runs = []
    for _ in range(repeat):
        script = """
        () => new Promise((resolve) => {
          const start = performance.now();
          let frames = 0;
          const step = (now) => {
            const share = Math.min(1, Math.max(0, now - start) / 3000);
            map.goToStep(19 * share);
            frames++;
            if (share < 1) requestAnimationFrame(step);
            else resolve(1000 * frames / (now - start));
          };
          requestAnimationFrame(step);
        })
        """
        runs.append(page.evaluate(script))
    page.wait_for_timeout(600)
    sent = page.evaluate("window.sent")
    return {"frames a second": median(runs), "requests": len(messages), "messages sent": sent}


def measured(browser: Browser, address: str, repeat: int) -> dict[str, dict[str, float]]:
    """Everything, by name."""
    found: dict[str, dict[str, float]] = {}

    def note(name: str, measure: Callable[[], dict[str, float]]) -> None:
        found[name] = measure()
        print(name, {key: round(value, 3) for key, value in found[name].items()}, file=sys.stderr)

    for painter in ("auto", "gpu"):
        url = f"{address}/?n=100000&clusters=12&painter={painter}"
        note(f"100,000 points, {painter}: load", lambda url=url: loading(browser, url, repeat))
        with opened(browser, url) as page:
            note(f"100,000 points, {painter}: lasso", lambda p=page: lassoing(p, repeat))
            note(f"100,000 points, {painter}: recolour", lambda p=page: recolouring(p, repeat))
            note(f"100,000 points, {painter}: pan", lambda p=page: panning(p, repeat))
    for painter in ("auto", "gpu"):
        url = f"{address}/?n=1000000&clusters=12&painter={painter}"
        note(f"1,000,000 points, {painter}: load", lambda url=url: loading(browser, url, 3))
        with opened(browser, url) as page:
            note(f"1,000,000 points, {painter}: pan", lambda p=page: panning(p, 3))
            note(f"1,000,000 points, {painter}: lasso", lambda p=page: lassoing(p, 3))
            note(f"1,000,000 points, {painter}: recolour", lambda p=page: recolouring(p, 2))
    with opened(browser, f"{address}/?n=20000&steps=20") as page:
        note("20 steps of 20,000 points: scrub", lambda: scrubbing(page, repeat))
    return found


def main() -> None:
    """Measures everything and prints a table, or JSON."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "tests/browser/map_app.py")]
        log = Path(folder) / "map.log"
        with serving(command, Path(folder) / "home", log, ROOT / "app") as address:
            browser = launched(playwright)
            found = measured(browser, address, options.repeat)
            browser.close()
    if options.json:
        print(json.dumps(found))
        return
    print("| what | measure | value |\n|---|---|---|")
    for what, values in found.items():
        for name, value in values.items():
            print(
                f"| {what} | {name} | {value:,.3g} |"
                if value < 1000
                else f"| {what} | {name} | {value:,.0f} |"
            )


if __name__ == "__main__":
    main()
