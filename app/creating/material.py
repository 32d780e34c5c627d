"""The run's own sentences as codes: how near a code is to them, which of them have a label, walks among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from app import jobs, loaders, showing
from app.background import Waiting, kept
from app.creating.model import Model
from app.once import once
from engine.config import DataError
from engine.data import slices
from engine.data.corpus import Corpus

if TYPE_CHECKING:
    from engine.data.tokens import Tokens
    from engine.evaluation.aggregate import Aggregate
    from engine.explore.copies import TrainingSentences
    from engine.explore.distances import Surroundings
    from engine.explore.through_data import DataGraph
    from engine.maps.codes import Codes

ROWS, DENSITY_ROWS, SEED = 5000, 2000, 42


@dataclass(eq=False)
class Material:
    """Encoded training sentences of a run, and what is made of them when it is asked for.

    Attributes:
        codes: of a random choice of them, with their texts and labels.
        tokens: of the whole split.
        density: q(z) of fewer of them; None where the latent family has no density.
        graph: in which paths through the data are walked; its edges are drawn at the first walk.
    """

    codes: Codes
    tokens: Tokens
    density: Aggregate | None
    graph: DataGraph

    @cached_property
    def around(self) -> Surroundings:
        """How far from each other they are."""
        from engine.explore.distances import Surroundings

        return Surroundings(self.codes.codes)

    @cached_property
    def copies(self) -> TrainingSentences:
        """Where copies are looked for."""
        from engine.explore.copies import TrainingSentences

        return TrainingSentences(self.tokens, self.codes.codes, self.codes.indices)


def why_not(model: Model) -> str:
    """Why there is no material; nothing if there is some."""
    if missing := loaders.data_missing(model.run):
        return missing
    corpus = Corpus.open(loaders.data_name(model.run))
    return "" if corpus.rows("train") else f"The data set {corpus.name} has no training rows."


def _key(model: Model) -> str:
    data = Corpus.open(loaders.data_name(model.run))
    return f"material:{model.key}|{data.card.fingerprint}"


def known(model: Model) -> Material | None:
    """The material, if it is in memory already."""
    return None if why_not(model) else kept(_key(model))


def material(
    model: Model, waiting: Waiting, place: Any = None, quiet: bool = False
) -> Material | None:
    """The material of a run whose data is here; None until it is there.

    Args:
        model: of the run.
        waiting: what the page waits for.
        place: where its progress is shown.
        quiet: the page can do without it meanwhile.
    """
    import engine.evaluation.aggregate  # noqa: F401  a thread of its own had better not parse source

    title = f"Encoding {showing.of(model.run).nouns} of {model.run.name}"
    return waiting.result(_key(model), title, lambda progress: make(model, progress), place, quiet)


def make(model: Model, progress: jobs.Progress | None = None) -> Material:
    """Encode the sentences, or find their codes on disk.

    Raises:
        DataError: the data set is gone, or has no training rows.
    """
    from engine.evaluation.aggregate import aggregate
    from engine.explore.ways import graph_of
    from engine.maps import codes
    from engine.runs.material import split_of

    request = codes.Request(model.run, model.checkpoint, "train", ROWS, SEED, reconstruction=False)
    found = codes.obtain(request, loaders.host(), progress)
    hosted = model.hosted()
    tokens = split_of(model.run, hosted.config, "train", progress)
    with hosted.turn():
        told = hosted.giving_way(progress)
        density = aggregate(hosted.model, tokens, DENSITY_ROWS, seed=SEED, progress=told)
    graph = graph_of(hosted.model.latent, found.codes)
    return Material(found, tokens, density if density.has_density else None, graph)


# -- groups of sentences ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """Sentences that have something in common: a label, or a slice.

    Attributes:
        name: of the label or slice.
        kind: "label" or "slice".
        split: the split that the rows are of.
    """

    name: str
    kind: str
    split: str

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"


@dataclass(frozen=True)
class Groups:
    """All groups of a data set, slices first, then labels with most rows first."""

    groups: tuple[Group, ...]
    corpus: Corpus

    def rows(self, group: Group) -> np.ndarray:
        """Row numbers of a group in its split."""
        if group.kind == "slice":
            return slices.find(self.corpus, group.name).indices
        labels = self.corpus.labels(group.split)
        return np.flatnonzero(np.asarray(labels if labels is not None else []) == group.name)


def groups(model: Model) -> Groups | None:
    """The slices and labels of the run's data set; None where the data set is not here."""
    if why_not(model):
        return None
    corpus = Corpus.open(loaders.data_name(model.run))
    found = [Group(one.name, "slice", one.split) for one in slices.shelf(corpus).slices]
    key = f"labels|{corpus.name}|{corpus.card.fingerprint}"
    found += [Group(name, "label", "train") for name in once(key, lambda: _labels(corpus))]
    return Groups(tuple(found), corpus)


def _labels(corpus: Corpus, most: int = 200) -> Sequence[str]:
    """Labels of training rows, the most frequent first."""
    labels = corpus.labels("train")
    counts = Counter(label for label in labels or [] if label)
    return [name for name, _ in counts.most_common(most)]


def codes_of(model: Model, found: Groups, group: Group, most: int = 2000) -> np.ndarray:
    """Codes of a random choice of a group's sentences, encoded now, (N, Z).

    Raises:
        DataError: the group has no rows.
    """
    rows = found.rows(group)
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(SEED).choice(rows, most, replace=False))
    question = ("codes of", found.corpus.card.fingerprint, group, rows.tobytes())
    return model.ask(question, lambda hosted: _encoded(model, hosted, group, rows))


def _encoded(model: Model, hosted: Any, group: Group, rows: np.ndarray) -> np.ndarray:
    from engine.explore.encoding import encode_corpus
    from engine.runs.material import split_of

    if not len(rows):
        raise DataError(f"{group} has no rows in the {group.split} split; choose another")
    tokens = split_of(model.run, hosted.config, group.split)
    return encode_corpus(hosted.model, tokens, rows, reconstruction=False).codes
