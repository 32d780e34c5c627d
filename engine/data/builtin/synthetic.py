r"""Sentences of a random LSTM that reads a known two-dimensional code.

With :math:`z` from a mixture of four unit Gaussians at :math:`(\pm 2, \pm 2)`,

.. math::
    c_0 = W_0 z, \quad h_0 = \tanh c_0, \quad h_t = \mathrm{LSTM}([e(x_t), z], h_{t-1}), \quad
    p(x_{t+1} \mid x_{\le t}, z) = \mathrm{softmax}(W_1 h_t + W_2 z),

all weights uniform on (-1, 1) but :math:`W_2` on (-5, 5), the first token uniform.

References:
    Lagging Inference Networks and Posterior Collapse in Variational Autoencoders, He, Spokoyny,
    Neubig and Berg-Kirkpatrick, 2019, https://arxiv.org/abs/1901.05534
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from engine.data.corpus import Progress

ROWS, VOCABULARY, LENGTH = 20_000, 1_000, 10
EMBEDDING, HIDDEN = 100, 100
SEED = 19950927
CENTRES = np.array([(-2, -2), (-2, 2), (2, -2), (2, 2)], dtype=np.float64)
SPARE = 200
_CHUNK = 2_000


class Generator(NamedTuple):
    """The weights of the true model; gates in the order input, forget, cell, output."""

    embedding: np.ndarray  # (V, E)
    inputs: np.ndarray  # (E + 2, 4 H)
    recurrent: np.ndarray  # (H, 4 H)
    bias: np.ndarray  # (4 H)
    start: np.ndarray  # (2, H)
    from_hidden: np.ndarray  # (H, V)
    from_code: np.ndarray  # (2, V)


def make(progress: Progress | None = None) -> dict[str, Any]:
    """20,000 sentences of 10 tokens with their true codes z0, z1; label = mixture component."""
    rng = np.random.default_rng(SEED)
    model = generator(rng)
    drawn = ROWS + SPARE
    component = rng.integers(len(CENTRES), size=drawn)
    z = CENTRES[component] + rng.standard_normal((drawn, 2))
    tokens, nll = np.empty((drawn, LENGTH), dtype=np.int64), np.empty(drawn)
    for first in range(0, drawn, _CHUNK):
        part = slice(first, first + _CHUNK)
        tokens[part], nll[part] = sample(model, z[part], rng)
        if progress:
            progress(min(first + _CHUNK, drawn), drawn, "sampling sentences")
    # A sentence drawn twice would leave a held-out split smaller than the paper's.
    _, distinct = np.unique(tokens, axis=0, return_index=True)
    kept = np.sort(distinct)[:ROWS]
    return {
        "text": [" ".join(map(str, row)) for row in tokens[kept].tolist()],
        "label": [f"({x:+.0f}, {y:+.0f})" for x, y in CENTRES[component[kept]]],
        "z0": z[kept, 0],
        "z1": z[kept, 1],
        "nll": nll[kept],
    }


def generator(rng: np.random.Generator) -> Generator:
    """A random true model."""

    def uniform(*shape: int, bound: float = 1.0) -> np.ndarray:
        return rng.uniform(-bound, bound, shape)

    return Generator(
        embedding=uniform(VOCABULARY, EMBEDDING),
        inputs=uniform(EMBEDDING + 2, 4 * HIDDEN),
        recurrent=uniform(HIDDEN, 4 * HIDDEN),
        bias=uniform(4 * HIDDEN),
        start=uniform(2, HIDDEN),
        from_hidden=uniform(HIDDEN, VOCABULARY),
        from_code=uniform(2, VOCABULARY, bound=5.0),
    )


def sample(
    model: Generator, z: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Sentences of the codes ``z`` (N, 2): tokens (N, 10), and -log p(x|z) (N,) in nats."""
    rows = np.arange(len(z))
    x = rng.integers(VOCABULARY, size=len(z))
    tokens, nll = [x], np.full(len(z), np.log(VOCABULARY))
    c = z @ model.start
    h = np.tanh(c)
    for _ in range(LENGTH - 1):
        h, c = _step(model, x, z, h, c)
        logits = h @ model.from_hidden + z @ model.from_code
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        reached = weights.cumsum(axis=1)
        total = reached[:, -1:]
        x = (reached <= rng.random((len(z), 1)) * total).sum(axis=1)
        nll = nll - np.log(weights[rows, x] / total[:, 0])
        tokens.append(x)
    return np.stack(tokens, axis=1), nll


def _step(
    model: Generator, x: np.ndarray, z: np.ndarray, h: np.ndarray, c: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    joined = np.concatenate([model.embedding[x], z], axis=1)
    gates = joined @ model.inputs + h @ model.recurrent + model.bias
    i, f, g, o = np.split(gates, 4, axis=1)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))
