"""Distributions of codes that torch lacks, as ``torch.distributions.Distribution``."""
