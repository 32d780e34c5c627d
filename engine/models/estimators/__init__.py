"""Gradient estimators for discrete latents: one line each."""

from engine.config import Registry
from engine.models.estimators.antithetic import ARM, DisARM
from engine.models.estimators.base import Estimator
from engine.models.estimators.pathwise import GumbelSigmoid, StraightThrough
from engine.models.estimators.score_function import ScoreFunction
from engine.models.estimators.vimco import VIMCO

ESTIMATORS = Registry(
    "gradient estimator", DisARM, ARM, ScoreFunction, VIMCO, StraightThrough, GumbelSigmoid
)

__all__ = ["ESTIMATORS", "Estimator"]
