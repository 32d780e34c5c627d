"""Every published corpus is read as its publisher packs it, from a server or from files that are here."""

from __future__ import annotations

import gzip
import json
import os
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.config import DataError, home
from engine.data import library, pictures
from engine.data.corpus import SPLITS, Corpus, corpora, delete
from engine.data.downloads import DOWNLOADS, fetching
from engine.data.importing import ImportOptions
from engine.data.library import at_hand, download, resolve
from tests.data.published import SIZES, bodies, everything, ink, said, tarred, zipped
from tests.data.publisher import Publisher

BODIES = bodies()


@pytest.fixture
def publisher(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    with everything(monkeypatch) as server:
        yield server


def sizes(corpus: Corpus) -> dict[str, int]:
    return {split: corpus.rows(split) for split in SPLITS}


def unpacked(folder: Path, name: str) -> Path:
    """The entry's files in a folder, as somebody has them who downloaded them."""
    folder.mkdir(exist_ok=True)
    for file, body in BODIES[name].items():
        (folder / file).write_bytes(body)
    return folder


@pytest.mark.parametrize("name", DOWNLOADS)
def test_every_entry_says_what_it_is_and_where_from(name: str) -> None:
    entry = DOWNLOADS[name]
    assert entry.name == name and entry.help.endswith(".") and len(entry.help) < 130
    assert entry.licence and entry.homepage.startswith("http") and entry.rows > 0
    assert set(entry.splits) <= set(SPLITS) and "train" in entry.splits
    for remote in entry.files:
        assert remote.address.startswith("http") and "/" not in remote.name
        algorithm, _, digits = remote.checksum.partition(":")
        assert (algorithm, len(digits)) in {("", 0), ("md5", 32), ("sha256", 64)}
        # What needs a confirmation lies on Google Drive, and all that lies there may need one.
        assert remote.confirm == ("google" in remote.address)


@pytest.mark.parametrize("name", DOWNLOADS)
def test_every_entry_is_downloaded_and_keeps_its_published_split(
    publisher: Publisher, name: str
) -> None:
    corpus, entry = resolve(name), DOWNLOADS[name]
    got = sizes(corpus)
    assert corpus.name == name and corpus.card.title == entry.title
    assert corpus.card.licence == entry.licence and corpus.card.source == entry.homepage
    assert (corpus.card.label_column is not None) == bool(entry.label)
    if name in ("hotel-reviews", "mscoco", "snli"):
        return  # their rows are counted by the tests below
    for split in entry.splits:
        drawn = len(SPLITS) - len(entry.splits) if split == "train" else 0
        assert got[split] == SIZES[split] - drawn * 3
        shown = "data:image/png" if entry.kind == "images" else "guest number"
        assert shown in corpus.texts(split)[0] and corpus.card.kind == entry.kind
    asked = len(publisher.asked)
    assert resolve(name).name == name and len(publisher.asked) == asked


def test_data_that_are_looked_at_are_never_downloaded_for_it(publisher: Publisher) -> None:
    with pytest.raises(DataError, match="unknown data set 'ptb'.*data import ptb"):
        at_hand("ptb")
    assert publisher.asked == []
    assert at_hand(resolve("ptb").name).name == "ptb"
    asked = len(publisher.asked)
    delete("ptb")
    with pytest.raises(DataError, match="not on this machine"):
        at_hand("ptb")
    assert len(publisher.asked) == asked
    with pytest.raises(DataError, match="data import hf:a/b"):
        at_hand("hf:a/b")
    with pytest.raises(DataError, match="import it again under that name"):
        at_hand("mine")


@pytest.mark.parametrize("name", DOWNLOADS)
def test_every_entry_is_read_from_files_that_are_here_without_a_network(
    home: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "fetch", None)
    folder = unpacked(tmp_path / "mine", name)
    corpus = download(name, folder)
    assert sum(sizes(corpus).values()) > 0
    assert any("read from" in note for note in corpus.card.notes)
    if len(BODIES[name]) == 1:
        single = folder / next(iter(BODIES[name]))
        again = download(name, single, save_as="another")
        assert sizes(again) == sizes(corpus) and again.card.fingerprint == corpus.card.fingerprint


def test_labels_of_tabbed_lines_and_where_they_came_from(publisher: Publisher) -> None:
    corpus = resolve("yahoo")
    assert corpus.texts("train")[:2] == said("train", 2)
    assert corpus.labels("train")[:4] == ["0", "1", "2", "0"]
    assert "label: topic" in corpus.card.notes
    assert "train, valid, test as published" in corpus.card.notes
    assert any("no checksum is published" in note for note in corpus.card.notes)


def test_a_split_that_is_not_published_is_drawn_from_train_and_said(publisher: Publisher) -> None:
    corpus = resolve("ag-news")
    assert sizes(corpus) == {"train": 27, "valid": 3, "test": 6}
    assert "train, test as published; valid drawn from train" in corpus.card.notes
    assert sizes(resolve("hotel-reviews")) == {"train": 32, "valid": 4, "test": 4}


def test_news_joins_title_and_description_and_unfolds_lines(publisher: Publisher) -> None:
    corpus = resolve("ag-news")
    assert corpus.texts("test", [0]) == [
        'Hotel "0" opens the test guest number 0 slept well at last'
    ]
    assert corpus.labels("test") == ["World", "Sports", "Business", "Sci/Tech", "World", "Sports"]


def test_words_come_with_lemma_features_and_part_of_speech(publisher: Publisher) -> None:
    corpus = resolve("spanish")
    assert corpus.labels("valid")[:2] == ["V", "N"]
    assert corpus.column("valid", "lemma")[0] == "dormir"
    assert corpus.column("valid", "features")[1] == "pos=N,num=SG,per=1"


def test_premises_stand_once_beside_their_hypotheses(publisher: Publisher) -> None:
    corpus = resolve("snli")
    assert sizes(corpus) == {"train": 30 + 10, "valid": 5 + 2, "test": 6 + 2}
    assert corpus.labels("test") == [
        *("premise", "entailment", "neutral", "contradiction"),
        *("premise", "no consensus", "entailment", "neutral"),
    ]


@pytest.mark.parametrize("name", ["omniglot", "omniglot-burda", "mnist"])
def test_pictures_come_upright_with_their_ink(publisher: Publisher, name: str) -> None:
    corpus = resolve(name)
    wanted = np.rint(ink(SIZES["test"], 2 if name == "omniglot" else 1) * 255)
    for text, picture in zip(corpus.texts("test"), wanted, strict=True):
        assert np.array_equal(pictures.read(text), picture)
    labels = {"omniglot": None, "omniglot-burda": list("123456"), "mnist": list("012345")}
    assert corpus.labels("test") == labels[name]


def test_a_pickle_that_would_run_code_is_refused(home: Path, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'ran'}",)

    (tmp_path / "omniglot.pt").write_bytes(pickle.dumps(Evil(), 2))
    with pytest.raises(DataError, match="omniglot.pt must hold three tensors"):
        download("omniglot", tmp_path)
    assert not (tmp_path / "ran").exists() and corpora() == []


@pytest.mark.parametrize("name", ["omniglot", "omniglot-burda", "mnist"])
@pytest.mark.parametrize("cut", [0, 40, 2_000])
def test_a_file_of_pictures_that_is_cut_off_is_told(
    home: Path, tmp_path: Path, name: str, cut: int
) -> None:
    files = BODIES[name]
    for file, body in files.items():
        if file.endswith(".tar.gz"):
            file, body = "omniglot.pt", b"\x80\x02" + body
        (tmp_path / file).write_bytes(body[:cut])
    with pytest.raises(DataError, match="is it the published file, and whole"):
        download(name, tmp_path)
    assert corpora() == []


def test_digits_without_their_labels_name_the_missing_file(home: Path, tmp_path: Path) -> None:
    for file, body in BODIES["mnist"].items():
        if "labels" not in file:
            (tmp_path / file).write_bytes(body)
    with pytest.raises(
        DataError, match="train-labels-idx1-ubyte.gz, t10k-labels-idx1-ubyte.gz are"
    ):
        download("mnist", tmp_path)


def test_digits_are_also_read_unzipped(home: Path, tmp_path: Path) -> None:
    for file, body in BODIES["mnist"].items():
        (tmp_path / file.removesuffix(".gz")).write_bytes(gzip.decompress(body))
    assert sizes(download("mnist", tmp_path)) == {"train": 27, "valid": 3, "test": 6}


def test_captions_for_validation_are_the_odd_ones_and_for_test_the_even_ones(
    publisher: Publisher,
) -> None:
    corpus = resolve("mscoco")
    assert sizes(corpus) == {"train": 30, "valid": 6, "test": 5}
    assert corpus.texts("valid")[:2] == [said("val", 3)[0], said("val", 3)[2]]
    assert list(corpus.column("test", "image")) == [101, 103, 105, 107, 109]


def test_a_file_that_breaks_off_many_times_still_arrives_whole(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = DOWNLOADS["yelp"]
    monkeypatch.setattr(fetching, "_CHUNK", 64)
    served = publisher.serve(entry, BODIES["yelp"], drop_after=150)
    monkeypatch.setitem(library.DOWNLOADS, "yelp", served)
    assert sizes(resolve("yelp")) == SIZES
    assert len(publisher.asked) > 3


def test_a_download_that_fails_leaves_no_corpus_and_says_how_to_do_without(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.files.clear()
    with pytest.raises(DataError, match=r"404.*download it by hand.*data import yahoo --from PATH"):
        resolve("yahoo")
    assert corpora() == []
    assert [p.name for p in (home() / "datasets").iterdir()] == [".locks"]


def test_an_archive_with_other_content_is_told_by_what_is_in_it(home: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "yahoo_data.tar.gz"
    wrong.write_bytes(tarred({"cats/a.txt": "meow", "cats/yahoo.train.txt": "0\tx\n"}))
    with pytest.raises(DataError) as error:
        download("yahoo", wrong)
    message = str(error.value)
    assert "yahoo.valid.txt, yahoo.test.txt are missing" in message and "cats/a.txt" in message
    assert corpora() == []


@pytest.mark.parametrize("bad", ["../../evil.txt", "/etc/evil.txt"])
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_an_archive_whose_paths_lead_out_of_it_is_refused(
    home: Path, tmp_path: Path, bad: str, pack: object
) -> None:
    files = {bad: "x", "ptb.train.txt": "a\n", "ptb.valid.txt": "b\n", "ptb.test.txt": "c\n"}
    path = tmp_path / "ptb.zip"
    path.write_bytes(pack(files))  # type: ignore[operator]
    with pytest.raises(DataError, match="leads out of the archive"):
        download("ptb", path)
    assert not list(tmp_path.rglob("evil.txt")) and corpora() == []


@pytest.mark.parametrize("name", ["snli", "yahoo"])
@pytest.mark.parametrize("at", [0.3, 0.9])
def test_an_archive_that_was_cut_off_is_told(
    home: Path, tmp_path: Path, name: str, at: float
) -> None:
    file, body = next(iter(BODIES[name].items()))
    (tmp_path / file).write_bytes(body[: int(len(body) * at)])
    with pytest.raises(DataError, match="damaged or cut off"):
        download(name, tmp_path / file)
    assert corpora() == []


@pytest.mark.parametrize(
    ("name", "file", "text", "words"),
    [
        ("yahoo", "yahoo.train.txt", "0\tfine\nno tab here\n", "line 2 of yahoo.train.txt"),
        ("spanish", "spanish-task1-train", "a\tb\n", "line 1 of spanish-task1-train"),
        ("ag-news", "train.csv", '"1","a","b"\n"7","a","b"\n', "row 2 of train.csv"),
        ("snli", "snli_1.0_train.jsonl", '{"sentence1": 1}\n', "line 1 of snli_1.0_train.jsonl"),
        ("mscoco", "captions_train2017.json", '{"annotations": [', "captions_train2017.json must"),
    ],
)
def test_a_file_of_another_form_is_told_by_its_line(
    home: Path, tmp_path: Path, name: str, file: str, text: str, words: str
) -> None:
    for wanted in DOWNLOADS[name].wanted:
        (tmp_path / wanted).write_text(text)
    with pytest.raises(DataError, match=words):
        download(name, tmp_path)
    assert corpora() == []


def test_a_folder_without_the_files_names_them(home: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("nothing")
    with pytest.raises(DataError, match=r"ptb.train.txt, ptb.valid.txt, ptb.test.txt"):
        download("ptb", tmp_path)
    with pytest.raises(DataError, match="there is no file or folder at"):
        download("ptb", tmp_path / "nowhere")


def test_files_with_bytes_that_are_no_text_are_read_and_the_lines_are_named(
    home: Path, tmp_path: Path
) -> None:
    folder = unpacked(tmp_path / "mine", "ptb")
    path = folder / "ptb.train.txt"
    path.write_bytes(b"caf\xe9 is here\n" + path.read_bytes())
    corpus = download("ptb", folder)
    assert corpus.texts("train", [0]) == ["caf\ufffd is here"]
    assert any("line 1" in problem for problem in corpus.card.encoding_problems)


def test_gzipped_files_are_found_under_their_own_names(home: Path, tmp_path: Path) -> None:
    for file, body in BODIES["ptb"].items():
        (tmp_path / f"{file}.gz").write_bytes(gzip.compress(body))
    assert sizes(download("ptb", tmp_path)) == SIZES


def test_shares_and_seed_apply_to_what_is_not_published(home: Path, tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "mine", "hotel-reviews")
    options = ImportOptions(valid=0.25, test=0.25, seed=7)
    assert sizes(download("hotel-reviews", folder, options=options)) == {
        "train": 20,
        "valid": 10,
        "test": 10,
    }


def test_a_name_that_is_taken_is_not_written_over(home: Path, tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "mine", "ptb")
    download("ptb", folder)
    with pytest.raises(DataError, match="exists already"):
        download("ptb", folder)


def test_an_unknown_name_is_answered_with_the_nearest(home: Path) -> None:
    with pytest.raises(DataError, match=r"did you mean 'yahoo'\?.*hf:OWNER/NAME"):
        resolve("yaho")
    with pytest.raises(DataError, match=r"did you mean 'mscoco'"):
        download("msoco")


def test_cancel_keeps_what_has_come_and_the_next_attempt_goes_on(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cancelled(Exception):
        pass

    def cancel(done: int, total: int | None, what: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        download("yelp", progress=cancel)
    assert corpora() == []
    assert [p.name for p in (home() / "cache/downloads/yelp").glob("*.part")]
    assert sizes(download("yelp")) == SIZES


def test_the_command_line_imports_by_name_and_lists_with_licence(
    publisher: Publisher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from engine.__main__ import main

    def output(*arguments: str) -> str:
        with pytest.raises(SystemExit) as end:
            main(list(arguments))
        assert end.value.code == 0
        return capsys.readouterr().out

    assert output("data", "import", "spanish", "--name", "words") == "words\n"
    folder = str(unpacked(tmp_path / "mine", "ptb"))
    assert output("data", "import", "ptb", "--from", folder) == "ptb\n"
    listed = {row["name"]: row for row in json.loads(output("data", "list", "--json"))}
    assert listed["words"]["here"] and listed["ptb"]["licence"].startswith("Linguistic")
    assert not listed["snli"]["here"] and listed["snli"]["licence"] == "CC BY-SA 4.0"


def test_an_entry_with_a_stated_checksum_refuses_another_file(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = library.DOWNLOADS["ptb"]
    files = [
        replace(remote, checksum=known.checksum)
        for remote, known in zip(entry.files, DOWNLOADS_AS_THEY_ARE["ptb"].files, strict=True)
    ]
    monkeypatch.setitem(library.DOWNLOADS, "ptb", replace(entry, files=tuple(files)))
    with pytest.raises(DataError, match="not the published file: its md5 must be f26c4b92"):
        resolve("ptb")
    assert corpora() == []


DOWNLOADS_AS_THEY_ARE = dict(DOWNLOADS)
