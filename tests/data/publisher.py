"""A local server that publishes files, well or badly."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from engine.data.downloads import fetching
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
def publishing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """A server on a free port of this machine; no proxy is asked, and nobody waits before trying again."""
    monkeypatch.setattr(fetching, "BACKOFF_SECONDS", 0.0)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
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
