"""The tab Posterior mean space through a page of its own: what it shows, says, gives away, and how it waits."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import jobs
from app.mean_space_page import numbers, shots, words
from engine.evaluation.means import Means
from engine.explore.mean_space import Along
from engine.maps import mean_space
from engine.runs import store
from engine.runs.mean_space import FOLDER, Snapshot, write

N, OTHER = 20, 15
PAGE = """
from app.mean_space_page import draw
from engine.runs import store
draw(store.find({name!r}), "best")
"""
Make = Callable[..., store.Run]


def snapshot(step: int, rows: np.ndarray, model: float, inference: float, size: int = 1, ess=None):
    """N sentences on a line: so far the model's means reach, and so far the encoder's."""
    line = np.linspace(-1, 1, len(rows), dtype=np.float32)[:, None] * np.ones((1, size), "f4")
    given = np.full(len(rows), np.nan if ess is None else ess, np.float32)
    known = Means(
        model * line, inference * line, 0 * line, given, 0 if ess is None else 200,
        np.ones(len(rows)), 0.1,
    )  # fmt: skip
    return Snapshot(step, False, rows, "train", known, 0.5)


@pytest.fixture
def make(home: Path) -> Make:
    """Makes runs on one small corpus, with snapshots as a worker would have left them."""
    import streamlit as st

    from engine.data.importing import import_path
    from engine.experiment import override
    from engine.presets import preset

    st.cache_resource.clear()
    source = home / "colours.txt"
    source.write_text("".join(f"a {n} colour\n" for n in range(60)), encoding="utf-8")
    import_path(source, "colours")
    config = override(preset("lagging-toy-basic"), ["data.name=colours"])

    def made(name: str, taken: list[Snapshot], state: str = "finished") -> store.Run:
        run = store.create(config.model_dump(mode="json"), name)
        told = {"state": state, "heartbeat": time.time(), "host": "another", "step": 400}
        (run.path / "status.json").write_text(json.dumps(told), encoding="utf-8")
        (run.path / FOLDER).mkdir()
        for one in taken:
            add(run, one)
        return run

    return made


def add(run: store.Run, one: Snapshot) -> None:
    write(run.path / FOLDER / f"{one.step:08d}.npz", one)


ROWS = np.arange(N)
LAGGING = [snapshot(0, ROWS, 0.0, 0.0), snapshot(200, ROWS, 0.5, 0.0), snapshot(400, ROWS, 0.6, 0)]
KEEPING_UP = [snapshot(0, ROWS, 0, 0), snapshot(200, ROWS, 1.0, 0.9), snapshot(400, ROWS, 1, 1)]


def opened(name: str, **query: str) -> AppTest:
    app = AppTest.from_string(PAGE.format(name=name), default_timeout=60)
    for key, value in query.items():
        app.query_params[key.replace("_", "-")] = value
    return checked(app.run())


def checked(app: AppTest) -> AppTest:
    assert not app.exception, "\n".join(app.exception[0].stack_trace)
    return app


def sent(app: AppTest) -> dict[str, Any]:
    """What the page told the map."""
    return json.loads(app.get("bidi_component")[0].proto.json)


def said(app: AppTest) -> str:
    return "\n".join(each.value for each in (*app.caption, *app.markdown, *app.info))


def test_all_moments_are_in_the_map_so_that_play_asks_nobody(make: Make) -> None:
    make("basic", LAGGING)
    app = opened("basic")
    told = sent(app)
    assert told["points"]["steps"] == ["step 0", "step 200", "step 400"]
    assert told["points"]["n"] == N and len(told["points"]["panes"]) == 1
    assert told["points"]["panes"][0]["bounds"] == [-3.0, -3.0, 3.0, 3.0]
    assert told["about"]["axes"] == ["model mean, unit 1", "inference mean, unit 1"]
    (diagonal,) = told["overlays"]["paths"]
    assert diagonal["kind"] == "dashed" and diagonal["stops"] == [[-3.0, -3.0], [3.0, 3.0]]
    assert "At the origin" in said(app) and "The encoder lags behind" in said(app)


def test_two_runs_lie_side_by_side_on_the_same_axes(make: Make) -> None:
    make("basic", LAGGING)
    make("aggressive", [*KEEPING_UP, snapshot(600, ROWS, 4.0, 4.0)])
    app = opened("basic", mean_space_beside="aggressive")
    panes = sent(app)["points"]["panes"]
    assert [pane["title"] for pane in panes] == ["basic", "aggressive"]
    assert panes[0]["bounds"] == panes[1]["bounds"] and panes[0]["bounds"][2] > 4
    assert len(sent(app)["points"]["steps"]) == 4  # the shorter one stays as it was last
    assert "the encoder lags behind" in said(app) and "keeps up" in said(app)


def test_a_run_that_was_looked_at_alone_gets_its_name_beside_another(make: Make) -> None:
    make("basic", LAGGING)
    make("aggressive", KEEPING_UP)
    assert [pane["title"] for pane in sent(opened("basic"))["points"]["panes"]] == [""]
    panes = sent(opened("basic", mean_space_beside="aggressive"))["points"]["panes"]
    assert [pane["title"] for pane in panes] == ["basic", "aggressive"]


def test_two_runs_are_shown_over_the_sentences_that_both_have(make: Make) -> None:
    make("basic", LAGGING)
    make("other", [snapshot(0, ROWS + OTHER, 0, 0), snapshot(200, ROWS + OTHER, 1, 1)])
    assert sent(opened("basic", mean_space_beside="other"))["points"]["n"] == N - OTHER
    make("apart", [snapshot(0, ROWS + 2 * N, 0, 0)])
    app = opened("basic", mean_space_beside="apart")
    assert not app.get("bidi_component") and "No sentence in common" in said(app)


def test_a_click_tells_the_sentence_and_its_way(make: Make) -> None:
    make("basic", LAGGING)
    app = opened("basic")
    told = sent(app)
    picked = {
        "rows": told["points"]["rows"], "base": told["selection"]["version"], "packed": None,
        "focus": 19, "step": 1,
    }  # fmt: skip
    app.session_state["mean-space"] = {"picked": picked}
    checked(app.run())
    from engine.data.corpus import Corpus

    assert Corpus.open("colours").texts("train", [19])[0] in said(app)
    assert "row 19 of split train" in said(app)
    assert app.get("plotly_chart")


def test_arrows_are_drawn_by_the_map_itself(make: Make) -> None:
    make("basic", LAGGING)
    app = opened("basic")
    assert sent(app)["about"]["moves"] == 0
    checked(app.toggle(key="mean-space-arrows").set_value(True).run())
    assert sent(app)["about"]["moves"] > 0


def test_a_larger_code_is_drawn_along_what_one_chooses(make: Make) -> None:
    make("wide", [snapshot(0, ROWS, 1, 0, size=3), snapshot(200, ROWS, 1, 1, size=3)])
    app = opened("wide")
    checked(app.number_input(key="mean-space-number").set_value(2).run())
    assert sent(app)["about"]["axes"][0] == "model mean, unit 2"
    checked(app.selectbox(key="mean-space-kind").set_value("norm").run())
    bounds = sent(app)["points"]["panes"][0]["bounds"]
    assert bounds[0] > -0.2 and sent(app)["about"]["axes"][0] == "length of the model's mean"


def test_means_on_few_samples_are_faint_and_it_is_said(make: Make) -> None:
    make("basic", [snapshot(0, ROWS, 0, 0), snapshot(200, ROWS, 1, 1, ess=3.0)])
    app = opened("basic")
    assert sent(app)["colour"]["names"] == ["well known", "on few samples"]
    assert f"{N} of the model's means rest on fewer than ten effective samples" in said(app)


def test_a_live_run_shows_new_moments_as_they_come(make: Make) -> None:
    run = make("basic", LAGGING[:2], state="running")
    app = opened("basic")
    assert "Live: new moments appear" in said(app)
    assert len(sent(app)["points"]["steps"]) == 2
    add(run, LAGGING[2])
    checked(app.run())
    assert len(sent(app)["points"]["steps"]) == 3


def test_everything_can_be_taken_away(make: Make) -> None:
    make("basic", LAGGING)
    app = opened("basic")
    labels = [each.label for each in app.get("download_button")]
    assert labels == [
        "Animated page without a server", "Animated GIF", "Numbers of every moment, CSV",
    ]  # fmt: skip


def test_what_is_taken_away_is_whole(make: Make) -> None:
    """Each file is made when it is asked for, from what the tab shows."""
    from app.mean_space_page import tab, taking

    found = [shots.recorded(make(name, LAGGING)) for name in ("basic", "again")]
    both = [one for one in found if one is not None]
    rows = shots.rows_of(both)
    films = [one.film(Along()) for one in both]
    points, what = tab._points(films, both, rows), tab._what(films, rows, both, arrows=True)
    html = taking.page(points, "A film", what)
    assert "<h1>Posterior mean space</h1>" in html and "step 400" in html
    assert taking.animation(both, films)[:6] == b"GIF89a"
    assert taking.table(both).count("\n") == 1 + 2 * 3


def test_the_numbers_are_those_of_every_moment(make: Make) -> None:
    run = make("basic", LAGGING)
    found = shots.recorded(run)
    assert found is not None
    data = numbers.table(found)
    assert data["step"].tolist() == [0, 200, 400] and data["run"].unique().tolist() == ["basic"]
    spread = 0.5 * np.linspace(-1, 1, N).std()
    assert data["model_mean_spread"][1] == pytest.approx(spread, rel=1e-5)
    assert found.film(Along()).xy.shape == (3, N, 2)


def test_a_run_without_a_record_is_looked_at_when_it_is_asked_for(
    trained: Path, wait_until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A script of one page has no others to lead to.
    monkeypatch.setattr("app.navigation.link", lambda *_, **__: None)
    app = opened("tiny")
    assert "Nothing was recorded" in said(app) and not app.get("bidi_component")
    checked(app.button(key="mean-space-find").click().run())
    wait_until(app, lambda shown: shown.get("bidi_component"))
    told = sent(app)
    assert len(told["points"]["steps"]) == 1
    assert "has recorded nothing while it trained" in said(app)
    assert mean_space.find(mean_space.Request(store.find("tiny"), "best")) is not None
    assert not jobs.live("mean-space:")


@pytest.mark.parametrize(
    ("model", "inference", "correlation", "says"),
    [
        (0.02, 0.01, 0.5, "at the origin, collapsed"),
        (0.4, 0.0, None, "lags behind"),
        (0.9, 0.9, 0.97, "keeps up"),
        (0.9, 0.5, 0.6, "between lag and agreement"),
    ],
)
def test_the_verdict_follows_the_figures(model, inference, correlation, says) -> None:
    found = {"model_mean_spread": model, "inference_mean_spread": inference}
    found |= {} if correlation is None else {"mean_correlation": correlation}
    assert says in words.verdict(found)


def test_a_moment_between_two_updates_is_called_so() -> None:
    assert words.moment(1200.0) == "step 1,200"
    assert words.moment(3.5) == "step 3, encoder ahead"
