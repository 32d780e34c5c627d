"""Any data set of the hub by its address: enough of the hub's API is spoken by a local server."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.config import DataError
from engine.data import importing
from engine.data.corpus import SPLITS, Corpus, corpora
from engine.data.downloads import fetching, hub
from engine.data.importing import ImportOptions
from engine.data.library import at_hand, download, resolve
from tests.data.published import said
from tests.data.publisher import Publisher, publishing

BRANCH = "refs%2Fconvert%2Fparquet"
TOPICS = ("World", "Sports", "Sci/Tech")
Offer = Callable[..., None]


@pytest.fixture
def publisher(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """A server as the hub; no token of this machine is read or sent."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(home / "no-token"))
    with publishing(monkeypatch) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        yield server


def parquet(texts: Sequence[str], names: Sequence[str] | None = TOPICS, **more: Any) -> bytes:
    """A Parquet file as the hub writes it: labels as numbers, their names in the metadata."""
    columns = {"text": texts, "label": [i % 3 for i in range(len(texts))], **more}
    table = pa.table(columns)
    if names:
        features = {"text": {"_type": "Value"}, "label": {"names": names, "_type": "ClassLabel"}}
        about = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": about})
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


@pytest.fixture
def offer(publisher: Publisher) -> Offer:
    """Put a data set on the hub: {"config/split/0000.parquet": bytes}."""

    def put(repo: str, files: dict[str, bytes], licence: Any = "mit", **how: Any) -> None:
        about = {"id": repo, "cardData": {"license": licence}, "siblings": []}
        kind = {"kind": "application/json"}
        publisher.publish(f"/api/datasets/{repo}", json.dumps(about).encode(), **kind)
        shards = []
        for path, body in files.items():
            lfs = {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body), "pointerSize": 1}
            shards.append({"rfilename": path, "size": len(body), "lfs": lfs})
            publisher.publish(f"/datasets/{repo}/resolve/{BRANCH}/{path}", body, **how)
        found = json.dumps(about | {"siblings": shards}).encode()
        publisher.publish(f"/api/datasets/{repo}/revision/{BRANCH}", found, **kind)

    return put


def shards() -> dict[str, bytes]:
    return {
        "default/train/0000.parquet": parquet(said("train", 20)),
        "default/train/0001.parquet": parquet(said("later", 10)),
        "default/validation/0000.parquet": parquet(said("valid", 5)),
        "default/test/0000.parquet": parquet(said("test", 6)),
    }


def sizes(corpus: Corpus) -> dict[str, int]:
    return {split: corpus.rows(split) for split in SPLITS}


def refuse(publisher: Publisher, repo: str, code: str, status: int, branch: bool = False) -> None:
    path = f"/api/datasets/{repo}" + (f"/revision/{BRANCH}" if branch else "")
    headers = {"X-Error-Code": code, "X-Error-Message": f"{code} of the hub"}
    publisher.publish(path, b"{}", status=status, headers=headers)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("hf:imdb", ("imdb", None, None)),
        ("hf:fancyzhx/ag_news", ("fancyzhx/ag_news", None, None)),
        ("hf:nyu-mll/glue:sst2", ("nyu-mll/glue", "sst2", None)),
        ("hf:a/b:default:unsupervised", ("a/b", "default", "unsupervised")),
    ],
)
def test_an_address_names_data_set_configuration_and_split(
    address: str, parts: tuple[str | None, ...]
) -> None:
    found = hub.parse(address)
    assert (found.repo, found.config, found.split) == parts and str(found) == address


@pytest.mark.parametrize("bad", ["hf:", "hf:a/b/c", "hf:a b", "hf:a/b:", "hf:a/b:c:d:e", "hf:/b"])
def test_what_is_no_address_is_answered_with_the_form(home: Path, bad: str) -> None:
    with pytest.raises(DataError, match="is written hf:OWNER/NAME"):
        resolve(bad)


def test_splits_shards_labels_and_licence_of_the_hub_are_taken_over(offer: Offer) -> None:
    offer("fancyzhx/ag_news", shards(), licence=["cc-by-4.0", "other"])
    corpus = resolve("hf:fancyzhx/ag_news")
    assert sizes(corpus) == {"train": 30, "valid": 5, "test": 6}
    assert corpus.texts("train", [0, 20]) == [said("train", 1)[0], said("later", 1)[0]]
    assert corpus.labels("test") == ["World", "Sports", "Sci/Tech"] * 2
    # Not the name of the corpus that ag-news stands for.
    assert corpus.name == "ag-news-hub"
    card = corpus.card
    assert card.licence == "cc-by-4.0, other" and card.source == "hf:fancyzhx/ag_news"
    assert sum("sha256" in note for note in card.notes) == 4


def test_the_same_address_is_opened_and_not_downloaded_twice(
    offer: Offer, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer("a/b", shards())
    # It is known by its address: nothing is read once more to know it by its content.
    monkeypatch.setattr(importing, "content_fingerprint", None)
    first, asked = resolve("hf:a/b"), len(publisher.asked)
    assert resolve("hf:a/b").name == first.name == at_hand("hf:a/b").name
    assert len(publisher.asked) == asked
    other = download("hf:a/b", save_as="mine")
    assert other.name == "mine" and sizes(other) == sizes(first)


def test_a_configuration_must_be_chosen_where_there_are_several(offer: Offer) -> None:
    files = {f"{c}/train/0000.parquet": parquet(said(c, 20)) for c in ("cola", "sst2")}
    offer("nyu-mll/glue", files)
    with pytest.raises(DataError, match="cola, sst2; choose one, such as hf:nyu-mll/glue:cola"):
        resolve("hf:nyu-mll/glue")
    with pytest.raises(DataError, match="did you mean 'sst2'"):
        resolve("hf:nyu-mll/glue:sst")
    corpus = resolve("hf:nyu-mll/glue:sst2")
    assert "sst2" in corpus.texts("train", [0])[0] and corpus.name == "glue-sst2"
    assert sizes(corpus) == {"train": 16, "valid": 2, "test": 2}


def test_one_split_can_be_taken_alone_and_is_then_dealt(offer: Offer) -> None:
    files = {f"default/{s}/0000.parquet": parquet(said(s, 20)) for s in ("en", "fr")}
    offer("a/b", files)
    with pytest.raises(DataError, match="no split for training, but en, fr.*hf:a/b:default:en"):
        resolve("hf:a/b")
    with pytest.raises(DataError, match="unknown split 'de'"):
        resolve("hf:a/b:default:de")
    corpus = resolve("hf:a/b:default:fr")
    assert sizes(corpus) == {"train": 16, "valid": 2, "test": 2}
    assert "fr guest" in corpus.texts("train", [0])[0]


def test_splits_that_are_not_used_and_parts_of_large_data_are_noted(offer: Offer) -> None:
    files = {
        "default/partial-train/0000.parquet": parquet(said("train", 20)),
        "default/unsupervised/0000.parquet": parquet(said("more", 20)),
    }
    offer("a/b", files)
    notes = resolve("hf:a/b").card.notes
    assert "splits that are not used: unsupervised" in notes
    assert any("first 5 GB" in note for note in notes)


def test_columns_can_be_corrected_as_for_a_file(offer: Offer) -> None:
    table = parquet(said("train", 20), None, title=[f"A title {i}" for i in range(20)])
    offer("a/b", {"default/train/0000.parquet": table})
    options = ImportOptions(text_column="title", label_column="")
    corpus = download("hf:a/b", options=options)
    assert corpus.texts("train", [0])[0].startswith("A title") and corpus.labels("train") is None
    with pytest.raises(DataError, match="unknown column 'headline'"):
        download("hf:a/b", options=ImportOptions(text_column="headline"))


def test_a_file_of_another_checksum_than_the_hub_states_is_refused(
    offer: Offer, publisher: Publisher
) -> None:
    offer("a/b", shards())
    bad = parquet(said("evil", 20))
    publisher.publish(f"/datasets/a/b/resolve/{BRANCH}/default/train/0000.parquet", bad)
    with pytest.raises(DataError, match="not the published file"):
        resolve("hf:a/b")
    assert corpora() == []


def test_a_shard_that_breaks_off_is_gone_on_with(
    offer: Offer, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_CHUNK", 256)
    offer("a/b", shards(), drop_after=900)
    assert sizes(resolve("hf:a/b")) == {"train": 30, "valid": 5, "test": 6}
    assert any(publisher.ranges())


def test_a_gated_data_set_says_how_to_be_admitted(publisher: Publisher) -> None:
    refuse(publisher, "a/b", "GatedRepo", 401)
    with pytest.raises(DataError, match=r"only to whom its owner admits.*/datasets/a/b.*HF_TOKEN"):
        resolve("hf:a/b")


def test_a_missing_data_set_is_told(publisher: Publisher) -> None:
    refuse(publisher, "a/b", "RepoNotFound", 404)
    with pytest.raises(DataError, match="there is no data set 'a/b' on the hub, or it is private"):
        resolve("hf:a/b")


def test_a_data_set_without_parquet_files_is_told(offer: Offer, publisher: Publisher) -> None:
    offer("a/b", {"README.md": b"nothing"})
    with pytest.raises(DataError, match="no Parquet files of a/b"):
        resolve("hf:a/b")
    refuse(publisher, "a/b", "RevisionNotFound", 404, branch=True)
    with pytest.raises(DataError, match="no Parquet files of a/b"):
        resolve("hf:a/b")


def test_a_hub_out_of_reach_is_told(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher.publish("/api/datasets/a/b", b"<html>", kind="text/html")
    with pytest.raises(DataError, match="cannot be asked about a/b"):
        resolve("hf:a/b")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DataError, match="the hub at http://127.0.0.1:9 cannot be asked"):
        resolve("hf:a/b")
    assert corpora() == []


def test_a_token_goes_to_the_hub_alone(
    offer: Offer, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    offer("a/b", {"default/train/0000.parquet": parquet(said("train", 20))})
    with publishing(monkeypatch) as elsewhere:
        path = f"/datasets/a/b/resolve/{BRANCH}/default/train/0000.parquet"
        body = publisher.files[path].body
        address = elsewhere.publish("/blob", body).replace("127.0.0.1", "localhost")
        publisher.publish(path, b"", status=302, headers={"Location": address})
        resolve("hf:a/b")
        sent = {p: h.get("Authorization", h.get("authorization")) for p, h in publisher.asked}
        assert sent[path] == "Bearer hf_secret"
        assert all("uthorization" not in h for _, headers in elsewhere.asked for h in headers)


def test_pictures_are_no_texts_and_said_so(offer: Offer) -> None:
    images = pa.array([{"bytes": b"x", "path": "a"}] * 20)
    buffer = io.BytesIO()
    pq.write_table(pa.table({"image": images, "label": [0] * 20}), buffer)
    offer("a/b", {"default/train/0000.parquet": buffer.getvalue()})
    with pytest.raises(DataError, match="no column with text"):
        resolve("hf:a/b")


def test_files_of_a_hub_data_set_are_imported_by_their_path(home: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="imported by their path alone"):
        download("hf:a/b", tmp_path)
