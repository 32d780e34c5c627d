"""Corpora: where they come from, how they are stored, cut into tokens and dealt into batches."""
