"""The page that Google Drive puts before a large file, and the way past it."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from engine.config import DataError


class _Page(HTMLParser):
    """The form (today) or the link (until 2023) of the warning page, and what an error page says."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.hidden: dict[str, str] = {}
        self.link = ""
        self.said = ""
        self._inside = False
        self._telling = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form" and found.get("id") == "download-form":
            self.action, self._inside = found.get("action", ""), True
        elif tag == "input" and self._inside and found.get("type") == "hidden":
            self.hidden[found.get("name", "")] = found.get("value", "")
        elif tag == "a" and found.get("id") == "uc-download-link":
            self.link = found.get("href", "")
        elif found.get("class") in ("uc-error-caption", "uc-error-subcaption") or tag == "title":
            self._telling = True

    def handle_endtag(self, tag: str) -> None:
        self._telling = False
        if tag == "form":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._telling and data.strip():
            self.said = data.strip()


def way_on(page: str, base: str, by_hand: str) -> str:
    """The address behind the confirmation.

    Args:
        page: the HTML that came instead of the file.
        base: the address that it came from.
        by_hand: what to do where there is no way on.

    Raises:
        DataError: the page asks for nothing that can be confirmed, as where a quota is used up or the
            file is no longer shared.
    """
    found = _Page()
    found.feed(page)
    if found.action:
        parts = urlsplit(urljoin(base, found.action))
        query = dict(parse_qsl(parts.query)) | found.hidden
        return urlunsplit(parts._replace(query=urlencode(query)))
    if found.link:
        return urljoin(base, found.link)
    raise DataError(no_file(page, base, by_hand))


def no_file(page: str, base: str, by_hand: str) -> str:
    """What to say of a page that leads to no file."""
    found = _Page()
    found.feed(page)
    said = f" that says {found.said!r}" if found.said else ""
    return (
        f"Google Drive answered with a page{said} and not with the file (many downloads in a day, a "
        f"file that is no longer shared, or a sign-in do that); {by_hand}. The file is at {base}"
    )
