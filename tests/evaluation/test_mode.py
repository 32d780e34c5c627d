from __future__ import annotations

import pytest
import torch

from engine.evaluation.mode import evaluation_mode
from tests.evaluation.tiny import lstm_vae
from tests.precision import bfloat16_autocast


def test_looking_at_a_model_leaves_no_trace() -> None:
    model = lstm_vae(1)
    model.train()
    model.encoder.eval()
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    with evaluation_mode(model, 1):
        assert not any(module.training for module in model.modules())
        assert not torch.is_grad_enabled()
        torch.rand(10)
    assert torch.rand(3).tolist() == expected.tolist()
    assert torch.is_grad_enabled()
    assert model.decoder.training and not model.encoder.training


def test_an_error_inside_restores_the_model_too() -> None:
    model = lstm_vae(1).train()
    with pytest.raises(KeyError), evaluation_mode(model, 1):
        raise KeyError
    assert model.training and torch.is_grad_enabled()


def test_the_same_seed_draws_the_same_numbers() -> None:
    model = lstm_vae(1)
    with evaluation_mode(model, 3):
        first = torch.rand(2).tolist()
    with evaluation_mode(model, 3):
        assert torch.rand(2).tolist() == first
    with evaluation_mode(model, 4):
        assert torch.rand(2).tolist() != first


def test_the_low_precision_of_training_does_not_reach_an_evaluation() -> None:
    model = lstm_vae(1)
    with bfloat16_autocast(), evaluation_mode(model, 0):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
