"""The model that a page asks: every question is answered once, for all sessions, in a turn of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app import loaders
from app.background import Waiting
from app.once import once
from engine.runs.store import Run

if TYPE_CHECKING:
    from engine.decoding.config import DecodingConfig
    from engine.hosting import Hosted


SENTENCES_AT_ONCE = 200
# Some seconds on two cores with the largest decoder of pictures.
PIXELS_AT_ONCE = 4_000


@dataclass(frozen=True)
class Model:
    """A checkpoint of a run.

    Attributes:
        run: the run.
        checkpoint: the name of its checkpoint.
    """

    run: Run
    checkpoint: str

    @property
    def key(self) -> str:
        """Names it; another version of the checkpoint has another key."""
        return loaders.version(self.run, self.checkpoint)

    @property
    def file(self) -> str:
        """How files that come of it begin."""
        return f"{self.run.name}-{self.checkpoint}"

    @property
    def family(self) -> Any:
        """The class of its latent family; waits for torch the first time."""
        return loaders.family(self.run)

    def hosted(self) -> Hosted:
        """It, loaded and on its device."""
        return loaders.host().get(self.run, self.checkpoint)

    def decoding(self, strategy: str, **settings: Any) -> DecodingConfig:
        """How it decodes, as long as its sentences may be."""
        from engine.decoding.config import DecodingConfig

        return DecodingConfig(
            strategy=strategy, max_tokens=loaders.max_tokens(self.run), **settings
        )

    @property
    def at_once(self) -> int:
        """So many are decoded while one waits: a picture is written pixel by pixel."""
        if self.run.kind != "images":
            return SENTENCES_AT_ONCE
        return max(1, PIXELS_AT_ONCE // loaders.max_tokens(self.run))

    def made(
        self,
        question: tuple[Any, ...],
        count: int,
        title: str,
        answer: Callable[[Hosted], Any],
        waiting: Waiting,
        place: Any = None,
    ) -> Any | None:
        """What it answers where ``count`` pictures must be decoded for it.

        As ``ask`` where that is quick, and for all text; else in the background, and None until it is there.

        Args:
            question: names the answer and all that it depends on besides the model.
            count: how many are decoded.
            title: what is made, in words.
            answer: makes it.
            waiting: what the page waits for.
            place: where progress is shown.
        """
        if self.run.kind != "images" or count <= self.at_once:
            return self.ask(question, answer)

        def make(progress: Any) -> Any:
            hosted = self.hosted()
            with hosted.turn():
                return answer(hosted)

        return waiting.result(f"made:{self.key}|{hash(question)}", title, make, place)

    def ask(self, question: tuple[Any, ...], answer: Callable[[Hosted], Any]) -> Any:
        """What it answers, kept for whoever asks the same; nobody may change it.

        Args:
            question: names the answer and all that it depends on besides the model.
            answer: makes it; called in a turn, so that those who wait are decoded together.
        """

        def make() -> Any:
            hosted = self.hosted()
            with hosted.turn():
                return answer(hosted)

        return once(f"{self.key}|{question!r}", make)
