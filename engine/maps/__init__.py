"""What is computed from a run and kept: codes, maps, steps. Each is made once and found again by its key."""
