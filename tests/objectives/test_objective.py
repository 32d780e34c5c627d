"""The loss is its formula; remedies fold; each does what its paper says."""

from __future__ import annotations

import math

import pytest
import torch
from pydantic import TypeAdapter

from engine.config import ConfigError
from engine.models.decoders.lstm import LSTMDecoder
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.latents.gaussian import Gaussian
from engine.models.vae import ModelConfig, build_model
from engine.objectives.elbo import Objective, ObjectiveConfig
from engine.objectives.remedies import REMEDIES, Horizon, Remedy

X = torch.tensor([[1, 5, 6, 7, 2], [1, 9, 2, 0, 0]])
HORIZON = Horizon(steps_per_epoch=100, total_steps=1000)
KL = torch.tensor([[0.1, 3.0], [0.5, 0.2]])


def remedy(name: str, horizon: Horizon = HORIZON, **settings) -> Remedy:
    config = TypeAdapter(REMEDIES.union).validate_python({"name": name, **settings})
    return REMEDIES.build(config, horizon)


def weight(rule: Remedy, step: int) -> float:
    return rule.kl_weight(step, HORIZON.total_steps)


def tiny():
    torch.manual_seed(0)
    return build_model(
        ModelConfig(
            encoder=LSTMEncoder.Config(embedding=4, hidden=6),
            latent=Gaussian.Config(size=2),
            decoder=LSTMDecoder.Config(embedding=4, hidden=6, dropout_in=0, dropout_out=0),
            initialisation="pytorch",
        ),
        vocab_size=12,
    )


def loss_of(*remedies: dict, beta: float = 1.0, step: int = 1):
    objective = Objective(ObjectiveConfig(beta=beta, remedies=remedies), HORIZON)
    torch.manual_seed(3)
    return objective(tiny(), X, step)


def test_without_remedies_the_loss_is_minus_the_elbo():
    loss, terms = loss_of()
    torch.manual_seed(0)
    vae = tiny()
    torch.manual_seed(3)
    tiny()
    latent = vae.encode(X)
    expected = vae.decoder.token_nll(X, latent.z).sum(-1).mean() + latent.kl.sum(-1).mean()
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(-terms["elbo"], loss.detach())


def test_beta_and_weights_multiply_and_the_terms_add_up():
    loss, terms = loss_of(
        {"name": "annealing", "start": 0.2, "epochs": 1},
        {"name": "cyclical_annealing"},
        beta=0.5,
        step=51,
    )
    weight = 0.5 * (0.2 + 0.8 * 0.51) * (50 / 250 / 0.5)
    assert terms["kl_weight"] == pytest.approx(weight)
    torch.testing.assert_close(
        loss.detach(), terms["reconstruction"] + weight * terms["kl_charged"]
    )


def test_a_remedy_twice_is_an_error():
    with pytest.raises(ConfigError, match="once"):
        loss_of({"name": "annealing"}, {"name": "annealing"})


@pytest.mark.parametrize(
    ("name", "off"),
    [
        ("annealing", {"start": 1.0}),
        ("free_bits", {"target": 0, "variant": "batch-unit"}),
        ("free_bits", {"target": 0, "variant": "sentence-unit-mask"}),
        ("free_bits", {"target": 0, "variant": "sentence-unit-clamp"}),
        ("free_bits", {"target": 0, "variant": "sentence-total"}),
        ("free_bits", {"target": 0, "variant": "batch-total"}),
        ("word_dropout", {"rate": 0}),
        ("cyclical_annealing", {"zero": 0, "ramp": 1e-9}),
    ],
)
def test_a_remedy_that_is_off_changes_nothing(name, off):
    plain, _ = loss_of(step=2)
    changed, _ = loss_of({"name": name, **off}, step=2)
    torch.testing.assert_close(changed, plain)


def test_every_registered_remedy_has_identities_for_the_hooks_it_does_not_use():
    base = Remedy(None, HORIZON)
    assert weight(base, 5) == 1.0 and base.charge(KL, 5) is KL and base.corrupt(X) is X
    assert base.penalty(None) == {} and not base.another_encoder_step(0, 0.0, 0)
    assert not base.freezes_encoder() and base.state() == {}
    assert base.head(None) is None and base.readings(5) == {} and base.check(None, None) is None
    assert not base.pretraining(5) and base.origin(5) == 0 and not base.begins_stage(5, True)


def test_annealing_reproduces_the_rate_of_he2019_on_yahoo():
    yahoo = remedy("annealing", Horizon(3125, 10**6), start=0.1, epochs=10)
    assert weight(yahoo, 1) - 0.1 == pytest.approx(2.88e-5)
    assert weight(yahoo, 31250) == 1.0 and weight(yahoo, 10**6) == 1.0


def test_annealing_in_steps_reproduces_bowman_in_system_d():
    bowman = remedy("annealing", start=0, steps=30_000)
    assert [weight(bowman, t) for t in (3000, 15_000, 30_000, 60_000)] == pytest.approx(
        [0.1, 0.5, 1, 1]
    )


def test_sigmoid_annealing_reproduces_the_weights_of_system_b():
    weights = [weight(remedy("sigmoid_annealing"), t) for t in (0, 1000, 2000, 2500, 3000, 5000)]
    assert weights == pytest.approx([0.0019, 0.0230, 0.2227, 0.5, 0.7773, 0.9981], abs=5e-5)


def test_cyclical_annealing_starts_four_times_from_zero():
    cycle = remedy("cyclical_annealing", cycles=4, ramp=0.5)
    weights = [weight(cycle, t) for t in range(1, 1001)]
    assert [t for t, w in enumerate(weights) if w == 0] == [0, 250, 500, 750]
    assert weights[62] == pytest.approx(62 / 125) and weights[125:250] == [1.0] * 125


def test_cyclical_annealing_keeps_the_weight_at_zero_as_optimus_does():
    cycle = remedy("cyclical_annealing", cycles=1, zero=0.5, ramp=0.25, shape="cosine")
    assert weight(cycle, 499) == 0 and weight(cycle, 626) == pytest.approx(0.5)
    assert weight(cycle, 900) == 1.0


@pytest.mark.parametrize(
    ("variant", "per_sentence"),
    [
        # KL means per unit are 0.3 and 1.6; target 1 over two units is 0.5 each.
        ("batch-unit", [0.5 + 1.6, 0.5 + 1.6]),
        ("sentence-unit-mask", [3.0, 0.0]),
        ("sentence-unit-clamp", [0.5 + 3.0, 0.5 + 0.5]),
        ("sentence-total", [3.1, 0.0]),
        ("batch-total", [3.1, 0.7]),
    ],
)
def test_free_bits_charge_what_their_formula_says(variant, per_sentence):
    charged = remedy("free_bits", target=1.0, variant=variant).charge(KL, 1)
    torch.testing.assert_close(charged.sum(-1), torch.tensor(per_sentence))


def test_mask_and_clamp_have_the_same_gradient():
    gradients = []
    for variant in ("sentence-unit-mask", "sentence-unit-clamp"):
        kl = KL.clone().requires_grad_()
        remedy("free_bits", target=0.9, variant=variant).charge(kl, 1).sum().backward()
        gradients.append(kl.grad)
    torch.testing.assert_close(*gradients)


def test_word_dropout_hides_words_at_its_rate_and_never_start_or_padding():
    torch.manual_seed(0)
    tokens = torch.tensor([[1] + [7] * 9_999 + [0] * 10])
    hidden = remedy("word_dropout", rate=0.3).corrupt(tokens)
    share = (hidden == 3).float().sum() / 9_999
    assert abs(share - 0.3) < 4 * math.sqrt(0.3 * 0.7 / 9_999)
    assert hidden[0, 0] == 1 and (hidden[0, -10:] == 0).all()


def count_inner_steps(losses, **settings) -> int:
    rule = remedy("aggressive", **settings)
    taken, loss = 0, 0.0
    while rule.another_encoder_step(taken, loss, 10):
        loss = losses(taken)
        taken += 1
    return taken


def test_the_inner_loop_takes_at_least_thirty_and_at_most_ninety_nine_steps():
    assert count_inner_steps(lambda t: 50.0 + t) == 30
    assert count_inner_steps(lambda t: 50.0 - 0.1 * t) == 99
    assert count_inner_steps(lambda t: 50.0) == 99
    assert count_inner_steps(lambda t: 50.0 + t, window=10) == 20
    assert count_inner_steps(lambda t: abs(t - 44) + 50.0) == 60


def after_epochs(*values: float, **settings) -> list[bool]:
    rule = remedy("aggressive", **settings)
    still = []
    for value in values:
        rule.after_evaluation({"mutual_information_batch": value}, epoch_ended=True)
        still.append(rule.freezes_encoder())
    return still


def test_aggressive_training_of_text_ends_at_the_first_fall_of_mutual_information():
    assert after_epochs(1.0, 2.0, 1.9, 3.0) == [True, True, False, False]
    assert after_epochs(-0.01) == [False]
    assert after_epochs(-0.01, initial=-1.0) == [True]


def test_aggressive_training_of_images_counts_falls_below_the_best():
    assert after_epochs(2.0, 1.0, 1.5, 2.5, 2.4, reference="best", patience=3) == [True] * 4 + [
        False
    ]


def test_an_evaluation_within_an_epoch_decides_nothing():
    rule = remedy("aggressive")
    rule.after_evaluation({"mutual_information_batch": -5.0}, epoch_ended=False)
    assert rule.freezes_encoder()


def test_aggressive_training_remembers_where_it_was():
    one, other = remedy("aggressive"), remedy("aggressive")
    one.after_evaluation({"mutual_information_batch": 2.0}, epoch_ended=True)
    other.restore(one.state())
    other.after_evaluation({"mutual_information_batch": 1.0}, epoch_ended=True)
    assert not other.freezes_encoder()
