"""Importing torch in the background, so that a page paints first and decodes soon after."""

from __future__ import annotations

import importlib
import logging
import os
import threading

HEAVY = ("torch", "engine.hosting", "engine.decoding.search", "engine.explore.interpolation")

_started = threading.Event()
logger = logging.getLogger(__name__)


def start() -> None:
    """Begin the imports once per process; a page that needs them sooner waits for the import lock.

    ``ZSCAPE_WARM_UP=0`` leaves it out (tests of single pages need no torch).
    """
    if _started.is_set() or os.environ.get("ZSCAPE_WARM_UP") == "0":
        return
    _started.set()
    threading.Thread(target=_import, name="zscape-warm-up", daemon=True).start()


def _import() -> None:
    for name in HEAVY:
        try:
            importlib.import_module(name)
        except Exception:  # the page that needs the module will show this to its user
            logger.exception("warm-up could not import %s", name)
            return
