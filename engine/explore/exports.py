"""An interpolation as something to paste into a paper, a sheet or a program."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass

from engine.data.pictures import is_picture
from engine.data.tokenizers import BLANK
from engine.explore.interpolation import Interpolation, Step


@dataclass(frozen=True)
class Export:
    """One format: its label, file suffix, media type and writer."""

    label: str
    suffix: str
    media_type: str
    write: Callable[[Interpolation], str]


def to_json(found: Interpolation) -> str:
    """Everything, as JSON."""
    return json.dumps(found.to_dict(), ensure_ascii=False, indent=2)


def to_csv(found: Interpolation) -> str:
    """One row a step: alpha, text, nll and norm of the code, and whether it repeats the step before."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["alpha", "text", "nll", "norm", "folded"])
    for step in found.steps:
        row = [f"{step.alpha:g}", step.text, f"{step.nll:.4f}", f"{step.norm:.4f}", step.folded]
        writer.writerow(row)
    return out.getvalue()


def to_markdown(found: Interpolation) -> str:
    """A table with what is new in each step in bold."""
    lines = [
        f"**A** {markdown_text(found.a.text)}  ",
        f"**B** {markdown_text(found.b.text)}",
        "",
        f"| α | {_noun(found)} | nats |",
        "|---|---|---|",
    ]
    lines += [
        f"| {step.alpha:.2f} | {_marked(step, markdown_text, '**', '**')} | {step.nll:.1f} |"
        for step in found.steps
    ]
    return "\n".join(lines) + "\n"


def to_latex(found: Interpolation) -> str:
    r"""A ``tabular`` of booktabs with what is new in each step in ``\textbf``."""
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{tabular}{rlr}",
        r"\toprule",
        rf"$\alpha$ & {_noun(found)} & nats \\",
        r"\midrule",
        rf"A & \emph{{{latex_text(found.a.text)}}} & \\",
    ]
    lines += [
        rf"{step.alpha:.2f} & {_marked(step, latex_text, _BOLD, '}')} & {step.nll:.1f} \\"
        for step in found.steps
    ]
    lines += [rf"B & \emph{{{latex_text(found.b.text)}}} & \\", r"\bottomrule", r"\end{tabular}"]
    return "\n".join(lines) + "\n"


EXPORTS: dict[str, Export] = {
    "markdown": Export("Markdown", "md", "text/markdown", to_markdown),
    "csv": Export("CSV", "csv", "text/csv", to_csv),
    "json": Export("JSON", "json", "application/json", to_json),
    "latex": Export("LaTeX", "tex", "application/x-tex", to_latex),
}


def _noun(found: Interpolation) -> str:
    """What stands in the column of what was decoded."""
    return "picture" if is_picture(found.a.reconstruction) else "sentence"


def _marked(step: Step, escape: Callable[[str], str], opening: str, closing: str) -> str:
    """The text with its new pieces set off; the plain text where pieces do not spell it."""
    spans, at = [], 0
    for piece, new in zip(step.pieces, step.changed, strict=True):
        word = piece.replace(BLANK, " ").strip()
        start = step.text.find(word, at)
        if start < 0:
            return escape(step.text)
        strong = new and word
        spans += [
            escape(step.text[at:start]),
            f"{opening}{escape(word)}{closing}" if strong else escape(word),
        ]
        at = start + len(word)
    return "".join(spans) + escape(step.text[at:])


_BOLD = r"\textbf{"
_MARKDOWN = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>#|~$"})
_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        '"': r"\textquotedbl{}",
        **{character: f"\\{character}" for character in "&%$#_{}"},
    }
)


def markdown_text(text: str) -> str:
    """A text that Markdown shows as it is, on one line; a picture as itself."""
    if is_picture(text):
        return f"![picture]({text})"
    return " ".join(text.split("\n")).translate(_MARKDOWN)


def latex_text(text: str) -> str:
    """A text that LaTeX sets as it is; it has no place for the bytes of a picture."""
    if is_picture(text):
        return "[picture]"
    return text.translate(_LATEX)
