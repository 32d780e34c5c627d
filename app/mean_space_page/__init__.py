"""The tab Posterior mean space: the model's means against the encoder's over training, to play and scrub.

from app.mean_space_page import draw
draw(run, checkpoint)
"""

from app.mean_space_page.tab import draw

__all__ = ["draw"]
