"""A hand on the latent map in a browser: where things are, how to draw, what Python was told."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from playwright.sync_api import Locator, Page, expect

SETTLED = "map => map.rows && map.texts && !map.moving && !map.glides.size && !map.frame"


class Map:
    """The map on a page, and what the page says of it."""

    def __init__(self, tab: Page) -> None:
        self.tab = tab
        self.root = tab.locator(".lm")
        self.stage = tab.locator(".lm-stage")

    def ask(self, question: str, *values: Any) -> Any:
        """Evaluate ``(map, values) => ...`` with the map's own object."""
        return self.root.evaluate(
            f"(root, values) => ({question})(root.latentMap, ...values)", values
        )

    def settle(self) -> Map:
        self.root.wait_for()
        handle = self.root.element_handle()
        self.tab.wait_for_function(f"root => ({SETTLED})(root.latentMap)", arg=handle)
        return self

    def told(self, name: str) -> str:
        """What Python printed."""
        line = self.tab.locator("[data-testid=stCode]").inner_text()
        return re.search(rf"\b{name}=(\S*)", line).group(1)  # type: ignore[union-attr]

    def expect_told(self, name: str, value: object) -> None:
        code = self.tab.locator("[data-testid=stCode]")
        expect(code).to_contain_text(re.compile(rf"\b{name}={re.escape(str(value))}(?!\S)"))

    def screen(self, x: float, y: float, pane: int = 0) -> tuple[float, float]:
        """Where a place of the world is in the window."""
        box = self.stage.bounding_box()
        assert box is not None
        script = "(map, pane, x, y) => map.rows.panes[pane].view.toScreen(x, y)"
        left, top = self.ask(script, pane, float(x), float(y))
        return box["x"] + left, box["y"] + top

    def world(self, left: float, top: float, pane: int = 0) -> tuple[float, float]:
        """Where a place of the window is in the world."""
        box = self.stage.bounding_box()
        assert box is not None
        script = "(map, pane, left, top) => map.rows.panes[pane].view.toWorld(left, top)"
        x, y = self.ask(script, pane, float(left - box["x"]), float(top - box["y"]))
        return x, y

    def draw(self, outline: list[tuple[float, float]], *keys: str) -> None:
        """Draw through these places of the window with the button down."""
        for key in keys:
            self.tab.keyboard.down(key)
        self.tab.mouse.move(*outline[0])
        self.tab.mouse.down()
        for place in outline[1:]:
            self.tab.mouse.move(*place)
        self.tab.mouse.up()
        for key in keys:
            self.tab.keyboard.up(key)

    def view(self, pane: int = 0) -> dict[str, float]:
        return self.ask("(map, pane) => map.rows.panes[pane].view.state", pane)

    def tool(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name)

    def choose(self, option: str) -> None:
        """Colour by something else, from Python."""
        self.tab.get_by_role("combobox", name="Colour by").click()
        self.tab.get_by_role("option", name=option, exact=True).click()


def star(left: float, top: float, radius: float, points: int = 7) -> list[tuple[float, float]]:
    """An outline that no box and no hull would match, in whole pixels as a mouse gives them."""
    angles = np.arange(2 * points) * np.pi / points
    reach = np.where(np.arange(2 * points) % 2, radius, radius * 0.45)
    return [
        (round(left + r * np.cos(a)), round(top + r * np.sin(a))) for a, r in zip(angles, reach)
    ]
