"""What a model writes between two sentences."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.config import ConfigError
from engine.decoding.config import DecodingConfig
from engine.explore.ends import Endpoint, Ends, encode_ends, endpoint
from engine.explore.marks import changed
from engine.explore.paths import PATHS, interpolate

if TYPE_CHECKING:
    from engine.data.tokenizers import Tokenizer
    from engine.models.vae import VAE

# Prior draws behind the shell: its radius is known to a fiftieth of its width.
_SHELL_DRAWS = 2_500


@dataclass(frozen=True)
class Step:
    """One code on the path and what it decodes to.

    Attributes:
        alpha: position on the path, 0 at A and 1 at B.
        text: the decoded sentence.
        pieces: its tokens as they are displayed.
        changed: for each piece, whether the step before lacks it; all False at A.
        folded: the same sentence as the step before.
        norm: length of the code.
        nll: -log p(sentence | code), end token counted, nats.
        token_nll: the same for each token and the end token, nats.
        ids: token ids without start and end.
    """

    alpha: float
    text: str
    pieces: list[str]
    changed: list[bool]
    folded: bool
    norm: float
    nll: float
    token_nll: list[float]
    ids: list[int]


@dataclass(frozen=True)
class Interpolation:
    """A decoded path between two sentences; ``to_dict`` is plain JSON.

    Attributes:
        a, b: the two ends.
        path: name of the path in PATHS.
        steps: from A to B, both included.
        codes: the codes of the steps, (steps, Z).
        shell_mean, shell_sd: mean and standard deviation of a prior draw's length.
        ignored: the codes differ and every step reads the same: the decoder ignores the code.
    """

    a: Endpoint
    b: Endpoint
    path: str
    steps: list[Step]
    codes: list[list[float]]
    shell_mean: float
    shell_sd: float
    ignored: bool

    @property
    def distinct(self) -> int:
        """How many different sentences the path passes."""
        return len({step.text for step in self.steps})

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain lists, numbers and strings."""
        return asdict(self)


def between(
    model: VAE,
    tokenizer: Tokenizer,
    a: str,
    b: str,
    steps: int = 11,
    path: str | None = None,
    decoding: DecodingConfig | None = None,
) -> Interpolation:
    """Encode two sentences and decode the codes between them, all in one batch.

    The ends are the deterministic codes (posterior means of a Gaussian); what they decode to is shown
    beside what was typed. Where a code is made of several latent tokens, each goes its own way.

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        a: the first sentence.
        b: the last sentence.
        steps: how many codes, both ends included.
        path: a name in ``engine.explore.paths.PATHS``; the latent family's best one where absent.
        decoding: how to decode; greedy where absent. Its ``max_tokens`` also cuts what is read.

    Raises:
        DataError: a sentence is blank.
        ConfigError: the path is unknown or leaves where codes live, or there are fewer than 2 steps.
    """
    decoding = decoding or DecodingConfig()
    ends = encode_ends(model, tokenizer, a, b, decoding)
    path = allowed(model, path)
    codes = interpolate(ends.a, ends.b, steps, path, model.latent.tokens)
    return along(model, tokenizer, ends, codes, path, decoding)


def along(
    model: VAE,
    tokenizer: Tokenizer,
    ends: Ends,
    codes: ArrayLike,
    path: str,
    decoding: DecodingConfig | None = None,
) -> Interpolation:
    """Decode any path between two sentences, all its codes in one batch.

    Args:
        model: a text VAE.
        tokenizer: the run's tokeniser.
        ends: the two sentences.
        codes: from A to B, (steps, Z).
        path: what the path is called.
        decoding: how to decode; greedy where absent.
    """
    decoding = decoding or DecodingConfig()
    codes = np.asarray(codes, dtype=np.float64)
    mean, sd = _shell(model, decoding.seed)
    sentences, nll = _decoded(model, codes, decoding)
    decoded = _steps(tokenizer, sentences, codes, nll)
    return Interpolation(
        a=endpoint(ends.typed[0], sentences[0], decoded[0].text),
        b=endpoint(ends.typed[1], sentences[-1], decoded[-1].text),
        path=path,
        steps=decoded,
        codes=codes.tolist(),
        shell_mean=mean,
        shell_sd=sd,
        ignored=all(step.folded for step in decoded[1:]) and not np.allclose(codes[0], codes[-1]),
    )


def _shell(model: VAE, seed: int) -> tuple[float, float]:
    """Mean and standard deviation of the length of a prior draw."""
    from engine.evaluation.mode import evaluation_mode

    with evaluation_mode(model, seed):
        radius = model.latent.sample_prior(_SHELL_DRAWS).flatten(1).norm(dim=1).cpu().double()
    return float(radius.mean()), float(radius.std())


def allowed(model: VAE, path: str | None) -> str:
    """The path, if the model's latent family has it; the family's best one where absent."""
    latent = model.latent
    if path is None:
        return latent.paths[0]
    if path in PATHS and path not in latent.paths:
        raise ConfigError(
            f"codes of this model live {latent.where}, where the path between two of them must stay; "
            f"choose {' or '.join(latent.paths)}, got {path!r}"
        )
    return path


def _decoded(
    model: VAE, codes: ArrayLike, decoding: DecodingConfig
) -> tuple[list[list[int]], NDArray[np.float64]]:
    """The sentence of each code and the nats of its tokens and end token, 0 after the end."""
    import torch

    from engine.decoding.search import decode, written_likelihood

    z = torch.tensor(np.asarray(codes), dtype=torch.float32)
    sentences = decode(model, z, decoding)
    return sentences, -written_likelihood(model, z, sentences).double().numpy()


def _steps(
    tokenizer: Tokenizer,
    sentences: list[list[int]],
    codes: NDArray[np.float64],
    nll: NDArray[np.float64],
) -> list[Step]:
    texts = tokenizer.decode(sentences)
    pieces = [tokenizer.pieces(ids) for ids in sentences]
    found = []
    for at, alpha in enumerate(np.linspace(0, 1, len(sentences)).tolist()):
        before = max(at - 1, 0)
        tokens = nll[at, : len(sentences[at]) + 1].tolist()
        found.append(
            Step(
                alpha=alpha,
                text=texts[at],
                pieces=pieces[at],
                changed=changed(pieces[before], pieces[at]),
                folded=at > 0 and sentences[before] == sentences[at],
                norm=float(np.linalg.norm(codes[at])),
                nll=float(sum(tokens)),
                token_nll=tokens,
                ids=list(sentences[at]),
            )
        )
    return found
