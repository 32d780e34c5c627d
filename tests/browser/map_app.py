"""A page with nothing but the map, for the browser tests and the benchmark: ?n=1000&painter=cpu&..."""

from __future__ import annotations

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import streamlit as st  # noqa: E402

from app import latent_map as maps  # noqa: E402
from tests.browser import planted  # noqa: E402

st.set_page_config(layout="wide")
asked = st.query_params
n = int(asked.get("n", 2000))
clusters = int(asked.get("clusters", 8))
steps = int(asked.get("steps", 1))
panes = int(asked.get("panes", 1))
painter = asked.get("painter", "auto")


@st.cache_resource
def material(n: int, clusters: int, steps: int, panes: int) -> planted.Material:
    """Everything that is packed once."""
    return planted.material(n, clusters, steps, panes)


found = material(n, clusters, steps, panes)
with st.container(horizontal=True, vertical_alignment="bottom"):
    colour = st.selectbox("Colour by", ["label", "length", "many", "nothing"], key="colour")
    filtered = st.checkbox("Only even rows", key="even")
    overlaid = st.checkbox("Overlays", "overlays" in asked, key="overlays")
    other = st.checkbox("Other projection", key="other")
    slice_ = st.button("Select a slice", key="slice")
    hidden = st.checkbox("Leave", key="hidden")
    st.button("Rerun", key="again")
if hidden:
    st.write("elsewhere")
    st.stop()
if slice_:
    st.session_state["version"] = st.session_state.get("version", 0) + 1
version = st.session_state.get("version", 0)
selection = maps.Selection(np.arange(0, n, 10), f"slice-{version}", focus=10) if version else None
told = maps.latent_map(
    found.turned if other else found.points,
    key="map",
    alt=f"Map of {n:,} planted points",
    texts=None if "silent" in asked else found.texts,
    colour=found.colours[colour],
    visible=np.arange(n) % 2 == 0 if filtered else None,
    selection=selection,
    overlays=planted.overlays() if overlaid else None,
    steps=[f"step {100 * (step + 1)}" for step in range(steps)] if steps > 1 else (),
    moves=int(asked.get("moves", 0)),
    axes=("first (31 %)", "second (17 %)") if "axes" in asked else None,
    report=[name for name in ("step", "view") if name in asked],
    painter=painter,
    height=int(asked.get("height", 680)),
)
st.session_state["runs"] = st.session_state.get("runs", 0) + 1
st.write(f"{len(told.selection):,} rows come back")
rows = ",".join(map(str, told.selection[:40]))
st.code(
    f"runs={st.session_state['runs']} count={len(told.selection)} focus={told.focus} "
    f"step={told.step} views={len(told.views)} sum={told.selection.sum()} rows={rows} "
    f"at={time.time():.3f}",
    wrap_lines=True,
)
