"""Encoders: one file each, one line here each."""

from engine.config import Registry
from engine.models.encoders.base import Encoder
from engine.models.encoders.funnel import FunnelEncoder
from engine.models.encoders.gru import GRUEncoder
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.encoders.pretrained import PretrainedEncoder
from engine.models.encoders.resnet import ResNetEncoder
from engine.models.encoders.transformer import TransformerEncoder

ENCODERS = Registry(
    "encoder",
    LSTMEncoder,
    GRUEncoder,
    TransformerEncoder,
    FunnelEncoder,
    PretrainedEncoder,
    ResNetEncoder,
)

__all__ = ["ENCODERS", "Encoder"]
