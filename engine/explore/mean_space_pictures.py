"""The posterior mean space as an animated GIF: panes side by side on the same axes, a frame a moment."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from engine.config import ConfigError
from engine.explore.mean_space import Film

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

SIDE, MARGIN, TOP, DOT = 360, 44, 40, 3.0
PAPER, INK, QUIET, POINT, FAINT = "#ffffff", "#222222", "#9a9a9a", "#0072B2", "#c9dcea"
LINE = "#e6e6e6"
_SHADES = 16  # between a colour and what it lies on
_FINER = 2  # drawn so many times larger and made smaller: Pillow does not smooth edges


def gif(films: Sequence[tuple[str, Film]], seconds: float = 0.7) -> bytes:
    """An animated GIF of one run, or of several side by side, of the same moments.

    Args:
        films: titles and films; see ``Film.at`` to give them the same moments.
        seconds: that each moment stays; the last stays three times as long.

    Raises:
        ConfigError: there is no film, or they differ in their moments.
    """
    if not films or len({tuple(shown.moments) for _, shown in films}) > 1:
        raise ConfigError("a GIF needs films of the same moments; give them the same ones first")
    frames = [_frame(films, place) for place in range(len(films[0][1].moments))]
    durations = [round(1000 * seconds)] * len(frames)
    durations[-1] *= 3
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)
    return file.getvalue()


def _frame(films: Sequence[tuple[str, Film]], place: int) -> Image:
    from PIL import Image, ImageDraw

    width, height = len(films) * (SIDE + MARGIN) + MARGIN // 2, TOP + SIDE + MARGIN
    image = Image.new("RGB", (width * _FINER, height * _FINER), PAPER)
    draw = ImageDraw.Draw(image)
    reach = max(shown.reach for _, shown in films)
    for number, (title, shown) in enumerate(films):
        left = MARGIN + number * (SIDE + MARGIN)
        _pane(draw, left, title, shown, place, reach)
    small = image.resize((width, height), Image.Resampling.LANCZOS)
    return small.quantize(palette=_palette(), dither=Image.Dither.NONE)


@cache
def _palette() -> Image:
    """The same colours for every frame: a few points on much paper must not turn dark."""
    from PIL import Image, ImageColor

    pairs = [(PAPER, ink) for ink in (INK, QUIET, POINT, FAINT, LINE)] + [(FAINT, POINT)]
    ends = np.array([[ImageColor.getrgb(colour) for colour in pair] for pair in pairs])
    share = np.linspace(0, 1, _SHADES)[:, None]
    shades = np.concatenate([low + (high - low) * share for low, high in ends])
    palette = Image.new("P", (1, 1))
    palette.putpalette(shades.round().astype(np.uint8).tobytes())
    return palette


def _pane(draw: ImageDraw, left: float, title: str, shown: Film, place: int, reach: float) -> None:
    def at(x: float, y: float) -> tuple[float, float]:
        return (
            _FINER * (left + (x + reach) / (2 * reach) * SIDE),
            _FINER * (TOP + (reach - y) / (2 * reach) * SIDE),
        )

    draw.rectangle([at(-reach, reach), at(reach, -reach)], outline=QUIET, width=_FINER)
    draw.line([at(-reach, 0), at(reach, 0)], fill=LINE, width=_FINER)
    draw.line([at(0, -reach), at(0, reach)], fill=LINE, width=_FINER)
    dashes = 40
    for dash in range(0, dashes, 2):
        ends = [-reach + 2 * reach * each / dashes for each in (dash, dash + 1)]
        draw.line([at(end, end) for end in ends], fill=QUIET, width=_FINER)
    for doubtful in (True, False):
        for x, y in shown.xy[place][shown.doubtful[place] == doubtful].tolist():
            if max(abs(x), abs(y)) <= reach:
                across, down = at(x, y)
                box = [across - DOT * _FINER, down - DOT * _FINER]
                box += [across + DOT * _FINER, down + DOT * _FINER]
                draw.ellipse(box, fill=FAINT if doubtful else POINT, outline=PAPER)
    _say(draw, (left, 6), f"{title}, step {shown.moments[place]:g}", 16, INK)
    for value in (-reach, 0.0, reach):
        _say(
            draw, (left + (value + reach) / (2 * reach) * SIDE - 8, TOP + SIDE + 3), f"{value:.2g}"
        )
    _say(draw, (left, TOP + SIDE + 20), f"across: {shown.along.axes[0]}; up: {shown.along.axes[1]}")


def _say(
    draw: ImageDraw, place: tuple[float, float], text: str, size: int = 11, colour: str = QUIET
) -> None:
    from PIL import ImageFont

    font = ImageFont.load_default(size * _FINER)
    draw.text((place[0] * _FINER, place[1] * _FINER), text, fill=colour, font=font)
