"""Decoders: one file each, one line here each."""

from engine.config import Registry
from engine.models.decoders.base import Decoder
from engine.models.decoders.gru import GRUDecoder
from engine.models.decoders.lstm import LSTMDecoder
from engine.models.decoders.parallel import ParallelDecoder
from engine.models.decoders.pixelcnn import PixelCNNDecoder
from engine.models.decoders.t5 import T5Decoder
from engine.models.decoders.transformer import TransformerDecoder

DECODERS = Registry(
    "decoder",
    LSTMDecoder,
    GRUDecoder,
    TransformerDecoder,
    ParallelDecoder,
    T5Decoder,
    PixelCNNDecoder,
)

__all__ = ["DECODERS", "Decoder"]
