"""Names of Unicode characters: short phrases with a clear structure."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter
from typing import Any

from engine.data.corpus import Progress

MIN_ROWS = 20
"""Scripts with fewer names are joined as "other"."""
_STEP = 0x8000
# Names that are a number and nothing else: ideographs, hieroglyphs, syllables of Hangul.
_NUMBERED = re.compile(r"-[0-9a-f]{2,6}$|\b[a-z]{0,3}\d{2,}[a-z]{0,2}$|^hangul syllable\b|\d{3,}")
_KIND = re.compile(
    r"\b(?:small|capital|letter|letters|syllable|syllables|syllabics|sign|signs|digit|number|numeral|vowel|"
    r"mark|symbol|ideogram|ideograph|ligature|consonant|subjoined|independent|accent|fraction|"
    r"bold|italic|script|fraktur|double-struck|sans-serif|monospace|character|logogram|"
    r"extended|supplement|tone|final|initial|punctuation|choseong|jungseong|jongseong|combining|cantillation|radical)\b"
)
_CATEGORIES = {
    "P": "punctuation",
    "Sm": "mathematics",
    "Sc": "currency",
    "So": "symbol",
    "Sk": "modifier",
    "Z": "space",
    "C": "control",
}


def make(progress: Progress | None = None) -> dict[str, Any]:
    """Names of Unicode characters in lower case, each once; label = script or kind of symbol."""
    names: dict[str, str] = {}
    for code in range(sys.maxunicode + 1):
        if progress and code % _STEP == 0:
            progress(code, sys.maxunicode + 1, "reading Unicode names")
        name = unicodedata.name(chr(code), "").lower()
        if name and not _NUMBERED.search(name):
            names.setdefault(name, script(chr(code)))
    count = Counter(names.values())
    return {"text": list(names), "label": [_common(label, count) for label in names.values()]}


def _common(label: str, count: Counter[str]) -> str:
    """The label, its first word where it is rare ("greek beta"), or "other"."""
    first = label.split()[0]
    candidates = [name for name in (label, first) if count[name] >= MIN_ROWS]
    return candidates[0] if candidates else "other"


def script(character: str) -> str:
    """The script of a letter, or what kind of symbol another character is.

    Python's standard library does not carry the Script property; names do: what stands before the
    first word such as "letter" or "digit" is the script.
    """
    category = unicodedata.category(character)
    for key in (category, category[0]):
        if key in _CATEGORIES:
            return _CATEGORIES[key]
    head = _KIND.split(unicodedata.name(character).lower(), maxsplit=1)[0]
    return " ".join(head.split()[:2]) or "combining"
