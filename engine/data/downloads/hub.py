"""Any data set of the Hugging Face hub, by ``hf:OWNER/NAME[:CONFIG[:SPLIT]]``.

The hub keeps every data set that it can show as Parquet too, in the branch ``refs/convert/parquet``, one
folder a configuration and in it one a split; these files are downloaded and imported. So no code that
comes with a data set is ever run. ``HF_ENDPOINT``, ``HF_TOKEN`` and the usual proxy variables are honoured.

References:
    List Parquet files, Hugging Face, https://huggingface.co/docs/dataset-viewer/parquet
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config import DataError, one_of
from engine.data.corpus import SPLITS, Corpus, Progress
from engine.data.downloads.checksums import told
from engine.data.downloads.entry import PREFIX, Remote
from engine.data.downloads.fetching import fetch
from engine.data.downloads.making import cache
from engine.data.folders import SPLIT_WORDS
from engine.data.importing import ImportOptions, import_files

BRANCH = "refs/convert/parquet"
_PART = "partial-"
_ADDRESS = re.compile(
    r"hf:(?P<repo>[\w.-]+(?:/[\w.-]+)?)(?::(?P<config>[^:]+)(?::(?P<split>[^:]+))?)?"
)
_SECONDS = 20.0


@dataclass(frozen=True)
class Address:
    """What follows ``hf:``: a data set, one of its configurations, and one split to take alone."""

    repo: str
    config: str | None = None
    split: str | None = None

    def __str__(self) -> str:
        return PREFIX + ":".join(part for part in (self.repo, self.config, self.split) if part)

    @property
    def slug(self) -> str:
        """A name for folders and files."""
        return re.sub(r"[^\w.-]+", "--", str(self))


def parse(address: str) -> Address:
    """Take an address apart.

    Raises:
        DataError: it is none.
    """
    if not (found := _ADDRESS.fullmatch(address.strip())):
        raise DataError(
            f"a data set of the Hugging Face hub is written hf:OWNER/NAME, hf:OWNER/NAME:CONFIG or "
            f"hf:OWNER/NAME:CONFIG:SPLIT, such as hf:fancyzhx/ag_news, got {address!r}"
        )
    return Address(found["repo"], found["config"], found["split"])


def make(
    address: Address,
    name: str,
    options: ImportOptions | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Download a data set of the hub and import it; text and label columns are guessed or given.

    Args:
        address: which data set.
        name: of the corpus, free.
        options: as for a file.
        progress: told what is done.

    Raises:
        DataError: it is not there, asks for a token, has no Parquet files or no texts; with the cure.
    """
    if progress:
        progress(0, None, f"asking the hub about {address.repo}")
    with _faults(address):
        licence, shards = _ask(address)
    config, chosen, notes = _choose(address, shards)
    folder = cache(address.slug) / config
    files: list[tuple[str | None, Path]] = []
    for split, found in chosen:
        for number, shard in enumerate(found):
            remote = Remote(shard.address, f"{split or 'all'}-{number:04}.parquet", shard.checksum)
            by_hand = f"download it by hand from {_page(address)} and import the file by its path"
            path = fetch(remote, folder, by_hand, progress, _token())
            files.append((split, path))
            notes.append(told(path, remote))
    card = {
        "title": f"{address.repo}{f' ({config})' if config != 'default' else ''}",
        "source": str(address),
        "licence": licence,
        "notes": tuple(notes),
        "source_fingerprint": "",
    }
    return import_files(files, name, options, progress, **card)


@dataclass(frozen=True)
class _Shard:
    """One Parquet file: its configuration, split, address, and checksum where the hub states it."""

    config: str
    split: str
    address: str
    checksum: str


def _ask(address: Address) -> tuple[str, list[_Shard]]:
    """The licence and the Parquet files of a data set."""
    from huggingface_hub import HfApi, hf_hub_url

    end = _endpoint()
    api = HfApi(endpoint=end)
    about = api.dataset_info(address.repo, timeout=_SECONDS)
    found = api.dataset_info(about.id, revision=BRANCH, files_metadata=True, timeout=_SECONDS)
    shards = []
    for file in found.siblings or ():
        parts = file.rfilename.split("/")
        if len(parts) == 3 and parts[2].endswith(".parquet"):
            url = hf_hub_url(
                about.id, file.rfilename, repo_type="dataset", revision=BRANCH, endpoint=end
            )
            checksum = f"sha256:{file.lfs.sha256}" if file.lfs else ""
            shards.append(_Shard(parts[0], parts[1], url, checksum))
    return _licence(about.card_data), sorted(shards, key=lambda shard: shard.address)


def _licence(card: Any) -> str:
    given = card.get("license") if card is not None else None
    if isinstance(given, str):
        return given
    return ", ".join(map(str, given)) if given else "none stated"


def _choose(
    address: Address, shards: Sequence[_Shard]
) -> tuple[str, list[tuple[str | None, list[_Shard]]], list[str]]:
    """The configuration, what becomes of its splits, and what is to be said of that.

    Raises:
        DataError: the address leaves a choice open, or asks for what is not there.
    """
    if not shards:
        raise DataError(_no_parquet(address))
    config = _config(address, list(dict.fromkeys(shard.config for shard in shards)))
    splits: dict[str, list[_Shard]] = {}
    notes = []
    for shard in (shard for shard in shards if shard.config == config):
        splits.setdefault(shard.split.removeprefix(_PART), []).append(shard)
        if shard.split.startswith(_PART):
            notes.append("the hub keeps only the first 5 GB of this data set as Parquet")
    notes = list(dict.fromkeys(notes))
    if address.split is not None:
        if address.split not in splits:
            raise DataError(f"{address.repo}: {one_of('split', address.split, splits)}")
        return config, [(None, splits[address.split])], [*notes, f"split {address.split} alone"]
    roles = {SPLIT_WORDS[split]: split for split in splits if split in SPLIT_WORDS}
    if "train" not in roles:
        if len(splits) == 1:
            return config, [(None, next(iter(splits.values())))], notes
        raise DataError(
            f"{address.repo} has no split for training, but {', '.join(splits)}; take one of them "
            f"alone, such as {Address(address.repo, config, next(iter(splits)))}"
        )
    if unused := [split for split in splits if split not in roles.values()]:
        notes.append(f"splits that are not used: {', '.join(unused)}")
    chosen = [(split, splits[roles[split]]) for split in SPLITS if split in roles]
    return config, list(chosen), notes


def _config(address: Address, configs: list[str]) -> str:
    wanted = address.config
    if wanted is None and (len(configs) == 1 or "default" in configs):
        return "default" if "default" in configs else configs[0]
    if wanted in configs:
        return str(wanted)
    shown = ", ".join(configs[:20]) + (", ..." if len(configs) > 20 else "")
    if wanted is None:
        raise DataError(
            f"{address.repo} has several configurations: {shown}; choose one, such as "
            f"{Address(address.repo, configs[0])}"
        )
    raise DataError(f"{address.repo}: {one_of('configuration', wanted, configs)}")


# -- the hub ----------------------------------------------------------------------------------------


def _endpoint() -> str:
    from huggingface_hub import constants

    return (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")


def _token() -> dict[str, str]:
    from huggingface_hub import get_token

    token = get_token()
    return {"Authorization": f"Bearer {token}"} if token else {}


def _page(address: Address) -> str:
    return f"{_endpoint()}/datasets/{address.repo}"


def _no_parquet(address: Address) -> str:
    return (
        f"the hub keeps no Parquet files of {address.repo} (as where code would have to be run to "
        f"read it); download its files from {_page(address)} and import them by their path"
    )


@contextmanager
def _faults(address: Address) -> Iterator[None]:
    from httpx2 import HTTPError
    from huggingface_hub import errors

    page = _page(address)
    try:
        yield
    except errors.GatedRepoError as error:
        raise DataError(
            f"{address.repo} is handed out only to whom its owner admits; ask for access at {page}, "
            "then set HF_TOKEN to a token of yours (or run 'hf auth login') and try again"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise DataError(_no_parquet(address)) from error
    except errors.RepositoryNotFoundError as error:
        raise DataError(
            f"there is no data set {address.repo!r} on the hub, or it is private; look for its "
            f"OWNER/NAME at {_endpoint()}/datasets, and set HF_TOKEN where it is yours"
        ) from error
    except (errors.OfflineModeIsEnabled, errors.HFValidationError) as error:
        raise DataError(f"{address}: {str(error).splitlines()[0]}") from error
    except (HTTPError, OSError, ValueError) as error:
        told_ = str(error).strip().splitlines()
        raise DataError(
            f"the hub at {_endpoint()} cannot be asked about {address.repo} "
            f"({told_[0] if told_ else type(error).__name__}); is this machine online, and is a proxy "
            f"set? Try again later, or download it elsewhere from {page} and import the files"
        ) from error
