from __future__ import annotations

import numpy as np
import pytest

from engine.config import DataError
from engine.explore.clusters import CLUSTERINGS, cluster
from engine.explore.clusters.hdbscan import HDBSCAN
from engine.explore.clusters.k_means import KMeans
from engine.explore.clusters.naming import numbered
from engine.explore.selection import distinctive_words
from tests.explore.blobs import blobs

CODES, CLOUDS = blobs((120, 80, 40))
ANIMALS = ("cat", "dog", "bird")
RNG = np.random.default_rng(0)
TEXTS = [f"the {ANIMALS[cloud]} {RNG.choice(['sat', 'ran', 'saw'])}" for cloud in CLOUDS]
CONFIGS = {"k_means": KMeans.Config(clusters=3), "hdbscan": HDBSCAN.Config(min_cluster_size=20)}
every_kind = pytest.mark.parametrize("name", CLUSTERINGS)


@every_kind
def test_three_planted_clouds_are_found_numbered_by_size_and_named_by_their_words(
    name: str,
) -> None:
    found = cluster(CONFIGS[name], CODES, TEXTS)
    assert found.count == 3 and found.fitted == 240
    inside = found.numbers > 0
    assert inside.mean() > 0.95 and (found.numbers[inside] == CLOUDS[inside] + 1).all()
    groups = [group for group in found.clusters if group.number]
    assert [group.words[0].word for group in groups] == list(ANIMALS)
    assert groups[0].title.startswith("1: cat") and groups[0].size == (found.numbers == 1).sum()
    assert sum(group.share for group in found.clusters) == pytest.approx(1)


@every_kind
def test_the_same_codes_have_the_same_clusters(name: str) -> None:
    first, second = (cluster(CONFIGS[name], CODES, TEXTS).numbers for _ in range(2))
    assert (first == second).all()


def test_noise_is_a_group_of_its_own_with_no_name_but_that() -> None:
    strays = np.random.default_rng(1).uniform(-60, 60, size=(15, 6))
    found = cluster(CONFIGS["hdbscan"], np.concatenate([CODES, strays]), TEXTS + ["zebra"] * 15)
    assert found.count == 3 and (found.numbers[240:] == 0).all()
    noise = found.clusters[0]
    assert (noise.number, noise.title, noise.words) == (0, "noise", ())
    assert noise.size >= 15


def test_where_nothing_is_dense_everything_is_noise() -> None:
    for codes in (CODES[:10], np.random.default_rng(2).uniform(size=(60, 20)) * 9):
        found = cluster(HDBSCAN.Config(min_cluster_size=30), codes, TEXTS[: len(codes)])
        assert found.count == 0 and (found.numbers == 0).all()
        assert [group.share for group in found.clusters] == [1.0]


def test_of_very_many_rows_a_part_is_clustered_and_the_others_join_their_nearest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(HDBSCAN, "most", 150)
    found = cluster(HDBSCAN.Config(min_cluster_size=10), CODES, TEXTS)
    assert found.fitted == 150 and found.count == 3
    inside = found.numbers > 0
    assert inside.mean() > 0.95 and (found.numbers[inside] == CLOUDS[inside] + 1).all()


def test_there_are_no_more_clusters_than_different_codes() -> None:
    bits = np.array([[0, 1], [1, 0]] * 10)
    found = cluster(KMeans.Config(clusters=5), bits, ["zero one", "one zero"] * 10)
    assert found.count == 2
    assert found.clusters[0].title == "cluster 1", "texts of the same words have no name"


def test_the_words_of_a_cluster_are_those_of_a_selection() -> None:
    found = cluster(CONFIGS["k_means"], CODES, TEXTS)
    inside = [text for text, cloud in zip(TEXTS, CLOUDS, strict=True) if cloud == 1]
    outside = [text for text, cloud in zip(TEXTS, CLOUDS, strict=True) if cloud != 1]
    assert list(found.clusters[1].words) == distinctive_words(inside, outside)


def test_groups_are_numbered_by_size_and_noise_is_nought() -> None:
    assert numbered(np.array([5, 5, -1, 2, 2, 2, -1, -1, -1])).tolist() == [
        2,
        2,
        0,
        1,
        1,
        1,
        0,
        0,
        0,
    ]
    assert numbered(np.array([7, 3])).tolist() == [2, 1], "equal sizes keep their order"


def test_no_codes_or_codes_that_are_no_numbers_have_no_clusters() -> None:
    for codes in (np.empty((0, 3)), np.full((4, 3), np.nan)):
        with pytest.raises(DataError, match="finite points"):
            cluster(CONFIGS["k_means"], codes, [])
