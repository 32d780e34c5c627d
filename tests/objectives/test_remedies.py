"""Each remedy's number is its formula's; off it is not there; it says where it cannot work."""

from __future__ import annotations

import math

import pytest
import torch
from pydantic import TypeAdapter
from torch.distributions import Independent, Normal

from engine.config import ConfigError
from engine.metrics import METRICS
from engine.models.decoders.gru import GRUDecoder
from engine.models.decoders.lstm import LSTMDecoder
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.latents.bernoulli import Bernoulli
from engine.models.latents.deterministic import Deterministic
from engine.models.latents.gaussian import Gaussian
from engine.models.latents.vmf import VMF
from engine.models.vae import VAE, ModelConfig, build_model
from engine.objectives.elbo import Objective, ObjectiveConfig
from engine.objectives.remedies import REMEDIES, Forward, Horizon, Remedy
from engine.objectives.remedies.density_gap import density_gap
from tests.precision import bfloat16_autocast

X = torch.tensor([[1, 5, 6, 7, 2], [1, 9, 2, 0, 0], [1, 4, 4, 2, 0]])
HORIZON = Horizon(steps_per_epoch=100, total_steps=1000)
LSTM = LSTMDecoder.Config(embedding=4, hidden=6, dropout_in=0, dropout_out=0)
GRU = GRUDecoder.Config(embedding=4, hidden=6, dropout_in=0, dropout_out=0)
OFF = {
    "kl_floor": {"floor": 0},
    "capacity": {"target": 0, "start": 0},
    "minimum_desired_rate": {"rate": 0},
    "ae_pretraining": {"epochs": 0},
    "mmd": {"weight": 0},
    "info_vae": {"alpha": 0, "divergence_weight": 1},
    "density_gap": {"weight": 0},
    "bag_of_words": {"weight": 0},
    "coupled": {"reconstruction_weight": 0, "match_weight": 0},
    "soft_free_bits": {"target": 0, "start": 1},
}
ON = {
    "kl_floor": {},
    "capacity": {"start": 5},
    "minimum_desired_rate": {},
    "mmd": {"schedule": "sigmoid"},
    "info_vae": {},
    "density_gap": {"group": 2},
    "bag_of_words": {},
    "coupled": {},
    "soft_free_bits": {},
}


def remedy(name: str, horizon: Horizon = HORIZON, **settings) -> Remedy:
    config = TypeAdapter(REMEDIES.union).validate_python({"name": name, **settings})
    return REMEDIES.build(config, horizon)


def tiny(latent=None, decoder=LSTM) -> VAE:
    torch.manual_seed(0)
    config = ModelConfig(
        encoder=LSTMEncoder.Config(embedding=4, hidden=6),
        latent=latent or Gaussian.Config(size=2),
        decoder=decoder,
        initialisation="pytorch",
    )
    return build_model(config, vocab_size=12)


def run(model: VAE, *remedies: dict, step: int = 1, **settings):
    """Loss, terms and the gradient of every weight of the model."""
    objective = Objective(ObjectiveConfig(remedies=remedies, **settings), HORIZON, model)
    torch.manual_seed(3)
    model.zero_grad()
    loss, terms = objective(model, X, step)
    loss.backward()
    gradient = torch.cat(
        [
            (p.grad if p.grad is not None else torch.zeros_like(p)).flatten()
            for p in model.parameters()
        ]
    )
    return loss.detach(), terms, gradient


def forward_of(model: VAE, step: int = 1) -> Forward:
    h = model.summary(X)
    torch.manual_seed(3)
    return Forward(model, X, X[:, :-1], h, model.latent(h), step, 1.0)


def ready(name: str, model: VAE, **settings) -> Remedy:
    """A remedy with its head built for ``model``."""
    rule = remedy(name, **settings)
    rule.head(model)
    return rule


# -- all of them ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OFF)
def test_off_it_leaves_the_plain_elbo_and_its_gradient(name):
    loss, _, gradient = run(tiny())
    off, _, other = run(tiny(), {"name": name, **OFF[name]})
    torch.testing.assert_close(off, loss, rtol=1e-6, atol=0)
    torch.testing.assert_close(other, gradient, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", ON)
def test_on_it_changes_the_gradient_and_what_it_names_is_in_metrics(name):
    _, _, gradient = run(tiny())
    loss, terms, other = run(tiny(), {"name": name, **ON[name]})
    assert not torch.allclose(gradient, other)
    assert terms.keys() <= METRICS.keys()
    named = {"minimum_desired_rate", "mmd", "info_vae", "density_gap", "bag_of_words"}
    named |= {"coupled_reconstruction", "coupled_match"}
    penalties = sum(terms[key] for key in terms.keys() & named)
    total = terms["reconstruction"] + terms["kl_weight"] * terms["kl_charged"] + penalties
    torch.testing.assert_close(total, loss)


@pytest.mark.parametrize("name", ON)
def test_it_works_with_several_samples_and_with_a_batch_of_one(name):
    model = tiny()
    objective = Objective(
        ObjectiveConfig(samples=3, remedies=({"name": name, **ON[name]},)), HORIZON, model
    )
    for x in (X, X[:1]):
        loss, _ = objective(model, x, 1)
        loss.backward()
        assert all(torch.isfinite(p.grad).all() for p in model.parameters())


@pytest.mark.parametrize("name", ON)
def test_it_works_beside_half_precision(name):
    model = tiny()
    objective = Objective(ObjectiveConfig(remedies=({"name": name, **ON[name]},)), HORIZON, model)
    torch.manual_seed(3)
    plain, _ = objective(model, X, 1)
    torch.manual_seed(3)
    with bfloat16_autocast():
        loss, _ = objective(model, X, 1)
    loss.backward()
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, plain, rtol=0.02, atol=0.05)


def test_all_of_them_together_are_one_finite_loss():
    settings = [{"name": name, **ON[name]} for name in ON]
    loss, terms, _ = run(tiny(), *settings)
    assert torch.isfinite(loss) and terms.keys() <= METRICS.keys()


# -- what the KL costs --------------------------------------------------------------------------------


def test_the_floor_reproduces_the_table_of_vae_tensorflow():
    """kl_loss at step 15,000 of 30,000 with a KL of 4, 10 and 12 is 5, 5 and 6."""
    weight = remedy("annealing", start=0, steps=30_000)
    assert [weight.kl_weight(t, 10**6) for t in (3000, 15_000, 30_000, 60_000)] == pytest.approx(
        [0.1, 0.5, 1, 1]
    )
    losses = []
    for total in (4.0, 10.0, 12.0):
        kl = torch.tensor([[total - 1.5, 1.0], [total - 2.0, 2.5]])
        charged = remedy("kl_floor").charge(kl, 15_000)
        losses.append(weight.kl_weight(15_000, 10**6) * charged.sum(-1).mean().item())
    assert losses == pytest.approx([5, 5, 6])


@pytest.mark.parametrize(("floor", "slope"), [(2.0, 0.0), (1.0, 0.5)])
def test_the_floor_takes_the_gradient_below_it_and_leaves_it_above(floor, slope):
    kl = torch.tensor([[0.1, 3.0], [0.5, 0.2]], requires_grad=True)
    remedy("kl_floor", floor=floor).charge(kl, 1).sum(-1).mean().backward()
    torch.testing.assert_close(kl.grad, torch.full((2, 2), slope))


def test_the_capacity_rises_in_a_straight_line_and_costs_on_either_side():
    rule = remedy("capacity", start=1, target=5, steps=100, weight=2)
    assert [rule.readings(t)["capacity"] for t in (25, 50, 100, 500)] == [2, 3, 5, 5]
    kl = torch.tensor([[0.1, 3.0], [0.5, 0.2]], requires_grad=True)  # 1.9 nats in the mean
    costs = [rule.charge(kl, t).sum(-1).mean() for t in (10, 50)]
    assert [c.item() for c in costs] == pytest.approx([2 * (1.9 - 1.4), 2 * (3 - 1.9)])
    signs = [torch.autograd.grad(c, kl)[0].sign().unique().tolist() for c in costs]
    assert signs == [[1], [-1]]


def test_the_price_of_rate_climbs_the_gradient_of_its_own_term():
    rule = remedy("minimum_desired_rate", rate=5, learning_rate=0.1, start=0.7)
    v = torch.tensor(math.log(math.expm1(0.7)), dtype=torch.float64, requires_grad=True)
    for kl in (0.0, 2.0, 9.0, 5.0, 30.0):
        price = torch.nn.functional.softplus(v)
        assert rule.price == pytest.approx(price.item())
        (slope,) = torch.autograd.grad(price * (5 - kl), v)
        v = (v.detach() + 0.1 * slope).requires_grad_()
        rule.after_update({"kl": torch.tensor(kl)})
    assert rule.price == pytest.approx(torch.nn.functional.softplus(v).item())


def test_what_is_missing_costs_its_price_and_what_is_over_pays():
    model = tiny()
    forward = forward_of(model)
    kl = forward.latent.kl.sum(-1).mean().item()
    for rate in (kl + 2, kl - 0.001):
        rule = remedy("minimum_desired_rate", rate=rate, start=1.5)
        term = rule.penalty(forward)["minimum_desired_rate"].item()
        assert term == pytest.approx(1.5 * (rate - kl), rel=1e-3)


@pytest.mark.parametrize("start", [0.001, 1.01, 50.0, 900.0])
def test_a_price_begins_where_it_is_told_and_survives_extremes(start):
    rule = remedy("minimum_desired_rate", start=start, learning_rate=10)
    assert rule.price == pytest.approx(start)
    for _ in range(200):
        rule.after_update({"kl": 1e4})
    assert 0 <= rule.price < 1e-6
    other = remedy("minimum_desired_rate")
    other.restore(rule.state())
    assert other.price == rule.price


def test_the_weight_of_soft_free_bits_follows_the_kl():
    rule = remedy("soft_free_bits", target=8, start=0.5)
    weights = []
    for kl in (7.9, 8.0, 8.3, 8.41, 20.0):
        rule.after_update({"kl": kl})
        weights.append(rule.kl_weight(1, 10))
    assert weights == pytest.approx([0.5 / 1.1] * 3 + [0.5, 0.55])
    for _ in range(100):
        rule.after_update({"kl": 99.0})
    assert rule.kl_weight(1, 10) == 1.0
    for _ in range(200):
        rule.after_update({"kl": 0.0})
    assert rule.kl_weight(1, 10) == 1e-4


# -- the density gap ------------------------------------------------------------------------------


def normal(mean: list[list[float]], deviation: list[list[float]]) -> Independent:
    return Independent(Normal(torch.tensor(mean), torch.tensor(deviation)), 1)


PRIOR = Independent(Normal(torch.zeros(2), torch.ones(2)), 1)


def mean_of(estimate, draws: int) -> tuple[float, float]:
    """Mean and standard error of repeated estimates."""
    values = torch.stack([estimate() for _ in range(draws)])
    return values.mean().item(), values.std().item() / math.sqrt(draws)


def test_groups_of_one_are_the_kl():
    torch.manual_seed(0)
    q = normal([[1.0, -0.5], [0.2, 2.0], [0.0, 0.0]], [[0.5, 1.5], [0.1, 1.0], [1.0, 1.0]])
    exact = torch.distributions.kl_divergence(q, PRIOR).mean().item()
    value, error = mean_of(lambda: density_gap(q, PRIOR, 1, 64), 100)
    assert abs(value - exact) < 4 * error and error < 0.02


def test_a_group_is_the_kl_of_its_mixture_by_numerical_integration():
    """Two posteriors far apart in one unit: a mixture of two, integrated on a grid."""
    torch.manual_seed(0)
    q = normal([[1.0, 0.0], [-1.0, 0.3], [3.0, 0.0]], [[0.3, 1.0], [0.4, 1.0], [0.5, 1.0]])
    grid = torch.linspace(-8, 8, 20_001, dtype=torch.float64)
    standard = Normal(0.0, 1.0).log_prob(grid)

    def gap(rows: list[int]) -> float:
        total = 0.0
        for unit in range(2):
            base = Normal(
                q.mean[rows, unit].double()[:, None], q.stddev[rows, unit].double()[:, None]
            )
            log_q = base.log_prob(grid).logsumexp(0) - math.log(len(rows))
            total += torch.trapezoid(log_q.exp() * (log_q - standard), grid).item()
        return total

    # Three rows in groups of two: the last one is a group of its own.
    exact = (2 * gap([0, 1]) + gap([2])) / 3
    value, error = mean_of(lambda: density_gap(q, PRIOR, 2, 64), 100)
    assert abs(value - exact) < 4 * error and error < 0.02
    assert exact < torch.distributions.kl_divergence(q, PRIOR).mean().item()


def test_joint_densities_and_those_of_the_units_agree_where_there_is_one_unit():
    q = normal([[1.0], [-1.0], [0.5]], [[0.3], [0.4], [1.2]])
    p = Independent(Normal(torch.zeros(1), torch.ones(1)), 1)
    joint = torch.distributions.TransformedDistribution(
        q, [torch.distributions.transforms.AffineTransform(0.0, 1.0, event_dim=1)]
    )
    values = []
    for posterior in (q, joint):
        torch.manual_seed(0)
        values.append(density_gap(posterior, p, 2, 500))
    torch.testing.assert_close(*values)


def test_the_density_gap_of_directions_is_their_kl_where_groups_are_of_one():
    model = tiny(VMF.Config(size=4, kappa=5.0))
    forward = forward_of(model)
    torch.manual_seed(0)
    value, error = mean_of(
        lambda: density_gap(forward.latent.posterior, model.latent.prior, 1, 64).detach(), 100
    )
    assert abs(value - forward.latent.kl.mean().item()) < 4 * error
    whole = density_gap(forward.latent.posterior, model.latent.prior, 3, 2000)
    assert whole.item() < value - 10 * error


def test_the_density_gap_shares_the_kl_and_its_weight():
    model = tiny()
    half = {"name": "density_gap", "weight": 0.25, "group": 2}
    _, plain, _ = run(tiny())
    _, terms, _ = run(model, half, beta=0.5)
    assert terms["kl_charged"].item() == pytest.approx(0.75 * plain["kl"].item())
    _, whole, _ = run(model, half, beta=1.0)
    assert terms["density_gap"].item() == pytest.approx(0.5 * whole["density_gap"].item())


# -- words and first states -----------------------------------------------------------------------


def test_a_code_that_knows_nothing_pays_ln_v_for_every_word_it_should_know():
    model = tiny()
    rule = ready("bag_of_words", model, weight=0.5, hidden=3)
    for weight in rule.head(model).parameters():
        torch.nn.init.zeros_(weight)
    # 4, 2 and 3 words are predicted, end tokens counted.
    term = rule.penalty(forward_of(model))["bag_of_words"].item()
    assert term == pytest.approx(0.5 * math.log(12) * 3)


def test_a_code_that_knows_the_words_pays_for_their_order_only():
    """Logits that name the four words of one sentence leave ln 4 for each."""
    model = tiny()
    rule = ready("bag_of_words", model, weight=1, hidden=3)
    head = rule.head(model)
    for weight in head.parameters():
        torch.nn.init.zeros_(weight)
    head[2].bias.data[[5, 6, 7, 2]] = 50.0
    forward = forward_of(model)
    one = Forward(model, X[:1], X[:1, :-1], forward.h[:1], forward.latent, 1, 1.0)
    one.latent.z = one.latent.z[:1]
    assert rule.penalty(one)["bag_of_words"].item() == pytest.approx(4 * math.log(4), rel=1e-5)


@pytest.mark.parametrize("decoder", [LSTM, GRU], ids=lambda config: config.name)
def test_the_match_is_the_distance_of_first_states(decoder):
    model = tiny(decoder=decoder)
    forward = forward_of(model)
    terms = {}
    for distance in ("imq", "euclidean"):
        rule = ready("coupled", model, path="shared", match_weight=1.0, distance=distance)
        terms[distance] = rule.penalty(forward)["coupled_match"].item()

    def first(z):
        state = model.decoder.start(z)
        return (state[0] if isinstance(state, tuple) else state)[0]

    off = (first(forward.z) - first(model.latent.code(forward.h))).square().sum(-1)
    assert terms["euclidean"] == pytest.approx(off.mean().item(), rel=1e-5)
    scales = (0.1, 0.2, 0.5, 1, 2, 5, 10)
    # The authors' form: -sum C/(C + d), C = 2 Z s; at distance 0 it is -7.
    kernel = sum((4 * s / (4 * s + off)).mean().item() for s in scales)
    assert terms["imq"] == pytest.approx(7 - kernel, rel=1e-4)


def test_the_shared_path_without_noise_has_the_vaes_reconstruction_and_no_distance():
    model = tiny()
    forward = forward_of(model)
    forward.latent.z = model.latent.code(forward.h)
    terms = ready("coupled", model, path="shared").penalty(forward)
    nll = model.decoder.token_nll(X, forward.latent.z).sum(-1).mean()
    torch.testing.assert_close(terms["coupled_reconstruction"], nll)
    assert terms["coupled_match"].item() == pytest.approx(0, abs=1e-9)


def test_the_match_moves_the_vae_alone_and_the_reconstruction_encoder_and_own_decoder():
    model = tiny()
    rule = remedy("coupled")
    head = rule.head(model)
    own = {id(p) for p in head.parameters()}
    assert not own & {id(p) for p in model.parameters()}
    terms = rule.penalty(forward_of(model))
    terms["coupled_match"].backward(retain_graph=True)
    assert all(p.grad is None for p in head.parameters())
    assert model.decoder.initial.weight.grad.abs().sum() > 0
    model.zero_grad()
    terms["coupled_reconstruction"].backward()
    assert all(p.grad is None for p in model.decoder.parameters())
    assert all(p.grad is None for p in model.latent.parameters())
    assert all(p.grad is not None for p in head.parameters())
    assert next(model.encoder.parameters()).grad.abs().sum() > 0


def test_the_second_decoder_begins_with_weights_of_its_own():
    model = tiny()
    head = remedy("coupled").head(model)
    assert not torch.equal(head["decoder"].output.weight, model.decoder.output.weight)


# -- where they cannot work -------------------------------------------------------------------------

DIRECTION = VMF.Config(size=4)
POINT = Deterministic.Config(size=3, tokens=2)
BITS = Bernoulli.Config(size=4)
NO_START = LSTM.model_copy(update={"initial_state": "zero"})


@pytest.mark.parametrize(
    ("name", "latent", "decoder", "words"),
    [
        ("density_gap", POINT, LSTM, "posterior with a density"),
        ("density_gap", BITS, LSTM, "reparameterised"),
        ("mmd", BITS, LSTM, "no gradient goes through"),
        ("info_vae", BITS, LSTM, "no gradient goes through"),
        ("bag_of_words", BITS, LSTM, "no gradient goes through"),
        ("coupled", BITS, LSTM, "no gradient goes through"),
        ("coupled", None, NO_START, "initial state comes from the code"),
        ("aggressive", POINT, LSTM, "mutual information"),
    ],
)
def test_a_remedy_that_cannot_work_says_why(name, latent, decoder, words):
    with pytest.raises(ConfigError, match=words):
        Objective(ObjectiveConfig(remedies=({"name": name},)), HORIZON, tiny(latent, decoder))


@pytest.mark.parametrize(
    ("name", "latent", "warned"),
    [
        ("free_bits", DIRECTION, True),
        ("kl_floor", DIRECTION, True),
        ("minimum_desired_rate", POINT, True),
        ("annealing", POINT, True),
        ("free_bits", None, False),
        ("capacity", BITS, False),
        ("bag_of_words", DIRECTION, False),
        ("mmd", POINT, False),
    ],
)
def test_a_remedy_without_an_effect_is_warned_of(name, latent, warned):
    objective = Objective(ObjectiveConfig(remedies=({"name": name},)), HORIZON, tiny(latent))
    assert (f"{name} has no effect" in " ".join(objective.warnings)) == warned


@pytest.mark.parametrize(
    ("remedy", "told"),
    [
        ({"name": "annealing", "start": 0.0, "steps": 10**6}, "annealing does not end before"),
        ({"name": "annealing", "start": 0.0, "steps": 10}, ""),
        ({"name": "sigmoid_annealing", "midpoint": 10**6}, "only reaches"),
        ({"name": "capacity", "target": 5, "steps": 10**6}, "target only reaches"),
        ({"name": "capacity", "target": 5, "steps": 10}, ""),
        ({"name": "cyclical_annealing"}, ""),
    ],
)
def test_a_schedule_that_outlasts_the_run_is_told(remedy, told):
    warnings = Objective(ObjectiveConfig(remedies=(remedy,)), HORIZON).warnings
    assert (told in " ".join(warnings)) if told else warnings == []


VIMCO = {"name": "bernoulli", "size": 4, "estimator": {"name": "vimco"}}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"beta": 0.5}, "beta"),
        ({"remedies": ({"name": "annealing"},)}, "annealing"),
        ({"remedies": ({"name": "free_bits"},)}, "free_bits"),
        ({"remedies": ({"name": "minimum_desired_rate"},)}, "minimum_desired_rate"),
        ({"remedies": ({"name": "ae_pretraining", "epochs": 1},)}, "ae_pretraining"),
    ],
)
def test_a_bound_that_holds_the_kl_takes_no_other_weight_of_it(changes, named):
    with pytest.raises(ConfigError, match=f"weight 1, .*got {named}: leave"):
        Objective(ObjectiveConfig(**changes), HORIZON, tiny(VIMCO))


def test_a_bound_that_holds_the_kl_goes_with_what_leaves_it_alone():
    Objective(ObjectiveConfig(remedies=({"name": "word_dropout"},)), HORIZON, tiny(VIMCO))
    Objective(ObjectiveConfig(), HORIZON, tiny(VIMCO))


def test_the_density_gap_takes_its_share_of_what_others_made_of_the_kl():
    model, x = tiny(), X[:1].expand(2, -1)
    kl = float(model.encode(x).kl.sum(-1).mean().detach())
    target = 0.75 * kl  # the sentence is over it, and half of what it has is not
    parts = [
        {"name": "free_bits", "variant": "sentence-total", "target": target},
        {"name": "density_gap", "weight": 0.5, "group": 1},
    ]
    for remedies in (parts, parts[::-1]):
        objective = Objective(ObjectiveConfig(remedies=remedies), HORIZON, model)
        assert float(objective(model, x, 1)[1]["kl_charged"]) == pytest.approx(0.5 * kl)


def test_a_desired_rate_is_weighed_like_the_kl():
    parts = ({"name": "minimum_desired_rate", "rate": 5}, {"name": "annealing", "start": 0.25})
    model, x = tiny(), torch.tensor([[1, 4, 5, 2], [1, 5, 4, 2]])
    objective = Objective(ObjectiveConfig(remedies=parts), HORIZON, model)
    _, terms = objective(model, x, 1)
    expected = terms["kl_weight"] * 1.01 * (5 - terms["kl"])
    torch.testing.assert_close(terms["minimum_desired_rate"], expected)
    assert terms["kl_weight"] < 0.3


def test_a_cycle_has_room_for_its_parts():
    with pytest.raises(ValueError, match="together they are 1.5"):
        remedy("cyclical_annealing", zero=0.6, ramp=0.9)


def test_the_coupled_decoder_begins_with_the_word_vectors_and_nothing_else_of_the_model():
    model = tiny()
    model.keep_embedding = True
    head = Objective(ObjectiveConfig(remedies=({"name": "coupled"},)), HORIZON, model).heads[
        "coupled"
    ]
    theirs, ours = head["decoder"].state_dict(), model.decoder.state_dict()
    assert [name for name in ours if torch.equal(ours[name], theirs[name])] == ["embedding.weight"]


def test_looking_at_the_model_leaves_no_trace():
    model = tiny()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    Objective(ObjectiveConfig(remedies=({"name": "mmd"},)), HORIZON, model)
    assert torch.equal(torch.rand(3), expected) and model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_info_vae_pushes_nothing_away_from_the_prior():
    with pytest.raises(ValueError, match="at least 1"):
        remedy("info_vae", alpha=0.2, divergence_weight=0.5)


def test_two_terms_of_one_name_are_no_silent_loss():
    from engine.objectives.elbo import _joined

    with pytest.raises(ValueError, match="called mmd"):
        _joined([{"mmd": torch.tensor(1.0)}, {"mmd": torch.tensor(2.0)}])
