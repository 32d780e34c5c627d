"""Recurrent decoders: z where it should be and nowhere else, and the same step by step as in one pass."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from engine.config import ConfigError
from engine.decoding import DecodingConfig
from engine.decoding.search import decode, log_likelihood
from engine.experiment import load_config
from tests.models.small import CELLS, PLACES, H, V, X, Z, decoder_config, model
from tests.precision import bfloat16_autocast

INSIDE = X[:, 1:] > 0
every_place = pytest.mark.parametrize("place", PLACES, ids=lambda p: "-".join(map(str, p)))


def codes(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, Z, generator=torch.Generator().manual_seed(5))


@every_place
@pytest.mark.parametrize("layers", [1, 2])
def test_step_by_step_gives_the_teacher_forced_likelihood(place, layers):
    decoder = model(place, decoder={"layers": layers}).decoder
    state, steps = decoder.start(codes(3)), []
    for t in range(X.shape[1] - 1):
        logits, state = decoder.step(X[:, t], state)
        steps.append(F.cross_entropy(logits, X[:, t + 1], reduction="none", ignore_index=0))
    torch.testing.assert_close(torch.stack(steps, 1), decoder.token_nll(X, codes(3)))


@every_place
def test_padding_changes_nothing(place):
    decoder, z = model(place).decoder, codes(3)
    for row, sentence in enumerate(X):
        alone = sentence[sentence > 0][None]
        nll = decoder.token_nll(X[row : row + 1], z[row : row + 1])[0]
        short = decoder.token_nll(alone, z[row : row + 1])[0]
        torch.testing.assert_close(short, nll[: alone.shape[1] - 1])
        assert (nll[alone.shape[1] - 1 :] == 0).all()


@every_place
def test_several_samples_are_the_same_as_one_after_the_other(place):
    decoder, z = model(place).decoder, codes(4, 3)
    together = decoder.token_nll(X, z)
    torch.testing.assert_close(together, torch.stack([decoder.token_nll(X, one) for one in z]))
    with torch.inference_mode():
        torch.testing.assert_close(decoder.token_nll(X, z), together)


@every_place
def test_select_gathers_rows(place):
    decoder = model(place, decoder={"layers": 2}).decoder
    _, state = decoder.step(torch.tensor([1, 1, 1]), decoder.start(codes(3)))
    index = torch.tensor([2, 0])
    logits, _ = decoder.step(torch.tensor([5, 5, 5]), state)
    selected, _ = decoder.step(torch.tensor([5, 5]), decoder.select(state, index))
    torch.testing.assert_close(selected, logits[index])


@every_place
def test_every_parameter_gets_a_gradient(place):
    vae = model(place, {"layers": 2, "bidirectional": True}, {"layers": 2, "output_bias": True})
    latent = vae.encode(X)
    (vae.decoder.token_nll(X, latent.z).sum() + latent.kl.sum()).backward()
    assert [name for name, p in vae.named_parameters() if p.grad is None or not p.grad.any()] == []


@every_place
@pytest.mark.parametrize("strategy", ["greedy", "beam"])
def test_sentences_decoded_together_are_those_decoded_alone(place, strategy):
    vae, z = model(place), 3 * codes(20)
    with torch.no_grad():
        for parameter in vae.decoder.parameters():
            parameter.mul_(2)
        vae.decoder.output.weight.mul_(3)
        vae.decoder.output.weight[2] = 0
    config = DecodingConfig(strategy=strategy, max_tokens=8, length_penalty=0.6)
    written = decode(vae, z, config)
    assert written == [decode(vae, one[None], config)[0] for one in z]
    assert len({tuple(sentence) for sentence in written}) > 1
    assert log_likelihood(vae, z, written).isfinite().all()


@every_place
def test_half_precision_is_close_in_likelihood_and_reaches_every_weight(place):
    vae, z = model(place), codes(2, 3)
    with bfloat16_autocast():
        nll = vae.decoder.token_nll(X, z)
    nll.sum().backward()
    assert nll.dtype == torch.float32
    torch.testing.assert_close(nll, vae.decoder.token_nll(X, z), rtol=0.02, atol=0.02)
    assert all(p.grad.any() for p in vae.decoder.parameters())


# -- where z enters -----------------------------------------------------------------------------


def initial_states(place):
    decoder = model(place, decoder={"layers": 2}).decoder
    *states, kept = decoder.start(z := codes(4))
    assert kept is z
    if decoder.initial is None:
        return states, None
    bias = 0 if decoder.initial.bias is None else decoder.initial.bias
    projected = z @ decoder.initial.weight.T + bias
    return states, torch.stack(projected.split(H, 1))


def test_he2019_begins_with_c_the_projection_without_bias_and_h_its_tanh():
    (h, c), projected = initial_states(("lstm", "he2019", True, False))
    torch.testing.assert_close(c, projected)
    torch.testing.assert_close(h, torch.tanh(projected))
    decoder = model().decoder
    assert decoder.initial.bias is None and decoder.output.bias is None


def test_a_shared_first_state_is_the_tanh_of_the_projection_for_h_and_c():
    (h, c), projected = initial_states(("lstm", "shared", True, False))
    torch.testing.assert_close(h, torch.tanh(projected))
    torch.testing.assert_close(c, h)


@pytest.mark.parametrize(("form", "apply"), [("linear", lambda x: x), ("tanh", torch.tanh)])
def test_a_gru_begins_with_the_projection_with_or_without_tanh(form, apply):
    (h,), projected = initial_states(("gru", form, True, False))
    torch.testing.assert_close(h, apply(projected))


@every_place
def test_z_enters_the_first_state_only_where_it_should(place):
    decoder = model(place).decoder
    (*a, _), (*b, _) = decoder.start(torch.zeros(1, Z)), decoder.start(torch.ones(1, Z))
    for one, other in zip(a, b, strict=True):
        assert (one == other).all() == (place[1] == "zero")
    if place[1] == "zero":
        assert not any(part.any() for part in a)


@every_place
def test_z_enters_steps_and_output_only_where_it_should(place):
    """Two rows with the same first state and another z: what of a step differs, and by how much?"""
    decoder, z = model(place).decoder, codes(2)
    *states, _ = decoder.start(codes(1).expand(2, -1))
    logits, (*after, _) = decoder.step(torch.tensor([5, 5]), (*states, z))
    every, output = place[2:]
    # Equal rows of a matrix product may differ in the last bit: kernels take rows in groups.
    assert torch.allclose(*after[0].unbind(1), atol=1e-6) != every
    assert torch.allclose(*logits, atol=1e-6) != (every or output)
    if output and not every:
        skipped = decoder.output.weight[:, H:]
        torch.testing.assert_close(logits[0] - logits[1], skipped @ (z[0] - z[1]))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("kept", ["first state", "steps", "output"])
def test_each_way_alone_reaches_every_token_and_without_any_z_is_lost(cell, kept):
    decoder = model(next(p for p in PLACES if p[0] == cell and p[2] and p[3])).decoder
    network = getattr(decoder, cell)
    ways = {
        "first state": decoder.initial.weight,
        "steps": network.weight_ih_l0[:, -Z:],
        "output": decoder.output.weight[:, -Z:],
    }
    with torch.no_grad():
        for name, weights in ways.items():
            if name != kept:
                weights.zero_()
        a, b = (decoder.token_nll(X, z) for z in (torch.zeros(3, Z), torch.ones(3, Z)))
        assert (a != b)[INSIDE].all()
        ways[kept].zero_()
        a, b = (decoder.token_nll(X, z) for z in (torch.zeros(3, Z), torch.ones(3, Z)))
        assert (a == b).all()


@pytest.mark.parametrize("cell", CELLS)
def test_a_decoder_without_z_is_refused_and_the_ways_are_named(cell):
    closed = {"initial_state": "zero", "z_every_step": False}
    with pytest.raises(ConfigError, match=f"model.decoder.{cell}: .*initial_state.*z_output$"):
        load_config({"model": {"decoder": {"name": cell} | closed}})
    assert decoder_config((cell, "zero", False, True)).z_output


# -- output -------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_an_output_bias_raises_one_words_probability_everywhere(cell):
    place = (cell, "zero", True, False)
    plain, biased = model(place).decoder, model(place, decoder={"output_bias": True}).decoder
    biased.load_state_dict(plain.state_dict() | {"output.bias": 2 * F.one_hot(torch.tensor(5), V)})
    tokens = torch.tensor([1, 4, 9])
    before, _ = plain.step(tokens, plain.start(codes(3)))
    after, _ = biased.step(tokens, biased.start(codes(3)))
    torch.testing.assert_close(after - before, 2.0 * F.one_hot(torch.full((3,), 5), V))


@pytest.mark.parametrize("where", ["dropout_in", "dropout_out"])
@pytest.mark.parametrize("cell", CELLS)
def test_dropout_acts_in_training_only(cell, where):
    decoder = model((cell, "zero", True, True), decoder={where: 0.5}).decoder
    z = torch.zeros(3, Z)
    assert (decoder.token_nll(X, z) != decoder.token_nll(X, z)).any()
    decoder.eval()
    torch.testing.assert_close(decoder.token_nll(X, z), decoder.token_nll(X, z))


@pytest.mark.parametrize("cell", CELLS)
def test_dropout_spares_z_on_its_way_to_the_output(cell):
    decoder = model((cell, "zero", False, True), decoder={"dropout_out": 0.9}).decoder
    with torch.no_grad():
        decoder.output.weight[:, :H] = 0
    torch.testing.assert_close(decoder.token_nll(X, codes(3)), decoder.token_nll(X, codes(3)))
