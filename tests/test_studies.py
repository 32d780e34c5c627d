"""A study: one thing changed a row, finished runs never done twice, one table at the end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import studies
from engine.__main__ import main
from engine.config import ConfigError
from engine.data.writing import Draft
from engine.experiment import override
from engine.presets import preset
from engine.runs import launcher, store

SMALL = [
    "model.encoder.embedding=8",
    "model.encoder.hidden=12",
    "model.latent.size=3",
    "model.decoder.embedding=8",
    "model.decoder.hidden=12",
    "training.device=cpu",
    "training.precision=float32",
    "training.max_steps=6",
    "evaluation.mi_rows=40",
]


@pytest.fixture
def toy(home: Path) -> str:
    animals, verbs = ["cat", "dog", "bird", "fish", "cow", "hen"], ["sees", "hears", "likes"]
    with Draft("toy") as draft:
        draft.add(
            {"text": [f"the {a} {v} the {b}" for a in animals for v in verbs for b in animals]}
        )
        return draft.finish(title="Toy", source="made for a test").name


def rows(*names: str) -> dict[str, tuple[str, ...]]:
    return {name: studies.REMEDIES[name] for name in names}


def test_a_setting_reaches_the_rows_that_have_it_and_one_that_fits_none_is_refused() -> None:
    made = studies.cells(
        "s",
        rows("vanilla", "annealed"),
        preset("vanilla"),
        ["objective.remedies.annealing.epochs=3", "model.latent.size=5"],
        [1, 2],
        1000,
    )
    assert [cell.name for cell in made] == [
        "s-vanilla-1",
        "s-annealed-1",
        "s-vanilla-2",
        "s-annealed-2",
    ]
    assert {cell.config.model.latent.size for cell in made} == {5}
    assert made[3].config.seed == 2 and made[3].config.objective.remedies[0].epochs == 3
    with pytest.raises(ConfigError, match="aggresive"):
        studies.cells("s", rows("vanilla"), preset("vanilla"), ["objective.aggresive=1"], [1], 1000)


@pytest.mark.parametrize("row", studies.REMEDIES)
def test_every_row_of_the_remedies_study_is_an_experiment_of_its_own(row: str) -> None:
    base = preset("vanilla")
    base = override(base, ["model.latent.size=20"])
    [cell] = studies.cells("s", rows(row), base, [], [1], 20_000)
    assert cell.config.model.latent.size == 20
    assert (cell.config == override(base, ["seed=1"])) == (row == "vanilla")


def test_settings_that_only_together_are_allowed_are_set_together() -> None:
    sides = [f"{part}.side=14" for part in ("tokenizer", "model.encoder", "model.decoder")]
    made = studies.cells(
        "s",
        rows("vanilla", "annealed"),
        preset("lagging-omniglot-small"),
        [*sides, "data.max_tokens=196"],
        [1],
        1000,
    )
    assert {cell.config.model.decoder.side for cell in made} == {14}


def test_a_value_that_one_row_does_not_allow_is_refused_and_not_left_out() -> None:
    with pytest.raises(ConfigError, match="row 'free-bits'.*target"):
        studies.cells(
            "s",
            rows("vanilla", "free-bits"),
            preset("vanilla"),
            ["objective.remedies.free_bits.target=-1"],
            [1],
            1000,
        )


def test_remedies_of_the_preset_are_in_no_row_that_does_not_name_them() -> None:
    base = preset("lagging-synthetic")
    assert [remedy.name for remedy in base.objective.remedies] != []
    made = studies.cells("s", studies.REMEDIES, base, [], [1], 1000)
    plain = {cell.row for cell in made if not cell.config.objective.remedies}
    assert plain == {"vanilla", "vmf", "power-spherical"}
    assert [cell.row for cell in made if "aggressive" in str(cell.config.objective.remedies)] == [
        "aggressive",
        "aggressive-annealed",
    ]


def test_a_row_that_cannot_be_is_named_before_anything_is_trained() -> None:
    with pytest.raises(ConfigError, match="row 'ae-fb': ae_pretraining must end before the run"):
        studies.cells("s", studies.REMEDIES, preset("vanilla"), ["training.epochs=5"], [1], 5000)


def test_a_study_trains_what_is_missing_and_measures_all(
    toy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[str] = []
    start = launcher.start
    monkeypatch.setattr(launcher, "start", lambda run: (started.append(run.name), start(run))[1])
    output = tmp_path / "table.md"
    command = ["study", "remedies", "--data", toy, "--rows", "vanilla,free-bits", "--seeds", "2"]
    command += ["--iw-samples", "5", "--limit", "12", "--output", str(output)]
    command += [word for setting in SMALL for word in ("--set", setting)]
    with pytest.raises(SystemExit) as ending:
        main(command)
    assert ending.value.code == 0
    assert sorted(started) == [
        f"remedies-{r}-{s}" for r in ("free-bits", "vanilla") for s in (1, 2)
    ]
    table = output.read_text().splitlines()
    assert [line.split(" | ")[0] for line in table[2:]] == ["| vanilla", "| free-bits"]
    assert "IW-NLL (K = 5)" in table[0] and "MI (n = 11)" in table[0] and "±" in table[2]
    records = [json.loads(line) for line in output.with_suffix(".jsonl").read_text().splitlines()]
    assert {record["steps"] for record in records} == {6.0} and len(records) == 4

    store.delete(store.find("remedies-vanilla-2"))
    started.clear()
    with pytest.raises(SystemExit):
        main(command)
    assert started == ["remedies-vanilla-2"]
    again = output.read_text().splitlines()
    assert [_but_minutes(line) for line in again] == [_but_minutes(line) for line in table]
    capsys.readouterr()

    with pytest.raises(SystemExit) as ending:
        main([*command, "--set", "model.latent.size=4"])
    assert ending.value.code == 2
    assert "other settings" in capsys.readouterr().err


def _but_minutes(line: str) -> str:
    return line.rsplit(" | ", 1)[0]


def test_a_run_from_before_a_setting_existed_is_taken_up(home: Path, toy: str) -> None:
    config = override(preset("quick"), [f"data.name={toy}"])
    older = config.model_dump(mode="json")
    del older["training"]["accumulate"], older["training"]["mean_space"]
    store.create(older, "one")
    cell = studies.Cell("one", "row", 1, config)
    studies._check_settings(cell)
    other = studies.Cell("one", "row", 2, override(config, ["training.accumulate=2"]))
    with pytest.raises(ConfigError, match="made with other settings"):
        studies._check_settings(other)


def test_a_run_that_fails_is_named_at_the_end(toy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    base = override(preset("vanilla"), [f"data.name={toy}", *SMALL, "data.name=gone"])
    todo = studies.cells("s", rows("vanilla"), base, [], [1], 100)
    [told] = studies.carry_out(todo, "vanilla", lambda text: None)
    assert told.startswith("s-vanilla-1 failed")
    assert studies.measure(todo, "test", base.evaluation, None, lambda text: None) == []


def test_an_absent_number_is_a_dash() -> None:
    record = {"row": "a", "seed": 1, "kl": 123.456, "minutes": 1.0}
    cells = studies.table([record], 5).splitlines()[2].split(" | ")
    assert cells[1] == "-" and cells[3] == "123.5"
