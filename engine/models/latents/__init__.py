"""Latent families: one file each, one line here each."""

from engine.config import Registry
from engine.models.latents.base import Latent, LatentFamily
from engine.models.latents.bernoulli import Bernoulli
from engine.models.latents.deterministic import Deterministic
from engine.models.latents.gaussian import Gaussian
from engine.models.latents.gaussian_unitvar import GaussianUnitVar
from engine.models.latents.logistic_gaussian import LogisticGaussian
from engine.models.latents.power_spherical import PowerSphericalFamily
from engine.models.latents.vmf import VMF

LATENTS = Registry(
    "latent family",
    Gaussian,
    GaussianUnitVar,
    LogisticGaussian,
    Deterministic,
    Bernoulli,
    VMF,
    PowerSphericalFamily,
)

__all__ = ["LATENTS", "Latent", "LatentFamily"]
