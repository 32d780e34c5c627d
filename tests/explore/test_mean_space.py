"""The film of the posterior mean space: what is drawn of codes of any size, and the GIF of it."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest

from engine.config import ConfigError
from engine.evaluation.means import Means
from engine.explore.mean_space import Along, Film, film
from engine.explore.mean_space_pictures import POINT, gif


def means(model: np.ndarray, inference: np.ndarray, ess: float = 100.0) -> Means:
    n = len(model)
    error = np.zeros_like(model)
    return Means(model, inference, error, np.full(n, ess), 200, np.ones(n), 0.0)


def moving(size: int = 3, seconds: int = 4, n: int = 20) -> tuple[list[float], list[Means]]:
    rng = np.random.default_rng(0)
    places = rng.normal(size=(seconds, 2, n, size)).astype(np.float32)
    return [0.0, 200.0, 400.0, 500.5][:seconds], [means(a, b) for a, b in places]


def test_a_unit_is_the_code_as_it_is():
    moments, shown = moving()
    found = film(moments, shown, Along("unit", 2))
    assert found.xy.shape == (4, 20, 2)
    np.testing.assert_allclose(found.xy[1, :, 0], shown[1].model[:, 1])
    np.testing.assert_allclose(found.xy[1, :, 1], shown[1].inference[:, 1])
    assert found.along.axes == ("model mean, unit 2", "inference mean, unit 2")


def test_lengths_and_gaps_are_those_of_the_whole_code():
    moments, shown = moving()
    found = film(moments, shown, Along("norm"))
    np.testing.assert_allclose(found.xy[2, :, 0], np.linalg.norm(shown[2].model, axis=1), rtol=1e-5)
    gap = np.linalg.norm(shown[3].model - shown[3].inference, axis=1)
    np.testing.assert_allclose(film(moments, shown).gap[3], gap, rtol=1e-5)


def test_the_first_direction_is_where_the_last_means_lie_and_the_origin_stays():
    direction = np.array([0.6, 0.0, 0.8])
    along = np.linspace(-2, 2, 30)[:, None].astype(np.float32)
    last = means((along * direction).astype(np.float32), (0.5 * along * direction).astype("f4"))
    still = means(np.zeros((30, 3), np.float32), np.zeros((30, 3), np.float32))
    found = film([0, 10], [still, last], Along("component", 1))
    np.testing.assert_allclose(found.xy[1, :, 0], along[:, 0], atol=1e-6)
    np.testing.assert_allclose(found.xy[1, :, 1], 0.5 * along[:, 0], atol=1e-6)
    assert not found.xy[0].any()


def test_a_mean_that_few_samples_carry_is_doubtful_and_an_integrated_one_never_is():
    a = np.zeros((5, 1), np.float32)
    found = film([0, 1, 2], [means(a, a, 3.0), means(a, a, 50.0), means(a, a, np.nan)])
    assert found.doubtful.all(axis=1).tolist() == [True, False, False]


def test_velocity_is_per_hundred_updates():
    a = np.ones((2, 1), np.float32)
    found = film([0, 200], [means(0 * a, 0 * a), means(a, 3 * a)])
    np.testing.assert_allclose(found.velocity(), [[[0.5, 1.5]] * 2])


def test_a_moment_between_two_shows_the_earlier_one():
    moments, shown = moving()
    found = film(moments, shown)
    held = found.at([-5, 0, 300, 900])
    for at, place in enumerate([0, 0, 1, 3]):
        np.testing.assert_array_equal(held.xy[at], found.xy[place])
    assert held.take(np.array([3, 1])).xy.shape == (4, 2, 2)


def test_the_frame_holds_nearly_all_points_and_is_never_smaller_than_the_papers():
    moments, shown = moving()
    found = film(moments, shown)
    assert found.reach >= 3 and np.mean(np.abs(found.xy) <= found.reach) > 0.99
    assert Film(found.moments, 0 * found.xy, found.gap, found.doubtful, found.along).reach == 3


@pytest.mark.parametrize("along", [Along("unit", 4), Along("unit", 0), Along("component", 7)])
def test_what_is_not_there_is_refused(along):
    moments, shown = moving()
    with pytest.raises(ConfigError, match="choose one from 1 to 3"):
        film(moments, shown, along)
    with pytest.raises(ConfigError, match="at least one snapshot"):
        film([], [])


def test_a_gif_has_a_frame_a_moment_and_the_last_stays():
    from PIL import Image

    moments, shown = moving()
    one = film(moments, shown)
    picture = Image.open(io.BytesIO(gif([("basic", one), ("aggressive", one)], seconds=0.2)))
    assert picture.n_frames == 4 and picture.width > 1.8 * picture.height
    durations = []
    for frame in range(4):
        picture.seek(frame)
        durations.append(picture.info["duration"])
    assert durations == [200, 200, 200, 600]
    with pytest.raises(ConfigError, match="same moments"):
        gif([("a", one), ("b", one.at([0, 1]))])


def test_a_point_of_a_gif_keeps_its_colour_when_most_have_turned_faint():
    from PIL import Image, ImageColor

    moments, shown = moving(n=500)
    one = film(moments, shown)
    doubtful = np.zeros((4, 500), bool)
    doubtful[3, 3:] = True
    picture = Image.open(io.BytesIO(gif([("a", replace(one, doubtful=doubtful))])))
    for frame in (0, 3):
        picture.seek(frame)
        there = {colour for _, colour in picture.convert("RGB").getcolors(1 << 16)}
        assert ImageColor.getrgb(POINT) in there, frame
