"""The parts of the page Latent map, one file for each; pages/latent_map.py puts them together.

rows -> what is encoded          colours, clusters -> what the colours mean
projecting, quality -> where     overlays -> what is drawn over the points
stepping, comparing -> other ways to look
point, selected, searching, shelf -> the panel beside the map; choosing -> what is selected
exporting -> what can be taken away
"""
