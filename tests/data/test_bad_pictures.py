"""Whatever pictures people bring, they get a sentence that names the fault and the cure, and no leftovers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.config import DataError
from engine.data.library import resolve
from engine.data.pictures import folders
from tests.data.refusing import check_nothing_stayed, refused


@pytest.fixture(autouse=True)
def _nothing_stays(home: Path) -> Iterator[None]:
    yield
    check_nothing_stayed(home)


def saved(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "mine.npz", **arrays)
    return folder / "mine.npz"


def table(n: int = 40) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 6, 6)).astype(np.uint8)


def png(seed: int = 0) -> bytes:
    file = io.BytesIO()
    Image.fromarray(table(seed + 1)[seed]).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "folder"
    path.mkdir()
    for number in range(6):
        (path / f"{number}.png").write_bytes(png(number))
    return path


def test_an_npz_without_arrays_or_without_pictures(tmp_path: Path) -> None:
    refused(saved(tmp_path), "mine.npz holds no array", "(N, H, W)")
    path = saved(tmp_path, z=np.zeros((5, 7)), names=np.array(["a"]))
    refused(path, "holds no pictures", "(N, H, W)", "z (5, 7) float64", "names (1,)")


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_too_few_pictures(tmp_path: Path, rows: int) -> None:
    words = f"at least 3 pictures, one for each of train, valid and test; it holds {rows}"
    refused(saved(tmp_path, x=table()[:rows]), words if rows else "holds no pictures")


def test_the_same_picture_again_and_again(tmp_path: Path) -> None:
    path = saved(tmp_path, x=np.repeat(table(1), 9, axis=0))
    refused(path, "got 9 rows with only 1 different pictures", "Add more pictures")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite(tmp_path: Path, bad: float) -> None:
    x = table() / 255
    x[16, 2, 3] = bad
    refused(saved(tmp_path, x=x), "picture 17 of array 'x'", "not finite", "nan_to_num")


@pytest.mark.parametrize("scale", [lambda x: x / 127.5 - 1, lambda x: x * 9.0, lambda x: x * 999])
def test_levels_out_of_range(tmp_path: Path, scale: Any) -> None:
    path = saved(tmp_path, x=scale(table().astype(np.int64)))
    refused(path, "must lie in 0..1 or 0..255", "scale them")


@pytest.mark.parametrize("shape", [(40, 5, 6, 2), (40, 5), (40, 2, 3, 4, 5), (36,)])
def test_shapes_that_are_no_pictures(tmp_path: Path, shape: tuple[int, ...]) -> None:
    refused(saved(tmp_path, x=np.zeros(shape)), "must have the shape (N, H, W)", str(shape))


def test_labels_that_are_not_one_a_picture(tmp_path: Path) -> None:
    path = saved(tmp_path, x=table(), y=np.arange(39))
    refused(path, "one label per picture, got 39 in 'y' for 40 pictures")


def test_labels_that_are_not_there(tmp_path: Path, folder: Path) -> None:
    path = saved(tmp_path, x=table(), kind=np.arange(40) % 3)
    refused(path, "unknown array of labels 'kin' (did you mean 'kind'?)", label_column="kin")
    refused(folder, "unknown column of labels 'kind'", label_column="kind")


def test_labels_that_label_nothing(tmp_path: Path) -> None:
    path = saved(tmp_path, x=table(), y=np.arange(40))
    refused(path, "'y' has more than 9 different labels", "without labels", max_labels=9)


def test_pickled_objects_are_not_read(tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return (Path.touch, (tmp_path / "ran",))  # type: ignore[return-value]

    objects = np.array([Harm()] * 4, dtype=object)
    refused(saved(tmp_path, x=table(), y=objects), "array 'y'", "never unpickled")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("name", ["mine.npz", "mine.zip"])
def test_a_file_that_is_cut_off(tmp_path: Path, share: float, name: str) -> None:
    body = saved(tmp_path, x=table()).read_bytes()
    path = tmp_path / name
    path.write_bytes(body[: int(len(body) * share)])
    refused(path, "ends early or is damaged", "again")


def test_an_array_that_is_shorter_than_it_says(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.save(file, table())
    with zipfile.ZipFile(tmp_path / "short.npz", "w") as archive:
        archive.writestr("x.npy", file.getvalue()[:-40])
    refused(tmp_path / "short.npz", "ends early or is damaged", "rows are missing")


def test_bytes_that_were_changed(tmp_path: Path) -> None:
    body = bytearray(saved(tmp_path, x=table()).read_bytes())
    body[len(body) // 2] ^= 255
    (tmp_path / "mine.npz").write_bytes(body)
    refused(tmp_path / "mine.npz", "ends early or is damaged")


def test_an_npz_that_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "page.npz").write_text("<html>not found</html>")
    refused(tmp_path / "page.npz", "page.npz ends early or is damaged")


@pytest.mark.parametrize("body", [b"hello", b"", png()[:60]])
def test_a_file_that_is_no_picture_is_named(folder: Path, body: bytes) -> None:
    (folder / "odd.png").write_bytes(body)
    refused(folder, "odd.png is", "picture", "remove it")


def test_a_folder_without_anything(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "must hold a file for train", "images")


def test_one_picture(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.png").write_bytes(png())
    refused(tmp_path / "one", "at least 3 pictures", "it holds 1")
    refused(tmp_path / "one" / "a.png", "a.png is one picture", "folder")


def test_a_zip_without_pictures_or_with_a_password(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "texts.zip", "w") as archive:
        archive.writestr("train.txt", "a sentence\n")
    refused(tmp_path / "texts.zip", "it holds none", "text must not be zipped")
    with zipfile.ZipFile(tmp_path / "locked.zip", "w") as archive:
        for number in range(4):
            archive.writestr(f"{number}.png", png(number))
    body = bytearray((tmp_path / "locked.zip").read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flag of encryption
        place = body.find(mark)
        while place >= 0:
            body[place + at] |= 1
            place = body.find(mark, place + 1)
    (tmp_path / "locked.zip").write_bytes(body)
    refused(tmp_path / "locked.zip", "0.png in locked.zip cannot be read", "without a password")


def test_a_zip_that_would_unpack_to_far_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_LARGEST_FILE", 1 << 20)
    packed = zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED)
    with packed as archive, archive.open("a.png", "w") as file:
        file.write(bytes((1 << 20) + 1))
    refused(tmp_path / "bomb.zip", "a.png in bomb.zip would unpack to", "remove it")


def test_a_picture_of_too_many_pixels_to_open(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(folder / "huge.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1500)
    refused(
        folder, "huge.png is too large", "more than 1,500 pixels", "scale it down", "256 pixels"
    )


def test_real_numbers_as_a_picture(folder: Path) -> None:
    Image.fromarray(np.full((4, 4), 0.5, np.float32)).save(folder / "real.tif")
    refused(folder, "real.tif holds real numbers", "8 or 16 bits")


def test_a_name_that_is_nothing_suggests_digits() -> None:
    with pytest.raises(DataError, match="did you mean 'digits'"):
        resolve("digit")
