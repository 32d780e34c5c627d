"""Every page on a run of images: pictures are shown as such, and what is of words is absent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import jobs, showing, thumbnails
from engine.data.pictures import write
from engine.metrics import METRICS
from engine.runs import evaluations, store
from tests.app.planted import make_picture_run

Open = Callable[..., AppTest]
Said = Callable[[AppTest], str]
PICTURE = 'src="data:image/png;base64,'

pytestmark = pytest.mark.usefixtures("forgetful")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with the corpus "strokes" and the run "small"."""
    home = tmp_path_factory.mktemp("gallery")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSCAPE_HOME", str(home))
        make_picture_run(home)
        yield home


def html(app: AppTest) -> str:
    assert not app.exception, "\n".join(app.exception[0].stack_trace)
    return "\n".join(element.value for element in app.html)


def no_uri_in_words(app: AppTest) -> None:
    """A data URI is shown as a picture or not at all."""
    kinds = (app.title, app.subheader, app.caption, app.error, app.info, app.warning)
    assert not any("data:image" in str(one.value) for kind in kinds for one in kind)
    outside = [part.split('"', 1)[1] for part in html(app).split(PICTURE)[1:]]
    assert not any("data:image" in part for part in outside)


MODES = ("Two sentences", "Palette", "Several stops", "Attribute", "Analogy", "Wobble", "Across")


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_of_interpolate_takes_pictures(
    mode: str, page: Open, gallery: Path, wait_until: Callable[..., None]
) -> None:
    app = page("interpolate", run="small", do=showing.IMAGES.words(mode))
    assert app.session_state["do"] == mode
    wait_until(app, lambda app: not jobs.live())
    app.run()
    assert html(app).count(PICTURE) >= 2
    assert not any(field.key in ("a", "b", "c", "through") for field in app.text_input)
    no_uri_in_words(app)
    helps = [metric.help for metric in app.metric] + [one.value for one in app.caption]
    assert not any("entence" in text or "read the same" in text for text in helps)
    if mode == "Two sentences":  # its files are asked for
        app.segmented_control(key="about-path").set_value("Take away").run()
    names = [button.proto.label for button in app.get("download_button")]
    assert {"CSV", "JSON", "Markdown", "LaTeX", "One picture (PNG)"} <= set(names)


def test_the_two_pictures_are_swapped_and_a_link_brings_them(page: Open, gallery: Path) -> None:
    app = page("interpolate", run="small")
    a, b = (app.session_state[f"picture-{letter}"] for letter in "ab")
    assert a != b and thumbnails.PICTURE.fullmatch(a)
    app.button(key="swap").click().run()
    assert app.session_state["picture-a"] == b
    linked = page("interpolate", run="small", a=b, b=a)
    assert (linked.session_state["picture-a"], linked.session_state["picture-b"]) == (b, a)


def test_what_the_model_reads_stands_beside_what_its_code_decodes_to(
    page: Open, gallery: Path
) -> None:
    """The match is between these two: the picture that was chosen may be grey."""
    from engine.data.pictures import read

    app = page("interpolate", run="small")
    names = ("chosen", "as read", "comes back")
    figures = next(one for one in html(app).split("zs-figures")[1:])
    shown = re.findall(r'src="([^"]+)" alt="([^"]+)"', figures)[:3]
    assert tuple(name for _, name in shown) == names
    chosen, seen, back = (read(uri) for uri, _ in shown)
    assert set(np.unique(seen)) <= {0, 255} and not set(np.unique(chosen)) <= {0, 255}
    badge = next(str(one.value) for one in app.markdown if "match" in str(one.value))
    assert f"{(seen == back).mean():.0%} match" in badge.replace("\\", "")


def test_what_an_address_brings_is_no_picture_unless_it_is_a_png(page: Open, gallery: Path) -> None:
    wrong = 'data:image/svg+xml;base64,PHN2Zz4=" onerror="alert(1)'
    app = page("interpolate", run="small", a=wrong, b="javascript:alert(1)")
    assert "onerror" not in html(app) and "javascript:" not in html(app)
    assert "Two pictures, please" in "".join(str(one.value) for one in app.markdown)


def test_a_picture_of_which_nothing_is_left_when_it_is_read_says_so(
    page: Open, gallery: Path, said: Said, wait_until: Callable[..., None]
) -> None:
    thin = np.zeros((200, 200), np.uint8)
    thin[100, 100] = 255
    lost = "Nothing of it is left"
    app = page("interpolate", run="small", a=write(thin), b=write(np.full((9, 9), 255, np.uint8)))
    wait_until(app, lambda app: not jobs.live())
    assert said(app.run()).count(lost) == 1
    app = page("reconstruct", run="small")
    assert lost not in said(app)
    app.session_state["picture-sentence"] = write(thin)
    assert lost in said(app.run())


def test_what_is_measured_of_pictures_promises_no_samples(
    page: Open, gallery: Path, said: Said
) -> None:
    app = page("runs", run="small")
    app.button(key="Evaluate-small").click().run()
    assert "a probe of the labels" in said(app) and "real pictures" not in said(app)


@pytest.mark.parametrize("n", [4, 256])
def test_samples_are_a_grid_of_pictures(
    n: int, page: Open, gallery: Path, wait_until: Callable[..., None]
) -> None:
    app = page("sample", run="small")
    app.select_slider(key="sample-pictures").set_value(n).run()
    wait_until(app, lambda app: PICTURE in html(app))
    assert html(app).count(PICTURE) == min(n, 100)
    assert not any(metric.label == "Self-BLEU" for metric in app.metric)
    no_uri_in_words(app)


def test_one_picture_is_reconstructed_beside_its_difference(page: Open, gallery: Path) -> None:
    app = page("reconstruct", run="small")
    shown = html(app)
    for name in ("chosen", "as the model reads it", "came back", "difference"):
        assert f"<figcaption>{name}</figcaption>" in shown
    assert any(metric.label == "Pixel error" for metric in app.metric)
    before = app.session_state["picture-sentence"]
    app.button(key="another-picture-sentence").click().run()
    app.button(key="another-picture-sentence").click().run()
    assert thumbnails.PICTURE.fullmatch(app.session_state["picture-sentence"]) and before
    no_uri_in_words(app)


def test_a_split_of_pictures_is_reconstructed_worst_first(page: Open, gallery: Path) -> None:
    app = page("reconstruct", run="small", mode="many pictures")
    assert not app.exception, app.exception[0].stack_trace
    table = next(table.value for table in app.dataframe if "came back" in table.value)
    assert table["came back"].str.fullmatch(thumbnails.PICTURE.pattern).all()
    assert table["as read"].str.fullmatch(thumbnails.PICTURE.pattern).all()
    assert table["match"].is_monotonic_increasing
    assert not any("BLEU" in metric.label for metric in app.metric)
    assert {metric.label for metric in app.metric} >= {"Pixel error", "Pictures"}


def test_the_map_shows_pictures_and_finds_none_by_words(
    page: Open, gallery: Path, said: Said, wait_until: Callable[..., None]
) -> None:
    app = page("latent_map", run="small")
    wait_until(app, lambda app: "Showing" in said(app))
    assert "validation pictures" in said(app)
    assert "pictures have none" in said(app)
    assert not any(field.key == "map-search-text" for field in app.text_input)
    assert "ink" in app.selectbox(key="colour").options


def test_the_posterior_moves_a_picture(
    page: Open, gallery: Path, said: Said, wait_until: Callable[..., None]
) -> None:
    app = page("posterior", run="small")
    wait_until(app, lambda app: "Traversal of" in html(app), seconds=120)
    assert 'zs-film" role="table" aria-label="Traversal' in html(app)
    assert "nats a sentence" not in said(app)
    no_uri_in_words(app)


def test_probes_are_pictures_over_training(page: Open, gallery: Path, said: Said) -> None:
    app = page("runs", run="small")
    assert "Probe pictures" in said(app)
    assert html(app).count(PICTURE) >= 8


def test_words_about_sentences_become_words_about_pictures() -> None:
    said = "Type a sentence: 2 nats a sentence, end token counted; 3 nats for all sentences."
    assert showing.TEXT.words(said) == said
    assert (
        showing.IMAGES.words(said) == "Choose a picture: 2 nats an image; 3 nats for all pictures."
    )
    for ours, theirs in showing.WORDS:
        assert showing.IMAGES.words(ours) == theirs, f"{ours!r} stands after what is inside it"
    names = "data.max_tokens, training.mean_space.sentences, the tokeniser's, a latent token"
    assert showing.IMAGES.words(names) == names
    assert showing.IMAGES.words("Tokens of a sentence, token by token.") == (
        "Pixels of a picture, pixel by pixel."
    )
    assert showing.TEXT.unit(METRICS["kl"]) == "nats/sentence"
    assert showing.IMAGES.unit(METRICS["kl"]) == "nats/image"


def test_a_run_of_pictures_is_counted_in_pictures_wherever_it_is_shown(
    page: Open, gallery: Path
) -> None:
    run = store.find("small")
    table = {"split": "test", "checkpoint": "best", "metrics": {"kl": 3.0}, "real": {"kl": 2.0}}
    evaluations.keep(run, "test", "best", table)
    app = page("runs", run="small")
    assert not app.exception
    charts = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    titles = " ".join(chart["layout"]["title"]["text"] for chart in charts)
    assert "nats/image" in titles and "sentence" not in titles
    (shown,) = [one.value for one in app.dataframe if "What it is" in one.value]
    assert shown["Unit"].tolist() == ["nats/image"] and "Real pictures" in shown
    assert "sentence" not in shown["What it is"][0]
    assert not any("sentence" in metric.help for metric in app.metric)
    kl = next(metric for metric in page("home", run="demo").metric if "ELBO" in metric.label)
    assert "nats/image" in kl.help, "its card says so whatever run the sidebar has"


def test_a_page_that_is_not_about_the_run_speaks_of_its_own_data(
    page: Open, gallery: Path, said: Said
) -> None:
    app = page("data", run="small")
    assert "Sentences or pictures to learn from" in said(app)


def test_only_a_png_in_base64_becomes_a_picture() -> None:
    import numpy as np

    good = write(np.zeros((3, 3), np.uint8))
    assert f'src="{good}"' in thumbnails.picture(good)
    for bad in (
        "",
        "a sentence",
        good + '"><script>',
        "data:image/svg+xml;base64,AAAA",
        f"{good}\n",
    ):
        assert thumbnails.picture(bad) == "∅"
        assert showing.IMAGES.label(bad) == "∅"
    assert showing.TEXT.html("<b>") == "&lt;b&gt;"


def test_a_link_leads_back_to_the_mode(page: Open, gallery: Path) -> None:
    app = page("reconstruct", run="small", mode="many pictures")
    assert app.session_state["note:link-reconstruct"]["mode"] == "many pictures"
