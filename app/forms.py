"""edit(config) -> config: widgets drawn from a config's classes, one branch per TYPE of setting, none per setting.

Bounds, unit, symbol and help come from ``engine.config.param``; what is ``basic`` comes first, the rest
goes under Advanced, by section. Of data of one kind, settings that are about another are left out, and words
about sentences become words about that kind. A registry's union is a box of names and the form of the one chosen; a
tuple of such unions is a multiple choice and a form each.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin

import streamlit as st
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from app import fields
from app.showing import TEXT, Showing
from engine.config import explain

COLUMNS = 3


@dataclass(frozen=True)
class Edited:
    """What a form holds: a valid config, or the reasons why it is none."""

    config: Any | None
    problems: list[str]


@dataclass
class Area:
    """Where widgets go: small ones in a grid, choices with forms of their own below it."""

    container: Any
    _grid: Any = field(default=None)

    def cell(self) -> Any:
        """A cell of this area's grid, made on first use so that an empty area shows nothing."""
        if self._grid is None:
            self._grid = self.container.grid(COLUMNS, min_column_width=190)
        return self._grid.cell()

    def block(self, title: str = "", text: str = "") -> Area:
        """A part below, with a heading; a new grid begins after it."""
        self._grid = None
        part = self.container.container(gap="small")
        if title:
            part.markdown(f"**{title}**" + (f"  \n:gray[{text}]" if text else ""))
        return Area(part)


def edit(
    config: BaseModel,
    key: str,
    basic: Any = None,
    advanced: Any = None,
    kept: Collection[str] = (),
    shown: Showing | None = None,
) -> Edited:
    """Draw ``config`` as a form and return what it now holds.

    Args:
        config: the value that the form starts from; a keyed widget ignores later ones.
        key: prefix of the widgets' keys; another config needs another one.
        basic: container of the settings that come first (the page, if None).
        advanced: container of the others; with None all are drawn in ``basic``.
        kept: dotted settings that are not drawn and stay as they are ("data.name").
        shown: what the settings are about; all are drawn, in words about sentences, where nobody says.
    """
    first = Area(st.container() if basic is None else basic)
    sections = _sections(type(config), advanced) if advanced is not None else {}
    form, values = _Form(frozenset(f"{key}.{path}" for path in kept), shown), {}
    for name, info in type(config).model_fields.items():
        rest = sections.get(name) or sections.get("") or first
        values[name] = form.draw(getattr(config, name), name, info, f"{key}.{name}", first, rest)
    try:
        return Edited(type(config).model_validate(values), form.problems)
    except ValidationError as error:
        found = form.problems or [line for line in explain(error).split("; ") if line]
        return Edited(None, found)


def _sections(cls: type[BaseModel], advanced: Any) -> dict[str, Area]:
    """One tab under Advanced for each nested config that has something to put there."""
    names = [name for name, info in cls.model_fields.items() if _has_advanced(info)]
    if not names:
        return {"": Area(advanced.container())}
    tabs = advanced.tabs([fields.label(name, cls.model_fields[name]) for name in names])
    areas = {name: Area(tab.container()) for name, tab in zip(names, tabs, strict=True)}
    return areas | {"": areas[names[-1]]}


def _has_advanced(info: FieldInfo) -> bool:
    inner = fields.strip(info.annotation)
    return fields.is_config(inner) and any(
        not fields.extra(sub, "basic") for sub in inner.model_fields.values()
    )


class _Form:
    """One drawing of a form: what is wrong with it so far, what it leaves alone, what it is about."""

    def __init__(self, kept: frozenset[str], shown: Showing | None) -> None:
        self.kept = kept
        self.kind = None if shown is None else shown.kind
        self.words = (shown or TEXT).words
        self.problems: list[str] = []

    def draw(
        self,
        value: Any,
        name: str,
        info: FieldInfo,
        key: str,
        basic: Area,
        rest: Area,
        owner: str = "",
    ) -> Any:
        """The widget or form of one setting, by its type; the value it now holds, as plain data."""
        only = fields.extra(info, "only")
        if key in self.kept or (self.kind is not None and only not in (None, self.kind)):
            return value
        inner = fields.strip(info.annotation)
        area = basic if fields.extra(info, "basic") else rest
        if fields.is_config(inner):
            return self._nested(value, name, info, inner, key, basic, rest)
        if options := fields.choices(inner):
            return self._one_of(value, name, info, options, key, basic, rest)
        if get_origin(inner) is tuple and (
            options := fields.choices(fields.strip(get_args(inner)[0]))
        ):
            return self._several(value, name, info, options, key, area)
        if len(get_args(inner)) == 1 and get_origin(inner) is Literal:
            return value
        # Away from its section a setting says whose it is: "Encoder hidden", "Latent size".
        title = fields.label(
            name, info, owner if area is basic and basic is not rest else "", self.words
        )
        with area.cell():
            result = _scalar(value, title, self.words(info.description or ""), info, inner, key)
            if problem := fields.problem(info, result):
                self.problems.append(f"{title}: {problem}")
                st.caption(f":red[{problem}]")
        return result

    def _fields(
        self, config: BaseModel, key: str, basic: Area, rest: Area, owner: str = ""
    ) -> dict[str, Any]:
        return {
            name: self.draw(getattr(config, name), name, info, f"{key}.{name}", basic, rest, owner)
            for name, info in type(config).model_fields.items()
        }

    def _nested(
        self,
        value: Any,
        name: str,
        info: FieldInfo,
        cls: type[BaseModel],
        key: str,
        basic: Area,
        rest: Area,
    ) -> Any:
        """A config inside a config; one that may be absent has a switch."""
        if not fields.optional(info.annotation):
            return self._fields(value, key, basic, rest)
        part = rest.block()
        switch = part.container.toggle(
            fields.label(name, info),
            value is not None,
            key=f"{key}?",
            help=self.words(info.description or ""),
        )
        return self._fields(value or cls(), key, part, part) if switch else None

    def _one_of(
        self,
        value: Any,
        name: str,
        info: FieldInfo,
        options: dict[str, type[BaseModel]],
        key: str,
        basic: Area,
        rest: Area,
    ) -> Any:
        """One entry of a registry: a box of names, and the form of the one chosen.

        Where the choice is basic, the box stands among the basic settings.
        """
        chosen, part = (
            value.name,
            rest.block(fields.humanise(name), self.words(info.description or "")),
        )
        place = basic if fields.extra(info, "basic") else part
        if len(options) > 1:
            with place.cell():
                chosen = st.selectbox(
                    fields.label(name, info),
                    list(options),
                    index=list(options).index(value.name),
                    key=f"{key}:",
                    help=self.words(fields.summary(options[chosen])),
                    format_func=fields.humanise,
                )
        config = value if chosen == value.name else options[chosen]()
        return self._fields(config, f"{key}.{chosen}", basic, part, name)

    def _several(
        self,
        value: tuple[Any, ...],
        name: str,
        info: FieldInfo,
        options: dict[str, type[BaseModel]],
        key: str,
        area: Area,
    ) -> list[Any]:
        """Any entries of a registry, each at most once: a multiple choice, and a form each."""
        present = {item.name: item for item in value}
        part = area.block()
        chosen = part.container.multiselect(
            fields.label(name, info),
            list(options),
            default=list(present),
            key=f"{key}:",
            help=self.words(info.description or ""),
            format_func=fields.humanise,
            placeholder="None: the plain objective",
        )
        result = []
        for entry in chosen:
            box = Area(part.container.container(border=True, gap="small"))
            box.container.markdown(
                f"**{fields.humanise(entry)}**  \n:gray[{self.words(fields.summary(options[entry]))}]"
            )
            config = present.get(entry) or options[entry]()
            values = self._fields(config, f"{key}.{entry}", box, box)
            result.append(values)
        return result


def _scalar(value: Any, title: str, help: str, info: FieldInfo, kind: Any, key: str) -> Any:
    """One widget for a plain value."""
    optional = fields.optional(info.annotation)
    if get_origin(kind) is Literal:
        options = list(get_args(kind))
        place = options.index(value)
        return st.selectbox(title, options, index=place, key=key, help=help, format_func=str)
    if kind is bool and optional:
        words = {None: "not set", True: "yes", False: "no"}
        place = list(words).index(value)
        return st.selectbox(title, list(words), place, key=key, help=help, format_func=words.get)
    if kind is bool:
        return st.toggle(title, value, key=key, help=help)
    if kind in (int, float):
        return _number(value, title, help, info, kind, optional, key)
    if get_origin(kind) is tuple:  # of numbers: what is no number, pydantic tells
        text = st.text_input(title, " ".join(map(str, value)), key=key, help=help)
        return text.replace(",", " ").split()
    if kind is str:
        text = st.text_input(title, value or "", key=key, help=help)
        return None if optional and not text else text
    raise TypeError(f"no widget for a setting of type {kind!r} ({key})")


def _number(
    value: Any, title: str, help: str | None, info: FieldInfo, kind: type, optional: bool, key: str
) -> Any:
    low, high = fields.bounds(info, kind)
    return st.number_input(
        title,
        min_value=low,
        max_value=high,
        value=None if value is None else kind(value),
        step=fields.step(info, kind),
        format="%d" if kind is int else "%g",
        key=key,
        help=help,
        placeholder="not set" if optional else None,
    )
