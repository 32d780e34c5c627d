"""Points with planted clusters, so that what a lasso should catch is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app import latent_map as maps

WORDS = [
    *("river", "stone", "garden", "quiet", "winter", "letter", "window", "morning"),
    *("paper", "signal", "mountain", "valley", "harbour", "candle", "meadow", "engine"),
    *("silver", "forest", "island", "market", "bridge", "planet", "violin", "copper"),
]


@dataclass(frozen=True)
class Material:
    """What the test page shows."""

    points: list[maps.Points]
    turned: list[maps.Points]
    texts: maps.Texts
    colours: dict[str, maps.Categories | maps.Values | None]


def labels(n: int, clusters: int) -> np.ndarray:
    """The cluster of each row: sorted, as labels often are; cluster k has (k + 1) shares."""
    shares = np.arange(1, clusters + 1, dtype=float) ** 0.7
    return np.searchsorted(np.cumsum(shares / shares.sum()), (np.arange(n) + 0.5) / n).clip(
        0, clusters - 1
    )


def places(n: int, clusters: int, seed: int = 0) -> np.ndarray:
    """Clusters of several shapes around a ring, with a thin haze between them."""
    random = np.random.default_rng(seed)
    label = labels(n, clusters)
    angle = 2 * np.pi * np.arange(clusters) / clusters
    radius = 4.5 + 2.2 * random.random(clusters)
    centres = np.stack([1.5 * radius * np.cos(angle), radius * np.sin(angle)], 1)
    turn = random.random(clusters) * np.pi
    spread = 0.45 + 0.5 * random.random((clusters, 2)) * [[2.0, 0.9]]
    noise = random.standard_normal((n, 2)) * spread[label]
    noise[:, 1] += 0.35 * noise[:, 0] ** 2 * np.where(label % 3 == 0, 0.5, 0)
    cos, sin = np.cos(turn)[label], np.sin(turn)[label]
    xy = centres[label] + np.stack([cos * noise[:, 0] - sin * noise[:, 1],
                                    sin * noise[:, 0] + cos * noise[:, 1]], 1)  # fmt: skip
    haze = random.random(n) < 0.06
    xy[haze] = random.standard_normal((haze.sum(), 2)) * [4.5, 3.0]
    return xy


def material(n: int, clusters: int, steps: int = 1, panes: int = 1) -> Material:
    """Everything the page needs."""
    xy = places(n, clusters)
    if steps > 1:
        start = np.random.default_rng(1).standard_normal((n, 2))
        grown = np.linspace(0.05, 1, steps)[:, None, None]
        swirl = (1 - grown) * 1.5
        spun = np.stack([xy[:, 0] * np.cos(swirl[..., 0]) - xy[:, 1] * np.sin(swirl[..., 0]),
                         xy[:, 0] * np.sin(swirl[..., 0]) + xy[:, 1] * np.cos(swirl[..., 0])], -1)  # fmt: skip
        xy = grown * spun + (1 - grown) * start
    shown = [maps.Points(xy, title="run A" if panes > 1 else "", half=steps > 1)]
    flat = xy[-1] if steps > 1 else xy
    if panes > 1:
        shown.append(maps.Points(flat[:, ::-1] * [1, -1], title="run B"))
    turned = [maps.Points(flat @ np.array([[0.3, 0.8], [-0.7, 0.4]]) + 0.02 * flat**2)] * panes
    label = labels(n, clusters)
    names = [f"{WORDS[code % len(WORDS)]}{code // len(WORDS) or ''}" for code in range(clusters)]
    many = (label * 20 + np.arange(n) % 20) % 150
    lengths = 3 + np.random.default_rng(2).poisson(4 + label)
    texts = [f"the {names[code]} {WORDS[i % 24]} met a {WORDS[i * 7 % 24]}, row {i}"
             for i, code in enumerate(label)]  # fmt: skip
    return Material(
        shown,
        turned,
        maps.Texts(texts),
        {
            "label": maps.Categories(label, names, "subject"),
            "length": maps.Values(lengths.astype(float), "length", "words"),
            "many": maps.Categories(many, [f"intent {code}" for code in range(150)], "intent"),
            "nothing": None,
        },
    )


def overlays() -> maps.Overlays:
    """One of each."""
    stops = np.stack(
        [np.linspace(-8, 7, 11), np.linspace(-2, 3, 11) + np.sin(np.arange(11)) * 0.4], 1
    )
    return maps.Overlays(
        paths=[
            maps.Path(stops, ["A", *[""] * 9, "B"], [f"sentence at {k} tenths" for k in range(11)])
        ],
        stars=[maps.Star(2.0, -1.5, "typed", "the sentence that was typed")],
        ellipses=[maps.Ellipse(-4, 3, 1.4, 0.7, 0.5, "μ ± σ"), maps.Ellipse(5, -3, 0.8, 1.1)],
        rings=[
            maps.Ring(0, 0, radius, f"{sigmas} σ")
            for sigmas, radius in ((1, 2.5), (2, 5.0), (3, 7.5))
        ],
    )
