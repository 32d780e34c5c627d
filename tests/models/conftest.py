"""Small pre-trained models for every test of models."""

from __future__ import annotations

import pytest

from tests.models.parts import TINY_BERT, TINY_T5
from tests.models.tiny_pretrained import make_bert, make_t5


@pytest.fixture(scope="session", autouse=True)
def _tiny_pretrained_models(_session_home: None) -> None:
    make_bert(TINY_BERT)
    make_t5(TINY_T5)
