"""Encoder, latent family and decoder, and the VAE made of them."""
