"""A download is resumed, checked, and kept only when it is whole and right; what fails says why."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import shutil
import socket
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config import DataError
from engine.data.downloads import fetching
from engine.data.downloads.entry import Remote
from engine.data.downloads.fetching import fetch
from tests.data.publisher import Publisher, publishing

BODY = random.Random(0).randbytes(900_000)
BY_HAND = "download it by hand"


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    with publishing(monkeypatch) as server:
        yield server


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def refused(remote: Remote, folder: Path) -> str:
    """What is said of a download that fails; nothing but a part to go on with may be left."""
    with pytest.raises(DataError) as error:
        fetch(remote, folder, BY_HAND)
    assert not (folder / remote.name).exists()
    return str(error.value)


def test_a_file_comes_whole_with_progress_and_is_not_asked_for_twice(
    publisher: Publisher, tmp_path: Path
) -> None:
    remote = Remote(publisher.publish("/a.bin", BODY), "a.bin")
    told: list[tuple[int, int | None, str]] = []
    path = fetch(remote, tmp_path, BY_HAND, lambda *what: told.append(what))
    assert path.read_bytes() == BODY
    assert told[-1] == (900, 900, "kB of a.bin") and [t[0] for t in told] == sorted(
        t[0] for t in told
    )
    assert len(told) > 3
    assert fetch(remote, tmp_path, BY_HAND) == path and len(publisher.asked) == 1
    assert left(tmp_path) == ["a.bin", "a.bin.sha256"]


def test_what_broke_off_is_gone_on_with_by_a_range(publisher: Publisher, tmp_path: Path) -> None:
    address = publisher.publish("/a.bin", BODY, drop_after=400_000)
    path = fetch(Remote(address, "a.bin"), tmp_path, BY_HAND)
    assert path.read_bytes() == BODY
    ranges = publisher.ranges()
    assert ranges[0] == "" and len(ranges) >= 3
    assert all(r.startswith("bytes=") for r in ranges[1:]) and len(set(ranges)) == len(ranges)


def test_a_later_process_goes_on_where_an_earlier_one_stopped(
    publisher: Publisher, tmp_path: Path
) -> None:
    class Stop(Exception):
        pass

    def stop(done: int, total: int | None, what: str) -> None:
        if done > 300:
            raise Stop

    remote = Remote(publisher.publish("/a.bin", BODY), "a.bin")
    with pytest.raises(Stop):
        fetch(remote, tmp_path, BY_HAND, stop)
    assert left(tmp_path) == ["a.bin.part", "a.bin.part.json"]
    here = (tmp_path / "a.bin.part").stat().st_size
    assert fetch(remote, tmp_path, BY_HAND).read_bytes() == BODY
    assert publisher.ranges() == ["", f"bytes={here}-"]


def test_a_part_of_an_older_version_is_not_gone_on_with(
    publisher: Publisher, tmp_path: Path
) -> None:
    address = publisher.publish("/a.bin", BODY, drop_after=200_000, tag='"old"')
    remote = Remote(address, "a.bin")
    (tmp_path / "a.bin.part").write_bytes(b"of the old version")
    (tmp_path / "a.bin.part.json").write_text('{"validator": "\\"old\\"", "total": 900000}')
    other = BODY[::-1]
    publisher.publish("/a.bin", other, tag='"new"')
    assert fetch(remote, tmp_path, BY_HAND).read_bytes() == other


def test_a_part_without_a_memory_of_its_version_is_begun_anew(
    publisher: Publisher, tmp_path: Path
) -> None:
    (tmp_path / "a.bin.part").write_bytes(b"whatever")
    remote = Remote(publisher.publish("/a.bin", BODY), "a.bin")
    assert fetch(remote, tmp_path, BY_HAND).read_bytes() == BODY


def test_a_part_that_is_whole_already_is_kept_without_another_byte(
    publisher: Publisher, tmp_path: Path
) -> None:
    (tmp_path / "a.bin.part").write_bytes(BODY)
    (tmp_path / "a.bin.part.json").write_text('{"validator": "\\"one\\"", "total": 900000}')
    remote = Remote(publisher.publish("/a.bin", BODY), "a.bin")
    assert fetch(remote, tmp_path, BY_HAND).read_bytes() == BODY
    assert publisher.ranges() == ["bytes=900000-"]


def test_where_the_server_knows_no_ranges_the_file_is_begun_anew(
    publisher: Publisher, tmp_path: Path
) -> None:
    address = publisher.publish("/a.bin", BODY, ranges=False, drop_after=300_000)
    said = refused(Remote(address, "a.bin"), tmp_path)
    assert BY_HAND in said and address in said
    publisher.publish("/a.bin", BODY, ranges=False)
    assert fetch(Remote(address, "a.bin"), tmp_path, BY_HAND).read_bytes() == BODY


def test_a_server_that_is_overloaded_for_a_moment_is_asked_again(
    publisher: Publisher, tmp_path: Path
) -> None:
    address = publisher.publish("/a.bin", BODY, fail_first=2)
    assert fetch(Remote(address, "a.bin"), tmp_path, BY_HAND).read_bytes() == BODY
    assert len(publisher.asked) == 3


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "answered 404, the file is no longer there"),
        (403, "answered 403, it refuses"),
        (401, "answered 401, it asks who you are"),
        (503, "answered 503, the server cannot answer now"),
    ],
)
def test_a_refusal_is_told_with_a_way_out(
    publisher: Publisher, tmp_path: Path, status: int, words: str
) -> None:
    address = publisher.publish("/a.bin", b"no", status=status)
    said = refused(Remote(address, "a.bin"), tmp_path)
    assert words in said and BY_HAND in said and address in said
    assert left(tmp_path) == []


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/octet-stream"])
def test_a_web_page_is_not_taken_for_data(publisher: Publisher, tmp_path: Path, kind: str) -> None:
    page = b"\n<!DOCTYPE html><html><body>Please sign in</body></html>"
    address = publisher.publish("/a.bin", page, kind=kind)
    said = refused(Remote(address, "a.bin"), tmp_path)
    assert "a web page instead of the data" in said and BY_HAND in said
    assert left(tmp_path) == []


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_a_stated_checksum_is_held(publisher: Publisher, tmp_path: Path, algorithm: str) -> None:
    right = hashlib.new(algorithm, BODY).hexdigest()
    address = publisher.publish("/a.bin", BODY)
    assert fetch(Remote(address, "a.bin", f"{algorithm}:{right}"), tmp_path, BY_HAND)
    wrong = Remote(address, "b.bin", f"{algorithm}:{right[::-1]}")
    said = refused(wrong, tmp_path)
    assert right in said and right[::-1] in said and "has been removed" in said
    assert left(tmp_path) == ["a.bin", "a.bin.sha256"]


def test_without_a_stated_checksum_the_first_one_is_remembered(
    publisher: Publisher, tmp_path: Path
) -> None:
    remote = Remote(publisher.publish("/a.bin", BODY), "a.bin")
    fetch(remote, tmp_path, BY_HAND).unlink()
    publisher.publish("/a.bin", BODY + b"more")
    said = refused(remote, tmp_path)
    assert "another file than the one that came" in said and "a.bin.sha256" in said
    (tmp_path / "a.bin.sha256").unlink()
    assert fetch(remote, tmp_path, BY_HAND).read_bytes() == BODY + b"more"


def test_a_kept_file_that_was_damaged_is_fetched_again(
    publisher: Publisher, tmp_path: Path
) -> None:
    remote = Remote(publisher.publish("/a.bin", BODY), "a.bin")
    fetch(remote, tmp_path, BY_HAND).write_bytes(b"damaged")
    assert fetch(remote, tmp_path, BY_HAND).read_bytes() == BODY


def test_silence_is_not_waited_for_for_ever(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "READ_SECONDS", 0.05)
    monkeypatch.setattr(fetching, "TRIES", 2)
    address = publisher.publish("/a.bin", b"ab", ranges=False, hang=0.5)
    assert "sent nothing for too long" in refused(Remote(address, "a.bin"), tmp_path)


def test_no_network_is_told_in_plain_words(publisher: Publisher, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/a.bin"
        said = refused(Remote(nobody, "a.bin"), tmp_path)
    assert "cannot be reached" in said and "is this machine online" in said and BY_HAND in said
    assert "HTTPConnectionPool" not in said and "0x" not in said


def test_a_full_disk_is_told_before_the_first_byte(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**6, 10**6, 1_000))
    remote = Remote(publisher.publish("/a.bin", BODY), "a.bin")
    said = refused(remote, tmp_path)
    assert "needs 0.9 MB, but only 0.0 MB are free" in said and "ZSCAPE_HOME" in said


def test_a_disk_that_fills_up_on_the_way_gives_its_room_back(
    publisher: Publisher, tmp_path: Path
) -> None:
    def full(done: int, total: int | None, what: str) -> None:
        if done > 300:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    remote = Remote(publisher.publish("/a.bin", BODY), "a.bin")
    with pytest.raises(DataError, match="make room"):
        fetch(remote, tmp_path, BY_HAND, full)
    assert left(tmp_path) == []


def test_a_proxy_of_the_environment_is_used(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", publisher.address)
    publisher.publish("http://data.example/a.bin", BODY)
    path = fetch(Remote("http://data.example/a.bin", "a.bin"), tmp_path, BY_HAND)
    assert path.read_bytes() == BODY


# -- Google Drive -----------------------------------------------------------------------------------

FORM = """<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head><body>
<p class="uc-warning-caption">Google Drive can't scan this file for viruses.</p>
<form id="download-form" action="{action}" method="get"><input type="submit" value="Download anyway"/>
<input type="hidden" name="id" value="42"><input type="hidden" name="confirm" value="t">
<input type="hidden" name="uuid" value="a-b"></form></body></html>"""
LINK = '<html><a id="uc-download-link" href="/confirmed?export=download&amp;confirm=x&amp;id=42">go</a></html>'
QUOTA = """<html><head><title>Google Drive - Quota exceeded</title></head><body>
<p class="uc-error-caption">Sorry, you can't view or download this file at this time.</p></body></html>"""


def drive(publisher: Publisher, page: str) -> Remote:
    address = publisher.publish("/uc", page.encode(), kind="text/html; charset=utf-8")
    return Remote(f"{address}?export=download&id=42", "a.tar.gz", confirm=True)


@pytest.mark.parametrize("page", [FORM, LINK], ids=["form", "link"])
def test_the_page_that_asks_for_a_confirmation_is_walked_past(
    publisher: Publisher, tmp_path: Path, page: str
) -> None:
    publisher.publish("/confirmed", BODY, drop_after=500_000)
    remote = drive(publisher, page.format(action=f"{publisher.address}/confirmed"))
    assert fetch(remote, tmp_path, BY_HAND).read_bytes() == BODY
    asked = [path for path, _ in publisher.asked if path.startswith("/confirmed")]
    assert all("id=42" in path and "confirm=" in path for path in asked) and len(asked) > 1


@pytest.mark.parametrize("page", [QUOTA, "<html><body>Sign in</body></html>"])
def test_a_page_without_a_way_on_names_the_file_and_the_way_by_hand(
    publisher: Publisher, tmp_path: Path, page: str
) -> None:
    remote = drive(publisher, page)
    said = refused(remote, tmp_path)
    assert "Google Drive answered with a page" in said and BY_HAND in said
    assert remote.address in said and ("can't view" in said or "Sign in" in page)


def test_a_confirmation_that_leads_to_another_page_is_told(
    publisher: Publisher, tmp_path: Path
) -> None:
    remote = drive(publisher, FORM.format(action=f"{publisher.address}/confirmed"))
    publisher.publish("/confirmed", QUOTA.encode(), kind="text/html")
    assert "can't view" in refused(remote, tmp_path)


def test_a_small_file_of_google_drive_comes_without_a_page(
    publisher: Publisher, tmp_path: Path
) -> None:
    remote = Remote(publisher.publish("/uc", BODY), "a.tar.gz", confirm=True)
    assert fetch(remote, tmp_path, BY_HAND).read_bytes() == BODY
