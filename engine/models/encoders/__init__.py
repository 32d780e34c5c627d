"""Encoders: one file each, one line here each."""

from engine.config import Registry
from engine.models.encoders.lstm import LSTMEncoder

ENCODERS = Registry("encoder", LSTMEncoder)
