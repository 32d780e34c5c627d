"""The loop (a generator of records), optimisers, learning-rate rules, precision, checkpoints."""
