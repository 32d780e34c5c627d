"""Memory of one update of a transformer decoder against sequence length: windows, gradient checkpoints.

    python -m tests.benchmarks.memory --lengths 128 256 512 1024

Each figure is the peak of a process of its own (on a GPU: of the allocator), less what the process held
before the update: states kept for the way back, their gradients, scores of attention where a kernel writes
them down. Fused kernels do not, and then a window saves time alone; "scores written down" is what devices
without them do. Seconds are for the whole update. The loss stands beside them, since checkpoints, and a
window at least as long as the sequence, must not change it.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import subprocess
import sys
import time
from pathlib import Path

WORDS, BATCH = 2000, 4
FORMS = {
    "all states kept": {},
    "checkpoint every layer": {"checkpoint_every": 1},
    "checkpoint every 3 layers": {"checkpoint_every": 3},
    "window 64": {"window": 64},
    "window 64, checkpoint every layer": {"window": 64, "checkpoint_every": 1},
    "window as long as the sequence": {"window": -1},
    "scores written down": {"plain": True},
    "scores written down, window 64": {"plain": True, "window": 64},
}


def measure(form: str, length: int) -> str:
    """One update in this process: MiB, seconds, loss."""
    import torch
    import torch.nn.attention

    from engine.models.decoders.transformer import TransformerDecoder

    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    settings: dict[str, int] = dict(FORMS[form])
    plain = settings.pop("plain", False)
    if settings.get("window") == -1:
        settings["window"] = length
    config = TransformerDecoder.Config(
        embedding=256, hidden=256, heads=4, feedforward=1024, layers=6, dropout=0.0, **settings
    )
    decoder = TransformerDecoder(config, WORDS, 0, 32).to(device)
    x = torch.randint(4, WORDS, (BATCH, length + 1), device=device)
    z = torch.randn(BATCH, 32, device=device)
    decoder.token_nll(x[:, :9], z).sum().backward()  # what any update allocates once
    before, started = _held(device, torch), time.perf_counter()
    kernels = torch.nn.attention
    with kernels.sdpa_kernel(kernels.SDPBackend.MATH) if plain else contextlib.nullcontext():
        loss = decoder.token_nll(x, z).sum(1).mean()
        loss.backward()
    seconds = time.perf_counter() - started
    return f"{_peak(device, torch) - before:.0f} {seconds:.2f} {loss.item():.4f}"


def _held(device, torch) -> float:  # type: ignore[no-untyped-def]
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated() / 2**20
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _peak(device, torch) -> float:  # type: ignore[no-untyped-def]
    if device.type == "cuda":
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """The table, as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lengths", type=int, nargs="+", default=[128, 256, 512, 1024])
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(measure(options.one[0], int(options.one[1])))
        return
    print("| | " + " | ".join(f"{length} tokens" for length in options.lengths) + " |")
    print("|---" * (len(options.lengths) + 1) + "|")
    for form in FORMS:
        cells = []
        for length in options.lengths:
            command = [sys.executable, "-m", "tests.benchmarks.memory", "--one", form, str(length)]
            told = subprocess.run(command, capture_output=True, text=True, check=True)
            mib, seconds, loss = told.stdout.split()
            cells.append(f"{mib} MiB, {seconds} s, {loss}")
        print(f"| {form} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
