"""Is a sentence a valid one? Checks of single sentences by name, or a function of the user's own.

References:
    Greenlee, transformer-vae, https://github.com/Fraser-Greenlee/transformer-vae (the shares of decoded
    Python lines that parse, and of decoded digits that are pictures).
"""

from __future__ import annotations

import ast
import importlib
import itertools
import warnings
from collections.abc import Callable, Mapping, Sequence

from engine.config import ConfigError
from engine.data.builtin.digits_text import draws_a_digit

Check = Callable[[str], bool]

# What a line may need before it and behind it to be a whole statement.
_BEFORE = ("", "if 0:\n    pass\n", "try:\n    pass\n", "match 0:\n    ")
_BODY = "\n        pass"
_BEHIND = (_BODY, f"{_BODY}\nfinally:{_BODY}", f"\n    case _:{_BODY}")


def parses_as_python(text: str) -> bool:
    """Whether a line can stand in Python code as a statement or as the first line of one.

    White space around it does not count. A line that opens a block (``if x:``, ``else:``, ``except E:``,
    ``case 1:``, ``match x:``, ``@decorator``) is given the least that completes it. Blank lines are not
    valid; neither are lines that go on in the next, with an open bracket or string.
    """
    line = text.strip()
    if not line:
        return False
    return any(_parses(before + line + behind) for before, behind in _completions(line))


def _completions(line: str) -> list[tuple[str, str]]:
    if line.startswith("@"):
        return [("", f"\ndef f():{_BODY}")]
    if line.endswith(":"):
        return [("", ""), *itertools.product(_BEFORE, _BEHIND)]  # the former: a comment
    return [(before, "") for before in _BEFORE]


def _parses(code: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # "\d" is bad style and valid
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False  # the latter three: null characters, brackets nested too deeply
    return True


CHECKS: Mapping[str, Check] = {
    "python": parses_as_python,
    "digits": draws_a_digit,
}


def check_of(name: str) -> Check:
    """A check by its name in CHECKS, or a function of text to True or False by ``module:function``.

    Raises:
        ConfigError: there is no such check, the function cannot be imported, or, when it is called, it
            fails or gives something else than True or False.
    """
    if name in CHECKS:
        return CHECKS[name]
    module, colon, function = name.partition(":")
    if not (colon and module and function):
        known = ", ".join(CHECKS)
        raise ConfigError(
            f"a check of validity must be one of {known}, or module:function, got {name!r}; "
            "name a function that takes a sentence and returns True or False"
        )
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, SyntaxError) as error:
        raise ConfigError(
            f"the check {name!r} cannot be imported: {error}; start where its module is, or put that "
            "folder in PYTHONPATH"
        ) from error
    return _answering(name, found)


def _answering(name: str, function: Callable[[str], object]) -> Check:
    def check(text: str) -> bool:
        try:
            answer = function(text)
        except (
            Exception
        ) as error:  # it is the user's: whatever it raises is to be told, with the text
            raise ConfigError(f"the check {name!r} failed on {text!r}: {error!r}") from error
        if not isinstance(answer, bool):
            raise ConfigError(
                f"the check {name!r} must return True or False, got {answer!r} for {text!r}; wrap it in bool()"
            )
        return answer

    return check


def share_valid(texts: Sequence[str], check: Check) -> float:
    """Share of sentences that pass, 0 to 1; at least one sentence."""
    return sum(map(check, texts)) / len(texts)
