"""A local server that publishes files, well or badly, and the published formats in miniature."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from engine.data.downloads.entry import Download


@dataclass
class Published:
    """One file of the server, and how it behaves.

    Attributes:
        ranges: whether a part can be asked for.
        drop_after: bytes after which each answer breaks off.
        hang: seconds of silence in the midst of each answer.
        status: the answer's code, where it is not that of success.
        fail_first: so many answers are 503 before the first good one.
        silent: no Content-Length.
    """

    body: bytes
    kind: str = "application/octet-stream"
    ranges: bool = True
    drop_after: int | None = None
    hang: float = 0.0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    fail_first: int = 0
    tag: str = '"one"'


class Publisher:
    """What is published, by path, and what was asked for."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.files: dict[str, Published] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def publish(self, path: str, body: bytes, **how: Any) -> str:
        """Put a file up; returns its address."""
        self.files[path] = Published(body, **how)
        return self.address + path

    def serve(self, entry: Download, bodies: Mapping[str, bytes], **how: Any) -> Download:
        """The entry with its files on this server."""
        files = []
        for remote in entry.files:
            address = self.publish(f"/{entry.name}/{remote.name}", bodies[remote.name], **how)
            files.append(replace(remote, address=address, checksum=""))
        return replace(entry, files=tuple(files))

    def ranges(self) -> list[str]:
        """The ranges that were asked for, in order; "" for a whole file."""
        return [headers.get("Range", "") for _, headers in self.asked]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    publisher: Publisher

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""

    def do_GET(self) -> None:
        self.publisher.asked.append((self.path, dict(self.headers)))
        file = self.publisher.files.get(self.path) or self.publisher.files.get(
            self.path.partition("?")[0]
        )
        if file is None:
            self._answer(404, b"nothing here", {"Content-Type": "text/plain"})
        elif file.fail_first > 0:
            file.fail_first -= 1
            self._answer(503, b"busy", {})
        elif file.status != 200:
            self._answer(file.status, file.body, {"Content-Type": file.kind} | file.headers)
        else:
            self._send(file)

    def _send(self, file: Published) -> None:
        start, headers = 0, {"Content-Type": file.kind, "ETag": file.tag} | file.headers
        asked, unchanged = self.headers.get("Range"), self.headers.get("If-Range")
        status = 200
        if asked and file.ranges and unchanged in (None, file.tag):
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            total = len(file.body)
            if start >= total:
                self._answer(416, b"", {"Content-Range": f"bytes */{total}"})
                return
            headers["Content-Range"] = f"bytes {start}-{total - 1}/{total}"
            status = 206
        self._answer(status, file.body[start:], headers, file.drop_after, file.hang)

    def _answer(
        self,
        status: int,
        body: bytes,
        headers: Mapping[str, str],
        drop_after: int | None = None,
        hang: float = 0.0,
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        sent = body if drop_after is None else body[:drop_after]
        try:
            if hang:
                self.wfile.write(sent[: len(sent) // 2])
                self.wfile.flush()
                time.sleep(hang)
                sent = sent[len(sent) // 2 :]
            self.wfile.write(sent)
        except OSError:
            pass  # whoever asked has gone
        self.close_connection = self.close_connection or len(sent) < len(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Whoever asked has gone: as tests mean it."""


@contextmanager
def publishing() -> Iterator[Publisher]:
    """A server on a free port of this machine."""
    handler = type("Handler", (_Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    publisher = handler.publisher = Publisher(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield publisher
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


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
