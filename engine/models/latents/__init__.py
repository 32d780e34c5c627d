"""Latent families: one file each, one line here each."""

from engine.config import Registry
from engine.models.latents.base import Latent, LatentFamily
from engine.models.latents.gaussian import Gaussian

LATENTS = Registry("latent family", Gaussian)

__all__ = ["LATENTS", "Latent", "LatentFamily"]
