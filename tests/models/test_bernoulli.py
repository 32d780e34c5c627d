"""Codes of bits: their KL and density, their head and prior, and that every estimator trains them."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter
from torch import Tensor
from torch.distributions import kl_divergence

from engine.evaluation.exact import exact_nll
from engine.models.decoders.lstm import LSTMDecoder
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.estimators import ESTIMATORS
from engine.models.latents.bernoulli import Bernoulli, bernoulli_kl
from engine.models.vae import VAE, ModelConfig, build_model
from engine.objectives.elbo import Objective, ObjectiveConfig
from engine.objectives.remedies import Horizon
from tests.evaluation.tiny import VOCAB, rows_of, sentences
from tests.models.four_bits import SETTINGS
from tests.precision import bfloat16_autocast

H, B = 12, 6


def family(seed: int = 0, **settings: Any) -> tuple[Bernoulli, Tensor]:
    torch.manual_seed(seed)
    return Bernoulli(Bernoulli.Config(**settings), H), torch.randn(B, H)


def with_logits(logits: Tensor, **settings: Any) -> Bernoulli:
    """A family that gives these log odds whatever it reads."""
    latent, _ = family(size=len(logits), **settings)
    head: Any = latent.logits_of
    with torch.no_grad():
        head.weight.zero_()
        head.bias.copy_(logits)
    return latent


# -- the family -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("prior", "kl"), [(0.62246, 0.495), (0.5, 0.0)])
def test_sixteen_undecided_bits_cost_what_system_e_printed(prior: float, kl: float) -> None:
    latent = with_logits(torch.zeros(16), prior=prior)(torch.zeros(1, H))
    assert float(latent.kl.detach().sum()) == pytest.approx(kl, abs=5e-4)


def test_the_kl_is_that_of_the_library_and_its_gradient_that_of_its_definition() -> None:
    logits = torch.linspace(-30, 30, 241, dtype=torch.float64).requires_grad_()
    prior = torch.tensor(0.7, dtype=torch.float64)
    p, q = torch.sigmoid(logits), torch.sigmoid(prior)
    plain = (
        p * (p / q).log()
        + torch.sigmoid(-logits) * (torch.sigmoid(-logits) / torch.sigmoid(-prior)).log()
    )
    torch.testing.assert_close(bernoulli_kl(logits, prior), plain)
    found, expected = (
        torch.autograd.grad(kl.sum(), logits)[0] for kl in (bernoulli_kl(logits, prior), plain)
    )
    torch.testing.assert_close(found, expected)
    latent, h = family(size=5, prior=0.3)
    drawn = latent(h)
    torch.testing.assert_close(
        drawn.kl.sum(-1), kl_divergence(drawn.posterior, latent.prior.expand((B,)))
    )


def test_certain_bits_cost_minus_the_logarithm_of_their_prior_and_stay_finite() -> None:
    logits = torch.tensor([-500.0, -40.0, 40.0, 500.0], requires_grad=True)
    kl = bernoulli_kl(logits, torch.logit(torch.tensor(0.2)))
    torch.testing.assert_close(kl, -torch.tensor([0.8, 0.8, 0.2, 0.2]).log())
    kl.sum().backward()
    assert logits.grad is not None and logits.grad.isfinite().all()


def test_bits_come_up_as_often_as_their_logits_say() -> None:
    logits = torch.tensor([-3.0, -0.5, 0.0, 2.0])
    z = with_logits(logits)(torch.zeros(1, H), samples=100_000).z[:, 0]
    p = torch.sigmoid(logits)
    assert set(z.unique().tolist()) == {0.0, 1.0}
    assert ((z.mean(0) - p).abs() < 4 * (p * (1 - p) / 100_000).sqrt()).all()


def test_the_code_is_the_most_probable_one() -> None:
    latent, h = family(size=5)
    posterior: Any = latent(h).posterior
    codes = torch.tensor(list(itertools.product([0.0, 1.0], repeat=5)))
    best = posterior.log_prob(codes[:, None]).argmax(0)
    torch.testing.assert_close(latent.code(h), codes[best])


def test_spread_goes_from_the_code_over_the_posterior_to_a_fair_coin() -> None:
    logits = torch.tensor([-2.0, 1.0, 3.0])
    latent, h = with_logits(logits), torch.zeros(2, H)
    assert (latent.around(h, 50, 0.0) == latent.code(h)).all()
    for spread in (0.1, 1.0, 2.0, 1e6):
        share = latent.around(h, 40_000, spread).mean((0, 1))
        torch.testing.assert_close(share, torch.sigmoid(logits / spread), atol=0.01, rtol=0)


def test_the_head_of_system_e_has_a_tanh_between_two_maps() -> None:
    latent, h = family(size=3, head="tanh")
    first, _, second = latent.logits_of  # type: ignore[misc]
    assert first.weight.shape == (6, H) and second.weight.shape == (3, 6)
    posterior: Any = latent(h).posterior
    torch.testing.assert_close(posterior.base_dist.logits, second(torch.tanh(first(h))))


@pytest.mark.parametrize("initialisation", ["pytorch", "he2019"])
@pytest.mark.parametrize("learn", [False, True])
def test_a_prior_is_the_one_given_however_weights_begin(initialisation: str, learn: bool) -> None:
    config = ModelConfig(
        encoder=LSTMEncoder.Config(embedding=4, hidden=4),
        latent=Bernoulli.Config(size=3, prior=0.8, learn_prior=learn),
        initialisation=initialisation,
    )
    prior: Any = build_model(config, VOCAB).latent.prior
    torch.testing.assert_close(prior.mean, torch.full((3,), 0.8), atol=0.002, rtol=0)


def test_a_learned_prior_becomes_the_average_posterior() -> None:
    latent, h = family(size=3, learn_prior=True)
    target = torch.sigmoid(latent(h).posterior.base_dist.logits).mean(0).detach()  # type: ignore[union-attr]
    optimiser = torch.optim.Adam([latent.shift], 0.05)  # type: ignore[list-item]
    for _ in range(150):
        optimiser.zero_grad()
        latent(h).kl.sum().backward()
        optimiser.step()
    torch.testing.assert_close(latent.prior.mean, target, atol=1e-3, rtol=0)


def test_diverged_weights_show_as_a_loss_that_is_no_number_and_stop_nothing_before() -> None:
    latent, _ = family(size=3)
    drawn = latent(torch.full((2, H), math.nan))
    assert drawn.kl.isnan().all() and drawn.z.isfinite().all()


# -- training -------------------------------------------------------------------------------------

X = rows_of(*sentences(2))
BASE = LSTMEncoder.Config(embedding=8, hidden=16)
# What a schedule of thousands of updates would reach, within these few.
QUICK = {"gumbel_sigmoid": {"start": 1.0, "end": 0.3, "steps": 100}}
TRAINED = ["disarm", "moving_average", "leave_one_out", "vimco", "gumbel_sigmoid"]
TRAINED += [
    pytest.param(name, marks=pytest.mark.slow)
    for name in ("arm", "self_critic", "input_dependent", "straight_through")
]


def vae(name: str, bits: int = 4, seed: int = 0) -> VAE:
    torch.manual_seed(seed)
    estimator: Any = TypeAdapter(ESTIMATORS.union).validate_python(
        SETTINGS[name] | QUICK.get(name, {})
    )
    config = ModelConfig(
        encoder=BASE,
        latent=Bernoulli.Config(size=bits, estimator=estimator),
        decoder=LSTMDecoder.Config(embedding=8, hidden=16, dropout_in=0, dropout_out=0),
        initialisation="pytorch",
    )
    return build_model(config, VOCAB)


def fit(model: VAE, steps: int, weights: list[Any], rate: float = 0.02, copies: int = 4) -> None:
    objective = Objective(ObjectiveConfig(), Horizon(100, 1000))
    optimiser = torch.optim.Adam(weights, rate)
    for step in range(1, steps + 1):
        optimiser.zero_grad()
        objective(model, X.repeat(copies, 1), step)[0].backward()
        optimiser.step()


@pytest.mark.parametrize(("samples", "half"), [(1, False), (3, True)])
@pytest.mark.parametrize("name", SETTINGS)
def test_the_objective_takes_every_estimator_with_a_decoder_that_moves_or_not(
    name: str, samples: int, half: bool
) -> None:
    model = vae(name)
    objective = Objective(ObjectiveConfig(samples=samples), Horizon(100, 1000))
    for frozen in (False, True):
        model.decoder.requires_grad_(not frozen)
        for step in (1, 2):  # a running mean has nothing to say before the second
            model.zero_grad()
            with bfloat16_autocast(half):
                loss, terms = objective(model, X, step)
            loss.backward()
        assert loss.isfinite() and terms["reconstruction"] > 0
        for part in (model.encoder, model.latent):
            grads = [p.grad for p in part.parameters()]
            assert all(g is not None and g.isfinite().all() for g in grads)
            assert any(g is not None and g.abs().sum() > 0 for g in grads)
        for p in model.decoder.parameters():
            assert p.grad is None if frozen else p.grad is not None and p.grad.abs().sum() > 0


@pytest.mark.parametrize("name", TRAINED)
def test_training_lowers_the_exact_likelihoods_cost(name: str) -> None:
    model = vae(name)
    before = exact_nll(model, X).mean()
    fit(model, 40, list(model.parameters()))
    # Twelve sentences: nothing can be better than ln 12.
    assert math.log(12) - 1e-3 < exact_nll(model, X).mean() < before - 1.5


def gap(model: VAE) -> float:
    """KL(q(z|x) || p(z|x)), counted over all codes: what the encoder has yet to learn, nats."""
    codes = torch.tensor(list(itertools.product([0.0, 1.0], repeat=model.latent.size)))
    model.eval()
    with torch.inference_mode():
        logp = -model.decoder.token_nll(X, codes[:, None].expand(-1, len(X), -1)).sum(-1)
        logp = logp + model.latent.prior.log_prob(codes)[:, None]
        posterior: Any = model.encode(X).posterior
        logq = posterior.log_prob(codes[:, None])
        found = (logq.exp() * (logq - logp.log_softmax(0))).sum(0).mean()
    model.train()
    return float(found)


def talkative(name: str) -> VAE:
    """A decoder that is given and for which every bit matters."""
    model = vae("disarm")  # the same weights for every estimator
    model.latent.estimator = vae(name).latent.estimator
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.mul_(8)
    model.decoder.requires_grad_(False)
    return model


@pytest.mark.parametrize("name", TRAINED)
def test_the_encoder_alone_finds_the_posterior_of_a_given_decoder(name: str) -> None:
    model = talkative(name)
    before = gap(model)
    fit(model, 60, model.inference_parameters(), rate=0.03, copies=8)
    assert before > 1.5 and gap(model) < before / 3


def test_without_a_baseline_the_encoder_learns_least() -> None:
    def left(name: str) -> float:
        model = talkative(name)
        fit(model, 60, model.inference_parameters(), rate=0.03, copies=8)
        return gap(model)

    assert left("none") > 1.5 * left("disarm")


def test_the_noise_of_training_leaves_nothing_in_evaluation() -> None:
    model = vae("gumbel_sigmoid").eval()
    assert np.array_equal(exact_nll(model, X), exact_nll(model, X))
    assert set(model.encode(X).z.unique().tolist()) <= {0.0, 1.0}
