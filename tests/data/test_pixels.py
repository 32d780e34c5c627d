"""Pictures as ids and back: bit by bit, the same everywhere, and grey as often on as it is dark."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.config import ConfigError, DataError
from engine.data import pictures
from engine.data.corpus import Corpus
from engine.data.library import ensure
from engine.data.pictures.files import opened
from engine.data.pixels import OFF, ON, Pixels, fixed_draw
from engine.data.tokenizers import END, START, Tokenizer, TokenizerConfig
from engine.data.tokens import tokenize

SIDE = 6


def pixels(side: int = SIDE, **settings: object) -> Pixels:
    made = TokenizerConfig.model_validate({"kind": "pixels", "side": side} | settings)
    tokenizer = Tokenizer.train(made, [pictures.write(np.zeros((2, 2), np.uint8))])
    assert isinstance(tokenizer, Pixels)
    return tokenizer


def binary(n: int = 20, side: int = SIDE) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2, (n, side, side)).astype(np.uint8) * 255


def greys(n: int = 20, side: int = SIDE) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (n, side, side)).astype(np.uint8)


def uris(table: np.ndarray) -> list[str]:
    return [pictures.write(one) for one in table]


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def test_ids_are_start_pixels_row_by_row_end() -> None:
    picture = np.zeros((2, 2), np.uint8)
    picture[0, 1] = 255
    assert pixels(side=2).encode(uris(picture[None])) == [[START, OFF, ON, OFF, OFF, END]]


def test_black_and_white_pictures_come_back_bit_by_bit_and_as_the_same_text() -> None:
    table, tokenizer = binary(), pixels()
    ids = tokenizer.encode(uris(table))
    texts = tokenizer.decode(ids)
    assert texts == uris(table)
    assert np.array_equal([pictures.read(text) for text in texts], table)
    assert tokenizer.encode(texts) == ids


def test_grey_pictures_come_back_where_their_levels_are_kept() -> None:
    table, tokenizer = greys(), pixels().grey()
    ids = np.array(tokenizer.encode(uris(table)))[:, 1:-1]
    assert tokenizer.decode(tokenizer.encode(uris(table))) == uris(table)
    flat = table.reshape(len(table), -1)
    assert ids.min() >= OFF and ids.max() <= 259
    assert (ids[flat == 1] == 6).all() and (ids[flat == 254] == 259).all()
    assert (ids[flat == 0] == OFF).all() and (ids[flat == 255] == ON).all()


def test_a_row_that_ends_early_or_is_unknown_is_off_there() -> None:
    tokenizer = pixels(side=2)
    short, odd = tokenizer.decode([[START, ON, END, ON, ON], [START, 3, ON, ON, ON, ON, ON, END]])
    assert pictures.read(short).tolist() == [[255, 0], [0, 0]]
    assert pictures.read(odd).tolist() == [[0, 255], [255, 255]]


def test_the_fixed_draw_depends_on_the_picture_alone() -> None:
    table, tokenizer = greys(), pixels()
    whole = tokenizer.encode(uris(table))
    np.random.seed(3)
    backwards = [pixels().encode([text])[0] for text in reversed(uris(table))]
    assert backwards[::-1] == whole
    assert whole[0] != whole[1]


def test_the_fixed_draw_is_the_same_on_every_machine() -> None:
    ramp = np.arange(0, 256, 17, dtype=np.uint8)[None]
    once = [[0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1]]  # written down when first drawn
    assert fixed_draw(ramp).astype(int).tolist() == once


@pytest.mark.parametrize("level", [1, 25, 128, 200, 254])
def test_the_fixed_draw_is_on_as_often_as_the_level_says(level: int) -> None:
    pixel_count = 2_000
    table = np.full((40, pixel_count), level, np.uint8)
    table[:, 0] = np.arange(40)  # equal pictures have equal draws
    on = fixed_draw(table)[:, 1:]
    chance = level / 255
    error = np.sqrt(chance * (1 - chance) / on.size)
    assert abs(on.mean() - chance) < 4 * error


def test_black_and_white_are_never_drawn() -> None:
    table = greys()
    on = fixed_draw(table.reshape(len(table), -1)).reshape(table.shape)
    assert on[table == 255].all() and not on[table == 0].any()


@pytest.mark.parametrize("shape", [(12, 12), (3, 3), (12, 6), (5, 11), (1, 6)])
def test_pictures_of_another_size_keep_proportions_and_ink(shape: tuple[int, int]) -> None:
    full = np.full(shape, 255, np.uint8)
    square = pictures.squares([full], SIDE)[0]
    assert square.shape == (SIDE, SIDE)
    inked = (square > 0).any(axis=1).sum(), (square > 0).any(axis=0).sum()
    longest = max(shape)
    assert inked == tuple(max(1, round(side * SIDE / longest)) for side in shape)
    assert set(np.unique(square)) <= {0, 255}


def test_shrinking_averages_over_areas() -> None:
    big = greys(1, 12)[0]
    expected = big.reshape(SIDE, 2, SIDE, 2).mean(axis=(1, 3))
    assert np.abs(pictures.squares([big], SIDE)[0] - expected).max() <= 1  # rounded twice


def test_the_vocabulary_is_six_ids() -> None:
    tokenizer = pixels()
    assert tokenizer.vocab_size == 6 == len(tokenizer.words)
    assert tokenizer.pieces([START, OFF, ON, END]) == []
    assert tokenizer.known_share(tokenizer.encode(uris(binary(2)))) == 1.0


def test_a_saved_tokeniser_is_the_same(tmp_path: Path) -> None:
    tokenizer = pixels(side=8, binarisation="fixed")
    tokenizer.save(tmp_path / "tokenizer.json")
    loaded = Tokenizer.load(tmp_path / "tokenizer.json")
    assert isinstance(loaded, Pixels) and loaded.config == tokenizer.config
    prints = {t.fingerprint for t in (tokenizer, loaded, tokenizer.grey(), pixels(side=7))}
    assert len(prints) == 3


def test_a_split_is_kept_as_any_other(home: Path) -> None:
    corpus, tokenizer = ensure("digits"), pixels(side=8)
    for reader in (tokenizer, tokenizer.grey()):
        tokens = tokenize(corpus, "valid", reader, 64)
        texts = corpus.texts("valid")
        assert tokens.rows(range(len(texts))).tolist() == reader.encode(texts)
        assert tokens.lengths.tolist() == [66] * len(texts)
    assert corpus.card.kind == "images" and Corpus.open("digits").card == corpus.card


def test_digits_are_those_of_scikit_learn(home: Path) -> None:
    from sklearn.datasets import load_digits

    corpus, found = ensure("digits"), load_digits()
    assert sum(corpus.card.rows.values()) == 1_797
    known = {(image.astype(int).tobytes(), str(d)) for image, d in zip(found.images, found.target)}
    for split in ("train", "valid", "test"):
        labels = corpus.labels(split) or []
        for text, label in zip(corpus.texts(split), labels, strict=True):
            levels = np.rint(pictures.read(text) * (16 / 255)).astype(int)
            assert (levels.tobytes(), label) in known


# -- what pictures may look like --------------------------------------------------------------------


def test_sixteen_bits_colour_and_palettes_become_256_levels() -> None:
    deep = Image.fromarray(np.array([[0, 32_896, 65_535]], np.uint16))
    assert np.asarray(opened(encoded(deep), "deep").grey).tolist() == [[0, 128, 255]]
    colour = Image.new("RGB", (1, 1), (255, 0, 0))
    assert np.asarray(opened(encoded(colour), "red").grey).tolist() == [[76]]  # 0.299 * 255
    palette = Image.new("P", (1, 1), 1)
    palette.putpalette([0, 0, 0, 255, 255, 255])
    assert np.asarray(opened(encoded(palette), "palette").grey).tolist() == [[255]]


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0), (90, 255), (200, 0)])
def test_what_is_transparent_is_paper_whichever_the_ink(ink: int, paper: int) -> None:
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    image.putpixel((0, 0), (ink, ink, ink, 255))
    assert np.asarray(opened(encoded(image), "seen").grey).tolist() == [[ink, paper]]


def test_the_first_frame_of_an_animation_counts() -> None:
    frames = [Image.new("L", (2, 2), level) for level in (255, 0)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    assert np.asarray(opened(file.getvalue(), "moves").grey).min() == 255


def test_a_photograph_is_turned_as_its_camera_says() -> None:
    image, file = Image.new("L", (4, 2)), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(file, "JPEG", exif=exif)
    assert opened(file.getvalue(), "turned").grey.size == (2, 4)


# -- faults -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The cat sat.", "must be a data URI.*'The cat sat.'.*tokenizer.kind"),
        ("", "must be a data URI"),
        ("data:image/png,abc", "must be a data URI"),
        ("data:image/png;base64,%%%", "must be whole base64"),
        (pictures.PREFIX + "aGVsbG8gd29ybGQ=", "not a picture that can be read"),
        (pictures.write(np.zeros((40, 40), np.uint8))[:-24] + "AAAA", "ends early or is damaged"),
    ],
)
def test_what_is_no_picture_is_named(text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        pixels().encode([text])


def test_a_picture_is_never_cut() -> None:
    with pytest.raises(ConfigError, match=r"at least 36 \(tokenizer.side 6 squared\), got 35"):
        pixels().encode(uris(binary(1)), 35)
    assert len(pixels().encode(uris(binary(1)), 36)[0]) == 38


def test_a_tokeniser_of_pixels_learns_from_pictures_only() -> None:
    config = TokenizerConfig(kind="pixels")
    with pytest.raises(DataError, match="there must be one, got none"):
        Tokenizer.train(config, [])
    with pytest.raises(DataError, match="must be a data URI"):
        Tokenizer.train(config, iter([["a sentence"], ["another"]]))


def test_text_and_pictures_are_told_apart_before_anything_is_read() -> None:
    TokenizerConfig().require("text", "mine")
    TokenizerConfig(kind="pixels").require("images", "mine")
    with pytest.raises(ConfigError, match="'mine' holds pictures, so tokenizer.kind must be 'pix"):
        TokenizerConfig().require("images", "mine")
    with pytest.raises(ConfigError, match="'mine' holds text.*got 'pixels'"):
        TokenizerConfig(kind="pixels").require("text", "mine")
