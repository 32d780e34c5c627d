"""What transformers are made of, ours: attention, layers, positions."""
