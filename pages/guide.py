"""Words, numbers, presets, file formats, and what to do when it does not work."""

import pandas as pd
import streamlit as st

from app import blocks, fields, guide_numbers, guide_options, loaders

TABS = {
    "Start here": "start",
    "Presets": "presets",
    "Latents and remedies": None,
    "When it goes wrong": "trouble",
    "Numbers": None,
    "Coming from": None,
    "Files": "files",
    "Command line": "cli",
    "Keyboard": "keyboard",
}

blocks.header("Guide", "What the words mean, how the numbers are computed, and what usually helps.")
# Tabs that tell the server: the registries import torch, which the other tabs need not wait for.
tabs = dict(zip(TABS, st.tabs(list(TABS), key="guide-tabs", on_change="rerun"), strict=True))
for title, name in TABS.items():
    if name:
        tabs[title].container(width=820).markdown(loaders.text(f"guide/{name}.md"))

with tabs["Latents and remedies"]:
    if tabs["Latents and remedies"].open:
        from engine.models.decoders import DECODERS
        from engine.models.encoders import ENCODERS
        from engine.models.estimators import ESTIMATORS
        from engine.models.latents import LATENTS
        from engine.objectives.remedies import REMEDIES

        st.markdown(
            "All of these are settings of a run, and they combine; where the mathematics forbids it, the run "
            "says why before it starts.",
            width=820,
        )
        for title, registry in {
            "Latent families": LATENTS,
            "Remedies against collapse": REMEDIES,
            "Gradient estimators for bits": ESTIMATORS,
            "Encoders": ENCODERS,
            "Decoders": DECODERS,
        }.items():
            st.subheader(title, anchor=False)
            known = {fields.humanise(name): registry.about(name) for name in registry}
            table = pd.DataFrame(known, index=["What it does", "Reference"]).T
            st.table(table, border="horizontal")

with tabs["Coming from"]:
    if tabs["Coming from"].open:
        guide_options.draw()

with tabs["Numbers"]:
    guide_numbers.draw()
