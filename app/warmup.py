"""Importing torch in the background, so that a page paints first and decodes soon after."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import threading

HEAVY = (
    "app.blocks",  # plotly and pandas
    "torch",
    "engine.hosting",
    "engine.decoding.search",
    "engine.explore.interpolation",
)

_started = threading.Event()
logger = logging.getLogger(__name__)


def start() -> None:
    """Begin once per process; a page that needs a module sooner waits for the import lock.

    ``ZSCAPE_WARM_UP=0`` leaves it out (tests of single pages need no torch).
    """
    if _started.is_set() or os.environ.get("ZSCAPE_WARM_UP") == "0":
        return
    _started.set()
    threading.Thread(target=_warm_up, name="zscape-warm-up", daemon=True).start()


def _warm_up() -> None:
    try:
        for name in HEAVY:
            importlib.import_module(name)
        _rehearse()
        _settle()
    except Exception:  # the page that needs it will meet the same and tell its user
        logger.exception("the warm-up broke off")


def _settle() -> None:
    """Take what the imports made out of the garbage collector's sight.

    Streamlit collects after every run of a page. Half a million objects of torch and pandas, which never
    become garbage, would be looked at each time, and every session waits meanwhile.
    """
    gc.collect()
    gc.freeze()


def _rehearse() -> None:
    """Decode one path, for what torch does only the first time (a second, on two cores)."""
    from engine.decoding import DecodingConfig
    from engine.explore.interpolation import between
    from engine.hosting import ModelHost
    from engine.runs import store

    if store.is_run(store.demo_path()):
        demo = store.find(store.DEMO)
        hosted = ModelHost().get(demo, demo.preferred_checkpoint())
        between(
            hosted.model, hosted.tokenizer, "Return it.", "Add it.", 3, "linear", DecodingConfig()
        )
