"""Trains and hosts text VAEs; works whole from a terminal, knows nothing of the app.

Letters for shapes, everywhere: B batch, T tokens, V vocabulary, E embedding, H hidden, Z latent units,
K latent tokens or components, S samples, N sentences. Token ids: 0 padding, 1 start, 2 end, 3 unknown.
"""

__version__ = "0.1.0"
