"""Callers who wait for one model are served together, each with what is his."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.decoding import DecodingConfig
from engine.decoding.search import decode, decode_now
from engine.decoding.together import Together
from engine.evaluation.mode import evaluation_mode
from engine.models.vae import VAE
from tests.evaluation.tiny import lstm_vae

GREEDY = DecodingConfig()


class Office:
    """A model whose sentences are its codes, and which remembers the sizes of its batches."""

    def __init__(self, seconds: float = 0.0, most_codes: int = 512) -> None:
        self.batches: list[list[int]] = []
        self.together = Together(None, threading.RLock(), self.decode, most_codes)  # type: ignore[arg-type]
        self.seconds = seconds

    def decode(self, model: Any, z: Tensor, config: DecodingConfig) -> list[list[int]]:
        self.batches.append(z[:, 0].int().tolist())
        time.sleep(self.seconds)
        if (z == 1313).any():
            raise ValueError("thirteen")
        return [[int(value)] for value in z[:, 0]]

    def ask(self, *numbers: int, config: DecodingConfig = GREEDY) -> list[list[int]]:
        with self.together.turn():
            return self.together.decode(torch.tensor(numbers).float()[:, None], config)


def run_all(*tasks: Callable[[], Any]) -> list[Any]:
    """Every task in a thread of its own; what each returns or raises, in their order."""
    results: list[Any] = [None] * len(tasks)

    def work(at: int) -> None:
        try:
            results[at] = tasks[at]()
        except Exception as error:
            results[at] = error

    threads = [threading.Thread(target=work, args=(at,)) for at in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive(), "a caller was lost"
    return results


def held(office: Office, *tasks: Callable[[], Any]) -> list[Any]:
    """The tasks, begun while somebody else has the device, so that all of them wait for it."""
    with office.together._lock:
        starter = threading.Thread(target=lambda: results.extend(run_all(*tasks)))
        results: list[Any] = []
        starter.start()
        while office.together._coming < len(tasks):
            time.sleep(0.001)
    starter.join(20)
    return results


def test_callers_who_wait_are_served_in_one_batch_each_with_what_is_his() -> None:
    office = Office()
    found = held(office, *(lambda n=n: office.ask(n, 100 + n) for n in range(20)))
    assert found == [[[n], [100 + n]] for n in range(20)]
    assert len(office.batches) == 1 and len(office.batches[0]) == 40


def test_a_caller_alone_waits_for_nobody() -> None:
    office = Office()
    began = time.perf_counter()
    for n in range(50):
        assert office.ask(n) == [[n]]
    assert time.perf_counter() - began < 1 and len(office.batches) == 50


def test_an_error_reaches_who_caused_it_and_nobody_else() -> None:
    office = Office()
    found = held(office, *(lambda n=n: office.ask(n) for n in (11, 12, 1313, 14)))
    assert isinstance(found[2], ValueError) and str(found[2]) == "thirteen"
    assert [found[at] for at in (0, 1, 3)] == [[[11]], [[12]], [[14]]]
    assert office.ask(1) == [[1]]


def test_no_more_is_decoded_at_once_than_fits_but_one_caller_may_bring_more() -> None:
    office = Office(most_codes=5)
    found = held(office, *(lambda n=n: office.ask(n, n) for n in range(7)))
    assert found == [[[n], [n]] for n in range(7)]
    assert max(map(len, office.batches)) <= 5 and sum(map(len, office.batches)) == 14
    assert office.ask(*range(20)) == [[n] for n in range(20)]


def test_what_is_drawn_is_drawn_alone_and_other_settings_make_another_batch() -> None:
    office = Office()
    sampling = DecodingConfig(strategy="sample")
    beams = [DecodingConfig(strategy="beam", beam=beam) for beam in (2, 3)]
    configs = [sampling, sampling, *beams, beams[0], GREEDY, DecodingConfig(seed=7)]
    held(office, *(lambda at=at, c=c: office.ask(at, config=c) for at, c in enumerate(configs)))
    assert sorted(map(sorted, office.batches)) == [[0], [1], [2, 4], [3], [5, 6]]


def test_who_has_waited_longest_is_in_the_next_batch() -> None:
    """A job that goes with nobody is not passed by for ever by those that go together."""
    office = Office(seconds=0.01)
    stop = threading.Event()

    def crowd() -> None:
        while not stop.is_set():
            office.ask(1)

    crowds = [threading.Thread(target=crowd) for _ in range(4)]
    for thread in crowds:
        thread.start()
    try:
        waits = []
        for _ in range(10):
            began = time.perf_counter()
            office.ask(2, config=DecodingConfig(strategy="sample"))
            waits.append(time.perf_counter() - began)
    finally:
        stop.set()
        for thread in crowds:
            thread.join(20)
    assert max(waits) < 2


def test_no_thread_is_left_behind_and_nobody_is_thought_to_be_at_work() -> None:
    office, before = Office(), threading.active_count()
    held(office, *(lambda n=n: office.ask(n) for n in range(8)))
    assert threading.active_count() == before
    together = office.together
    assert together._at_work == together._coming == len(together._queue) == 0


def test_who_fails_between_decoding_keeps_nobody_waiting() -> None:
    office = Office()

    def fail() -> None:
        with office.together.turn():
            raise RuntimeError("something else")

    found = held(office, fail, lambda: office.ask(1), fail, lambda: office.ask(2))
    assert [found[1], found[3]] == [[[1]], [[2]]] and isinstance(found[0], RuntimeError)
    assert office.together._at_work == 0


def test_an_interrupted_leader_gives_back_the_work_of_others() -> None:
    office = Office()
    calls: list[int] = []

    def decode_or_stop(model: Any, z: Tensor, config: DecodingConfig) -> list[list[int]]:
        calls.append(len(z))
        if len(calls) == 1:
            raise KeyboardInterrupt
        return [[int(value)] for value in z[:, 0]]

    office.together._decode = decode_or_stop
    stopped: list[str] = []

    def ask(n: int) -> Any:
        try:
            return office.ask(n)
        except KeyboardInterrupt:
            stopped.append("stopped")
            return "stopped"

    found = held(office, *(lambda n=n: ask(n) for n in range(3)))
    assert len(stopped) == 1 and calls[0] == 3
    assert sorted(x for x in found if x != "stopped") == sorted(
        [[n]] for n in range(3) if found[n] != "stopped"
    )
    assert not office.together._queue


def test_giving_way_lets_others_in_and_finds_random_streams_as_they_were() -> None:
    office = Office()
    came_in: list[float] = []

    def long() -> list[float]:
        torch.manual_seed(1)
        drawn = []
        with office.together.turn():
            for _ in range(50):
                drawn.append(torch.rand(()).item())
                office.together.give_way()
                time.sleep(0.002)
        return drawn

    def short() -> None:
        time.sleep(0.02)
        began = time.perf_counter()
        with office.together.turn():
            torch.manual_seed(99)
            came_in.append(time.perf_counter() - began)

    drawn, _ = run_all(long, short)
    torch.manual_seed(1)
    assert drawn == torch.rand(50).tolist()
    assert came_in and came_in[0] < 0.08  # long before the other's 50 parts were done


def test_a_turn_within_a_turn_is_the_same_turn() -> None:
    office = Office()
    with office.together.turn(), office.together.turn():
        began = time.perf_counter()
        assert office.together.decode(torch.ones(1, 1), GREEDY) == [[1]]
        assert time.perf_counter() - began < 0.04
    assert office.together._at_work == 0


def test_a_real_model_writes_together_what_it_writes_alone() -> None:
    model = lstm_vae(3).eval()
    together = Together(model, threading.RLock(), decode_now)
    codes = torch.randn(24, 5, 3, generator=torch.Generator().manual_seed(0))
    alone = [decode(model, z) for z in codes]
    sizes: list[int] = []
    together._decode = lambda *given: (sizes.append(len(given[1])), decode_now(*given))[1]

    def ask(z: Tensor) -> list[list[int]]:
        with together.turn():
            return decode(model, z)

    assert run_all(*(lambda z=z: ask(z) for z in codes)) == alone
    assert sum(sizes) == 24 * 5


def test_who_has_no_turn_or_looks_at_another_model_decodes_alone() -> None:
    model, other = lstm_vae(3).eval(), lstm_vae(2, seed=1).eval()
    together = Together(model, threading.RLock(), _never)
    assert decode(model, torch.zeros(1, 3))
    with together.turn():
        assert decode(other, torch.zeros(1, 2))
        with evaluation_mode(model, 0):  # its random stream and its gradients are nobody else's
            assert decode(model, torch.zeros(1, 3))
        with pytest.raises(ZeroDivisionError, match="together"):
            decode(model, torch.zeros(1, 3))


def _never(model: VAE, z: Tensor, config: DecodingConfig) -> list[list[int]]:
    raise ZeroDivisionError("decoded together")
