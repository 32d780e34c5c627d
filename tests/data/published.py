"""Every published corpus in miniature, packed as its publisher packs it, and put up on a local server."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import pytest

from engine.data import library
from engine.data.downloads import DOWNLOADS
from tests.data.publisher import Publisher, publishing


@contextmanager
def everything(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """A server with every entry's files, to which all entries lead; no test can reach another."""
    with publishing(monkeypatch) as server:
        for name, entry in DOWNLOADS.items():
            monkeypatch.setitem(library.DOWNLOADS, name, server.serve(entry, bodies()[name]))
        yield server


def zipped(files: Mapping[str, str]) -> bytes:
    """A zip with these files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def tarred(files: Mapping[str, str]) -> bytes:
    """A tar.gz with these files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in files.items():
            body = text.encode()
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return packed.getvalue()


def said(split: str, n: int) -> list[str]:
    """So many different sentences of a split."""
    return [f"the {split} guest number {i} slept well" for i in range(n)]


SIZES = {"train": 30, "valid": 5, "test": 6}


def each(pattern: str, line: Callable[[int, str], str], valid: str = "valid") -> dict[str, str]:
    """A file per split by its name, ``line`` making the lines of the sentences."""
    words = {"train": "train", "valid": valid, "test": "test"}
    return {
        pattern.format(words[split]): "".join(
            line(i, text) + "\n" for i, text in enumerate(said(split, n))
        )
        for split, n in SIZES.items()
    }


def _labelled(i: int, text: str) -> str:
    return f"{i % 3}\t{text}"


def _plain(i: int, text: str) -> str:
    return text


def _snli(i: int, text: str) -> str:
    label = ("entailment", "neutral", "contradiction", "-")[i % 4]
    pair = {"gold_label": label, "sentence1": f"A guest of pair {i // 3}.", "sentence2": text}
    return json.dumps(pair | {"annotator_labels": [label]})


def _inflected(i: int, text: str) -> str:
    return f"dormir\tpos={('V', 'N')[i % 2]},num=SG,per={i}\t{text}"


def _coco(split: str, n: int) -> str:
    notes = [
        {"image_id": 100 + i, "id": i, "caption": text} for i, text in enumerate(said(split, n))
    ]
    return json.dumps({"info": {}, "images": [], "annotations": notes})


def _topic(i: int, text: str) -> str:
    return f'"{i % 4 + 1}","Hotel ""{i}"" opens","{text}\\nat last\\"'


def ink(n: int, seed: int) -> np.ndarray:
    """Pictures (N, 28, 28) of ink from 0 to 1, no two alike, none symmetric."""
    return np.random.default_rng(seed).integers(0, 256, (n, 28, 28)) / 255


def _pt() -> bytes:
    """Three tensors, saved as torch 0.4 did."""
    import torch

    file = io.BytesIO()
    parts = tuple(
        torch.tensor(ink(n, seed), dtype=torch.float32)[:, None]
        for seed, n in enumerate(SIZES.values())
    )
    torch.save(parts, file, _use_new_zipfile_serialization=False)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        info = tarfile.TarInfo("omniglot_data/omniglot.pt")
        info.size = file.tell()
        file.seek(0)
        archive.addfile(info, file)
    return packed.getvalue()


def _mat() -> bytes:
    from scipy.io import savemat

    arrays: dict[str, Any] = {}
    for seed, (prefix, n) in enumerate((("", SIZES["train"]), ("test", SIZES["test"]))):
        # Matlab's order: down the columns, a picture a column.
        arrays[f"{prefix}data"] = ink(n, seed).transpose(0, 2, 1).reshape(n, -1).T
        arrays[f"{prefix}target"] = np.eye(50)[np.arange(n) % 50].T
    file = io.BytesIO()
    savemat(file, arrays)
    return file.getvalue()


def _idx(array: np.ndarray) -> bytes:
    head = struct.pack(f">{1 + array.ndim}I", 2048 + array.ndim, *array.shape)
    return gzip.compress(head + array.astype(np.uint8).tobytes())


def _mnist() -> dict[str, bytes]:
    files = {}
    for seed, (name, n) in enumerate((("train", SIZES["train"]), ("t10k", SIZES["test"]))):
        files[f"{name}-images-idx3-ubyte.gz"] = _idx(np.rint(ink(n, seed) * 255))
        files[f"{name}-labels-idx1-ubyte.gz"] = _idx(np.arange(n) % 10)
    return files


@cache
def bodies() -> dict[str, dict[str, bytes]]:
    """Every entry's files as its publisher makes them, with a few rows: entry -> file -> bytes."""
    news = each("{}.csv", _topic)
    spanish = each("spanish-task1-{}", _inflected, valid="dev")
    reviews = "".join(f"{text} .\n" for text in said("train", 40))
    coco = {
        "annotations/captions_train2017.json": _coco("train", 30),
        "annotations/captions_val2017.json": _coco("val", 11),
        "annotations/instances_val2017.json": "{}",
    }
    return {
        "yahoo": {"yahoo_data.tar.gz": tarred(each("yahoo_data/yahoo.{}.txt", _labelled))},
        "yelp": {"yelp_data.tar.gz": tarred(each("yelp_data/yelp.{}.txt", _labelled))},
        "synthetic-published": {
            "synthetic_data.tar.gz": tarred(each("synthetic_data/synthetic_{}.txt", _plain))
        },
        "short-yelp": {
            "short_yelp_data.tar.gz": tarred(
                {"short_yelp_data/short_yelp.train.100.txt": "1\tnot this\n"}
                | each("short_yelp_data/short_yelp.{}.txt", _labelled)
            )
        },
        "snli-sample": {"snli_data.tar.gz": tarred(each("snli_data/snli.{}.txt", _plain))},
        "snli": {"snli_1.0.zip": zipped(each("snli_1.0/snli_1.0_{}.jsonl", _snli, valid="dev"))},
        "ptb": {name: text.encode() for name, text in each("ptb.{}.txt", _plain).items()},
        "spanish": {name: text.encode() for name, text in spanish.items()},
        "mscoco": {"annotations_trainval2017.zip": zipped(coco)},
        "mscoco-cotk": {"mscoco.zip": zipped(each("mscoco/mscoco_{}.txt", _plain, valid="dev"))},
        "hotel-reviews": {"hotel_reviews.900.txt": reviews.encode()},
        "omniglot": {"omniglot_data.tar.gz": _pt()},
        "omniglot-burda": {"chardata.mat": _mat()},
        "mnist": _mnist(),
        "ag-news": {name: news[name].encode() for name in ("train.csv", "test.csv")},
    }
