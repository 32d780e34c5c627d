"""Remedies against posterior collapse: one file an idea, one line here each."""

from engine.config import Registry
from engine.objectives.remedies.ae_pretraining import AEPretraining
from engine.objectives.remedies.aggressive import Aggressive
from engine.objectives.remedies.annealing import (
    CyclicalAnnealing,
    LinearAnnealing,
    SigmoidAnnealing,
)
from engine.objectives.remedies.bag_of_words import BagOfWords
from engine.objectives.remedies.base import Forward, Horizon, Remedy
from engine.objectives.remedies.capacity import Capacity
from engine.objectives.remedies.coupled import Coupled
from engine.objectives.remedies.density_gap import DensityGap
from engine.objectives.remedies.free_bits import FreeBits
from engine.objectives.remedies.info_vae import InfoVAE
from engine.objectives.remedies.kl_floor import KLFloor
from engine.objectives.remedies.minimum_desired_rate import MinimumDesiredRate
from engine.objectives.remedies.mmd import MMD
from engine.objectives.remedies.soft_free_bits import SoftFreeBits
from engine.objectives.remedies.word_dropout import WordDropout

REMEDIES = Registry(
    "remedy",
    LinearAnnealing,
    SigmoidAnnealing,
    CyclicalAnnealing,
    FreeBits,
    SoftFreeBits,
    KLFloor,
    Capacity,
    MinimumDesiredRate,
    Aggressive,
    AEPretraining,
    WordDropout,
    BagOfWords,
    MMD,
    InfoVAE,
    DensityGap,
    Coupled,
)

__all__ = ["REMEDIES", "Forward", "Horizon", "Remedy"]
