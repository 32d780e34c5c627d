"""Presets: experiments with a name, each a function that says where its settings come from."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from engine.config import ConfigError, one_of
from engine.experiment import ExperimentConfig
from engine.presets.compared import (
    ae_fb,
    aggressive,
    annealed,
    bn_vae,
    cyclical,
    free_bits,
    vanilla,
)
from engine.presets.lagging import (
    lagging_synthetic,
    lagging_toy_aggressive,
    lagging_toy_basic,
    lagging_toy_single,
    lagging_yahoo,
    lagging_yelp,
)
from engine.presets.lagging_images import lagging_omniglot, lagging_omniglot_small
from engine.presets.ours import demonstration, explore, quick, reconstruct, standard, transformer
from engine.presets.recurrent import cotk_mscoco, latent_factor_spanish
from engine.presets.tmnt import (
    tmnt_bert,
    tmnt_gaussian,
    tmnt_gaussian_unitvar,
    tmnt_logistic_gaussian,
    tmnt_vmf,
)
from engine.presets.transformer_vae import (
    transformer_vae,
    transformer_vae_headlines,
    transformer_vae_mnist_text,
    transformer_vae_python_lines,
)

Makers = dict[str, Callable[[], ExperimentConfig]]


SECTIONS: dict[str, Makers] = {
    "To work with": {
        "quick": quick,
        "standard": standard,
        "explore": explore,
        "reconstruct": reconstruct,
        "transformer": transformer,
        "demonstration": demonstration,
        "lagging-omniglot-small": lagging_omniglot_small,
    },
    "One remedy each, to compare": {
        "vanilla": vanilla,
        "annealed": annealed,
        "cyclical": cyclical,
        "free-bits": free_bits,
        "ae-fb": ae_fb,
        "bn-vae": bn_vae,
        "aggressive": aggressive,
    },
    "As published": {
        "lagging-yahoo": lagging_yahoo,
        "lagging-yelp": lagging_yelp,
        "lagging-synthetic": lagging_synthetic,
        "lagging-toy-basic": lagging_toy_basic,
        "lagging-toy-aggressive": lagging_toy_aggressive,
        "lagging-toy-single": lagging_toy_single,
        "lagging-omniglot": lagging_omniglot,
        "cotk-mscoco": cotk_mscoco,
        "latent-factor-spanish": latent_factor_spanish,
        "tmnt-vmf": tmnt_vmf,
        "tmnt-gaussian": tmnt_gaussian,
        "tmnt-gaussian-unitvar": tmnt_gaussian_unitvar,
        "tmnt-logistic-gaussian": tmnt_logistic_gaussian,
        "tmnt-bert": tmnt_bert,
        "transformer-vae": transformer_vae,
        "transformer-vae-headlines": transformer_vae_headlines,
        "transformer-vae-python-lines": transformer_vae_python_lines,
        "transformer-vae-mnist-text": transformer_vae_mnist_text,
    },
}


PRESETS: Makers = {name: make for section in SECTIONS.values() for name, make in section.items()}


def preset(name: str) -> ExperimentConfig:
    """The experiment of that preset; a ConfigError names those that exist."""
    if name not in PRESETS:
        raise ConfigError(one_of("preset", name, PRESETS))
    return PRESETS[name]()


def fitting(kind: str, data: str) -> str:
    """The preset to start from on a data set.

    Sizes of a model of images are those of its images: there one that was made for the data set is taken
    before all others.

    Args:
        kind: what the data set holds, "text" or "images".
        data: its name.
    """
    read = {
        name: config.data.name
        for name in PRESETS
        if (config := preset(name)).tokenizer.reads == kind
    }
    own = [name for name, made_for in read.items() if kind == "images" and made_for == data]
    return [*own, *read][0]


def section_of(name: str) -> str | None:
    """The section that a preset is in; None of what is no preset."""
    return next((title for title, makers in SECTIONS.items() if name in makers), None)


def about_preset(name: str) -> str:
    """What the preset is for, in a sentence or two."""
    return _paragraphs(name)[0]


def notes_preset(name: str) -> str:
    """What else is to be known of the preset: data to import first, where it differs, its source."""
    return "\n\n".join(_paragraphs(name)[1:])


def _paragraphs(name: str) -> list[str]:
    text = inspect.cleandoc(PRESETS[name].__doc__ or "")
    return [" ".join(part.split()) for part in text.split("\n\n")]
