"""The command line on a run of images: which files go in, what comes out, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data import pictures
from engine.runs import store
from tests.test_command_line import Capture, complaint_of, json_of, output_of, run_main

SIDE = 6
SETTINGS = [
    f"data.max_tokens={SIDE**2}",
    f"tokenizer.side={SIDE}",
    f"model.encoder.side={SIDE}",
    "model.encoder.planes=[4,4,4]",
    "model.encoder.hidden=8",
    f"model.decoder.side={SIDE}",
    "model.decoder.kernels=[3,3]",
    "model.decoder.channels=4",
    "model.latent.size=4",
    "objective.remedies=[]",
    "training.batch_size=16",
    "training.validation_limit=20",
    "training.device=cpu",
    "training.precision=float32",
    "evaluation.mi_rows=6",
    "evaluation.iw_samples=2",
    "evaluation.iw_rows=4",
]


@pytest.fixture(scope="module", autouse=True)
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[store.Run]:
    """A run on handwritten digits, in a home of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSCAPE_HOME", str(tmp_path_factory.mktemp("workspace")))
        train = ["train", "--preset", "lagging-omniglot-small", "--name", "digits-run"]
        words = [word for setting in SETTINGS for word in ("--set", setting)]
        assert run_main([*train, "--max-steps", "2", *words]) == 0
        yield store.find("digits-run")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "one.png"
    grey = np.zeros((SIDE, SIDE), np.uint8)
    grey[1:5, 2] = 255
    Image.fromarray(grey).save(path)
    return path


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        assert image.format == "PNG"
        return image.size


def test_samples_are_one_png_and_only_what_means_something_is_told(
    capsys: Capture, tmp_path: Path
) -> None:
    output = tmp_path / "grid.png"
    output_of(capsys, "sample", "digits-run", "-n", "4", "--output", str(output))
    assert min(size_of(output)) > SIDE
    found = json_of(capsys, "sample", "digits-run", "-n", "2", "--strategy", "sample")
    assert set(found["measures"]) == {"unique"} and len(found["texts"]) == 2


def test_pictures_are_reconstructed_from_a_file_or_from_paths_in_one(
    capsys: Capture, tmp_path: Path, picture: Path
) -> None:
    listed, output = tmp_path / "listed.txt", tmp_path / "back.png"
    listed.write_text(f"{picture}\n\n{pictures.write(np.zeros((SIDE, SIDE), np.uint8))}\n")
    one, several = (
        json_of(capsys, "reconstruct", "digits-run", "--input", str(path))["sentences"]
        for path in (picture, listed)
    )
    assert [row["line"] for row in one] == [1] and [row["line"] for row in several] == [1, 3]
    assert one[0]["text"] == several[0]["text"] and pictures.is_picture(one[0]["output"])
    output_of(capsys, "reconstruct", "digits-run", "-i", str(listed), "-o", str(output))
    width, height = size_of(output)
    assert width > SIDE and abs(width - height) < SIDE  # two rows of two


@pytest.mark.parametrize(
    "command",
    [
        ["sample", "digits-run"],
        ["reconstruct", "digits-run", "--input", "{picture}"],
        ["interpolate", "digits-run", "{picture}", "{picture}"],
    ],
    ids=lambda command: command[0],
)
@pytest.mark.parametrize(("name", "words"), [("x.txt", "the ending .png"), ("no/x.png", "folder")])
def test_a_file_that_pictures_do_not_fit_in_is_refused(
    capsys: Capture, tmp_path: Path, picture: Path, command: list[str], name: str, words: str
) -> None:
    asked = [word.format(picture=picture) for word in command]
    assert words in complaint_of(capsys, *asked, "--output", str(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == [picture.name]


def test_an_evaluation_tells_units_of_images_and_writes_no_samples(
    capsys: Capture, tmp_path: Path
) -> None:
    wrong = complaint_of(capsys, "evaluate", "digits-run", "--output", str(tmp_path / "x.png"))
    assert "sample digits-run --output pictures.png" in wrong
    asked = ("evaluate", "digits-run", "--split", "valid", "--limit", "6")
    shown = output_of(capsys, *asked)
    assert "nats/image" in shown and "sentence" not in shown
    found = json_of(capsys, *asked)
    assert (
        found["units"]["elbo"] == "nats/image" and found["units"].keys() == found["metrics"].keys()
    )
    kept = json.loads((store.find("digits-run").path / "evaluation-valid-best-6.json").read_text())
    assert kept["units"] == found["units"]
