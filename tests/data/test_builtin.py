"""The corpora that are made on the spot: what they hold, and that they are made once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from engine.config import DataError
from engine.data import library
from engine.data.builtin import (
    digits_text,
    docstrings,
    installed,
    python_lines,
    synthetic,
    unicode_names,
)
from engine.data.builtin.docstrings import first_sentence, reads_as_english
from engine.data.builtin.installed import Source
from engine.data.library import BUILTIN, Builtin, ensure, resolve

MODULE = '''"""A module that does a thing. More of it."""
import os  # a comment
LIMIT = 3

class Thing:
    """Represents a thing
    of two lines.

    Args:
        name: no.
    """
    def run(self, other):
        """Run the thing with another thing."""
        if self is not other:  # never
            return os.path.join("a", self.name)
        value = compute(self, other,
                        LIMIT)
        return value

async def wait():
    """Run the thing with another thing."""
    await sleep(LIMIT)
'''


def source(folder: Path, text: str = MODULE, package: str = "package") -> Source:
    path = folder / f"{package}.py"
    path.write_text(text, encoding="utf-8")
    return Source(package, f"{package}.module", path)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation of two files."""
    one, two = source(tmp_path), source(tmp_path, MODULE, "later")
    for module in (docstrings, python_lines):
        monkeypatch.setattr(module, "standard_library", lambda: [one])
    monkeypatch.setattr(docstrings, "requirements", lambda: [two])


def test_docstrings_of_modules_classes_and_functions_are_found(tmp_path: Path) -> None:
    found = [first_sentence(d) for d in docstrings.docstrings(source(tmp_path))]
    assert found == [
        "A module that does a thing.",
        "Represents a thing of two lines.",
        "Run the thing with another thing.",
        "Run the thing with another thing.",
    ]


@pytest.mark.parametrize("text", ["def f(:\n  '''no'''", "x = '''\0'''", "{{ template }} '''"])
def test_sources_that_do_not_parse_are_passed_over(tmp_path: Path, text: str) -> None:
    assert list(docstrings.docstrings(source(tmp_path, text))) == []
    assert list(python_lines.statements(source(tmp_path, text))) == []


def test_sources_that_are_not_utf_8_or_not_there_are_passed_over(tmp_path: Path) -> None:
    odd = source(tmp_path)
    odd.path.write_bytes('"""Café."""'.encode("latin-1"))
    assert list(docstrings.docstrings(odd)) == []
    odd.path.unlink()
    assert list(docstrings.docstrings(odd)) == []


@pytest.mark.parametrize(
    "docstring, sentence",
    [
        ("Return the ``size`` of `x`.", "Return the size of x."),
        ("Make a :class:`~pkg.mod.Thing` now.\n\nMore.", "Make a Thing now."),
        ("See :func:`the thing <pkg.thing>` here. And more.", "See the thing here."),
        ("Add a *very* **bold** word", "Add a very bold word."),
        ("Use a set, e.g. of words, here. Then stop.", "Use a set, e.g. of words, here."),
        ("What is this? A test.", "What is this?"),
        ("One\n    two\n\tthree.", "One two three."),
        ("Heading\n=======\n\nText.", None),
        ("", None),
    ],
)
def test_the_first_sentence_comes_without_markup(docstring: str, sentence: str | None) -> None:
    assert first_sentence(docstring) == sentence


@pytest.mark.parametrize(
    "text",
    [
        "Return the value, or None.",
        "Don't call this (it is slow).",
        "Convert a 3-vector to 100% of its length.",
        'Sets the "title" of a figure.',
    ],
)
def test_plain_english_is_kept(text: str) -> None:
    assert reads_as_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "Too short.",
        " ".join(["word"] * 41) + ".",
        "Call foo_bar to see.",
        "Return camelCase names of it.",
        "Call this(x) to see.",
        "Read os.path of the file.",
        "Parameters are given in order.",
        "returns something in lower case.",
        "Return x -> y for it.",
        "Return a list [of things].",
        "Open (the thing.",
        "Voilà the thing for you.",
        "Return the value If it is there.",
        "Usage: run the thing now.",
        "One of: - a thing - another thing.",
    ],
)
def test_what_is_not_plain_english_is_dropped(text: str) -> None:
    assert not reads_as_english(text)


def test_docstrings_come_once_labelled_with_their_first_package(
    small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docstrings, "MIN_COUNT", 1)
    assert docstrings.make() == {
        "text": [
            "A module that does a thing.",
            "Represents a thing of two lines.",
            "Run the thing with another thing.",
        ],
        "label": ["package"] * 3,
        "module": ["package.module"] * 3,
    }


def test_a_word_that_only_one_sentence_has_drops_the_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentences = ["Return the value of it.", "Return the value of xyzzy.", "Value of it the return."]
    text = "".join(f"def f{i}():\n    '''{s}'''\n" for i, s in enumerate(sentences))
    monkeypatch.setattr(docstrings, "standard_library", lambda: [source(tmp_path, text)])
    monkeypatch.setattr(docstrings, "requirements", list)
    assert docstrings.make()["text"] == [sentences[0], sentences[2]]


def test_python_lines_are_whole_statements_without_comments(small: None) -> None:
    made = python_lines.make()
    assert dict(zip(made["text"], made["label"])) == {
        "class Thing:": "class",
        "def run(self, other):": "def",
        "async def wait():": "def",
        'return os.path.join("a", self.name)': "return",
        "return value": "return",
        "await sleep(LIMIT)": "expression",
        "LIMIT = 3": "assign",
    }


def test_unicode_names_are_words_with_a_script() -> None:
    made = unicode_names.make()
    label = dict(zip(made["text"], made["label"]))
    assert len(label) == len(made["text"]) > 20_000
    assert label["greek small letter alpha"] == "greek"
    assert label["hebrew letter alef"] == "hebrew"
    assert label["left parenthesis"] == "punctuation"
    assert label["euro sign"] == "currency"
    assert label["arabic fatha"] == "arabic"
    assert min(Counter(label.values()).values()) >= unicode_names.MIN_ROWS
    assert not [name for name in label if "ideograph-" in name or not name.islower()]


def test_the_synthetic_model_samples_from_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    model = synthetic.generator(rng)
    z = np.repeat([[2.0, -2.0]], 4_000, axis=0)
    tokens, nll = synthetic.sample(model, z, rng)
    assert tokens.shape == (4_000, 10) and tokens.min() >= 0 and tokens.max() < 1_000
    # The entropy of the first token is ln 1000; the rest must agree with a model run by hand.
    assert nll[0] == pytest.approx(_nll(model, z[0], tokens[0]), abs=1e-9)
    second = np.bincount(tokens[tokens[:, 0] == tokens[0, 0]][:, 1], minlength=1_000)
    assert second.argmax() in _next(model, z[0], tokens[0, :1]).argsort()[-50:]


def _nll(model: synthetic.Generator, z: np.ndarray, x: np.ndarray) -> float:
    steps = [np.log(_next(model, z, x[:t])[x[t]]) for t in range(1, len(x))]
    return float(np.log(1_000) - sum(steps))


def _next(model: synthetic.Generator, z: np.ndarray, prefix: np.ndarray) -> np.ndarray:
    """p(next token | prefix, z), one number at a time."""
    c = np.array([sum(z[i] * model.start[i, j] for i in range(2)) for j in range(100)])
    h = np.tanh(c)
    for token in prefix:
        joined = [*model.embedding[token], *z]
        gates = np.array(joined) @ model.inputs + h @ model.recurrent + model.bias
        i, f, g, o = (gates[k * 100 : (k + 1) * 100] for k in range(4))
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
    logits = h @ model.from_hidden + z @ model.from_code
    p = np.exp(logits - logits.max())
    return p / p.sum()


def test_the_synthetic_corpus_keeps_its_codes_and_sizes(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synthetic, "ROWS", 1_000)
    corpus = ensure("synthetic")
    assert corpus.card.rows == {"train": 800, "valid": 100, "test": 100}
    z0, z1 = (corpus.column("train", name) for name in ("z0", "z1"))
    means = Counter(corpus.labels("train") or ())
    assert set(means) == {"(-2, -2)", "(-2, +2)", "(+2, -2)", "(+2, +2)"}
    chosen = np.array(corpus.labels("train")) == "(+2, -2)"
    assert abs(z0[chosen].mean() - 2) < 0.3 and abs(z1[chosen].mean() + 2) < 0.3
    assert all(len(text.split()) == 10 for text in corpus.texts("train"))


def test_a_built_in_corpus_is_reproducible(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synthetic, "ROWS", 500)
    first = ensure("synthetic")
    monkeypatch.setenv("ZSCAPE_HOME", str(tmp_path / "other"))
    second = ensure("synthetic")
    assert first.path != second.path
    assert first.card.fingerprint == second.card.fingerprint


def test_a_digit_as_text_is_the_picture_again_whichever_way_it_is_read(home: Path) -> None:
    from sklearn.datasets import load_digits

    corpus, digits = ensure("digits-text"), load_digits()
    pictures = {image.tobytes(): str(d) for image, d in zip(digits.images, digits.target)}
    seen: dict[bytes, list[tuple[str, str]]] = {}
    for split in ("train", "valid", "test"):
        ways, labels = corpus.column(split, "direction"), corpus.labels(split) or ()
        for text, way, label in zip(corpus.texts(split), ways, labels, strict=True):
            pixels = digits_text.picture(text)
            assert pixels is not None and pictures[(pixels * 16).tobytes()] == label
            assert text.split()[:2] == (["00", "down"] if way == "down" else ["07", "up"])
            seen.setdefault(pixels.tobytes(), []).append((split, way))
    assert len(seen) == 1_797 and sum(corpus.card.rows.values()) == 3_594
    assert all({way for _, way in ways} == {"down", "up"} for ways in seen.values())
    assert all(len({split for split, _ in ways}) == 1 for ways in seen.values())
    assert 0.78 < corpus.card.rows["train"] / 3_594 < 0.82


def test_a_row_of_pixels_is_written_as_transformer_vae_writes_it() -> None:
    row = np.array([[0, 0.0625, 0.5, 0.98, 1]])
    assert digits_text.written(row) == "00 down ! % A _ a"
    assert digits_text.written(np.concatenate([row, 1 - row]), "up").startswith('01 up a ] A "')


@pytest.mark.parametrize(
    "change",
    [
        lambda words: words[:-1],
        lambda words: [*words, "!"],
        lambda words: ["01", *words[1:]],
        lambda words: [words[0], "sideways", *words[2:]],
        lambda words: [*words[:-1], "~"],
        lambda words: [*words[:-1], "!!"],
        lambda words: [*words[10:20], *words[:10], *words[20:]],
        lambda words: [],
    ],
)
def test_what_is_not_a_whole_picture_is_none(change) -> None:
    text = digits_text.written(np.full((8, 8), 0.25))
    assert digits_text.draws_a_digit(text)
    assert digits_text.picture(" ".join(change(text.split()))) is None
    assert not digits_text.draws_a_digit(digits_text.written(np.zeros((8, 8))))


def test_what_is_half_a_picture_is_drawn_as_far_as_it_goes() -> None:
    whole = digits_text.written(np.full((8, 8), 0.25))
    for way in (whole, digits_text.written(np.full((8, 8), 0.25), "up")):
        assert np.array_equal(digits_text.sketch(way), digits_text.picture(way))
    drawn = digits_text.sketch("up 01 down a a ~~ a ~ 07 up 1 2 09 down a 03 down")
    expected = np.zeros((8, 8))
    expected[1, [0, 1, 3]], expected[7, :2] = 1, [0.25, 17 / 64]
    assert np.array_equal(drawn, expected)
    assert digits_text.sketch("the cat sat down") is None and digits_text.sketch("") is None


def slow_builtin(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    made: list[int] = []

    def make(progress: object) -> dict[str, list[str]]:
        made.append(1)
        time.sleep(0.2)
        return {"text": [f"text {i}" for i in range(30)], "label": ["x"] * 30}

    entry = Builtin("slow", "Slow", "help", 30, "x", "test", make)
    monkeypatch.setitem(library.BUILTIN, "slow", entry)
    return made


def test_who_comes_while_a_corpus_is_made_waits_for_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, got, said = slow_builtin(monkeypatch), [], []

    def come() -> None:
        got.append(ensure("slow", lambda done, total, what: said.append(what)).card.fingerprint)

    threads = [threading.Thread(target=come) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1 and len(got) == 4 and len(set(got)) == 1
    assert any("waiting for slow" in what for what in said)


def test_a_corpus_whose_making_failed_is_made_next_time(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = slow_builtin(monkeypatch)

    def fail(done: int, total: int | None, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure("slow", fail)
    assert resolve("slow").rows("train") == 24
    assert len(made) == 2 and resolve("slow").card.builtin


def test_an_unknown_built_in_is_named(home: Path) -> None:
    with pytest.raises(DataError, match="did you mean 'docstrings'"):
        ensure("docstring")
    with pytest.raises(DataError, match="did you mean 'docstrings'.*no file"):
        resolve("docstring")


@pytest.mark.parametrize("entry", BUILTIN.values(), ids=BUILTIN)
def test_every_built_in_corpus_says_what_it_is(entry: Builtin) -> None:
    assert entry.help.endswith(".") and entry.title and entry.label and entry.source
    assert entry.rows > 1_000 and (entry.make.__doc__ or "").strip()


def test_the_requirements_and_their_needs_are_found_and_nothing_else() -> None:
    names = [d.metadata["Name"].lower() for d in installed.distributions()]
    assert names == sorted(names, key=lambda n: n.replace("_", "-").replace(".", "-"))
    assert {"torch", "streamlit", "numpy"} <= set(names)
    assert "markupsafe" in names  # needed by jinja2, which streamlit needs
    assert not {"pytest", "playwright", "ruff"} & set(names)


def test_tests_and_installed_packages_are_not_the_standard_library() -> None:
    modules = {source.module for source in installed.standard_library()}
    assert {"argparse", "asyncio.tasks", "json"} <= modules
    assert not [m for m in modules if m.startswith(("test.", "site-packages", "unittest.test."))]


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILTIN)
def test_every_built_in_corpus_can_be_made_here(home: Path, name: str) -> None:
    seen: list[tuple[int, int | None]] = []
    corpus = ensure(name, lambda done, total, what: seen.append((done, total)))
    rows = sum(corpus.card.rows.values())
    assert rows == pytest.approx(BUILTIN[name].rows, rel=0.3)
    assert len(seen) > (10 if rows > 10_000 else 1) and corpus.card.label_column == "label"
    texts = corpus.texts("train")
    assert len(set(texts)) == len(texts)
    held_out = set(corpus.texts("test")) | set(corpus.texts("valid"))
    assert not held_out & set(texts)
