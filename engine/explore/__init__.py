"""Walking the latent space: paths, maps, neighbours, interpolations, samples."""
