"""Which lines are valid, by hand, and checks of one's own."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config import ConfigError
from engine.evaluation import validity
from engine.evaluation.validity import check_of, parses_as_python, share_valid

VALID = [
    "x = 1",
    "    return self.x  ",
    "import os, sys",
    "# a comment",
    "# as follows:",
    "if x: return y",
    "if x:",
    "elif x > 2:",
    "elif x: return 1",
    "else:",
    "else: pass",
    "for a, b in c.items():",
    "while True:",
    "try:",
    "except (KeyError, ValueError) as error:",
    "except:",
    "except* OSError:",
    "finally:",
    "with open(path) as file:",
    "async with lock:",
    "def f(self, *args, **kwargs) -> None:",
    "async def f():",
    "class A(B, metaclass=C):",
    "match command.split():",
    "case [x, *rest] if x:",
    "case _: return 1",
    "@property",
    "@app.command(name='x')",
    "lambda x: x",
    "break",
    "yield from rows",
    "re.compile('\\d')",
    "x = {1: 2}",
]
INVALID = [
    "",
    "   ",
    "x =",
    "foo(a,",
    "'''open",
    "if x",
    "else",
    "else x:",
    "elif:",
    "def f(:",
    "class :",
    "return return",
    "a b c",
    "for x in:",
    "@",
    "case :",
    "x = 1:",
    "import",
    "pass:",
    "if x: return y:",
    "a\x00b",
    "(" * 3000 + ")" * 3000,
]


@pytest.mark.parametrize("line", VALID)
def test_a_line_that_can_stand_in_python_is_valid(line: str) -> None:
    assert parses_as_python(line)


@pytest.mark.parametrize("line", INVALID, ids=lambda line: line[:20])
def test_a_line_that_can_stand_nowhere_is_not(line: str) -> None:
    assert not parses_as_python(line)


def first_lines(source: str) -> Iterator[str]:
    """First lines of statements that are whole, or headers that are, with what precedes a branch left out."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and (
            node.lineno == node.end_lineno or lines[node.lineno - 1].rstrip().endswith("):")
        ):
            yield lines[node.lineno - 1]
    yield from (line for line in lines if line.strip() in {"else:", "try:", "finally:"})


def test_lines_of_real_modules_are_valid_and_the_same_lines_cut_off_mostly_not() -> None:
    found = [
        line for module in (textwrap, inspect) for line in first_lines(inspect.getsource(module))
    ]
    assert len(found) > 500
    assert share_valid(found, parses_as_python) > 0.99
    assert share_valid([line.rstrip()[:-1] for line in found], parses_as_python) < 0.6


def test_a_check_is_found_by_name_or_by_module_and_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
        def short(text):
            return len(text) < 4

        def wrong(text):
            return len(text)

        def fails(text):
            return text.nothing
    """
    (tmp_path / "my_own_check.py").write_text(textwrap.dedent(code))
    monkeypatch.syspath_prepend(tmp_path)
    assert check_of("python") is parses_as_python
    assert share_valid(["a", "ab", "abcd", "abcde"], check_of("my_own_check:short")) == 0.5
    with pytest.raises(ConfigError, match="must return True or False, got 1"):
        check_of("my_own_check:wrong")("a")
    with pytest.raises(ConfigError, match="failed on 'a'.*nothing"):
        check_of("my_own_check:fails")("a")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pyton", "one of python, digits, or module:function"),
        ("python:", "one of python"),
        ("no_such_module_here:f", "cannot be imported"),
        ("textwrap:no_such_function", "cannot be imported"),
    ],
)
def test_a_check_that_is_not_there_is_answered(name: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        check_of(name)


def test_every_check_says_what_it_is() -> None:
    for check in validity.CHECKS.values():
        assert (inspect.getdoc(check) or "").splitlines()[0].endswith(".")
