"""The LSTM VAE: wired as system A, deaf to padding, the same step by step as in one pass."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from engine.models.decoders.lstm import LSTMDecoder
from engine.models.decoders.vocabulary import vocabulary_nll
from engine.models.encoders.lstm import LSTMEncoder
from engine.models.latents.gaussian import Gaussian
from engine.models.vae import ModelConfig, build_model

V, E, H, Z = 17, 5, 7, 3
X = torch.tensor([[1, 5, 6, 7, 8, 2], [1, 9, 2, 0, 0, 0], [1, 4, 4, 16, 2, 0]])


def model(
    layers: int = 1, bidirectional: bool = False, dropout: float = 0.0, summary: str = "last"
):
    torch.manual_seed(1)
    config = ModelConfig(
        encoder=LSTMEncoder.Config(
            embedding=E, hidden=H, layers=layers, bidirectional=bidirectional, summary=summary
        ),
        latent=Gaussian.Config(size=Z),
        decoder=LSTMDecoder.Config(
            embedding=E, hidden=H, layers=layers, dropout_in=dropout, dropout_out=dropout
        ),
        initialisation="pytorch",
    )
    return build_model(config, V)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("summary", ["last", "max", "mean"])
def test_padding_changes_nothing(layers, bidirectional, summary):
    vae = model(layers, bidirectional, summary=summary)
    together = vae.code(X)
    for row, sentence in enumerate(X):
        alone = sentence[sentence > 0][None]
        torch.testing.assert_close(vae.code(alone)[0], together[row])
        z = together[row : row + 1]
        nll = vae.decoder.token_nll(X[row : row + 1], z)[0]
        torch.testing.assert_close(vae.decoder.token_nll(alone, z)[0], nll[: alone.shape[1] - 1])
        assert (nll[alone.shape[1] - 1 :] == 0).all()


@pytest.mark.parametrize("layers", [1, 2])
def test_two_directions_are_those_of_the_library_on_packed_sentences(layers):
    encoder = model(layers, bidirectional=True).encoder
    oracle = torch.nn.LSTM(E, H, layers, batch_first=True, bidirectional=True)
    for number, layer in enumerate(encoder.stack):
        for lstm, suffix in zip(layer, ("", "_reverse"), strict=True):
            for name, value in lstm.named_parameters():
                getattr(oracle, name.replace("l0", f"l{number}") + suffix).data = value.data
    lengths = (X > 0).sum(1)
    packed = pack_padded_sequence(encoder.embedding(X), lengths, True, enforce_sorted=False)
    _, (h, _) = oracle(packed)
    torch.testing.assert_close(encoder(X), torch.cat([h[-2], h[-1]], -1))


@pytest.mark.parametrize("layers", [1, 2])
def test_step_by_step_gives_the_teacher_forced_likelihood(layers):
    vae = model(layers).eval()
    z = torch.randn(3, Z)
    state, steps = vae.decoder.start(z), []
    for t in range(X.shape[1] - 1):
        logits, state = vae.decoder.step(X[:, t], state)
        steps.append(F.cross_entropy(logits, X[:, t + 1], reduction="none", ignore_index=0))
    torch.testing.assert_close(torch.stack(steps, 1), vae.decoder.token_nll(X, z))


def test_the_initial_state_is_w_z_and_its_tanh():
    decoder = model().decoder
    z = torch.randn(4, Z)
    h, c, kept = decoder.start(z)
    torch.testing.assert_close(c[0], z @ decoder.initial.weight.T)
    torch.testing.assert_close(h, torch.tanh(c))
    assert decoder.initial.bias is None and decoder.output.bias is None and kept is z


def test_z_reaches_every_step_and_not_only_the_first():
    decoder = model().decoder
    with torch.no_grad():
        decoder.initial.weight.zero_()
    a, b = decoder.token_nll(X, torch.zeros(3, Z)), decoder.token_nll(X, torch.ones(3, Z))
    assert (a != b)[X[:, 1:] > 0].all()


def test_several_samples_are_the_same_as_one_after_the_other():
    vae = model().eval()
    z = torch.randn(4, 3, Z)
    torch.testing.assert_close(
        vae.decoder.token_nll(X, z), torch.stack([vae.decoder.token_nll(X, one) for one in z])
    )


def test_select_gathers_rows():
    decoder = model(layers=2).eval().decoder
    _, state = decoder.step(torch.tensor([1, 1, 1]), decoder.start(torch.randn(3, Z)))
    index = torch.tensor([2, 0])
    logits, _ = decoder.step(torch.tensor([5, 5, 5]), state)
    selected, _ = decoder.step(torch.tensor([5, 5]), decoder.select(state, index))
    torch.testing.assert_close(selected, logits[index])


def test_embeddings_are_separate_and_initialised_as_he2019():
    vae = build_model(ModelConfig(), V)
    assert vae.encoder.embedding.weight is not vae.decoder.embedding.weight
    assert 0.05 < vae.encoder.embedding.weight.abs().max() <= 0.1
    assert 0.005 < vae.encoder.stack[0][0].bias_hh_l0.abs().max() <= 0.01
    assert (vae.encoder.embedding.weight[0] == 0).all()


def test_every_parameter_gets_a_gradient():
    vae = model(layers=2, bidirectional=True)
    latent = vae.encode(X)
    (vae.decoder.token_nll(X, latent.z).sum() + latent.kl.sum()).backward()
    assert [name for name, p in vae.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_dropout_acts_in_training_only():
    vae = model(dropout=0.5)
    z = torch.zeros(3, Z)
    assert (vae.decoder.token_nll(X, z) != vae.decoder.token_nll(X, z)).any()
    vae.eval()
    torch.testing.assert_close(vae.decoder.token_nll(X, z), vae.decoder.token_nll(X, z))


def test_chunks_of_the_vocabulary_product_change_nothing(monkeypatch):
    torch.manual_seed(0)
    states, output, targets = torch.randn(50, H), torch.nn.Linear(H, V), torch.randint(0, V, (50,))
    whole = F.cross_entropy(output(states), targets, reduction="none").detach()
    monkeypatch.setattr("engine.models.decoders.vocabulary.CPU_CHUNK", 7 * V)
    with torch.inference_mode():
        torch.testing.assert_close(vocabulary_nll(states, output, targets), whole)
