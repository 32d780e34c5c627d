"""The page Reconstruct: one sentence token by token, or many lines worst first."""
