"""The store of runs: a run is a folder, and everything about it is a file in that folder.

::

    config.json      the experiment, complete          status.json    what it is doing (runs/status.py)
    metrics.jsonl    one record a line                 log.txt        what the worker said
    tokenizer.json   text <-> ids                      probes.jsonl   a few sentences, at each evaluation
    checkpoints/     last, best, step-00000400         events/        the metrics for TensorBoard
    means/           the posterior mean space, where its record is asked for (runs/mean_space.py)
    evaluation-test-best.json   a table that `evaluate` made (runs/evaluations.py)

Nothing here loads torch, so that a page can list runs before it is needed.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from engine.config import ROOT, ConfigError, RunBusy, RunNotFound, home
from engine.runs import files
from engine.runs.status import STATUS_FILE, Status, read_status

if TYPE_CHECKING:
    import pandas as pd

CONFIG_FILE, METRICS_FILE, LOG_FILE = "config.json", "metrics.jsonl", "log.txt"
TOKENIZER_FILE, PROBES_FILE, EVENTS = "tokenizer.json", "probes.jsonl", "events"
CHECKPOINTS, WEIGHTS, NUMBERS_FILE = "checkpoints", "model.safetensors", "training.json"
DEMO = "demo"
SHOWN = 5  # of the runs that an unknown name is answered with
# With what `files.replace_folder` may have left.
CHECKPOINT = re.compile(r"\.?(best|last|step-\d+)(?:\.(?:new|old))?")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")

_frames: dict[Path, tuple[tuple[int, int], pd.DataFrame]] = {}


class Run:
    """One run: its folder, and readers for what is in it."""

    def __init__(self, path: Path, name: str | None = None) -> None:
        self.path = path
        self.name = name or path.name

    def __repr__(self) -> str:
        return f"Run({self.name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    @property
    def read_only(self) -> bool:
        """Whether the run came with Zscape: it can be looked at and cloned, not changed."""
        return self.path.is_relative_to(ROOT / "assets")

    @property
    def cache(self) -> Path:
        """A folder for what is computed from this run, outside it; made when asked for, deleted with the run."""
        mark = hashlib.sha256(str(self.path).encode()).hexdigest()[:8]
        folder = home() / "cache" / "runs" / f"{self.name}-{mark}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def config(self) -> dict[str, Any]:
        """The experiment as JSON; `engine.experiment.load_config` makes objects of it."""
        if not is_run(self.path):
            raise RunNotFound(_not_found(self.name))
        return files.read_json(self.path / CONFIG_FILE)

    @property
    def kind(self) -> Literal["text", "images"]:
        """What the run has learned from: text unless its tokeniser reads images."""
        tokenizer = self.config().get("tokenizer", {})
        return "images" if tokenizer.get("kind") == "pixels" else "text"

    def status(self) -> Status:
        """What the run is doing now; "lost" if its worker died without a word."""
        return read_status(self.path)

    def metrics(self) -> pd.DataFrame:
        """All records so far, one row each, a column per metric; empty before the first record."""
        import pandas as pd

        path = self.path / METRICS_FILE
        if not path.exists():
            return pd.DataFrame()
        facts = path.stat()
        version = (facts.st_size, facts.st_mtime_ns)
        known, frame = _frames.get(path, (None, None))
        if known != version or frame is None:
            frame = pd.DataFrame.from_records(files.read_records(path))
            _frames[path] = (version, frame)
        return frame.copy(deep=False)

    def probes(self) -> list[dict[str, Any]]:
        """The probe sentences as each evaluation reconstructed them, and one interpolation."""
        return files.read_records(self.path / PROBES_FILE)

    def checkpoints(self) -> list[str]:
        """Names of the checkpoints: best and last where they exist, then steps in order."""
        folders = (path.parent.name for path in (self.path / CHECKPOINTS).glob(f"*/{WEIGHTS}"))
        found = {match[1] for name in folders if (match := CHECKPOINT.fullmatch(name))}
        return sorted(found, key=lambda name: (name.startswith("step-"), name))

    def checkpoint(self, name: str = "best") -> Path:
        """The folder of a checkpoint; RunNotFound names those that exist."""
        folder = files.whole_folder(self.path / CHECKPOINTS / name)
        if not (CHECKPOINT.fullmatch(name) and (folder / WEIGHTS).exists()):
            there = ", ".join(self.checkpoints())
            cure = f"it has {there}" if there else "it has none yet; wait for its first evaluation"
            raise RunNotFound(f"run {self.name!r} has no checkpoint {name!r}; {cure}")
        return folder

    def version(self, name: str = "best") -> str:
        """What changes when a checkpoint is written anew; RunNotFound names those that exist."""
        facts = (self.checkpoint(name) / WEIGHTS).stat()
        return f"{self.path}|{name}|{facts.st_size}|{facts.st_mtime_ns}"

    def step_of(self, name: str) -> int | None:
        """How many updates a checkpoint has behind it; None where nothing says so."""
        path = self.checkpoint(name) / NUMBERS_FILE
        if path.exists():
            return int(files.read_json(path)["step"])
        return int(name.removeprefix("step-")) if name.startswith("step-") else None

    def preferred_checkpoint(self) -> str:
        """The checkpoint to look at unless another is asked for: best, last while there is none.

        There is none before the first validation, nor while the KL weight is on its way; where it never
        arrives, none ever.
        """
        return "last" if "best" not in self.checkpoints() and self.checkpoints() else "best"

    def checkpoint_named(self, asked: str | None) -> str:
        """The name of what is asked for: best, last, step-00000400 or 400; the preferred one for None.

        A number is the checkpoint after so many updates: the one that was kept then, else best or last
        where that is where they are from.
        """
        if asked is None:
            return self.preferred_checkpoint()
        number = asked.removeprefix("step-")
        if not number.isdecimal():
            return asked
        kept = f"step-{int(number):08d}"
        there = self.checkpoints()
        others = (name for name in there if self.step_of(name) == int(number))
        return kept if kept in there else next(others, kept)

    def log(self, tail: int = 200) -> str:
        """The last lines of what the worker said."""
        return files.tail(self.path / LOG_FILE, tail)


def create(
    config: dict[str, Any], name: str | None = None, preset: str = "", folder: Path | None = None
) -> Run:
    """Make the folder of a new run, not yet started.

    Args:
        config: the experiment as JSON, complete.
        name: letters, digits, ``-``, ``_`` and ``.``; by default made from data and preset ("mscoco-standard-1").
        preset: what the experiment was made from, for the default name and for the record.
        folder: where it is made; by default where runs are listed.

    Raises:
        ConfigError: the name is taken or cannot be a folder's name.
    """
    folder = folder or home() / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".new-{uuid.uuid4().hex}"
    draft.mkdir()
    try:
        files.write_json(draft / CONFIG_FILE, config)
        status = Status(created=time.time(), heartbeat=time.time(), preset=preset)
        files.write_json(draft / STATUS_FILE, status.model_dump())
        return Run(_place(draft, _checked(name) if name else None, _base(config, preset)))
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _place(draft: Path, name: str | None, base: str) -> Path:
    """Rename the draft to a name that is free; renaming onto a run's folder fails, so none is lost."""
    names = [name] if name else [f"{base}-{number}" for number in range(1, 10_000)]
    for target in (draft.parent / candidate for candidate in names):
        try:
            if not target.exists():
                return draft.rename(target)
        except OSError:  # somebody was faster
            if not target.exists():
                raise
    raise ConfigError(
        f"a run named {names[0]!r} exists already; choose another name or delete that run"
    )


def _checked(name: str) -> str:
    if name == DEMO or not NAME.fullmatch(name):
        raise ConfigError(
            f"a run's name must be 1 to 80 letters, digits, '-', '_' or '.', begin with a letter or digit "
            f"and not be 'demo', got {name!r}; leave it out to get one made from the data's name"
        )
    return name


def _base(config: dict[str, Any], preset: str) -> str:
    """The readable part of a default name: the data's name (a file's stem), then the preset's."""
    data = Path(str(config.get("data", {}).get("name", "run"))).name.split(".")[0]
    words = [re.sub(r"[^A-Za-z0-9]+", "-", word).strip("-").lower() for word in (data, preset)]
    return "-".join(word for word in words if word)[:60] or "run"


def find(name_or_path: str | Path) -> Run:
    """The run of that name, "demo", or any run folder by its path; RunNotFound names some and the closest."""
    if str(name_or_path) == DEMO and is_run(demo_path()):
        return Run(demo_path(), DEMO)
    named = home() / "runs" / str(name_or_path)
    if NAME.fullmatch(str(name_or_path)) and is_run(named):
        return Run(named)
    path = Path(name_or_path).expanduser().resolve()
    if is_run(path):
        return Run(path, DEMO if path == demo_path() else None)
    raise RunNotFound(_not_found(str(name_or_path)))


def _not_found(name: str) -> str:
    known = [run.name for run in runs()]
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    some = known
    if len(known) > SHOWN:  # the demonstration run is the last
        some = [*known[: SHOWN - 1], f"{len(known) - SHOWN} more", known[-1]]
    there = f"there is {', '.join(some)}" if some else "there are no runs yet"
    return f"no run is named {name!r}{hint}, and no run folder is at that path; {there}"


def is_run(path: Path) -> bool:
    """Whether a folder holds a run."""
    return (path / CONFIG_FILE).is_file()


def demo_path() -> Path:
    """Where the demonstration run is, if this copy of Zscape has it."""
    return ROOT / "assets" / "demo_run"


def runs() -> list[Run]:
    """All runs, the newest first, the demonstration run last."""
    folders = sorted((home() / "runs").glob("[!.]*"), key=_created, reverse=True)
    demo = [Run(demo_path(), DEMO)] if is_run(demo_path()) else []
    return [Run(path) for path in folders if is_run(path)] + demo


def _created(path: Path) -> int:
    """When a run was made: its config never changes. 0 for what is not a run (any more)."""
    try:
        return (path / CONFIG_FILE).stat().st_mtime_ns
    except (FileNotFoundError, NotADirectoryError):
        return 0


@contextmanager
def exclusive(run: Run, what: str) -> Iterator[None]:
    """Nobody else starts, stops or deletes ``run`` meanwhile; RunBusy if it must stay as it is."""
    if run.read_only:
        raise RunBusy(
            f"run {run.name!r} came with Zscape and is read-only: you cannot {what} it; clone it"
        )
    if not is_run(run.path):
        raise RunNotFound(_not_found(run.name))
    with files.locked(run.path / ".lock"):
        yield


def delete(run: Run) -> None:
    """Delete a run and all that was computed from it; RunBusy while a worker is at it."""
    with exclusive(run, "delete"):
        if (status := run.status()).live and status.pid is not None:
            raise RunBusy(f"run {run.name!r} is {status.state}; stop it before you delete it")
        grave = run.path.rename(run.path.with_name(f".deleted-{run.name}-{time.time_ns()}"))
    shutil.rmtree(grave)
    shutil.rmtree(run.cache)
    _frames.pop(run.path / METRICS_FILE, None)
