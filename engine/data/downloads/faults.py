"""What goes wrong on the way, in plain words with what to do."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.config import DataError
from engine.data.downloads.errand import Errand

if TYPE_CHECKING:
    from requests import Response


def is_page(response: Response) -> bool:
    """Whether a web page came."""
    return response.headers.get("Content-Type", "").lower().startswith("text/html")


def page_instead(errand: Errand) -> str:
    """What to say where a web page came and not the file."""
    return (
        f"{errand.remote.address} answered with a web page instead of the data (a sign-in, a notice, or "
        f"the file has moved); {errand.by_hand}"
    )


def broken_off(errand: Errand) -> str:
    """What to say where the file never comes to its end."""
    return (
        f"{errand.remote.address} breaks off again and again, last after {errand.received:,} bytes; try "
        f"again later, or {errand.by_hand}"
    )


def check_status(response: Response, errand: Errand) -> None:
    """Raises DataError where the server refuses."""
    code = response.status_code
    if code in (200, 206, 416):
        return
    why = {
        401: "it asks who you are",
        403: "it refuses to hand the file out",
        404: "the file is no longer there",
        410: "the file is no longer there",
    }.get(code, "the server cannot answer now" if code >= 500 or code == 429 else "")
    address = errand.remote.address
    raise DataError(
        f"{address} answered {code}{f', {why}' if why else ''}; try again later, or {errand.by_hand}"
    )


def check_no_page(errand: Errand) -> None:
    """Raises DataError where a page came that was not announced as one."""
    with open(errand.part, "rb") as file:
        start = file.read(256).lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise DataError(page_instead(errand))


def check_room(errand: Errand, total: int | None, start: int) -> None:
    """Raises DataError where the rest of the file does not fit on the disk."""
    free = shutil.disk_usage(errand.part.parent).free
    if total is not None and total - start > free:
        raise DataError(_no_room(errand, f"{(total - start) / 1e6:,.1f} MB"))


def _no_room(errand: Errand, needed: str) -> str:
    free = shutil.disk_usage(errand.part.parent).free
    return (
        f"{errand.remote.name} needs {needed}, but only {free / 1e6:,.1f} MB are free in "
        f"{errand.part.parent}; make room, or set ZSCAPE_HOME to a larger disk"
    )


@contextmanager
def faults(errand: Errand) -> Iterator[None]:
    """Turns what the network and the disk do into one sentence each."""
    from requests import exceptions

    address = errand.remote.address
    try:
        yield
    except exceptions.Timeout as error:
        raise DataError(
            f"{address} sent nothing for too long, several times in a row; try again later "
            f"(it goes on where it stopped), or {errand.by_hand}"
        ) from error
    except exceptions.ChunkedEncodingError as error:
        raise DataError(broken_off(errand)) from error
    except exceptions.RequestException as error:
        if "timed out" in str(error):
            what = "sent nothing for too long, several times in a row."
        else:
            what = f"cannot be reached ({_last_words(error)}); is this machine online, and is a proxy set?"
        raise DataError(f"{address} {what} Try again later, or {errand.by_hand}") from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        message = _no_room(errand, "more room")
        errand.forget()
        raise DataError(message) from error


def _last_words(error: BaseException) -> str:
    """The innermost cause, without the names of objects that libraries wrap it in."""
    words = str(error).rpartition(": ")[2].rstrip("'\") ")[:120]
    return words + ")" * (words.count("(") - words.count(")")) or type(error).__name__
