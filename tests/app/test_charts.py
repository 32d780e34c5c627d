"""Figures say what METRICS says, show the cap of mutual information, and keep a chosen range."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from app import charts, curves

STEPS = np.arange(1, 101) * 10


@pytest.fixture
def recorded() -> pd.DataFrame:
    train = pd.DataFrame(
        {
            "step": STEPS,
            "epoch": STEPS / 500,
            "seconds": STEPS * 0.6,
            "train/kl": np.linspace(1, 9, 100) + np.sin(STEPS),
            "train/learning_rate": 0.003,
        }
    )
    valid = pd.DataFrame(
        {
            "step": [500, 1000],
            "epoch": [1.0, 2.0],
            "seconds": [300.0, 600.0],
            "valid/kl": [5.0, 9.0],
            "valid/mutual_information": [4.0, 7.0],
            "valid/mutual_information_n": [2000.0, 2000.0],
        }
    )
    return pd.concat([train, valid]).sort_values("step", kind="stable").reset_index(drop=True)


def test_a_curve_is_titled_with_label_direction_and_unit(recorded: pd.DataFrame) -> None:
    title = curves.curve(recorded, "mutual_information", curves.View()).layout.title.text
    assert title.startswith("Mutual information ↑")
    assert "nats" in title


def test_both_splits_are_drawn_with_the_raw_line_behind_the_smoothed(
    recorded: pd.DataFrame,
) -> None:
    figure = curves.curve(recorded, "kl", curves.View(smoothing=0.9))
    assert [trace.name for trace in figure.data] == ["training", "training", "validation"]
    raw, smooth = figure.data[0], figure.data[1]
    assert raw.opacity < 1
    assert np.std(np.diff(smooth.y)) < np.std(np.diff(raw.y))


def test_without_smoothing_there_is_one_line_a_split(recorded: pd.DataFrame) -> None:
    assert len(curves.curve(recorded, "kl", curves.View(smoothing=0)).data) == 2


def test_smoothing_has_no_bias_at_the_start() -> None:
    assert curves.smooth(np.full(5, 3.0), 0.9) == pytest.approx(3.0)


def test_the_cap_of_mutual_information_is_ln_n(recorded: pd.DataFrame) -> None:
    figure = curves.curve(recorded, "mutual_information", curves.View())
    cap = next(trace for trace in figure.data if trace.name == "ln n")
    assert cap.y[-1] == pytest.approx(math.log(2000))
    assert "ln 2,000" in figure.layout.annotations[0].text


def test_a_chosen_range_is_kept_and_the_height_follows_it(recorded: pd.DataFrame) -> None:
    figure = curves.curve(recorded, "kl", curves.View(range=(0.0, 200.0), smoothing=0))
    assert tuple(figure.layout.xaxis.range) == (0.0, 200.0)
    assert figure.layout.yaxis.range[1] < 5


@pytest.mark.parametrize(("x", "last"), [("step", 1000), ("epoch", 2.0), ("seconds", 10.0)])
def test_the_horizontal_axis_is_steps_epochs_or_minutes(
    recorded: pd.DataFrame, x: str, last: float
) -> None:
    assert curves.points(recorded, "valid/kl", x)[0][-1] == pytest.approx(last)


def test_the_same_records_give_the_same_figure(recorded: pd.DataFrame) -> None:
    # An identical figure keeps its zoom in the browser; a different one is drawn anew.
    view = curves.View()
    assert (
        curves.curve(recorded, "kl", view).to_json() == curves.curve(recorded, "kl", view).to_json()
    )


def test_a_constant_has_room_above_and_below(recorded: pd.DataFrame) -> None:
    low, high = curves.curve(recorded, "learning_rate", curves.View()).layout.yaxis.range
    assert low < 0.003 < high


def test_bins_hold_every_sentence() -> None:
    edges, counts = charts.binned(list(range(150)))
    assert counts.sum() == sum(range(150))
    assert len(edges) == len(counts) + 1 <= 61
