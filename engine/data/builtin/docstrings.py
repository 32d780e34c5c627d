"""First sentences of docstrings: short, real English, on every machine that runs Zscape."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from engine.data.builtin.installed import (
    Source,
    nonempty,
    parse,
    read,
    requirements,
    standard_library,
)
from engine.data.corpus import Progress

MIN_WORDS, MAX_WORDS = 3, 40
MIN_COUNT = 2

_ROLE = re.compile(r":(?:[a-z]+:)?[a-z]+:`[~!]?([^`<]*?)(?:\s*<[^`>]*>)?`")
_LITERAL = re.compile(r"``([^`]*)``|`([^`]*)`_{0,2}")
_STRONG = re.compile(r"(?<!\w)(\*{1,2})(?=\S)([^*]+?)(?<=\S)\1(?!\w)")
_RULE = re.compile(r"^\s*([=\-~^*#.+_\"'])\1{2,}\s*$", re.MULTILINE)
_STOP = re.compile(r"[.!?](?=\s+[A-Z\"'(]|$)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|resp|fig|eq|dr|mr|no|al|approx|sec|ref|incl|a\.k\.a)|\b[A-Z])\.$",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[A-Z][A-Za-z0-9 .,;:'\"()/%!?-]*[.!?]")
# camelCase, b2b, call(), dotted.name, /path, -flag, option: value, (1) first, two sentences in one
_CODE = re.compile(
    r"[a-z][A-Z]|[A-Za-z]\d|\d[A-Za-z]|\w\(|\)\w|\w\.[A-Za-z]{2}|(?:^|\s)[./-]\w|--|''|\.\.|\.,"
    r"|^\w+(?: \w+)?:|\(\w\)|\s[.,;:!?]|[:;,]\.$|\( |/ | /|\w- \w|\w{4,}\. [a-z]|: - |- .* - "
    r"|[a-z] (?:It|This|The|These|If|When|For|In|Note|Returns?|You|We|Can|Use|Default)\b"
)
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_HEADINGS = {"parameters", "arguments", "args", "returns", "note", "notes", "todo", "usage"}


class Sentence(NamedTuple):
    """A first sentence and where it stands."""

    text: str
    package: str
    module: str


def make(progress: Progress | None = None) -> dict[str, Any]:
    """First sentences of the docstrings of this installation, each once, in a fixed order;
    label = package.

    Sources are parsed, never imported. A sentence is kept when it reads as English: plain
    characters, 3 to 40 words, no code, and no word that only this sentence has, which drops
    typing errors and private names.
    """
    sources = [*nonempty(standard_library(), "the standard library"), *requirements()]
    found: dict[str, Sentence] = {}
    for number, source in enumerate(sources):
        if progress and number % 50 == 0:
            progress(number, len(sources), "reading docstrings")
        for docstring in docstrings(source):
            text = first_sentence(docstring)
            if text and reads_as_english(text):
                found.setdefault(text.lower(), Sentence(text, source.package, source.module))
    if progress:
        progress(len(sources), len(sources), "reading docstrings")
    kept = _shared_words_only(found)
    return {
        "text": [sentence.text for sentence in kept],
        "label": [sentence.package for sentence in kept],
        "module": [sentence.module for sentence in kept],
    }


def docstrings(source: Source) -> Iterator[str]:
    """The docstrings of a file's module, classes and functions, cleaned of indentation."""
    text = read(source)
    if text and ('"""' in text or "'''" in text):
        tree = parse(text)
        if tree is not None:
            yield from _docstrings(tree)


def first_sentence(docstring: str) -> str | None:
    """The first sentence of a docstring without markup, or None where it opens with a heading."""
    paragraph = re.split(r"\n\s*\n", docstring.strip(), maxsplit=1)[0]
    if not paragraph or _RULE.search(paragraph):
        return None
    text = " ".join(paragraph.split())
    text = _ROLE.sub(lambda match: match[1].rsplit(".", 1)[-1], text)
    text = _LITERAL.sub(lambda match: match[1] or match[2] or "", text)
    text = _STRONG.sub(r"\2", text)
    for stop in _STOP.finditer(text):
        if stop.end() == len(text) or not _ABBREVIATION.search(text[: stop.end()]):
            return text[: stop.end()]
    return text + "."


def reads_as_english(text: str) -> bool:
    """Whether a sentence is plain English: no code, no markup, no list, 3 to 40 words."""
    words = text.split()
    return (
        MIN_WORDS <= len(words) <= MAX_WORDS
        and _PLAIN.fullmatch(text) is not None
        and _CODE.search(text) is None
        and words[0].lower() not in _HEADINGS
        and text.count("(") == text.count(")")
        and text.count('"') % 2 == 0
        and sum(word[0].islower() for word in words) * 2 >= len(words)
    )


def _docstrings(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> Iterator[str]:
    docstring = ast.get_docstring(node)
    if docstring:
        yield docstring
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _docstrings(child)  # type: ignore[arg-type]


def _shared_words_only(found: dict[str, Sentence]) -> list[Sentence]:
    words = {key: set(_WORD.findall(key)) for key in found}
    count = Counter(word for distinct in words.values() for word in distinct)
    return [
        sentence
        for key, sentence in found.items()
        if all(count[word] >= MIN_COUNT for word in words[key])
    ]
