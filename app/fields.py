"""What a setting's type says about the widget it wants: words, bounds, steps, choices."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

_SPELT = ["KL", "IW", "MI", "ID", "BN", "VAE", "AE", "FB", "MMD", "ARM", "DisARM", "VIMCO", "vMF"]
_SPELT += ["LSTM", "GRU", "CoTK", "MSCOCO", "SGD", "T5", "BERT", "AdamW", "TMNT"]
_SPELT += ["ResNet", "PixelCNN"]
ACRONYMS = {word.lower(): word for word in _SPELT}


def bounds(info: FieldInfo, kind: type) -> tuple[Any, Any]:
    """The least and most that the widget takes; an open bound of a float is left to pydantic's message."""
    low = high = None
    for bound in info.metadata:
        if (at := getattr(bound, "ge", None)) is not None:
            low = kind(at)
        if (at := getattr(bound, "gt", None)) is not None:
            low = int(at) + 1 if kind is int else float(at)
        if (at := getattr(bound, "le", None)) is not None:
            high = kind(at)
        if (at := getattr(bound, "lt", None)) is not None:
            high = int(at) - 1 if kind is int else float(at)
    return low, high


def step(info: FieldInfo, kind: type) -> Any:
    """What one click of plus or minus changes: a tenth of the default's magnitude."""
    if kind is int:
        return 1
    default = info.default if isinstance(info.default, int | float) and info.default else 1.0
    return 10.0 ** (math.floor(math.log10(abs(default))) - 1)


def problem(info: FieldInfo, value: Any) -> str:
    """What is wrong with one value, in pydantic's words; nothing if it may be."""
    try:
        TypeAdapter(Annotated[info.annotation, info]).validate_python(value)
    except ValidationError as error:
        return error.errors()[0]["msg"]
    return ""


def label(name: str, info: FieldInfo, owner: str = "", worded: Callable[[str], str] = str) -> str:
    """A setting's name for people: whose it is, words, symbol and unit.

    Args:
        name, info: the setting.
        owner: what it belongs to, where that is not said around it.
        worded: puts what a number counts in the words of the data; a name without a unit stays.
    """
    symbol, unit = extra(info, "symbol"), extra(info, "unit")
    words = humanise(f"{owner}_{name}" if owner else name)
    if unit and words.lower().endswith(unit):  # "Max tokens" needs no "(tokens)"
        words, unit = worded(words), None
    return words + (f" {symbol}" if symbol else "") + (f" ({worded(unit)})" if unit else "")


def humanise(name: str) -> str:
    """``free_bits`` -> ``Free bits``."""
    words = [ACRONYMS.get(word, word) for word in name.replace("-", "_").split("_")]
    text = " ".join(words)
    return text if text[:1].isupper() else text[:1].upper() + text[1:]


def summary(cls: type[BaseModel]) -> str:
    """The first line of a config's docstring."""
    return (cls.__doc__ or "").strip().split("\n")[0]


def extra(info: FieldInfo, name: str) -> Any:
    found = info.json_schema_extra
    return found.get(name) if isinstance(found, dict) else None


def optional(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, UnionType) and NoneType in get_args(annotation)


def strip(annotation: Any) -> Any:
    """The type inside ``Annotated`` and inside "or None"."""
    if get_origin(annotation) is Annotated:
        return strip(get_args(annotation)[0])
    if optional(annotation):
        left = tuple(kind for kind in get_args(annotation) if kind is not NoneType)
        return strip(left[0]) if len(left) == 1 else Union[left]  # noqa: UP007
    return annotation


def is_config(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel) and "name" not in _literals(kind)


def choices(kind: Any) -> dict[str, type[BaseModel]]:
    """The configs of a registry's union by name; a registry of one is its config alone."""
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    if not all(isinstance(k, type) and issubclass(k, BaseModel) for k in kinds):
        return {}
    return {k.model_fields["name"].default: k for k in kinds if "name" in _literals(k)}


def _literals(kind: type[BaseModel]) -> set[str]:
    fields = kind.model_fields.items()
    return {name for name, info in fields if get_origin(info.annotation) is Literal}
