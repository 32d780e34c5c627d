"""The page Latent map on a small trained run: rows, projections, colours, the panel, what is said when it cannot be."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import jobs, loaders
from app.latent_map import wire
from app.map_page import choosing
from engine.data import slices
from engine.data.corpus import Corpus
from engine.explore.projections.base import arranged
from engine.maps import codes, projecting
from engine.runs import store

Open = Callable[..., AppTest]
Said = Callable[[AppTest], str]
ROWS = 96


@pytest.fixture
def opened(page: Open, trained: Path) -> Open:
    """Opens the map of all training rows, which are encoded already."""
    codes.obtain(asked(), loaders.host())

    def open_map(**query: str) -> AppTest:
        return page("latent_map", **({"run": "tiny", "split": "training"} | query))

    return open_map


def asked(checkpoint: str = "best", split: str = "train") -> codes.Request:
    return codes.Request(store.find("tiny"), checkpoint, split)


def sent(app: AppTest) -> dict[str, Any]:
    """What the page told the map."""
    assert not app.exception, "\n".join(app.exception[0].stack_trace)
    return json.loads(app.get("bidi_component")[0].proto.json)


def pick(app: AppTest, rows: list[int], focus: int | None = None, panel: str = "") -> AppTest:
    """As if a person had selected rows and clicked one."""
    told = sent(app)
    picked = {
        "rows": told["points"]["rows"],
        "base": told["selection"]["version"],
        "packed": wire.pack_rows(np.asarray(rows, int), told["points"]["n"]) if rows else None,
        "focus": focus,
        "step": 0,
    }
    app.session_state[choosing.KEY] = {"picked": picked}
    if panel:
        app.session_state[choosing.PANEL] = panel
    return app.run()


def button(app: AppTest, label: str) -> Any:
    return next(each for each in app.button if each.label == label)


def selected(app: AppTest) -> list[int]:
    """The selection that Python made."""
    told = sent(app)
    return wire.unpack_rows(told["selection"]["packed"], told["points"]["n"]).tolist()


def badges(app: AppTest) -> str:
    return "\n".join(element.value for element in app.markdown)


# -- rows --------------------------------------------------------------------------------------------


def test_rows_are_encoded_in_the_background_and_found_again(
    page: Open, trained: Path, wait_until: Callable[..., None], said: Said
) -> None:
    shutil.rmtree(store.find("tiny").cache)
    app = page("latent_map", run="tiny", split="test")
    assert "being encoded" in said(app) and app.button(key=jobs.live("codes:")[0].key and _cancel())
    wait_until(app, lambda shown: shown.get("bidi_component"))
    assert "Showing 12 of 12 test sentences" in said(app)
    told = sent(app)
    assert told["points"]["n"] == 12 and told["colour"]["kind"] == "categories"
    assert set(told["colour"]["names"]) <= {"cat", "dog", "bird", "child", "woman", "man"}
    again = page("latent_map", run="tiny", split="test")
    assert again.get("bidi_component"), "the second visit finds the codes on disk"
    assert not jobs.live("codes:")


def _cancel() -> str:
    return f"cancel-{jobs.live('codes:')[0].key}"


def test_fewer_rows_are_a_choice_that_is_said(opened: Open, said: Said) -> None:
    codes.obtain(replace(asked(), n=50), loaders.host())
    app = opened()
    assert app.select_slider(key="n").options == ["all"]
    assert f"Showing {ROWS} of {ROWS} training sentences" in said(app)


def test_a_cancelled_encoding_waits_to_be_asked_again(
    page: Open, trained: Path, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    def stopped(*_: Any) -> None:
        raise jobs.Cancelled("Encoding: stopped before it was done; nothing was kept")

    monkeypatch.setattr(codes, "encode", stopped)
    shutil.rmtree(store.find("tiny").cache)
    app = page("latent_map", run="tiny")
    for _ in range(100):
        if any("stopped before" in info.value for info in app.info):
            break
        app.run()
    assert "stopped before it was done" in said(app)
    assert not jobs.live("codes:"), "it is not begun again unasked"
    button(app, "Try again").click()
    for job in jobs.ended("codes:"):
        jobs.dismiss(job.key)


def test_an_empty_split_says_so(opened: Open, monkeypatch: pytest.MonkeyPatch, said: Said) -> None:
    monkeypatch.setattr("app.map_page.rows.rows_of", lambda run, split: 0)
    assert "has no training rows" in said(opened())


def test_data_that_are_gone_are_missed_in_words(opened: Open, trained: Path, said: Said) -> None:
    folder = trained / "datasets" / "animals"
    hidden = folder.rename(folder.with_name(".animals"))
    try:
        app = opened()
        assert "The data set is gone" in said(app) and "learned from animals" in said(app)
    finally:
        hidden.rename(folder)


def test_a_damaged_cache_is_encoded_anew(
    opened: Open, wait_until: Callable[..., None], said: Said
) -> None:
    asked().file.write_bytes(b"half a fi")
    app = opened()
    wait_until(app, lambda shown: shown.get("bidi_component"))
    assert f"Showing {ROWS} of {ROWS}" in said(app)


# -- projections -------------------------------------------------------------------------------------


def test_linear_maps_have_axes_with_their_shares_and_pickers(opened: Open) -> None:
    app = opened()
    assert sent(app)["about"]["axes"][0].startswith("PC 1 (")
    app.selectbox(key="y").set_value(2).run()
    assert sent(app)["about"]["axes"][1].startswith("PC 3 (")
    app.selectbox(key="projection").set_value("units").run()
    assert sent(app)["about"]["axes"][1].startswith("z[1] ("), "another projection, other axes"


def test_a_link_carries_the_choices(opened: Open) -> None:
    app = opened(projection="Latent units", y="z[3]", colour="length")
    told = sent(app)
    assert told["about"]["axes"][1].startswith("z[3]") and told["colour"]["title"] == "length"
    link = app.session_state["note:link-latent_map"]
    assert link == {
        "split": "training", "projection": "Latent units", "y": "z[3]", "colour": "length"
    }  # fmt: skip


def test_a_slow_map_is_made_when_asked_and_found_at_once_when_one_comes_back(
    opened: Open, monkeypatch: pytest.MonkeyPatch, wait_until: Callable[..., None], said: Said
) -> None:
    places = np.random.default_rng(0).normal(size=(ROWS, 2))
    monkeypatch.setattr(
        projecting, "project", lambda _, z, *__: arranged(z, places, "PaCMAP", ("fewer",))
    )
    host = loaders.host()
    monkeypatch.setattr(
        projecting, "run", lambda request, told: projecting.make(request, host, told)
    )
    app = opened()
    before = sent(app)["points"]["panes"]
    app.selectbox(key="projection").set_value("pacmap").run()
    assert "PaCMAP of these 96 sentences is not made yet" in said(app)
    assert sent(app)["points"]["panes"] == before, "until then the last map stays"
    app.button(key="map-apply").click().run()
    wait_until(app, lambda shown: sent(shown)["points"]["panes"] != before)
    text = said(app)
    assert (
        "how far clusters lie apart" in text
        and "fewer" in text
        and sent(app)["about"]["axes"] is None
    )
    wait_until(app, lambda shown: "trustworthiness" in badges(shown))
    made = sent(app)["points"]["panes"]
    app.selectbox(key="projection").set_value("pca").run()
    assert sent(app)["points"]["panes"] == before
    app.selectbox(key="projection").set_value("pacmap").run()
    assert sent(app)["points"]["panes"] == made and not jobs.live("map:")


def test_a_map_that_cannot_be_made_says_why_and_leaves_the_last_one(
    opened: Open, monkeypatch: pytest.MonkeyPatch, wait_until: Callable[..., None], said: Said
) -> None:
    from engine.config import EngineError

    def fails(request: Any, told: Any) -> None:
        raise EngineError("the process that makes the map was ended from outside; take fewer")

    monkeypatch.setattr(projecting, "run", fails)
    app = opened(projection="UMAP")
    app.button(key="map-make").click().run()
    wait_until(app, lambda shown: shown.error)
    assert "take fewer" in said(app) and sent(app)["points"]["n"] == ROWS
    button(app, "Try again").click()
    for job in jobs.ended("map:"):
        jobs.dismiss(job.key)


def test_a_custom_axis_leads_from_one_label_to_another(opened: Open, said: Said) -> None:
    app = opened(projection="Custom axis")
    app.selectbox(key="map-away").set_value("label: cat").run()
    app.selectbox(key="map-towards").set_value("label: dog").run()
    assert sent(app)["about"]["axes"][0].startswith("cat → dog (")
    app.selectbox(key="map-towards").set_value("label: cat").run()
    assert "choose two different ones" in said(app) and sent(app)["points"]["n"] == ROWS


# -- colours -----------------------------------------------------------------------------------------


def test_every_row_has_numbers_to_be_coloured_by(opened: Open) -> None:
    app = opened()
    box = app.selectbox(key="colour")
    assert box.options[0] == "label" and "slice" not in box.options
    first = sent(app)
    for name, unit in {"length": "words", "reconstruction": "nats", "KL": "nats"}.items():
        app.selectbox(key="colour").set_value(name).run()
        told = sent(app)
        assert (told["colour"]["title"], told["colour"]["unit"]) == (name, unit)
        assert told["points"] == first["points"], "another colour leaves the points alone"
        assert told["labels"]["title"] == "label", "the card still tells the label"
    app.selectbox(key="colour").set_value("nothing").run()
    assert sent(app)["colour"] is None


def test_clusters_are_looked_for_in_the_background(
    opened: Open, monkeypatch: pytest.MonkeyPatch, wait_until: Callable[..., None]
) -> None:
    from engine.maps import clustering

    host = loaders.host()
    monkeypatch.setattr(
        clustering, "run", lambda request, told: clustering.make(request, host, told)
    )
    app = opened()
    app.selectbox(key="colour").set_value("cluster").run()
    wait_until(app, lambda shown: (sent(shown)["colour"] or {}).get("title") == "cluster")
    assert len(sent(app)["colour"]["names"]) == 12
    app.number_input(key="map-set.k_means.clusters").set_value(3).run()
    assert len(sent(app)["colour"]["names"]) == 12, "not before it is asked for"
    app.button(key="map-cluster-apply").click().run()
    wait_until(app, lambda shown: len((sent(shown)["colour"] or {"names": ()})["names"]) == 3)
    assert sent(app)["colour"]["names"][0].startswith("1: ")


# -- the panel ---------------------------------------------------------------------------------------


def test_a_clicked_point_is_told_with_what_comes_back_of_it(opened: Open, said: Said) -> None:
    app = pick(opened(), [], focus=7, panel="Point")
    data = Corpus.open("animals")
    text = said(app)
    assert data.texts("train", [7])[0] in text and "Row 7 of training" in text
    assert "% match" in text and "every one looked at" in text
    assert {metric.label for metric in app.metric} == {"KL", "Reconstruction"}
    assert sent(app)["overlays"]["ellipses"], "μ ± σ of the point"
    nearest = [each for each in app.button if (each.key or "").startswith("map-neighbour-")]
    assert len(nearest) == 10
    nearest[0].click().run()
    row = int(nearest[0].key.rpartition("-")[2])
    assert sent(app)["selection"]["focus"] == row and selected(app) == []
    app.segmented_control(key="map-measure-by").set_value("symmetrised KL").run()
    button(app, "Select these").click().run()
    assert row in selected(app) and len(selected(app)) == 11


def test_a_and_b_lead_to_an_interpolation_and_its_way_is_on_the_map(opened: Open) -> None:
    app = pick(opened(), [], focus=3, panel="Point")
    assert not any(each.key == "map-interpolate" for each in app.button)
    app.button(key="map-set-A").click().run()
    assert app.button(key="map-interpolate").disabled
    pick(app, [], focus=60)
    app.button(key="map-set-B").click().run()
    [path] = sent(app)["overlays"]["paths"]
    assert len(path["stops"]) == 11 and path["labels"][0] == "A" and path["labels"][-1] == "B"
    app.toggle(key="map-path").set_value(False).run()
    assert not sent(app)["overlays"]["paths"]
    a, b = Corpus.open("animals").texts("train", [3, 60])
    app.button(key="map-interpolate").click().run()
    assert app.text_input(key="a").value == a and app.text_input(key="b").value == b


def test_a_selection_is_summarised(opened: Open, said: Said) -> None:
    app = pick(opened(), list(range(10)), panel="Selection")
    text = said(app)
    assert "**10 selected** of 96" in text and "Their middle decodes to" in text
    assert "zs-share" in text and "Distinctive words" in text
    button(app, "Clear").click().run()
    assert selected(app) == [] and "Nothing selected" in said(app)


def test_a_slice_is_saved_shown_renamed_and_deleted(opened: Open, said: Said) -> None:
    app = pick(opened(), [2, 3, 5], panel="Selection")
    app.text_input(key="map-slice-name").set_value("primes")
    app.button(key="map-slice-save").click().run()
    data = Corpus.open("animals")
    try:
        assert "Saved as primes" in said(app)
        assert slices.find(data, "primes").rows == (2, 3, 5)
        app.selectbox(key="colour").set_value("slice").run()
        assert sent(app)["colour"]["names"] == ["primes"]
        app.segmented_control(key=choosing.PANEL).set_value("Slices").run()
        assert "**primes**" in said(app) and "3 on the map" in said(app)
        app.button(key="map-slice-primes").click().run()
        assert selected(app) == [2, 3, 5]
        slices.rename(data, "primes", "first primes")
        app.segmented_control(key=choosing.PANEL).set_value("Slices").run()
        assert "first primes" in said(app), "a slice renamed elsewhere is read anew"
    finally:
        for one in slices.shelf(data).slices:
            slices.delete(data, one.name)


def test_a_slice_with_a_bad_name_is_refused_in_words(opened: Open, said: Said) -> None:
    app = pick(opened(), [2, 3], panel="Selection")
    app.text_input(key="map-slice-name").set_value("?!")
    app.button(key="map-slice-save").click().run()
    assert "choose another name" in said(app)


def test_a_stale_slice_says_why(opened: Open, said: Said) -> None:
    data = Corpus.open("animals")
    one = slices.save(data, "old", "train", [1, 2])
    path = next(slices.folder("animals").glob("old-*.json"))
    path.write_text(one.model_copy(update={"fingerprint": "other"}).model_dump_json())
    try:
        app = opened()
        app.segmented_control(key=choosing.PANEL).set_value("Slices").run()
        assert "row numbers point at strangers" in said(app)
        assert "slice" not in app.selectbox(key="colour").options
    finally:
        slices.delete(data, "old")


def test_words_and_patterns_are_found_and_selected(opened: Open, said: Said) -> None:
    app = opened()
    app.segmented_control(key="map-search-kind").set_value("text").run()
    app.text_input(key="map-search-text").set_value("river").run()
    texts = Corpus.open("animals").texts("train")
    expected = [row for row, text in enumerate(texts) if "river" in text]
    assert selected(app) == expected and f"{len(expected)} of 96 sentences have it" in said(app)
    app.selectbox(key="colour").set_value("search").run()
    assert sent(app)["colour"]["title"] == "matches"
    app.segmented_control(key="map-search-kind").set_value("pattern").run()
    app.text_input(key="map-search-text").set_value("(cat|dog) sees").run()
    assert len(selected(app)) == sum("cat sees" in text or "dog sees" in text for text in texts)
    app.text_input(key="map-search-text").set_value("(cat").run()
    assert "is no regular expression" in said(app) and sent(app)["points"]["n"] == ROWS
    app.text_input(key="map-search-text").set_value("zebra").run()
    assert "No sentence on the map has it" in said(app) and selected(app) == []


def test_a_typed_sentence_is_a_star_and_its_nearest_are_selected(opened: Open, said: Said) -> None:
    app = opened()
    app.text_input(key="map-search-text").set_value("the zebra sees the house .").run()
    [star] = sent(app)["overlays"]["stars"]
    assert (
        star["text"] == "the zebra sees the house ." and np.isfinite([star["x"], star["y"]]).all()
    )
    assert len(selected(app)) == 20 and "20 nearest in the latent space, of 96" in said(app)
    assert r"not in the vocabulary\: zebra" in said(app)
    found = [each for each in app.button if (each.key or "").startswith("map-near-")]
    assert len(found) == 20
    found[0].click().run()
    assert app.segmented_control(key=choosing.PANEL).value == "Point"
    assert len(selected(app)) == 20, "a click on one of them leaves them selected"


# -- other views -------------------------------------------------------------------------------------


def test_training_is_shown_at_all_checkpoints_in_one_frame(
    opened: Open, wait_until: Callable[..., None], said: Said
) -> None:
    app = opened(view="Training")
    wait_until(app, lambda shown: shown.get("bidi_component"))
    told = sent(app)
    assert told["points"]["steps"] == ["step 6", "step 12"]
    assert "Principal components of" in said(app)
    assert "Only 2 checkpoints are here. A run keeps more where Keep every is set" in said(app)
    assert app.toggle(key="map-no-path").disabled
    app.toggle(key="map-rings").set_value(True).run()
    assert len(sent(app)["overlays"]["rings"]) == 3


def test_one_checkpoint_is_no_training_and_the_cure_is_named(
    opened: Open, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    from engine.maps import steps

    monkeypatch.setattr(steps, "by_step", lambda run: [("last", 12)])
    app = opened(view="Training")
    assert "one, of step 12" in said(app) and "training.keep_every" in said(app)


def test_two_checkpoints_lie_side_by_side(
    opened: Open, wait_until: Callable[..., None], said: Said
) -> None:
    app = opened(view="Compare", at="step-00000006")
    wait_until(app, lambda shown: shown.get("bidi_component"))
    told = sent(app)
    titles = [pane["title"] for pane in told["points"]["panes"]]
    assert titles == ["tiny, best", "tiny, step-00000006"] and told["points"]["n"] == ROWS
    assert "neighbourhood change" in said(app) and "misfit" in said(app)
    app.selectbox(key="colour").set_value("neighbourhood change").run()
    assert sent(app)["colour"]["title"] == "neighbourhood change"
    before = sent(app)["points"]["panes"]
    app.toggle(key="map-align").set_value(False).run()
    assert sent(app)["points"]["panes"][0] == before[0] and "misfit" not in said(app)
    pick(app, [1, 2, 3], panel="Selection")
    assert "**3 selected** of 96" in said(app)


def test_with_nothing_to_compare_it_is_said(
    opened: Open, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    monkeypatch.setattr("app.map_page.comparing._fits", lambda other, run: False)
    assert "Nothing to compare with" in said(opened(view="Compare"))


# -- codes of every kind -----------------------------------------------------------------------------


@pytest.fixture
def altered(opened: Open, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Opens the map of rows whose codes a test has changed."""
    real = codes.find(asked())
    assert real is not None

    def open_map(change: Callable[[codes.Codes], codes.Codes], **query: str) -> AppTest:
        st.cache_resource.clear()
        monkeypatch.setattr(codes, "find", lambda request: change(real))
        return opened(**query)

    return open_map


def test_a_collapsed_posterior_is_said_before_noise_is_read(altered: Any, said: Said) -> None:
    app = altered(lambda real: replace(real, codes=0 * real.codes))
    assert "The posterior has collapsed" in said(app)
    assert any(each.proto.page.endswith("runs") for each in app.get("page_link"))
    assert sent(app)["points"]["n"] == ROWS
    noise = np.random.default_rng(0).normal(size=(ROWS, 4)).astype(np.float32)
    assert "collapsed" not in said(altered(lambda real: replace(real, codes=noise)))


def test_codes_that_are_no_numbers_are_said_with_the_cure(altered: Any, said: Said) -> None:
    broken = np.full((ROWS, 4), np.nan, np.float32)
    app = altered(lambda real: replace(real, codes=broken))
    assert "the model has diverged; take an earlier checkpoint" in said(app)


def test_a_family_without_density_has_no_colour_of_it_but_a_dash(altered: Any, said: Said) -> None:
    nothing = np.full(ROWS, np.nan, np.float32)
    app = altered(lambda real: replace(real, kl=nothing, spread=nothing, deviations=None))
    options = app.selectbox(key="colour").options
    assert "KL" not in options and "mean σ" not in options and "reconstruction" in options
    helps = " ".join(element.proto.help for element in app.markdown)
    assert "**KL** –: this latent family has no density" in helps
    assert app.toggle(key="map-no-rings").disabled and app.toggle(key="map-no-ellipse").disabled
    pick(app, [], focus=1, panel="Point")
    assert next(metric for metric in app.metric if metric.label == "KL").value == "–"
    assert app.segmented_control(key="map-measure-by").disabled


def test_a_code_of_one_unit_is_a_band(altered: Any, said: Said) -> None:
    one = np.random.default_rng(0).normal(size=(ROWS, 1)).astype(np.float32)
    app = altered(lambda real: replace(real, codes=one, deviations=np.ones_like(one)))
    told = sent(app)
    assert told["about"]["axes"][1] == "strewn at random" and not told["points"]["equal"]
    assert "strewn at random" in said(app) and app.toggle(key="map-no-rings").disabled


def test_data_without_labels_are_coloured_by_length(altered: Any) -> None:
    app = altered(lambda real: replace(real, labels=None))
    assert sent(app)["colour"]["title"] == "length" and sent(app)["labels"] is None
    assert "label" not in app.selectbox(key="colour").options


def test_one_row_is_a_map_too(altered: Any, said: Said) -> None:
    app = altered(lambda real: real.take(np.array([5])))
    assert sent(app)["points"]["n"] == 1
    pick(app, [0], focus=0, panel="Point")
    assert "It is the only one" in said(app)
    pick(app, [0], focus=0, panel="Selection")
    assert "**1 selected** of 1" in said(app)
