"""Gradient estimators against gradients that are counted: four bits, sixteen codes, any function of them."""

from __future__ import annotations

import math

import pytest
import torch

from engine.models.estimators import ESTIMATORS
from engine.models.estimators.base import draw, log_prob, uniforms
from engine.models.estimators.baselines import BASELINES, RunningMoments
from engine.models.latents.bernoulli import bernoulli_kl
from tests.models.four_bits import (
    BITS,
    CODES,
    LOGITS,
    PRIOR,
    PUBLISHED,
    SETTINGS,
    UNBIASED,
    WIDTH,
    F,
    estimates,
    estimator,
    exact_gradient,
    expected_nll,
    independent,
    latent_of,
    nll,
    variance,
    warmed,
)


def errors(samples: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """How many standard errors the mean is away from the truth."""
    return (samples.mean(0) - truth).abs() / (samples.std(0) / math.sqrt(len(samples)))


def test_every_estimator_and_every_baseline_is_tried() -> None:
    assert {config["name"] for config in SETTINGS.values()} == set(ESTIMATORS)
    tried = {config["baseline"]["name"] for config in SETTINGS.values() if "baseline" in config}
    assert tried == set(BASELINES)


@pytest.mark.parametrize("samples", [None, 3])
@pytest.mark.parametrize("name", UNBIASED)
def test_value_and_gradient_are_right_on_average(name: str, samples: int | None) -> None:
    values, gradients = estimates(warmed(name), 200_000, samples)
    assert errors(values, expected_nll(LOGITS.double())) < 4
    assert (errors(gradients, exact_gradient(expected_nll)) < 4).all()


def test_variances_are_those_published_and_fall_in_their_order() -> None:
    found = {name: variance(estimates(warmed(name))[1]) for name in PUBLISHED}
    assert found == pytest.approx(PUBLISHED, rel=0.02)
    assert found["none"] > 10 * found["moving_average"]
    assert found["moving_average"] == pytest.approx(found["leave_one_out"], rel=0.05)
    assert found["leave_one_out"] > 1.5 * found["arm"] > 1.5 * found["disarm"]


def test_the_variances_without_and_with_a_mean_taken_off_are_those_counted() -> None:
    q = independent(LOGITS).log_prob(CODES).exp()
    score = CODES - torch.sigmoid(LOGITS)
    for name, centre in (("none", 0.0), ("moving_average", float(q @ F))):
        g = (F - centre).unsqueeze(-1) * score
        counted = float((q @ g.square() - (q @ g).square()).sum())
        assert variance(estimates(warmed(name))[1]) == pytest.approx(counted, rel=0.03)


def test_the_other_variances_are_those_counted_over_all_codes_and_uniform_numbers() -> None:
    """Counted by hand for this function; they share no code with what is tested."""
    counted = {"self_critic": 1.3697, "leave_one_out": 1.2242, "arm": 0.6823, "disarm": 0.5540}
    found = {name: variance(estimates(warmed(name))[1]) for name in counted}
    assert found == pytest.approx(counted, rel=0.015)


# -- contracts of all -----------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [None, 1, 6])
@pytest.mark.parametrize("name", SETTINGS)
def test_a_row_gets_one_value_and_no_gradient_leaks_into_the_summary(
    name: str, samples: int | None
) -> None:
    h = torch.randn(7, WIDTH, requires_grad=True)
    logits = torch.randn(7, BITS, requires_grad=True)
    value = estimator(name)(h, latent_of(logits, samples), independent(PRIOR), nll)
    value.sum().backward()
    assert value.shape == (7,) and value.isfinite().all() and h.grad is None


@pytest.mark.parametrize("name", SETTINGS)
def test_the_logits_get_the_same_gradient_whether_or_not_the_decoder_has_one(name: str) -> None:
    found = []
    for trained in (True, False):
        weight = torch.ones((), requires_grad=trained)
        logits = LOGITS.expand(50, -1).clone().requires_grad_()
        module, h = warmed(name), torch.randn(50, WIDTH)
        torch.manual_seed(2)
        value = module(h, latent_of(logits), independent(PRIOR), lambda z, w=weight: w * nll(z))
        value.sum().backward()
        found.append(logits.grad)
        assert (weight.grad is not None) == trained
    torch.testing.assert_close(*found)
    assert found[0].abs().sum() > 0


@pytest.mark.parametrize("name", [*UNBIASED, "straight_through"])
def test_the_decoders_weights_get_their_gradient(name: str) -> None:
    module, count = warmed(name), 200_000
    weight = torch.ones((), requires_grad=True)
    latent = latent_of(LOGITS.expand(count, -1))
    values = module(
        torch.zeros(count, WIDTH), latent, independent(PRIOR), lambda z: weight * nll(z)
    )
    (gradient,) = torch.autograd.grad(values.mean(), weight)
    # nll is linear in this weight: its gradient is nll itself.
    assert float(gradient) == pytest.approx(float(values.detach().double().mean()), rel=1e-5)


@pytest.mark.parametrize("name", SETTINGS)
def test_nothing_but_the_loss_is_needed_without_gradients(name: str) -> None:
    with torch.no_grad():
        value = estimator(name)(
            torch.zeros(3, WIDTH), latent_of(LOGITS.expand(3, -1)), independent(PRIOR), nll
        )
    assert value.shape == (3,) and not value.requires_grad


@pytest.mark.parametrize("name", ["disarm", "arm", "vimco", "none", "straight_through"])
def test_the_latents_own_draw_is_among_those_that_are_scored(name: str) -> None:
    scored: list[torch.Tensor] = []
    latent = latent_of(LOGITS.expand(40, -1).clone().requires_grad_())
    estimator(name)(
        torch.zeros(40, WIDTH),
        latent,
        independent(PRIOR),
        lambda z: (scored.append(z.detach()), nll(z))[1],
    )
    assert (scored[0][0] == latent.z).all() and set(scored[0].unique().tolist()) == {0.0, 1.0}


# -- pairs of draws -------------------------------------------------------------------------------


def test_uniform_numbers_given_bits_make_those_bits_and_are_uniform() -> None:
    torch.manual_seed(0)
    logits = torch.tensor([-6.0, -1.0, 0.0, 2.0]).expand(200_000, -1)
    z = draw(logits)
    u = uniforms(z, logits)
    assert ((u > torch.sigmoid(-logits)) == (z > 0)).all()
    sorted_u = u.double().sort(0).values
    line = torch.linspace(0, 1, len(u), dtype=torch.float64).unsqueeze(-1)
    assert (sorted_u - line).abs().max() < 1.95 / math.sqrt(len(u))  # Kolmogorov, 0.1 %


@pytest.mark.parametrize("name", ["arm", "disarm", "gumbel_sigmoid"])
def test_bits_that_are_nearly_certain_give_finite_gradients(name: str) -> None:
    logits = torch.tensor([-90.0, -17.0, 17.0, 90.0]).expand(500, -1).clone().requires_grad_()
    module = estimator(name)
    module(torch.zeros(500, WIDTH), latent_of(logits), independent(PRIOR), nll).sum().backward()
    assert logits.grad is not None and logits.grad.isfinite().all()


# -- baselines ------------------------------------------------------------------------------------


def test_leave_one_out_is_its_formula() -> None:
    torch.manual_seed(0)
    logits = LOGITS.expand(9, -1).clone().requires_grad_()
    latent = latent_of(logits, 4)
    estimator("leave_one_out")(
        torch.zeros(9, WIDTH), latent, independent(PRIOR), nll
    ).sum().backward()
    f, score = nll(latent.z), latent.z - torch.sigmoid(logits)
    expected = sum(
        (f[k] - sum(f[j] for j in range(4) if j != k) / 3).unsqueeze(-1) * score[k] / 4
        for k in range(4)
    )
    torch.testing.assert_close(logits.grad, expected)


def test_several_draws_are_made_where_the_objective_makes_one() -> None:
    baseline = {"name": "leave_one_out", "samples": 4}
    few = variance(estimates(estimator("leave_one_out"))[1])
    many = variance(estimates(estimator("leave_one_out", baseline=baseline))[1])
    assert many < few / 2


def test_running_moments_are_plain_at_first_and_then_forget() -> None:
    torch.manual_seed(0)
    values = 100 + 3 * torch.randn(500, 64)
    moments = RunningMoments(0.99)
    for batch in values[:50]:
        moments.update(batch)
    torch.testing.assert_close(moments.mean, values[:50].mean())
    torch.testing.assert_close(moments.variance, values[:50].var(correction=0), rtol=1e-3, atol=0)
    for batch in values[50:]:
        moments.update(batch)
    moments.update(torch.tensor([200.0]))
    assert float(moments.mean) == pytest.approx(101.0, abs=0.2)


def test_the_first_update_has_nothing_to_compare_with_and_leaves_the_bits_alone() -> None:
    module = estimator("moving_average")
    gradients = [estimates(module, 20_000)[1].abs().sum() for _ in range(2)]
    assert gradients[0] == 0 and gradients[1] > 0


def test_the_running_mean_moves_in_training_only_and_is_saved_with_the_model() -> None:
    module = warmed("moving_average")
    before = {name: value.clone() for name, value in module.state_dict().items()}
    estimates(module.eval(), 20_000)
    assert before["baseline.moments.mean"] == pytest.approx(
        -float(independent(LOGITS).log_prob(CODES).exp() @ F), abs=0.05
    )
    assert all((value == before[name]).all() for name, value in module.state_dict().items())
    other = estimator("moving_average")
    other.load_state_dict(before)
    torch.testing.assert_close(estimates(module, 20_000)[1], estimates(other.eval(), 20_000)[1])


@pytest.mark.parametrize("name", ["moving_average", "input_dependent"])
def test_normalising_divides_by_the_deviation_and_never_by_less_than_one(name: str) -> None:
    scaled = {"name": name, "normalise": True}
    for factor, divisor in ((0.1, 1.0), (30.0, None)):
        gradients = []
        for changed in ({}, {"baseline": scaled}):
            module = estimator(name, **changed)
            for _ in range(2):
                torch.manual_seed(4)
                logits = LOGITS.expand(2000, -1).clone().requires_grad_()
                latent, h = latent_of(logits), torch.zeros(2000, WIDTH)
                value = module(h, latent, independent(PRIOR), lambda z, k=factor: k * nll(z))
                (gradient,) = torch.autograd.grad(value.sum(), logits)
            gradients.append(gradient)
        deviation = divisor or float((30 * nll(latent.z)).std(correction=0))
        torch.testing.assert_close(gradients[1] * deviation, gradients[0], rtol=1e-3, atol=1e-4)


def shifted(module, h: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """Sentences that differ in how hard they are, as their summary tells."""
    hard = 20 * h[:, 0]
    return module(h, latent_of(logits), independent(PRIOR), lambda z: nll(z) + hard)


def test_a_network_learns_which_sentences_are_hard_and_takes_that_noise_out() -> None:
    module = estimator("input_dependent")
    optimiser = torch.optim.Adam(module.parameters(), 0.02)

    def noise() -> float:
        torch.manual_seed(5)
        logits = LOGITS.expand(20_000, -1).clone().requires_grad_()
        value = shifted(module, torch.randn(20_000, WIDTH), logits)
        return variance(torch.autograd.grad(value.sum(), logits)[0].double())

    noise()
    before = noise()
    for _ in range(150):
        optimiser.zero_grad()
        shifted(module, torch.randn(256, WIDTH), LOGITS.expand(256, -1)).mean().backward()
        optimiser.step()
    assert before > 100 and noise() < before / 20


def test_training_the_network_touches_no_other_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for trained in (True, False):
        module = warmed("input_dependent")
        if not trained:
            monkeypatch.setattr(module.baseline, "loss", lambda h, values: torch.zeros_like(values))
        torch.manual_seed(3)
        logits = LOGITS.expand(64, -1).clone().requires_grad_()
        h, weight = torch.randn(64, WIDTH), torch.ones((), requires_grad=True)
        value = module(h, latent_of(logits), independent(PRIOR), lambda z, w=weight: w * nll(z))
        value.mean().backward()
        assert all((p.grad is not None) == trained for p in module.parameters())
        found.append((value.detach(), logits.grad, weight.grad))
    torch.testing.assert_close(*found)


# -- the bound of K samples -----------------------------------------------------------------------


def test_vimco_is_right_on_average_for_all_pairs_of_codes() -> None:
    weight = torch.ones((), dtype=torch.float64, requires_grad=True)
    prior = PRIOR.double().requires_grad_()

    def minus_bound(logits: torch.Tensor) -> torch.Tensor:
        log_q = independent(logits).log_prob(CODES.double())
        f = independent(prior).log_prob(CODES.double()) - log_q + weight * F.double()
        pairs = torch.logaddexp(f.unsqueeze(0), f.unsqueeze(1)) - math.log(2)
        return -(pairs * log_q.exp().unsqueeze(0) * log_q.exp().unsqueeze(1)).sum()

    logits = LOGITS.double().requires_grad_()
    truth = minus_bound(logits)
    for_logits, *for_others = torch.autograd.grad(truth, [logits, weight, prior])

    module = estimator("vimco", samples=2)
    values, gradients = estimates(module, 400_000)
    kl = bernoulli_kl(LOGITS, PRIOR).sum()
    assert errors(values + kl, truth.detach()) < 4
    kl_gradient = exact_gradient(lambda x: bernoulli_kl(x, PRIOR.double()).sum())
    assert (errors(gradients + kl_gradient, for_logits) < 4).all()

    torch.manual_seed(6)
    w, p = torch.ones((), requires_grad=True), PRIOR.expand(200_000, -1).clone().requires_grad_()
    latent = latent_of(LOGITS.expand(200_000, -1))
    latent.kl = bernoulli_kl(LOGITS, p)
    value = module(p, latent, independent(p), lambda z: w * nll(z))
    got_w, got_p = torch.autograd.grad((value + latent.kl.sum(-1)).sum(), [w, p])
    assert float(got_w) / 200_000 == pytest.approx(float(for_others[0]), rel=2e-3)
    assert (errors(got_p.double(), for_others[1]) < 4).all()


def test_vimco_and_the_kl_together_are_the_bound_of_the_given_draws() -> None:
    latent = latent_of(LOGITS.expand(30, -1), 6)
    value = estimator("vimco")(torch.zeros(30, WIDTH), latent, independent(PRIOR), nll)
    log_q = latent.posterior.log_prob(latent.z)
    bound = torch.logsumexp(independent(PRIOR).log_prob(latent.z) - log_q - nll(latent.z), 0)
    torch.testing.assert_close(value + latent.kl.sum(-1), math.log(6) - bound)


def test_more_samples_tighten_the_bound_towards_the_likelihood() -> None:
    kl = bernoulli_kl(LOGITS, PRIOR).sum()
    means = [
        float((estimates(estimator("vimco", samples=k), 40_000)[0] + kl).mean()) for k in (2, 8, 40)
    ]
    truth = -float(torch.logsumexp(independent(PRIOR).log_prob(CODES) + F, 0))
    assert means[0] > means[1] > means[2] > truth and means[2] - truth < 0.06


# -- biased ---------------------------------------------------------------------------------------


def test_straight_through_is_exact_where_nll_is_linear_in_each_bit() -> None:
    _, gradients = estimates(estimator("straight_through"))
    assert (errors(gradients, exact_gradient(expected_nll)) < 4).all()


def bent(z: torch.Tensor) -> torch.Tensor:
    """The same on bits, not linear between them."""
    return nll(z + 0.3 * z * (1 - z))


def test_straight_through_is_biased_elsewhere_and_points_the_right_way() -> None:
    logits = LOGITS.expand(200_000, -1).clone().requires_grad_()
    torch.manual_seed(0)
    value = estimator("straight_through")(
        torch.zeros(1), latent_of(logits), independent(PRIOR), bent
    )
    (gradient,) = torch.autograd.grad(value.sum(), logits)
    truth = exact_gradient(expected_nll)
    assert errors(value.detach().double(), expected_nll(LOGITS.double())) < 4
    assert errors(gradient.double(), truth).max() > 10
    assert torch.cosine_similarity(gradient.double().mean(0), truth, 0) > 0.8


def test_the_identity_lets_the_whole_gradient_through() -> None:
    found = []
    for backward in ("identity", "sigmoid"):
        logits = LOGITS.expand(20, -1).clone().requires_grad_()
        torch.manual_seed(0)
        module = estimator("straight_through", backward=backward)
        module(torch.zeros(1), latent_of(logits), independent(PRIOR), nll).sum().backward()
        found.append(logits.grad)
    p = torch.sigmoid(LOGITS)
    torch.testing.assert_close(found[0] * p * (1 - p), found[1])


def at(temperature: float, **changed):
    return estimator("gumbel_sigmoid", start=temperature, end=temperature, **changed)


def test_a_lower_temperature_has_less_bias_and_more_noise() -> None:
    truth = exact_gradient(expected_nll)
    found = [estimates(at(t), 200_000)[1] for t in (1.0, 0.3, 0.1)]
    bias = [float((g.mean(0) - truth).norm()) for g in found]
    noise = [variance(g) for g in found]
    assert bias[0] > 3 * bias[1] and noise[0] < noise[1] < noise[2]
    assert (errors(found[0], truth) > 10).any()
    assert all(torch.cosine_similarity(g.mean(0), truth, 0) > 0.8 for g in found)


def test_soft_bits_are_those_of_the_draw_and_become_it_as_they_cool() -> None:
    latent = latent_of(LOGITS.expand(500, -1))
    for temperature, close in ((1.0, 0.5), (0.001, 0.98)):
        read: list[torch.Tensor] = []
        at(temperature)(
            torch.zeros(1),
            latent,
            independent(PRIOR),
            lambda z, read=read: (read.append(z), nll(z))[1],
        )
        assert ((read[0][0] > 0.5) == (latent.z > 0.5)).all()
        near = ((read[0][0] - latent.z).abs() < 0.1).float().mean()
        assert (near > close) == (temperature < 0.1)


def test_hard_soft_bits_are_bits_to_the_decoder() -> None:
    latent = latent_of(LOGITS.expand(100, -1).clone().requires_grad_())
    value = at(0.5, hard=True)(torch.zeros(1), latent, independent(PRIOR), nll)
    torch.testing.assert_close(value, nll(latent.z))
    assert value.requires_grad


def test_the_temperature_falls_by_a_constant_factor_and_is_saved() -> None:
    module = estimator("gumbel_sigmoid", start=1.0, end=0.25, steps=100)
    found = []
    for step in (0, 50, 100, 1000):
        module.advance(step)
        found.append(float(module.temperature))
    assert found == pytest.approx([1.0, 0.5, 0.25, 0.25])
    other = estimator("gumbel_sigmoid")
    other.load_state_dict(module.state_dict())
    assert float(other.temperature) == 0.25


def test_log_prob_is_that_of_the_library() -> None:
    logits = torch.tensor([-60.0, -1.0, 0.5, 60.0])
    torch.testing.assert_close(log_prob(CODES, logits), independent(logits).log_prob(CODES))
