"""A workshop with a small corpus and runs in every state, and pages opened through app/main.py."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.planted import train

ROOT = Path(__file__).resolve().parents[2]
SUBJECTS = ("cat", "dog", "bird", "child", "woman", "man")
VERBS = ("sees", "likes", "finds", "wants")
OBJECTS = ("house", "tree", "river", "ball", "song")


def lines() -> list[str]:
    """120 different sentences, each with its subject as label."""
    return [f"the {s} {v} the {o} .\t{s}" for s in SUBJECTS for v in VERBS for o in OBJECTS]


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the corpus "animals" and the finished run "tiny" that learned from it."""
    home = tmp_path_factory.mktemp("workshop")
    before = os.environ.get("ZSCAPE_HOME")
    os.environ["ZSCAPE_HOME"] = str(home)
    try:
        make_run(home)
    finally:
        os.environ["ZSCAPE_HOME"] = before or ""
    return home


def make_run(home: Path) -> None:
    from engine.data.importing import import_path
    from engine.experiment import override
    from engine.presets import preset

    source = home / "animals.tsv"
    source.write_text("text\tlabel\n" + "\n".join(lines()) + "\n", encoding="utf-8")
    import_path(source, "animals")
    small = [
        "data.name=animals",
        "model.latent.size=4",
        "model.encoder.hidden=16",
        "model.decoder.hidden=16",
        "training.max_steps=12",
        "training.epochs=6",
        "training.batch_size=16",
        "training.log_every=2",
        "training.keep_every=6",
        "training.evaluate_every=4",
        "training.device=cpu",
        "training.precision=float32",
        "evaluation.mi_rows=10",
    ]
    train(override(preset("quick"), small), "tiny")


@pytest.fixture
def trained(workshop: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workshop as this test's home."""
    monkeypatch.setenv("ZSCAPE_HOME", str(workshop))
    return workshop


@pytest.fixture(autouse=True)
def _cold(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No warm-up thread, and no background job left over."""
    from app import jobs

    monkeypatch.setenv("ZSCAPE_WARM_UP", "0")
    yield
    for job in jobs.live():
        jobs.cancel(job.key)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Opens a page through the entry file, with query parameters; what another test has cached is forgotten."""
    import streamlit as st

    st.cache_resource.clear()
    # Maps are not measured unasked: each would start a process.
    monkeypatch.setattr("app.map_page.quality.UNASKED", 0)

    def open_page(stem: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        if stem != "home":
            app.switch_page(str(ROOT / "pages" / f"{stem}.py"))
            for name, value in query.items():
                app.query_params[name] = value
            app.run()
        return app

    return open_page


@pytest.fixture
def forgetful() -> None:
    """What another test has made is made anew."""
    from app import background, jobs, once
    from app.reconstruct_page import batches

    once.forget()
    background.forget()
    jobs._jobs.clear()
    batches._asked.clear()


@pytest.fixture
def fake_run(home: Path) -> Callable[..., Path]:
    """Makes run folders as a worker on another machine would have left them, without training."""

    def make(name: str, state: str, records: Sequence[dict[str, Any]] = (), **status: Any) -> Path:
        from engine.presets import preset

        folder = home / "runs" / name
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(preset("quick").model_dump_json(), encoding="utf-8")
        told = {"state": state, "heartbeat": time.time(), "host": "another", "step": 20} | status
        (folder / "status.json").write_text(json.dumps(told), encoding="utf-8")
        with (folder / "metrics.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)
        (folder / "log.txt").write_text("step 20 train elbo -80\n", encoding="utf-8")
        return folder

    return make


@pytest.fixture
def said() -> Callable[[AppTest], str]:
    """All that a page says, as one text; it must not have broken."""

    def words(app: AppTest) -> str:
        assert not app.exception, "\n".join(app.exception[0].stack_trace)
        kinds = (
            app.title, app.subheader, app.markdown, app.caption, app.html, app.error, app.warning,
            app.info, app.success, app.code,
        )  # fmt: skip
        return "\n".join(str(element.value) for kind in kinds for element in kind)

    return words


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """Reruns a page until it is ready, as its polling fragment would."""

    def wait(app: AppTest, ready: Callable[[AppTest], Any], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not ready(app):
            assert time.monotonic() < deadline, "the page never became ready"
            time.sleep(0.1)
            app.run()

    return wait


@pytest.fixture(autouse=True)
def no_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """CPython 3.11 parses source in one thread at a time; the warm-up's imports parse in another."""
    monkeypatch.setattr("app.warmup.start", lambda: None)
