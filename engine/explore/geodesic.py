"""The path along which what the decoder says changes least: a geodesic under its own metric."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.nn import functional as F

from engine.config import ConfigError
from engine.decoding.config import DecodingConfig
from engine.evaluation.mode import differentiable_mode
from engine.explore.energy import effort
from engine.explore.paths import interpolate
from engine.explore.pullback import Pullback

if TYPE_CHECKING:
    from engine.evaluation.mode import Progress
    from engine.models.latents import LatentFamily
    from engine.models.vae import VAE

Floats = NDArray[np.float64]

# A path is bent at so many codes: fewer would hide what changes between them, more cost time.
_KNOTS = (9, 17)
# Looked at twice: the second time the decoder is also read along what it says on the first path.
_ROUNDS = 2
# A round ends where the last evaluations have lowered the energy by less than this share of it.
_SETTLED, _LATELY = 0.005, 5


@dataclass(frozen=True)
class Geodesic:
    """A path that was bent until the decoder says as little as possible that is new.

    Attributes:
        codes: from A to B, both included, (steps, Z).
        energy: of the path, nats, as ``energy.effort`` measures every path.
        length: of the path, nats to the half, likewise.
        straight_energy, straight_length: of the path it was bent from, at as many steps, likewise.
        history: the energy along the anchors after each evaluation of the last round, nats, from the
            straight path's.
        passes: sentences that the decoder has read while bending, each at one code.
        seconds: what it took.
        anchors: the sentences it was bent along, token ids.
    """

    codes: Floats
    energy: float
    length: float
    straight_energy: float
    straight_length: float
    history: list[float]
    passes: int
    seconds: float
    anchors: list[list[int]]


def geodesic(
    model: VAE,
    z_a: ArrayLike,
    z_b: ArrayLike,
    steps: int = 11,
    *,
    evaluations: int = 40,
    decoding: DecodingConfig | None = None,
    progress: Progress | None = None,
) -> Geodesic:
    r"""Bend the family's own path between two codes until its energy is least.

    .. math::
        \min_c \sum_k sKL(z_k, z_{k+1}), \qquad
        z(t) = z_{\text{straight}}(t) + \sum_m c_m \sin(m \pi t)

    on the sphere divided by its length, and for proportions squared from there, so that every code stays
    where codes live. In these waves a flat metric's energy is a sum of squares, so that some thirty
    evaluations do. The energy never exceeds that of the path it begins with, which is returned where bending
    has gained nothing.

    Where we differ from Adam on the knots, as it is usual: L-BFGS with a line search, which falls at every
    step and needs a third of the passes; and waves of which the first few bend the whole path.

    References:
        Arvanitidis et al., Pulling Back Information Geometry, 2022, https://arxiv.org/abs/2106.05367;
        Shao, Kumar and Fletcher, The Riemannian Geometry of Deep Generative Models, 2018,
        https://arxiv.org/abs/1711.08014 (the discrete energy)

    Args:
        model: a text VAE.
        z_a, z_b: the two codes, shape (Z,).
        steps: how many codes to return, both ends included.
        evaluations: of energy and gradient, at most; each reads every anchor at 9 to 17 codes.
        decoding: how the sentences are written that the decoder is read along; greedy where absent.
        progress: told after every evaluation; whatever it raises ends the search.

    Raises:
        ConfigError: codes are bits, or there are fewer than 2 steps.
    """
    began = time.perf_counter()
    require_bendable(model.latent)
    search = _Search(model, z_a, z_b, min(max(steps, _KNOTS[0]), _KNOTS[1]))
    decoding = decoding or DecodingConfig()
    with differentiable_mode(model):
        pullback = search.run(decoding, evaluations, progress)
    # What it was bent along is its own; measured it is as every other path is.
    codes, straight = (search.result(steps, c) for c in (search.best, search.flat))
    bent, unbent = (effort(model, path, decoding.max_tokens) for path in (codes, straight))
    if bent.energy > unbent.energy:
        codes, bent = straight, unbent
    return Geodesic(
        codes=codes,
        energy=bent.energy,
        length=bent.length,
        straight_energy=unbent.energy,
        straight_length=unbent.length,
        history=search.history,
        passes=search.passes,
        seconds=time.perf_counter() - began,
        anchors=pullback.anchors,
    )


def require_bendable(latent: LatentFamily) -> None:
    """Raises a ConfigError where codes cannot move by a little."""
    if latent.paths[0] == "bits":
        raise ConfigError(
            "a geodesic bends a path little by little, and codes of this model are bits, which flip or "
            "stay; take the path 'bits'"
        )


class _Search:
    """One search: coefficients of the waves, (M, Z), and the best of them so far."""

    def __init__(self, model: VAE, z_a: ArrayLike, z_b: ArrayLike, knots: int) -> None:
        self.model, self.knots = model, knots
        self.ends = np.asarray(z_a, dtype=np.float64), np.asarray(z_b, dtype=np.float64)
        self.device = next(model.parameters()).device
        self.straight, self.waves = self._at(knots)
        self.flat = torch.zeros(knots - 2, self.straight.shape[1], device=self.device)
        self.best, self.least = self.flat, math.inf
        self.history: list[float] = []
        self.passes = 0

    @property
    def both(self) -> tuple[Tensor, Tensor]:
        """The coefficients of the straight path and of the best one."""
        return self.flat, self.best

    def run(
        self, decoding: DecodingConfig, evaluations: int, progress: Progress | None
    ) -> Pullback:
        """Bend the path round after round, and return what it was measured with in the last."""
        middle = self.knots // 2
        anchors = self._written(self.flat, decoding, [0, middle, -1])
        for number in range(_ROUNDS):
            anchors += self._written(self.best, decoding, [middle])
            pullback = Pullback(self.model, anchors)
            self._begin(pullback)
            before, most = number * evaluations // _ROUNDS, evaluations // _ROUNDS

            def told(done: int, before: int = before) -> None:
                if progress:
                    progress(before + done, evaluations, "bending the path")

            self._bend(pullback, most, told)
            self.passes += pullback.passes
        return pullback

    def _begin(self, pullback: Pullback) -> None:
        """From the straight path, unless the best so far is better along these anchors too."""
        with torch.no_grad():
            straight, bent = (float(pullback.energy(self.codes(c))) for c in self.both)
        if straight <= bent:
            self.best = self.flat
        self.least = min(straight, bent)
        self.history = [straight, self.least]

    def _bend(self, pullback: Pullback, most: int, told: Callable[[int], None]) -> None:
        """Lower the energy by L-BFGS; what a line search tries and drops does not count."""
        c = self.best.clone().requires_grad_()
        before = len(self.history)

        def closure() -> Tensor:
            tried = self.history[before:]
            settled = len(tried) > _LATELY and tried[-1] > (1 - _SETTLED) * tried[-1 - _LATELY]
            if len(tried) >= most or settled:
                raise _Enough
            energy = pullback.energy(self.codes(c))
            (c.grad,) = torch.autograd.grad(energy, c)
            if (value := energy.item()) < self.least:
                self.least, self.best = value, c.detach().clone()
            self.history.append(self.least)
            told(len(tried) + 1)
            return energy.detach()

        with suppress(_Enough):
            torch.optim.LBFGS([c], max_iter=most, line_search_fn="strong_wolfe").step(closure)

    def codes(self, c: Tensor) -> Tensor:
        """The knots of the path with these coefficients, (K, Z)."""
        return self._placed(self.straight + self.waves @ c)

    def result(self, steps: int, c: Tensor) -> Floats:
        """The path with these coefficients at any number of steps, its ends exact."""
        straight, waves = self._at(steps)
        codes = self._placed(straight + waves @ c).double().cpu().numpy()
        codes[0], codes[-1] = self.ends
        return codes

    def _at(self, steps: int) -> tuple[Tensor, Tensor]:
        """The straight path, where waves are added to it, and the waves, at so many steps."""
        latent = self.model.latent
        codes = interpolate(*self.ends, steps, latent.paths[0], latent.tokens)
        straight = np.sqrt(codes) if self._proportions else codes
        waves = _waves(steps, self.knots)
        return self._tensor(straight), self._tensor(waves)

    def _tensor(self, values: Floats) -> Tensor:
        return torch.tensor(values, dtype=torch.float32, device=self.device)

    def _placed(self, y: Tensor) -> Tensor:
        """Back to where codes live."""
        if self._proportions:
            return F.normalize(y, dim=-1).square()
        return F.normalize(y, dim=-1) if self.model.latent.paths[0] == "spherical" else y

    @property
    def _proportions(self) -> bool:
        return self.model.latent.paths[0] == "fisher-rao"

    def _written(self, c: Tensor, decoding: DecodingConfig, places: list[int]) -> list[list[int]]:
        from engine.decoding.search import decode

        with torch.no_grad():
            return decode(self.model, self.codes(c)[places], decoding)


class _Enough(Exception):
    """As many evaluations as were allowed."""


def _waves(steps: int, knots: int) -> Floats:
    """The waves sin(m π t) at evenly spaced t, (steps, knots - 2), as high as makes all alike to bend.

    The differences of successive knots of wave m have the mean square of those of wave 1.
    """
    t, m = np.linspace(0, 1, steps)[:, None], np.arange(1, knots - 1)
    steep = 2 * np.sin(m * np.pi / (2 * (knots - 1))) * math.sqrt((knots - 1) / 2)
    return np.sin(m * np.pi * t) / steep
