"""Groups of a run's sentences: found in a process, kept, and found again."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from engine.config import DataError
from engine.explore.clusters import cluster
from engine.explore.clusters.hdbscan import HDBSCAN
from engine.explore.clusters.k_means import KMeans
from engine.explore.projections.pacmap import PaCMAP
from engine.explore.projections.principal_components import PrincipalComponents
from engine.hosting import ModelHost
from engine.maps import clustering, codes, projecting
from engine.maps.clustering import Request, find, make
from engine.maps.codes import Codes

FOUR = KMeans.Config(clusters=4)


@pytest.fixture
def encoded(request_: codes.Request, host: ModelHost) -> Codes:
    """The codes of all training rows."""
    return codes.obtain(request_, host)


def test_groups_are_kept_and_found_with_their_names(
    request_: codes.Request, encoded: Codes, host: ModelHost
) -> None:
    request = Request(request_, FOUR)
    assert find(request, encoded) is None
    made = make(request, host)
    found = find(request, encoded)
    expected = cluster(FOUR, encoded.codes, encoded.texts)
    for clusters in (made, found):
        assert clusters is not None and clusters.count == 4 and clusters.fitted == 96
        assert (clusters.numbers == expected.numbers).all()
        assert [one.title for one in clusters.clusters] == [one.title for one in expected.clusters]


def test_other_settings_codes_or_places_are_other_groups(request_: codes.Request) -> None:
    pca = projecting.Request(request_, PrincipalComponents.Config())
    requests = [
        Request(request_, FOUR),
        Request(request_, KMeans.Config(clusters=5)),
        Request(request_, HDBSCAN.Config()),
        Request(replace(request_, n=50), FOUR),
        Request(request_, FOUR, pca),
        Request(request_, FOUR, replace(pca, axes=(1, 2))),
    ]
    assert len({request.file for request in requests}) == len(requests)
    for request in requests:
        again = Request.from_json(request.to_json())
        assert again.file == request.file and again.config == request.config


def test_groups_on_a_map_are_those_of_its_two_axes(
    request_: codes.Request, encoded: Codes, host: ModelHost
) -> None:
    on = projecting.Request(request_, PrincipalComponents.Config(components=3), axes=(0, 2))
    made = make(Request(request_, FOUR, on), host)
    places = projecting.make(on, host).projection.coordinates[:, [0, 2]]
    expected = cluster(FOUR, places.astype(np.float32), encoded.texts)
    assert (made.numbers == expected.numbers).all()
    missing = projecting.Request(request_, PaCMAP.Config())
    with pytest.raises(DataError, match="the map PaCMAP of these sentences has not been made"):
        make(Request(request_, FOUR, missing), host)


def test_damaged_groups_are_found_anew(
    request_: codes.Request, encoded: Codes, host: ModelHost
) -> None:
    request = Request(request_, FOUR)
    make(request, host)
    request.file.write_bytes(b"half a fi")
    assert find(request, encoded) is None and not request.file.exists()
    assert make(request, host).count == 4


def test_the_worker_finds_what_it_is_asked_for(
    request_: codes.Request,
    encoded: Codes,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from engine.__main__ import main

    request = Request(request_, FOUR)
    monkeypatch.setattr(sys, "stdin", io.StringIO(request.to_json()))
    with pytest.raises(SystemExit) as ended:
        main(["cluster-worker"])
    assert not ended.value.code and find(request, encoded) is not None
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told[-1] == [0, None, "looking for groups"]


@pytest.mark.slow
def test_groups_are_found_in_a_process(request_: codes.Request, encoded: Codes) -> None:
    request = Request(request_, HDBSCAN.Config(min_cluster_size=5))
    said: list[str] = []
    clustering.run(request, lambda done, total, what: said.append(what))
    assert "starting" in said and find(request, encoded) is not None
