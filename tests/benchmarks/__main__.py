"""Speed on this machine, as ratios in one run: ours : one sentence at a time : what matrix products allow.

    python -m tests.benchmarks --data docstrings

Model: LSTM 256, embedding 128, z 32, batch 32. The floor counts the floating-point operations of the
algorithm (two per multiply-add; matrix products only) and divides by the peak that the machine's own
float32 products reach in the same run. "One at a time" is the same model decoded and weighed sentence by
sentence, as system A's code does it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import torch

from engine.data import library
from engine.data.batches import Batches, Tokens, tokenize
from engine.data.tokenizers import Tokenizer
from engine.decoding.config import DecodingConfig
from engine.decoding.search import decode
from engine.devices import product_seconds
from engine.evaluation.likelihood import iw_rows
from engine.experiment import Parts, build, override
from engine.presets import preset
from engine.training.loop import _encoder_step, train

E, H, Z, BATCH, IW = 128, 256, 32, 32, 500


@dataclass
class Result:
    """One line of the table."""

    what: str
    unit: str
    ours: float
    one_at_a_time: float | None
    possible: float

    @property
    def share(self) -> float:
        """Of what the machine's matrix products allow."""
        return self.ours / self.possible

    def line(self) -> str:
        """The line as Markdown."""
        slow = "" if self.one_at_a_time is None else f"{self.one_at_a_time:,.1f}"
        return (
            f"| {self.what} | {self.unit} | {self.ours:,.1f} | {slow} | {self.possible:,.0f} "
            f"| {self.share:.0%} |"
        )


def peak() -> float:
    """Floating-point operations per second of the best float32 product of several sizes."""
    device = torch.device("cpu")
    return max(
        2 * n**3 / product_seconds(torch.float32, device, n)
        for n in (512, 1024, 2048)
        for _ in "12"
    )


def costs(vocab: int) -> dict[str, float]:
    """Floating-point operations per token of each part, forward."""
    return {
        "enc": 8 * H * (E + H),
        "dec": 8 * H * (E + Z + H),
        "step": 8 * H * H,
        "out": 2 * H * vocab,
    }


def seconds(work: Callable[[], object], repeat: int = 3) -> float:
    """The best time of several, after one to warm up."""
    times = []
    for _ in range(repeat + 1):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times[1:])


def training(parts: Parts, batches: Batches, vocab: int, speed: float) -> list[Result]:
    """Tokens per second of joint updates and of encoder-only ones."""
    state, cost = parts.state, costs(vocab)
    steps = train(state, batches, lambda model: {"elbo": 0.0})
    order = batches.epoch(0)
    tokens = [int((batches.rows(i)[:, 1:] > 0).sum()) for i in order]
    for _ in range(20):
        next(steps)
    start, first, count = time.perf_counter(), state.position, 150
    for _ in range(count):
        next(steps)
    joint = sum(tokens[first : first + count]) / (time.perf_counter() - start)
    possible = speed / (3 * (cost["enc"] + cost["dec"] + cost["out"]))

    def inner() -> None:
        for indices in order[:50]:
            _encoder_step(state, torch.from_numpy(batches.rows(indices)))

    alone = sum(tokens[:50]) / seconds(inner, 2)
    # Encoder: forward, and backward by inputs and weights. Decoder: forward, and backward by inputs.
    inner_possible = speed / (3 * cost["enc"] + 2 * (cost["dec"] + cost["out"]))
    return [
        Result("training, joint update", "tokens/s", joint, None, possible),
        Result("training, encoder-only update", "tokens/s", alone, None, inner_possible),
    ]


def weighing(parts: Parts, tokens: Tokens, vocab: int, speed: float, few: int) -> Result:
    """Sentences per second of IW-NLL with 500 samples."""
    cost, some = costs(vocab), np.arange(few)
    work = seconds(lambda: iw_rows(parts.model, tokens, some, samples=IW), 1)
    slow = seconds(
        lambda: [iw_rows(parts.model, tokens, some[i : i + 1], samples=IW) for i in range(4)], 1
    )
    predicted = float((tokens.lengths[some] - 1).sum()) / few
    flops = predicted * IW * (cost["step"] + cost["out"])
    return Result("IW-NLL, 500 samples", "sentences/s", few / work, 4 / slow, speed / flops)


def decoding(parts: Parts, vocab: int, speed: float, strategy: str, many: int) -> Result:
    """Sentences per second; the model writes sentences as long as it likes, up to the cap."""
    cost = costs(vocab)
    torch.manual_seed(0)
    z, config = torch.randn(many, Z), DecodingConfig(strategy=strategy, beam=5, max_tokens=15)
    written = decode(parts.model, z, config)
    work = seconds(lambda: decode(parts.model, z, config), 1)
    slow = seconds(lambda: [decode(parts.model, z[i : i + 1], config) for i in range(20)], 1)
    width = 5 if strategy == "beam" else 1
    predicted = sum(min(len(sentence) + 1, 15) for sentence in written) / many
    flops = predicted * width * (cost["dec"] + cost["out"])
    return Result(f"decoding, {strategy}", "sentences/s", many / work, 20 / slow, speed / flops)


def main() -> None:
    """Measures everything and prints a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="docstrings")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    corpus = library.resolve(options.data)
    settings = [f"model.{part}.{name}={value}" for part in ("encoder", "decoder")
                for name, value in (("embedding", E), ("hidden", H))]  # fmt: skip
    config = override(preset("vanilla"), [*settings, f"model.latent.size={Z}"])
    tokenizer = Tokenizer.train(config.tokenizer, corpus.iter_texts("train"))
    tokens = {split: tokenize(corpus, split, tokenizer, 40) for split in ("train", "test")}
    batches = Batches(tokens["train"], BATCH, 0)
    parts = build(config, tokenizer.vocab_size, len(batches))
    speed, vocab = peak(), tokenizer.vocab_size
    results = training(parts, batches, vocab, speed)
    results += [weighing(parts, tokens["test"], vocab, speed, 40)]
    results += [
        decoding(parts, vocab, speed, "greedy", 1000),
        decoding(parts, vocab, speed, "beam", 300),
    ]
    if options.json:
        print(json.dumps({"peak": speed, "results": [asdict(result) for result in results]}))
        return
    print(f"{torch.get_num_threads()} threads, peak {speed / 1e9:.0f} GFLOP/s in float32, "
          f"vocabulary {vocab:,}, {options.data}\n")  # fmt: skip
    print("| what | unit | ours | one at a time | matrix products allow | share |")
    print("|---|---|---|---|---|---|")
    print("\n".join(result.line() for result in results))


if __name__ == "__main__":
    main()
