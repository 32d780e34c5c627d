"""Maps of a run's sentences: made in a process, kept, found again, and stopped without a trace."""

from __future__ import annotations

import io
import json
import sys
import threading
from dataclasses import replace

import numpy as np
import psutil
import pytest

from engine.config import EngineError
from engine.explore.projections import PROJECTIONS, Groups, pca
from engine.explore.projections.custom_axis import CustomAxis
from engine.explore.projections.pacmap import PaCMAP
from engine.explore.projections.principal_components import PrincipalComponents
from engine.explore.projections.tsne import TSNE
from engine.explore.quality import quality
from engine.hosting import ModelHost
from engine.maps import codes, process, projecting
from engine.maps.codes import Codes
from engine.maps.projecting import Request, find, make, run
from tests.maps.conftest import leftovers

PCA = PrincipalComponents.Config(components=3)


@pytest.fixture
def encoded(request_: codes.Request, host: ModelHost) -> Codes:
    """The codes of all training rows."""
    return codes.obtain(request_, host)


def test_a_map_is_kept_with_its_quality_and_found_by_what_it_is_made_of(
    request_: codes.Request, encoded: Codes, host: ModelHost
) -> None:
    request = Request(request_, PCA)
    assert find(request, encoded) is None
    made = make(request, host)
    found = find(request, encoded)
    assert found is not None and found.quality is not None
    expected = pca(encoded.codes, 3)
    for projection in (made.projection, found.projection):
        assert projection.coordinates == pytest.approx(expected.coordinates)
        assert projection.shares == pytest.approx(expected.shares)
        assert projection.names == ("PC 1", "PC 2", "PC 3") and projection.exact
        placed = projection.transform(encoded.codes[:4])
        assert placed.coordinates == pytest.approx(expected.coordinates[:4])
    measured = quality(encoded.codes, expected.coordinates[:, :2])
    assert found.quality.scalars() == pytest.approx(measured.scalars())
    assert (found.quality.n, found.quality.of, found.quality.k) == (96, 96, 10)
    assert found.quality.recall_of == pytest.approx(measured.recall_of)
    assert leftovers(request_.run) == []


def test_other_settings_axes_or_codes_are_another_map(
    request_: codes.Request, encoded: Codes, host: ModelHost
) -> None:
    request = Request(request_, PCA)
    made = make(request, host)
    for other in (
        replace(request, config=PrincipalComponents.Config(components=2)),
        replace(request, config=PaCMAP.Config()),
        replace(request, groups=Groups(np.array([1]), np.array([2]))),
        replace(request, codes=replace(request_, n=50)),
    ):
        assert other.file != request.file
    turned = replace(request, axes=(1, 2))
    assert turned.file == request.file
    found = find(turned, encoded)
    assert found is not None and found.quality is None, "a map may come before its quality"
    measured = make(turned, host).quality
    assert made.quality is not None and measured is not None
    assert measured.recall != made.quality.recall


def test_a_map_without_a_formula_is_kept_with_its_notes_and_places_other_codes(
    request_: codes.Request, encoded: Codes, host: ModelHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.explore.projections.base import arranged

    places = np.random.default_rng(0).normal(size=(96, 2))
    monkeypatch.setattr(
        projecting, "project", lambda _, z, *__: arranged(z, places, "PaCMAP", ("fewer",))
    )
    request = Request(request_, PaCMAP.Config())
    make(request, host)
    found = find(request, encoded)
    assert found is not None and not found.projection.exact
    assert found.projection.notes == ("fewer",) and found.projection.shares is None
    placed = found.projection.transform(encoded.codes[:3])
    assert placed.coordinates == pytest.approx(places[:3])
    assert found.projection.transform(encoded.codes[:3] + 100).far.all()


def test_a_damaged_map_is_made_anew(
    request_: codes.Request, encoded: Codes, host: ModelHost
) -> None:
    request = Request(request_, PCA)
    made = make(request, host)
    for path in (request.file, request.quality_file):
        path.write_bytes(path.read_bytes()[:100])
    assert find(request, encoded) is None
    again = make(request, host)
    assert again.projection.coordinates == pytest.approx(made.projection.coordinates)
    assert (found := find(request, encoded)) is not None and found.quality is not None


def test_a_request_reaches_another_process_unchanged(request_: codes.Request) -> None:
    groups = Groups(np.array([5, 1]), np.array([2]), ("cats", "dogs"))
    for config in (PCA, CustomAxis.Config(direction="whitened"), TSNE.Config(perplexity=7)):
        request = Request(replace(request_, n=20), config, groups, (1, 0))
        again = Request.from_json(request.to_json())
        assert again.file == request.file and again.quality_file == request.quality_file
        assert again.config == config and again.codes == request.codes
    plain = Request.from_json(Request(request_, PCA).to_json())
    assert plain.groups is None and plain.codes.n is None


def test_the_worker_tells_on_the_real_stdout_what_a_library_prints(
    request_: codes.Request,
    encoded: Codes,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from engine.__main__ import main

    class Chatty(PROJECTIONS["pca"]):  # type: ignore[misc,name-defined]
        def fit(self, z, progress=None, groups=None):
            from engine.explore.libraries import heard

            with heard(progress, r"round (\d+)", 3, "arranging"):
                print("round 1")
                print("round 2")
            return super().fit(z)

    monkeypatch.setitem(PROJECTIONS._classes, "pca", Chatty)
    monkeypatch.setattr(sys, "stdin", io.StringIO(Request(request_, PCA).to_json()))
    with pytest.raises(SystemExit) as ended:
        main(["project-worker"])
    assert not ended.value.code
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert said[:2] == [[1, 3, "arranging"], [2, 3, "arranging"]]
    assert said[-1] == [96, 96, "comparing neighbours"]


# -- processes ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_map_is_made_in_a_process_and_the_same_seed_is_the_same_map(
    request_: codes.Request, encoded: Codes
) -> None:
    request = Request(request_, PaCMAP.Config())
    told: list[str] = []
    made = run(request, lambda done, total, what: told.append(what))
    assert {"starting", "arranging", "comparing neighbours"} <= set(told)
    assert made.quality is not None and made.quality.trustworthiness > 0.7
    request.file.unlink()
    again = run(request, lambda *_: None)
    assert (again.projection.coordinates == made.projection.coordinates).all()
    assert run(request, _never).projection.names == ("PaCMAP 1", "PaCMAP 2"), "found, not made"


def _never(*_: object) -> None:
    raise AssertionError("a process was started for a map that is there")


@pytest.mark.slow
def test_a_cancelled_map_leaves_no_process_and_no_file(
    request_: codes.Request, encoded: Codes
) -> None:
    class Cancelled(EngineError):
        pass

    gate = threading.Event()

    def cancel(done: int, total: int | None, what: str) -> None:
        if what == "arranging" and done > 0:
            gate.set()
            raise Cancelled("stopped")

    request = Request(request_, TSNE.Config(perplexity=20))
    before = {path.name for path in request_.run.cache.iterdir()}
    with pytest.raises(Cancelled):
        run(request, cancel)
    assert gate.is_set() and not psutil.Process().children(recursive=True)
    assert {path.name for path in request_.run.cache.iterdir()} == before


@pytest.mark.slow
def test_a_process_encodes_what_is_not_encoded_and_its_error_comes_back_as_a_sentence(
    request_: codes.Request,
) -> None:
    made = run(Request(replace(request_, n=40), PCA), lambda *_: None)
    assert made.projection.coordinates.shape == (40, 3)
    few = Request(replace(request_, n=5), PaCMAP.Config())
    with pytest.raises(EngineError, match="at least 10 sentences, got 5"):
        run(few, lambda *_: None)
    assert not psutil.Process().children(recursive=True) and leftovers(request_.run) == []


def test_a_process_that_makes_no_map_is_not_believed(
    request_: codes.Request, encoded: Codes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "follow", lambda *_: None)
    with pytest.raises(EngineError, match="the checkpoint has changed meanwhile; try again"):
        run(Request(request_, PCA), lambda *_: None)
