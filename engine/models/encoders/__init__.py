"""Encoders: one file each, one line here each."""

from engine.config import Registry
from engine.models.encoders.base import Encoder
from engine.models.encoders.gru import GRUEncoder
from engine.models.encoders.lstm import LSTMEncoder

ENCODERS = Registry("encoder", LSTMEncoder, GRUEncoder)

__all__ = ["ENCODERS", "Encoder"]
