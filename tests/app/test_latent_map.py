"""What the map is given is checked, travels once, and comes back as row numbers."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import latent_map as maps
from app.latent_map import component, script, wire
from engine.config import DataError

N = 300


def places(n: int = N) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((n, 2)).astype(np.float32)


def page() -> None:
    import numpy as np
    import streamlit as st

    from app import latent_map as maps

    points = np.random.default_rng(0).standard_normal((300, 2))
    by = st.selectbox("Colour by", ["label", "length"])
    colour: maps.Categories | maps.Values = maps.Categories.of(["cat", "dog", "bird"] * 100)
    if by == "length":
        colour = maps.Values(np.arange(300.0), "length", "words")
    told = maps.latent_map(
        points, key="map", alt="300 points", texts=[f"row {i}" for i in range(300)], colour=colour
    )
    st.write(f"{len(told.selection)} selected")


def sent(app: AppTest) -> dict[str, Any]:
    """What the page told the browser."""
    assert not app.exception, app.exception
    return json.loads(app.get("bidi_component")[0].proto.json)


def test_the_element_is_drawn_and_nothing_is_selected_at_first() -> None:
    app = AppTest.from_function(page).run()
    told = sent(app)
    assert told["points"]["n"] == 300
    assert told["points"]["panes"][0]["blob"].startswith("/mock/media/")
    assert "0 selected" in app.markdown[0].value


def test_a_rerun_changes_nothing_and_another_colour_changes_the_colour_alone() -> None:
    app = AppTest.from_function(page).run()
    first = sent(app)
    assert sent(app.run()) == first
    second = sent(app.selectbox[0].select("length").run())
    assert {name for name in first if first[name] != second[name]} == {"colour"}


def test_a_message_is_small_however_many_points_there_are() -> None:
    app = AppTest.from_function(page).run()
    assert len(app.get("bidi_component")[0].proto.SerializeToString()) < 3000


# -- what comes back --------------------------------------------------------------------------------


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls the map as if the browser had told something."""

    def call(picked: dict[str, Any] | None, **what: Any) -> maps.MapState:
        monkeypatch.setattr(component, "_element", lambda **_: {"picked": picked})
        return maps.latent_map(what.pop("points", places()), key="m", alt="points", **what)

    return call


def picked(rows: list[int], **more: Any) -> dict[str, Any]:
    packed = wire.pack_rows(np.asarray(rows, int), N)
    return {"rows": f":{N}", "base": "", "packed": packed, "focus": None, "step": 0} | more


def test_a_lasso_comes_back_as_row_numbers(told: Any) -> None:
    state = told(picked([3, 5, 299], focus=7))
    assert state.selection.tolist() == [3, 5, 299]
    assert state.selection.dtype == np.int64
    assert state.focus == 7
    assert state.step is None


def test_before_the_browser_says_anything_pythons_selection_holds(told: Any) -> None:
    state = told(None, selection=maps.Selection([9, 4, 4], version=1, focus=4))
    assert state.selection.tolist() == [4, 9]
    assert state.focus == 4


def test_a_mask_selects_too(told: Any) -> None:
    mask = np.zeros(N, bool)
    mask[[2, 7]] = True
    assert told(None, selection=maps.Selection(mask, 1)).selection.tolist() == [2, 7]
    with pytest.raises(ValueError, match="needs 300 entries"):
        told(None, selection=maps.Selection(mask[:5], 1))


def test_a_lasso_drawn_after_pythons_selection_replaces_it(told: Any) -> None:
    made = maps.Selection([4, 9], version=1)
    assert told(picked([1], base="1"), selection=made).selection.tolist() == [1]
    assert told(picked([1], base=""), selection=made).selection.tolist() == [4, 9]


def test_what_was_selected_among_other_rows_is_forgotten(told: Any) -> None:
    assert told(picked([1, 2]) | {"rows": f"others:{N}"}).selection.size == 0


def test_the_step_is_known_and_never_beyond_the_last(told: Any) -> None:
    steps = np.stack([places()] * 3)
    assert told(None, points=steps).step == 0
    assert told(picked([], step=9), points=steps).step == 2


def test_the_view_comes_back_when_it_was_told(told: Any) -> None:
    state = told(picked([], view=[[0, 1, 2, 3]]), report=["view"])
    assert state.views == (maps.View(0, 1, 2, 3),)


@pytest.mark.parametrize("rows", [[], [0], [0, 7, 8, 9, 299], list(range(0, 300, 3)), [299]])
def test_rows_survive_being_packed(rows: list[int]) -> None:
    packed = wire.pack_rows(np.asarray(rows, int), N)
    assert wire.unpack_rows(packed, N).tolist() == rows


def test_gaps_as_the_browser_packs_few_rows_are_read() -> None:
    # Rows 5, 6 and 1000 are the gaps 5, 0 and 993; the last takes two bytes.
    packed = "d" + base64.b64encode(bytes([5, 0, 993 & 127 | 128, 993 >> 7])).decode()
    assert wire.unpack_rows(packed, 2000).tolist() == [5, 6, 1000]
    assert wire.unpack_rows(packed, 100).tolist() == [5, 6]


def test_fifty_thousand_of_a_hundred_thousand_rows_are_seventeen_kilobytes() -> None:
    assert len(wire.pack_rows(np.arange(0, 100_000, 2), 100_000)) < 17_000


# -- what goes out ----------------------------------------------------------------------------------


def test_sentences_can_be_found_without_reading_the_others() -> None:
    texts = ["a", "", "žluťoučký kůň", "🙂"]
    content = wire.pack_texts(texts)
    count = int(np.frombuffer(content[:4], "<u4")[0])
    offsets = np.frombuffer(content[4 : 4 * (count + 2)], "<u4")
    body = content[4 * (count + 2) :]
    assert [body[a:b].decode() for a, b in zip(offsets, offsets[1:])] == texts


def test_labels_become_codes_and_a_missing_one_becomes_none() -> None:
    found = maps.Categories.of(["dog", None, "cat", "dog"])
    assert found.names == ["cat", "dog"]
    assert found.codes.tolist() == [1, -1, 0, 1]
    assert list(found.blob.content) == [1, 255, 0, 1]


def test_many_categories_take_two_bytes() -> None:
    found = maps.Categories(np.array([0, 299, -1]), [str(code) for code in range(300)])
    assert np.frombuffer(found.blob.content, "<u2").tolist() == [0, 299, 65535]


def test_the_ends_of_the_colours_leave_out_outliers_and_may_be_given() -> None:
    values = np.append(np.arange(1000.0), [1e9, np.nan])
    low, high = maps.Values(values, "KL").range
    assert 0 < low < 20 and 980 < high < 1000
    assert maps.Values(values, "KL", low=0.0, high=5.0).range == (0.0, 5.0)


def test_half_precision_halves_the_bytes() -> None:
    xy = np.stack([places()] * 4)
    assert len(maps.Points(xy, half=True).blob.content) * 2 == len(maps.Points(xy).blob.content)


def test_the_frame_holds_everything_but_far_outliers() -> None:
    xy = places(5000)
    left, low, right, high = maps.Points(xy).frame
    assert (left, low) == pytest.approx(xy.min(0)) and (right, high) == pytest.approx(xy.max(0))
    xy[0] = 1e6
    assert maps.Points(xy).frame[2] < 20


def test_one_point_has_a_frame() -> None:
    assert maps.Points(np.array([[2.0, 3.0]])).frame == (1.5, 2.5, 2.5, 3.5)


def test_arrays_that_differ_by_one_value_in_the_middle_have_different_addresses() -> None:
    # Streamlit's own names of large files are made of samples of their content.
    values = np.zeros(1_000_000)
    other = values.copy()
    other[300_000] = 1
    blobs = [maps.Values(each, "x").blob.digest for each in (values, other)]
    assert blobs[0] != blobs[1]


@pytest.mark.parametrize(
    ("points", "what", "message"),
    [
        (np.zeros((3, 3)), {}, r"shape \(N, 2\)"),
        ([places(), places(), places()], {}, "one pane or two"),
        (places(), {"texts": ["a"]}, "texts must have one entry a row: 300 rows, 1 entries"),
        (places(), {"colour": maps.Values(np.zeros(2), "x")}, "colour must have one entry"),
        (places(), {"visible": np.zeros(N)}, "array of bool"),
        (places(), {"sizes": np.zeros(N)}, "above 0"),
        (places(), {"steps": ["a", "b"]}, "2 names for 1 steps"),
        (places(), {"selection": maps.Selection([N], 1)}, "must lie in 0 .. 299"),
        (places(), {"report": ["zoom"]}, "choose of step, view"),
    ],
)
def test_what_does_not_fit_together_is_said(
    told: Any, points: Any, what: dict[str, Any], message: str
) -> None:
    if isinstance(points, list):
        points = [maps.Points(each) for each in points]
    with pytest.raises(ValueError, match=message):
        told(None, points=points, **what)


def test_points_that_are_no_numbers_are_counted_in_words_for_the_reader() -> None:
    xy = places()
    xy[:4] = np.nan
    with pytest.raises(DataError, match="4 of 300 points have no finite place"):
        maps.Points(xy)
    with pytest.raises(DataError, match="not one point"):
        maps.Points(np.zeros((0, 2)))


@pytest.mark.parametrize("codes", [np.array([0, 2]), np.array([-2, 0])])
def test_codes_without_a_name_are_refused(codes: np.ndarray) -> None:
    with pytest.raises(ValueError, match="must lie in -1 .. 1"):
        maps.Categories(codes, ["a", "b"])


def test_a_path_needs_finite_stops() -> None:
    with pytest.raises(ValueError, match="finite stops"):
        maps.Overlays(paths=[maps.Path([[0, np.nan]])]).described()


# -- the program ------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ["streamlit", "alone"])
def test_the_modules_fit_into_one(entry: str) -> None:
    source = script.joined(entry)
    assert not re.search(r"^import ", source, re.MULTILINE)
    names = re.findall(
        r"^(?:export )?(?:async )?(?:const|let|function|class) +(\w+)", source, re.MULTILINE
    )
    assert len(names) == len(set(names)), {name for name in names if names.count(name) > 1}


def test_every_module_says_first_what_it_is_and_loads_nothing_from_elsewhere() -> None:
    for path in script.SOURCES.iterdir():
        source = path.read_text(encoding="utf-8")
        assert source.startswith("/*"), path.name
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", source), path.name


# -- the page on its own ----------------------------------------------------------------------------


def test_a_saved_page_holds_all_its_data_and_no_address() -> None:
    texts = [f"sentence {i}" for i in range(N)]
    html = maps.standalone_html(
        places(),
        alt="Points <of> a test",
        title="A & B",
        texts=texts,
        colour=maps.Categories.of(["</script><b>"] * N),
    )
    assert "<title>A &amp; B</title>" in html and "Points &lt;of&gt; a test" in html
    assert html.count("</script>") == html.count("<script")
    assert not re.search(r"(src|href)=", re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL))
    bytes_of = dict(re.findall(r'id="(bytes-\w+)">([^<]*)<', html))
    description = json.loads(
        re.search(r'id="description">(.*?)</script>', html, re.DOTALL).group(1)  # type: ignore[union-attr]
    )
    content = gzip.decompress(base64.b64decode(bytes_of[description["texts"]["blob"]]))
    assert content == wire.pack_texts(texts)
    assert description["colour"]["names"] == ["</script><b>"]


def test_the_same_map_makes_the_same_page() -> None:
    assert maps.standalone_html(places(), alt="x") == maps.standalone_html(places(), alt="x")


def test_pictures_lie_ready_in_windows_and_sentences_in_one_piece() -> None:
    from app.latent_map.inputs import WINDOW

    texts = [f"data:image/png;base64,{number:08d}" for number in range(WINDOW + 3)]
    one, windows = maps.Texts(texts), maps.Texts(texts, pictures=True)
    assert len(one.parts) == 1 and len(windows.parts) == 2
    assert windows.parts[1].content.endswith(texts[-1].encode())
    assert np.frombuffer(windows.parts[1].content[:4], "<u4").tolist() == [3]
    changed = maps.Texts([*texts[:-1], "data:image/png;base64,other"], pictures=True)
    assert windows.digest != changed.digest and windows.parts[0].digest == changed.parts[0].digest
    assert maps.Texts([], pictures=True).digest == maps.Texts([]).digest
