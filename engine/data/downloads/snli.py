"""Reader of the Stanford Natural Language Inference corpus: its sentences, each with its role as label."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from engine.config import DataError
from engine.data.downloads.lines import blocks
from engine.data.reading import Rows

UNDECIDED = {"-": "no consensus"}


def sentences(path: Path, split: str) -> Iterator[Rows]:
    """Every hypothesis with its label, and every premise once, labelled "premise".

    A premise stands in about three pairs; kept each time it would weigh as three sentences.

    References:
        A large annotated corpus for learning natural language inference, Bowman, Angeli, Potts and
        Manning, 2015, https://arxiv.org/abs/1508.05326

    Raises:
        DataError: a line that is not an object with both sentences and the label.
    """
    seen: set[str] = set()
    for first, block, position in blocks(path):
        texts: list[str] = []
        labels: list[str] = []
        numbers: list[int] = []
        for number, line in enumerate(block, first):
            if not line.strip():
                continue
            premise, hypothesis, label = _pair(line, number, path)
            if premise not in seen:
                seen.add(premise)
                texts.append(premise)
                labels.append("premise")
                numbers.append(number)
            texts.append(hypothesis)
            labels.append(UNDECIDED.get(label, label))
            numbers.append(number)
        yield Rows({"text": texts, "label": labels}, numbers, position)


def _pair(line: str, number: int, path: Path) -> tuple[str, str, str]:
    try:
        item = json.loads(line)
        return item["sentence1"], item["sentence2"], item["gold_label"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"line {number:,} of {path.name} must be a JSON object with sentence1, sentence2 and "
            f"gold_label, got {line[:60]!r}; is it the published file?"
        ) from error
