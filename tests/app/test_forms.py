"""The form draws any config from its types alone, and returns a config."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field
from streamlit.testing.v1 import AppTest

from app import fields
from engine.config import Config, param


class Small(Config):
    """A small thing."""

    name: Literal["small"] = "small"
    size: int = param(3, "How small.", ge=1, le=9, symbol="s", basic=True)


class Large(Config):
    """A large thing."""

    name: Literal["large"] = "large"
    share: float = param(0.5, "How large a share.", gt=0, lt=1)


Thing = Annotated[Small | Large, Field(discriminator="name")]


class Inner(Config):
    """What lies inside."""

    patience: int = param(2, "How long to wait.", ge=1, le=100, unit="epochs")


class Reader(Config):
    """Reads data of some kind."""

    most_tokens: int = param(9, "The longest sentences.", ge=1, le=99, unit="tokens")
    at_once: int = param(3, "Sentences read at once.", ge=1, le=9, unit="sentences")
    lowercase: bool = param(False, "In lower case.", only="text")
    side: int = param(2, "Rows of a picture.", ge=1, le=9, only="images")


class Outer(Config):
    """One setting of every type."""

    count: int = param(5, "How many.", gt=0, le=10, unit="things", basic=True)
    rate: float = param(0.01, "How fast.", gt=0, le=1, symbol="η")
    most: int | None = param(None, "The most, or not set.", ge=1, le=100)
    flag: bool = param(False, "Whether.")
    guess: bool | None = param(None, "Whether, guessed.")
    word: str = param("auto", "A word.", pattern="^[a-z]+$")
    kind: Literal["one", "two"] = param("one", "Which kind.")
    inner: Inner | None = param(Inner(), "May be absent.")
    thing: Thing = param(Small(), "One of the things.", basic=True)
    things: tuple[Thing, ...] = param((Large(),), "Any of the things.")
    widths: tuple[int, ...] = param((7, 5), "Several numbers.", min_length=1)


def script() -> None:
    import streamlit as st
    from tests_app_forms import Outer

    from app import forms

    edited = forms.edit(Outer(), "f", kept={"word"} if st.session_state.get("keep") else ())
    st.session_state["edited"] = edited


def reading() -> None:
    import streamlit as st
    from tests_app_forms import Reader

    from app import forms, showing

    kind = st.session_state.get("kind")
    shown = kind and showing.of_kind(kind)
    st.session_state["edited"] = forms.edit(Reader(lowercase=True, side=5), "f", shown=shown)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    import sys

    monkeypatch.setitem(sys.modules, "tests_app_forms", sys.modules[__name__])
    return AppTest.from_function(script, default_timeout=30)


def config(app: AppTest) -> Outer:
    assert not app.exception, app.exception[0].stack_trace
    return app.session_state["edited"].config


def test_a_form_left_alone_returns_the_config_it_was_given(app: AppTest) -> None:
    assert config(app.run()) == Outer()


def test_bounds_unit_symbol_and_help_reach_the_widget(app: AppTest) -> None:
    count = app.run().number_input(key="f.count")
    assert (count.min, count.max) == (1, 10)
    assert count.label == "Count (things)"
    assert count.help == "How many."
    assert app.number_input(key="f.rate").label == "Rate η"


def test_every_type_of_setting_can_be_changed(app: AppTest) -> None:
    app.run()
    app.number_input(key="f.count").set_value(7)
    app.number_input(key="f.rate").set_value(0.25)
    app.number_input(key="f.most").set_value(11)
    app.toggle(key="f.flag").set_value(True)
    app.selectbox(key="f.guess").set_value(False)
    app.text_input(key="f.word").set_value("cpu")
    app.selectbox(key="f.kind").set_value("two")
    app.toggle(key="f.inner?").set_value(False)
    changed = config(app.run())
    assert changed == Outer(
        count=7, rate=0.25, most=11, flag=True, guess=False, word="cpu", kind="two", inner=None
    )


def test_another_entry_of_a_registry_starts_from_its_own_defaults(app: AppTest) -> None:
    app.run().selectbox(key="f.thing:").set_value("large")
    app.run()
    app.number_input(key="f.thing.large.share").set_value(0.75)
    assert config(app.run()).thing == Large(share=0.75)


def test_several_entries_of_a_registry_have_a_form_each(app: AppTest) -> None:
    app.run().multiselect(key="f.things:").set_value(["large", "small"])
    app.run()
    app.number_input(key="f.things.small.size").set_value(4)
    assert config(app.run()).things == (Large(), Small(size=4))
    app.multiselect(key="f.things:").set_value([])
    assert config(app.run()).things == ()


def test_a_value_that_cannot_be_is_named_beside_its_widget(app: AppTest) -> None:
    app.run().text_input(key="f.word").set_value("NOT A WORD")
    app.run()
    edited = app.session_state["edited"]
    assert edited.config is None
    assert any("Word" in problem for problem in edited.problems)
    assert any("red" in caption.value for caption in app.caption)


def test_several_numbers_are_typed_one_after_the_other(app: AppTest) -> None:
    field = app.run().text_input(key="f.widths")
    assert field.value == "7 5"
    field.set_value("9, 9 3")
    assert config(app.run()).widths == (9, 9, 3)
    for wrong in ("7 five", " "):
        app.text_input(key="f.widths").set_value(wrong)
        app.run()
        edited = app.session_state["edited"]
        assert edited.config is None and any("Widths" in problem for problem in edited.problems)


def test_a_kept_setting_is_not_drawn_and_stays(app: AppTest) -> None:
    app.session_state["keep"] = True
    assert config(app.run()).word == "auto"
    assert not [field for field in app.text_input if field.key == "f.word"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("kl_weight", "KL weight"),
        ("free_bits", "Free bits"),
        ("batch-unit", "Batch unit"),
        ("bn-vae", "BN VAE"),
    ],
)
def test_names_are_written_for_people(name: str, words: str) -> None:
    assert fields.humanise(name) == words


def test_every_setting_of_an_experiment_can_be_drawn(home: object) -> None:
    def whole() -> None:
        import streamlit as st

        from app import forms
        from engine.presets import PRESETS, preset

        for name in PRESETS:
            config = preset(name)
            edited = forms.edit(config, name, st.container(), st.expander(name))
            assert edited.config == config, (name, edited.problems)

    app = AppTest.from_function(whole, default_timeout=60).run()
    assert not app.exception, app.exception[0].stack_trace


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        (None, ["Most tokens", "At once (sentences)", "Lowercase", "Side"]),
        ("text", ["Most tokens", "At once (sentences)", "Lowercase"]),
        ("images", ["Most pixels", "At once (pictures)", "Side"]),
    ],
)
def test_a_form_is_about_the_kind_of_data_and_keeps_what_is_about_another(
    kind: str | None, labels: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "tests_app_forms", sys.modules[__name__])
    app = AppTest.from_function(reading, default_timeout=30)
    app.session_state["kind"] = kind
    app.run()
    assert not app.exception
    drawn = [*app.number_input, *app.toggle]
    assert {widget.label for widget in drawn} == set(labels)
    about = " ".join(widget.help for widget in drawn)
    assert ("sentences" in about) == (kind != "images") and ("Pictures read" in about) == (
        kind == "images"
    )
    assert app.session_state["edited"].config == Reader(lowercase=True, side=5)
