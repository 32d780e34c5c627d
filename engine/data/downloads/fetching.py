"""Downloads a file: gone on with where it broke off, kept only when it is whole and right.

What has come stays in ``NAME.part`` beside the target until it is whole, so that the next attempt, in
this process or a later one, asks for the rest alone (an HTTP range) where the server offers that.
Proxies are taken from the usual environment variables.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config import DataError
from engine.data.corpus import Progress
from engine.data.downloads.checksums import keep, known_good
from engine.data.downloads.drive import no_file, way_on
from engine.data.downloads.entry import Remote
from engine.data.downloads.errand import (
    Errand,
    end_of_range,
    goes_on,
    length_of,
    range_of,
    version,
)
from engine.data.downloads.faults import (
    broken_off,
    check_no_page,
    check_room,
    check_status,
    faults,
    is_page,
    page_instead,
)

if TYPE_CHECKING:
    from requests import Response, Session

CONNECT_SECONDS, READ_SECONDS = 10.0, 30.0
TRIES = 4
BACKOFF_SECONDS = 1.0
_CHUNK = 1 << 17
_LONGEST_PAGE = 1 << 20
_AGENT = "zscape"


def fetch(
    remote: Remote,
    folder: Path,
    by_hand: str,
    progress: Progress | None = None,
    headers: Mapping[str, str] | None = None,
) -> Path:
    """The file, from the folder if it is there, else from its server.

    Args:
        remote: what to fetch, with its checksum where one is stated.
        folder: where it is kept; two processes must not fetch into it at once.
        by_hand: what a person can do where it does not work; ends messages.
        progress: told kilobytes.
        headers: sent along, such as a token.

    Raises:
        DataError: it cannot be had, or is not what it should be; nothing wrong is kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / remote.name
    if target.exists() and known_good(target, remote):
        return target
    errand = Errand(remote, folder / f"{remote.name}.part", by_hand, headers or {})
    with faults(errand), _session() as session:
        _receive_all(session, errand, progress)
        try:
            check_no_page(errand)
            keep(errand.part, target, remote, by_hand)
        finally:
            errand.forget()
    return target


def _receive_all(session: Session, errand: Errand, progress: Progress | None) -> None:
    """Ask again for what is missing until nothing is, or several attempts in a row brought nothing."""
    from requests import exceptions

    passing = (
        exceptions.ConnectionError,
        exceptions.Timeout,
        exceptions.ChunkedEncodingError,
    )
    failed, most = 0, errand.received
    while True:
        fault = None
        try:
            if _receive(session, errand, progress):
                return
        except passing as error:
            fault = error
        # Against the most there ever was: a file that is begun anew each time must not go on for ever.
        failed, most = (0 if errand.received > most else failed + 1), max(most, errand.received)
        if failed >= TRIES:
            raise fault or DataError(broken_off(errand))
        time.sleep(BACKOFF_SECONDS * 2 ** (failed - 1))


def _receive(session: Session, errand: Errand, progress: Progress | None) -> bool:
    """One attempt; whether the file is whole now."""
    with _answer(session, errand) as response:
        if response.status_code == 416:  # nothing behind what is here, or another file by now
            whole = end_of_range(response) == errand.received
            if not whole:
                errand.forget()
            return whole
        start = errand.received if goes_on(response, errand) else 0
        if response.status_code == 206 and not start:  # the end of another version
            errand.forget()
            return False
        total = length_of(response, start)
        check_room(errand, total, start)
        errand.memory.write_text(json.dumps(version(response, total)))
        what, size = f"kB of {errand.remote.name}", None if total is None else total // 1000
        with open(errand.part, "ab" if start else "wb") as file:
            for chunk in response.iter_content(_CHUNK):
                file.write(chunk)
                if progress:
                    progress(file.tell() // 1000, size, what)
    return total is None or errand.received >= total


@contextmanager
def _answer(session: Session, errand: Errand) -> Iterator[Response]:
    """The response with the file's bytes; the page that Google Drive puts before it is walked past."""
    address = errand.remote.address
    if errand.remote.confirm:
        # Of a page that may come first no part is wanted.
        with _get(session, address, errand.headers) as response:
            check_status(response, errand)
            if is_page(response):
                address = way_on(_text(response), response.url, errand.by_hand)
            elif not errand.received:
                yield response
                return
    with _get(session, address, dict(errand.headers) | range_of(errand)) as response:
        check_status(response, errand)
        if is_page(response):
            raise DataError(_page_instead(response, errand))
        yield response


def _page_instead(response: Response, errand: Errand) -> str:
    if errand.remote.confirm:
        return no_file(_text(response), errand.remote.address, errand.by_hand)
    return page_instead(errand)


def _text(response: Response) -> str:
    return next(response.iter_content(_LONGEST_PAGE), b"").decode(errors="replace")


def _get(session: Session, address: str, headers: Mapping[str, str]) -> Response:
    times = (CONNECT_SECONDS, READ_SECONDS)
    return session.get(address, headers=headers, stream=True, timeout=times)


@contextmanager
def _session() -> Iterator[Session]:
    """A session that asks again, later and later, where a server is overloaded for a moment."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    again = Retry(
        TRIES,
        connect=0,
        read=0,
        other=0,
        status_forcelist=(429, 500, 502, 503, 504),
        backoff_factor=BACKOFF_SECONDS,
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    with requests.Session() as session:
        session.headers.update({"User-Agent": _AGENT, "Accept-Encoding": "identity"})
        session.mount("http://", HTTPAdapter(max_retries=again))
        session.mount("https://", HTTPAdapter(max_retries=again))
        yield session
