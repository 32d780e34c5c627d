"""How long a PixelCNN takes to write pictures of 28 by 28 on this machine, beside a full pass for each pixel.

    python -m tests.benchmarks.pixelcnn

Seconds are the processor's, of one thread, so that a busy machine disturbs little.
Sizes are those of the preset lagging-omniglot and of its smaller cousin at this side. The plain way, that of
system A's code, passes the whole picture through the network for every pixel: some passes are timed, and
taken 784 times. Ours is timed from the code to the last pixel.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from engine.decoding.config import DecodingConfig
from engine.decoding.search import decode
from engine.experiment import build, override
from engine.models.vae import VAE
from engine.presets import preset

SIDE, BATCHES = 28, (1, 16, 64)
PICTURES = [
    *(f"{part}.side={SIDE}" for part in ("tokenizer", "model.encoder", "model.decoder")),
    f"data.max_tokens={SIDE**2}",
]


def model_of(name: str) -> VAE:
    """The preset's model, fresh, at the side of Omniglot."""
    return build(override(preset(name), PICTURES), vocab_size=6, steps_per_epoch=1).model.eval()


def seconds(work: Callable[[], object], repeat: int) -> float:
    """The best time of several, after one to warm up."""
    times = []
    for _ in range(repeat + 1):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times[1:])


def plain(model: VAE, z: torch.Tensor) -> float:
    """Seconds of as many full passes as there are pixels."""
    pixels = torch.zeros(len(z), 1, SIDE, SIDE)
    decoder = model.decoder

    @torch.inference_mode()
    def work() -> None:
        decoder.network(pixels, decoder.lay_out(z).view(len(z), -1, SIDE, SIDE))  # type: ignore

    return SIDE**2 * seconds(work, 3)


def main() -> None:
    """Prints a Markdown table."""
    torch.set_num_threads(1)
    print("| model | pictures at once | ours, s | a pass for each pixel, s | gain |")
    print("|---|---|---|---|---|")
    for name in ("lagging-omniglot-small", "lagging-omniglot"):
        model = model_of(name)
        for many in BATCHES:
            z = torch.randn(many, model.latent.size)
            settings = DecodingConfig(strategy="sample")
            ours = seconds(lambda m=model, z=z, s=settings: decode(m, z, s), 1)  # type: ignore
            full = plain(model, z)
            print(
                f"| {name} | {many} | {ours:.2f} | {full:,.0f} | {full / ours:,.0f} |", flush=True
            )


if __name__ == "__main__":
    main()
