"""The map in one file that opens without a server."""

from __future__ import annotations

import base64
import gzip
import html
import json
from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np

from app.latent_map.description import What, describe
from app.latent_map.inputs import Points
from app.latent_map.script import joined
from app.latent_map.wire import Blob

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; {light} }}
@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}
body {{ margin: 0; display: flex; flex-direction: column; height: 100vh; font: 15px/1.5 system-ui, sans-serif;
  color: var(--st-text-color); background: var(--st-background-color); }}
header {{ padding: 12px 16px 10px; }}
h1 {{ margin: 0; font-size: 18px; }}
p {{ margin: 2px 0 0; opacity: .75; font-size: 13.5px; }}
main {{ flex: 1; min-height: 0; padding: 0 12px 12px; }}
</style>
</head>
<body>
<header><h1>{title}</h1><p>{alt}</p></header>
<main id="map"></main>
<script type="application/json" id="description">{description}</script>
{bytes}
<script type="module">
{script}
openPage(document.getElementById("map"));
</script>
</body>
</html>
"""


def standalone_html(
    points: Points | Sequence[Points] | np.ndarray,
    *,
    alt: str,
    title: str = "Latent map",
    **what: Unpack[What],
) -> str:
    """The map as one HTML file with its data in it; hover, zoom, lasso, legend and steps work.

    Args:
        points: where the rows lie; two of them are two panes.
        alt: what the map shows; also the line under the title.
        title: the page's.
        what: texts, colour, overlays and more; see ``What``.

    Raises:
        DataError: there are no points, or some have no finite place.
        ValueError: shapes that do not fit together.
    """
    blobs: dict[str, Blob] = {}
    description = _named(describe(points, alt, what), blobs)
    light, dark = _appearances()
    return PAGE.format(
        title=html.escape(title),
        alt=html.escape(alt),
        light=light,
        dark=dark,
        # "</script>" within a name would end the element.
        description=json.dumps(description).replace("<", "\\u003c"),
        bytes="\n".join(_element(name, blob) for name, blob in blobs.items()),
        script=joined("alone"),
    )


def _named(part: Any, blobs: dict[str, Blob]) -> Any:
    """The description with a name in place of each Blob, which is put aside under it."""
    if isinstance(part, Blob):
        name = f"bytes-{part.digest}"
        blobs[name] = part
        return name
    if isinstance(part, dict):
        return {name: _named(value, blobs) for name, value in part.items()}
    if isinstance(part, list):
        return [_named(value, blobs) for value in part]
    return part


def _element(name: str, blob: Blob) -> str:
    packed = base64.b64encode(gzip.compress(blob.content, 6, mtime=0)).decode()
    return f'<script type="application/octet-stream" id="{name}">{packed}</script>'


def _appearances() -> tuple[str, str]:
    """The app's colours for a light and a dark page, as the variables that Streamlit would set."""
    import tomllib
    from pathlib import Path

    file = Path(__file__).resolve().parents[1] / ".streamlit" / "config.toml"
    theme = tomllib.loads(file.read_text(encoding="utf-8"))["theme"]
    names = {
        "textColor": "text-color",
        "backgroundColor": "background-color",
        "secondaryBackgroundColor": "secondary-background-color",
        "borderColor": "border-color",
        "primaryColor": "primary-color",
        "chartCategoricalColors": "chart-categorical-colors",
        "chartSequentialColors": "chart-sequential-colors",
    }
    light, dark = (
        " ".join(f"--st-{css}: {_css(theme[kind][name])};" for name, css in names.items())
        for kind in ("light", "dark")
    )
    return light, dark


def _css(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ",".join(value)
