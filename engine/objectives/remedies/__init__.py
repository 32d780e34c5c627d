"""Remedies against posterior collapse: one file an idea, one line here each."""

from engine.config import Registry
from engine.objectives.remedies.aggressive import Aggressive
from engine.objectives.remedies.annealing import (
    CyclicalAnnealing,
    LinearAnnealing,
    SigmoidAnnealing,
)
from engine.objectives.remedies.base import Forward, Horizon, Remedy
from engine.objectives.remedies.free_bits import FreeBits
from engine.objectives.remedies.word_dropout import WordDropout

REMEDIES = Registry(
    "remedy",
    LinearAnnealing,
    SigmoidAnnealing,
    CyclicalAnnealing,
    FreeBits,
    Aggressive,
    WordDropout,
)

__all__ = ["REMEDIES", "Forward", "Horizon", "Remedy"]
