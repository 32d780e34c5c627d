"""The command line that a form shows does what the form does."""

from __future__ import annotations

import itertools
import shlex

import pytest

from app import commands
from engine.experiment import override
from engine.presets import PRESETS, preset


@pytest.mark.parametrize(
    ("start", "end"), list(itertools.permutations(("quick", "vanilla", "aggressive"), 2))
)
def test_the_settings_lead_from_one_preset_to_another(start: str, end: str) -> None:
    base, wanted = preset(start), preset(end)
    changed = override(base, commands.settings(wanted, base))
    assert changed.model_copy(update={"data": wanted.data}) == wanted
    assert changed.data.max_tokens == wanted.data.max_tokens


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_left_alone_needs_no_settings(name: str) -> None:
    assert commands.settings(preset(name), preset(name)) == []


def test_one_changed_setting_of_a_remedy_is_one_setting() -> None:
    base = preset("quick")
    changed = override(base, ["objective.remedies.free_bits.target=4"])
    assert commands.settings(changed, base) == ["objective.remedies.free_bits.target=4.0"]


def test_the_command_survives_a_shell() -> None:
    base = preset("quick")
    config = override(base, ['data.name="my reviews"', "objective.remedies=[]"])
    words = shlex.split(commands.train(config, "quick", base, "run 1"))
    assert words[words.index("--data") + 1] == "my reviews"
    assert words[words.index("--set") + 1] == "objective.remedies=[]"
    assert words[words.index("--name") + 1] == "run 1"
