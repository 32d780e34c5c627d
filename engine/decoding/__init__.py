"""From a code to a sentence: greedy, sampling and beam search, batched for every decoder.

``search.decode`` is the door; this package imports no torch until one of its functions is called for.
"""

from engine.decoding.config import DecodingConfig

__all__ = ["DecodingConfig"]
