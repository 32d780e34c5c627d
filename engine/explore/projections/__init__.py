"""Projections: one file each, one line here each. They see arrays only."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from engine.config import Registry
from engine.explore.libraries import Progress
from engine.explore.projections.base import Groups, Linear, Nearest, Placed, Projection, Projector
from engine.explore.projections.custom_axis import CustomAxis
from engine.explore.projections.latent_units import LatentUnits, dimensions
from engine.explore.projections.pacmap import PaCMAP
from engine.explore.projections.principal_components import PrincipalComponents, pca
from engine.explore.projections.tsne import TSNE
from engine.explore.projections.umap import UMAP

PROJECTIONS = Registry(
    "projection",
    PrincipalComponents,
    LatentUnits,
    CustomAxis,
    PaCMAP,
    UMAP,
    TSNE,
)


def project(
    config: Any,
    codes: ArrayLike,
    progress: Progress | None = None,
    groups: Groups | None = None,
) -> Projection:
    """The map of codes (N, Z) that ``config``, one of the projections' configs, describes."""
    projector: Projector = PROJECTIONS.build(config)
    return projector.fit(codes, progress, groups)


__all__ = [
    "PROJECTIONS",
    "Groups",
    "Linear",
    "Nearest",
    "Placed",
    "Projection",
    "Projector",
    "dimensions",
    "pca",
    "project",
]
