"""The page Latent map in a real browser: find, lasso, save, colour, switch, step, compare, take away."""

from __future__ import annotations

import io
import os
import re
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from engine.data.corpus import Corpus
from engine.maps import codes
from engine.maps.codes import Codes
from engine.runs import store
from tests.browser.driving import Map, star

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SUBJECTS = ("cat", "dog", "bird", "child", "woman", "man", "fox", "hen")
VERBS = ("sees", "likes", "finds", "wants", "hears")
OBJECTS = ("house", "tree", "river", "ball", "song", "road", "boat", "coat", "bell", "field")
SMALL = [
    "data.name=animals",
    "model.latent.size=6",
    "objective.beta=0.02",
    "model.encoder.hidden=32",
    "model.decoder.hidden=32",
    "training.epochs=12",
    "training.max_steps=200",
    "training.batch_size=16",
    "training.plateau=null",
    "training.keep_every=40",
    "training.device=cpu",
    "training.precision=float32",
    "evaluation.mi_rows=50",
]


@pytest.fixture(scope="module", autouse=True)
def trained(home: Path) -> Path:
    """A data set and two runs on it, of which some checkpoints were kept."""
    from engine.data.importing import import_path
    from engine.experiment import override
    from engine.presets import preset
    from engine.runs.worker import work

    home.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSCAPE_HOME", str(home))
        lines = [f"the {s} {v} the {o} .\t{s}" for s in SUBJECTS for v in VERBS for o in OBJECTS]
        (home / "animals.tsv").write_text("text\tlabel\n" + "\n".join(lines) + "\n")
        import_path(home / "animals.tsv", "animals")
        for name, seed in {"one": 1, "other": 2}.items():
            config = override(preset("quick"), [*SMALL, f"seed={seed}"])
            status = work(store.create(config.model_dump(mode="json"), name))
            assert status.state == "finished", status.message
    return home


@pytest.fixture
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app's home as this process's, so that a test can look at what the app wrote."""
    monkeypatch.setenv("ZSCAPE_HOME", str(home))
    return home


class Workbench(Map):
    """The page around the map."""

    def ready(self) -> Workbench:
        self.settle()
        expect(self.tab.locator("[data-testid=stException]")).to_have_count(0)
        return self

    def keyed(self, key: str) -> Locator:
        return self.tab.locator(f".st-key-{key}")

    def colour(self, name: str) -> None:
        self.keyed("colour").get_by_role("combobox").click()
        self.tab.get_by_role("option", name=name, exact=True).click()

    def legend(self) -> Locator:
        return self.root.locator(".lm-legend header b")

    def panel(self, name: str) -> None:
        self.keyed("map-panel").get_by_text(name, exact=True).click()

    def project(self, name: str) -> None:
        self.keyed("map-projection").get_by_role("button").first.click()
        self.keyed("projection").get_by_role("combobox").click()
        self.tab.get_by_role("option", name=name, exact=True).click()

    def side(self) -> Locator:
        return self.keyed("map-side")

    def lasso(self, x: float, y: float, radius: float = 110) -> int:
        """Draw around a place of the world; how many rows were caught."""
        self.draw(star(*self.screen(x, y), radius), "Shift")
        return int(self.ask("map => map.selectedCount"))

    def zoom(self) -> dict[str, float]:
        """Zoom in a little, away from the middle; what is shown then."""
        box = self.stage.bounding_box()
        assert box is not None
        self.tab.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.6)
        self.tab.mouse.wheel(0, -300)
        self.settle()
        return self.view()


@pytest.fixture
def opened(tab: Page, address: str) -> Any:
    """Opens the page on the run "one" with all training rows."""

    def open_page(query: str = "") -> Workbench:
        tab.goto(f"{address}/latent_map?run=one&split=training&{query}")
        return Workbench(tab).ready()

    return open_page


@pytest.fixture
def encoded(at_home: Path, opened: Any) -> Codes:
    """What the app has encoded."""
    opened()
    found = codes.find(codes.Request(store.find("one"), "best", "train"))
    assert found is not None
    return found


def test_a_sentence_is_found_by_meaning(opened: Any) -> None:
    bench = opened()
    bench.tab.get_by_placeholder("Type a sentence").fill("the fox hears the bell .")
    bench.tab.keyboard.press("Enter")
    expect(bench.side()).to_contain_text("20 nearest in the latent space")
    bench.settle()
    assert bench.ask("map => map.overlays.stars[0].text") == "the fox hears the bell ."
    assert bench.ask("map => map.selectedCount") == 20
    first = bench.tab.locator("[class*=st-key-map-list-near] button").first
    sentence = re.sub(r"^[\d.]+ ", "", first.inner_text())
    first.click()
    expect(bench.side().locator(".zs-said")).to_have_text(sentence)
    expect(bench.side()).to_contain_text("Its code decodes to")
    assert bench.ask("map => map.texts.at(map.pointing.focus)") == sentence
    count = bench.lasso(0, 0)
    expect(bench.side()).to_contain_text(f"{count} selected of")


def test_a_lasso_is_read_saved_and_coloured_by(opened: Any, at_home: Path) -> None:
    from engine.data import slices

    bench = opened()
    count = bench.lasso(0, 0)
    assert count > 5
    expect(bench.side()).to_contain_text(f"{count} selected of {bench.ask('map => map.rows.n')}")
    expect(bench.side()).to_contain_text("Their middle decodes to")
    expect(bench.side().locator(".zs-share").first).to_be_visible()
    rows = bench.ask("map => map.chosen.now.rows().map((row) => map.numbers[row])")
    bench.tab.get_by_placeholder("Name", exact=True).fill("the middle")
    bench.tab.keyboard.press("Enter")
    expect(bench.side()).to_contain_text("Saved as the middle")
    assert slices.find(Corpus.open("animals"), "the middle").rows == tuple(sorted(rows))
    view = bench.zoom()
    bench.colour("slice")
    expect(bench.legend()).to_have_text("slice")
    expect(bench.root.locator(".lm-legend li").first).to_contain_text(f"the middle{count}")
    bench.colour("reconstruction")
    expect(bench.legend()).to_contain_text("reconstruction")
    assert bench.settle().view() == pytest.approx(view), "zoom and pan are as they were"
    assert bench.ask("map => map.selectedCount") == count, "and so is the selection"
    bench.tab.keyboard.press("Escape")
    bench.panel("Slices")
    bench.side().get_by_role("button", name="Select", exact=True).click()
    expect(bench.side()).to_contain_text(f"{count} selected of")


def test_a_slice_is_renamed_and_deleted_only_after_a_question(opened: Any, at_home: Path) -> None:
    from engine.data import slices

    data = Corpus.open("animals")
    slices.save(data, "odd", "train", [1, 3, 5])
    bench = opened()
    bench.panel("Slices")
    for action, press in (("Rename", "Rename it"), ("Delete", "Delete it")):
        bench.keyed("map-more-odd" if action == "Rename" else "map-more-uneven").get_by_role(
            "button"
        ).click()
        bench.tab.get_by_role("menuitem", name=action).or_(
            bench.tab.get_by_role("option", name=action)
        ).click()
        dialog = bench.tab.get_by_role("dialog")
        if action == "Rename":
            dialog.get_by_label("Name").fill("uneven")
        dialog.get_by_role("button", name=press).click()
        expect(dialog).to_have_count(0)
        expect(bench.side().get_by_text("uneven")).to_have_count(int(action == "Rename"))
    assert "uneven" not in {one.name for one in slices.shelf(data).slices}


def test_a_projection_is_switched_and_back_without_losing_the_selection(
    opened: Any, encoded: Codes
) -> None:
    bench = opened()
    before = bench.ask("map => [...map.rows.panes[0].xy.slice(0, 20)]")
    count = bench.lasso(0, 0)
    bench.project("PaCMAP")
    bench.keyed("map-apply").get_by_role("button").click()
    bench.tab.keyboard.press("Escape")
    expect(bench.tab.get_by_text("how far clusters lie apart")).to_be_visible()
    bench.settle()
    assert bench.ask("map => [...map.rows.panes[0].xy.slice(0, 20)]") != before
    assert bench.ask("map => map.selectedCount") == count
    expect(bench.keyed("map-line").get_by_text("trustworthiness").first).to_be_visible()
    bench.project("Principal components")
    expect(bench.tab.get_by_text("how far clusters lie apart")).to_have_count(0)
    bench.tab.keyboard.press("Escape")
    bench.settle()
    assert bench.ask("map => [...map.rows.panes[0].xy.slice(0, 20)]") == pytest.approx(before)
    bench.project("PaCMAP")
    expect(bench.tab.get_by_text("how far clusters lie apart")).to_be_visible(timeout=5000)
    assert "projection=PaCMAP" in bench.tab.url


def test_training_is_scrubbed_with_trails_and_without_asking_the_server(
    opened: Any, tab: Page
) -> None:
    said: list[Any] = []
    tab.on("websocket", lambda socket: socket.on("framesent", lambda frame: said.append(frame)))
    bench = opened("view=Training")
    names = bench.ask("map => map.rows.stepNames")
    assert names[:2] == ["step 40", "step 80"] and len(names) >= 5
    count = bench.lasso(*bench.ask("map => [...map.rows.panes[0].xy.slice(0, 2)]"), 60)
    assert count
    expect(bench.side()).to_contain_text(f"{count} selected")
    bench.tab.wait_for_timeout(1500)
    bench.tab.wait_for_function(
        "() => !document.querySelector('[data-testid=stStatusWidget]')", timeout=60_000
    )
    said.clear()
    slider = bench.root.get_by_role("slider")
    places = []
    for key in ("Home", "ArrowRight", "ArrowRight", "End"):
        slider.press(key)
        bench.settle()
        places.append(bench.ask("map => [map.step, ...map.rows.panes[0].xy.slice(0, 6)]"))
    bench.root.get_by_role("button", name="Play the steps").click()
    expect(bench.root.locator(".lm-step-name")).to_have_text(names[-1])
    bench.settle()
    assert [place[0] for place in places] == [0, 1, 2, len(names) - 1]
    assert len({str(place[1:]) for place in places}) == 4, "the points move with the steps"
    assert said == [], "every step is in the browser already"
    assert bench.ask("map => map.selectedCount") == count


def test_two_runs_lie_side_by_side_with_one_selection(opened: Any) -> None:
    bench = opened("view=Compare&with=other")
    assert bench.ask("map => map.rows.panes.map((pane) => pane.title)") == [
        "one, best",
        "other, best",
    ]
    expect(bench.keyed("map-line")).to_contain_text("neighbourhood change")
    count = bench.lasso(0, 0, 70)
    expect(bench.side()).to_contain_text(f"{count} selected")
    slots = bench.ask("map => map.rows.selectedSlots()")
    left, right = bench.ask(
        "(map, slots) => map.rows.panes.map((pane) => slots.map((slot) => pane.xy[2 * slot]))",
        slots,
    )
    assert len(left) == len(right) == count and left != right
    bench.colour("neighbourhood change")
    expect(bench.legend()).to_contain_text("neighbourhood change")


def test_a_point_leads_to_interpolate_and_to_sample(opened: Any, encoded: Codes) -> None:
    bench = opened()
    bench.tab.get_by_placeholder("Type a sentence").fill("the fox hears the bell .")
    bench.tab.keyboard.press("Enter")
    for place, letter in ((0, "A"), (7, "B")):
        bench.panel("Search")
        bench.tab.locator("[class*=st-key-map-list-near] button").nth(place).click()
        bench.side().get_by_role("button", name=f"Set as {letter}").click()
        expect(bench.side().get_by_role("button", name=f"Set as {letter}")).to_be_disabled()
    bench.tab.wait_for_function(
        "root => root.latentMap.overlays.paths?.[0]?.stops.length === 11",
        arg=bench.root.element_handle(),
    )
    sentence = bench.side().locator(".zs-said").inner_text()
    bench.side().get_by_role("button", name="Interpolate from A to B").click()
    expect(bench.tab.get_by_label("B", exact=True)).to_have_value(sentence)
    expect(bench.tab.locator(".zs-strip")).to_be_visible()
    bench.tab.get_by_role("link", name="Latent map").click()
    bench.ready()
    bench.panel("Point")
    bench.side().get_by_role("button", name="Sample around").click()
    expect(bench.tab.get_by_label("Sentence", exact=True)).to_have_value(sentence)


# -- what is taken away ------------------------------------------------------------------------------


def saved(bench: Workbench, key: str) -> tuple[str, bytes]:
    with bench.tab.expect_download() as download:
        bench.keyed(f"map-export-{key}").get_by_role("button").first.click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_each_export_can_be_opened(opened: Any, encoded: Codes) -> None:
    bench = opened("colour=length")
    count = bench.lasso(0, 0)
    expect(bench.side()).to_contain_text(f"{count} selected")
    bench.keyed("map-export").get_by_role("button").first.click()
    name, content = saved(bench, "parquet")
    table = pd.read_parquet(io.BytesIO(content))
    assert name == "map-one.parquet" and table["text"].tolist() == encoded.texts
    assert table["row"].tolist() == encoded.indices.tolist() and "map_pc_1" in table
    assert np.allclose(table[[f"z{unit}" for unit in range(6)]], encoded.codes)
    assert (table["length"] == 6).all() and table["label"].tolist() == encoded.labels
    name, content = saved(bench, "csv")
    assert pd.read_csv(io.BytesIO(content))["text"].tolist() == encoded.texts
    bench.tab.get_by_text("the selection", exact=True).click()
    expect(bench.keyed("map-export-rows").get_by_text("the selection")).to_be_visible()
    bench.tab.wait_for_timeout(1500)
    name, content = saved(bench, "projector")
    with zipfile.ZipFile(io.BytesIO(content)) as pack:
        vectors = pack.read("vectors.tsv").decode().splitlines()
        metadata = pack.read("metadata.tsv").decode().splitlines()
    assert len(vectors) == count and len(metadata) == count + 1


def test_the_map_opens_as_a_page_of_its_own_and_as_pictures(
    opened: Any, encoded: Codes, tmp_path: Path
) -> None:
    bench = opened()
    for item in ("Save as picture", "Save as drawing"):
        bench.tool("More").click()
        with bench.tab.expect_download() as download:
            bench.root.get_by_role("menuitem", name=item).click()
        content = Path(download.value.path()).read_bytes()
        if item == "Save as picture":
            assert Image.open(io.BytesIO(content)).width > 800
        else:
            assert ElementTree.fromstring(content.decode()).tag.endswith("svg")
    bench.keyed("map-export").get_by_role("button").first.click()
    name, content = saved(bench, "html")
    file = tmp_path / name
    file.write_bytes(content)
    asked: list[str] = []
    bench.tab.on("request", lambda request: asked.append(request.url))
    bench.tab.goto(file.as_uri())
    alone = Map(bench.tab).settle()
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []
    expect(bench.tab.get_by_role("heading")).to_have_text("Principal components of run one, best")
    assert alone.ask("map => map.rows.n") == len(encoded.texts)
    assert alone.ask("map => map.texts.at(3)") == encoded.texts[3]
    alone.draw(star(*alone.screen(0, 0), 110), "Shift")
    assert alone.ask("map => map.selectedCount") > 5


def test_a_reload_finds_the_encoding_that_is_under_way(
    tab: Page, address: str, at_home: Path
) -> None:
    tab.goto(f"{address}/latent_map?run=other&split=training")
    tab.reload()
    Workbench(tab).ready()
    assert os.listdir(store.find("other").cache)
