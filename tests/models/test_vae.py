"""The VAE: old checkpoints, one table for encoder and decoder, word vectors, fresh weights."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from engine.config import ROOT, ConfigError
from engine.experiment import load_config
from engine.hosting import ModelHost
from engine.models.decoders.vocabulary import vocabulary_nll
from engine.models.vae import ModelConfig, build_model
from engine.runs.store import Run
from tests.models.small import CELLS, H, V, X, Z, model

# What the demonstration run gave when it was made: Return a list of names.
DEMO_CODE = [-0.79202950, -0.05231842, -0.07362022, -0.16238047]
DEMO_NLL, DEMO_KL = 0.57723999, 31.63482857
SHARED = ("yes", "detached")


def place(cell: str):
    return (cell, "zero", True, False)


def test_an_old_checkpoint_opens_with_the_numbers_it_had():
    hosted = ModelHost("cpu").get(Run(ROOT / "assets/demo_run"), "last")
    x = torch.tensor(hosted.tokenizer.encode(["Return a list of names."]))
    z = hosted.model.code(x)
    torch.testing.assert_close(z[0, :4], torch.tensor(DEMO_CODE), rtol=1e-4, atol=1e-5)
    assert hosted.model.decoder.token_nll(x, z).sum().item() == pytest.approx(DEMO_NLL, rel=1e-4)
    assert hosted.model.encode(x).kl.sum().item() == pytest.approx(DEMO_KL, rel=1e-4)


def test_the_weights_of_an_lstm_bear_the_names_of_old_checkpoints():
    of_network = [f"{kind}_{way}_l0" for kind in ("weight", "bias") for way in ("ih", "hh")]
    assert list(model().state_dict()) == [
        "encoder.embedding.weight",
        *(f"encoder.stack.0.0.{name}" for name in of_network),
        "latent.parameters_of.weight",
        "decoder.embedding.weight",
        *(f"decoder.lstm.{name}" for name in of_network),
        "decoder.initial.weight",
        "decoder.output.weight",
    ]


def test_embeddings_are_separate_and_initialised_as_he2019():
    vae = build_model(ModelConfig(), V)
    assert vae.encoder.embedding.weight is not vae.decoder.embedding.weight
    assert 0.05 < vae.encoder.embedding.weight.abs().max() <= 0.1
    assert 0.005 < vae.encoder.stack[0][0].bias_hh_l0.abs().max() <= 0.01
    assert (vae.encoder.embedding.weight[0] == 0).all()


def test_chunks_of_the_vocabulary_product_change_nothing(monkeypatch):
    torch.manual_seed(0)
    states, output, targets = torch.randn(50, H), torch.nn.Linear(H, V), torch.randint(0, V, (50,))
    whole = F.cross_entropy(output(states), targets, reduction="none").detach()
    monkeypatch.setattr("engine.models.decoders.vocabulary.CPU_CHUNK", 7 * V)
    with torch.inference_mode():
        torch.testing.assert_close(vocabulary_nll(states, output, targets), whole)


# -- one table ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("share", SHARED)
def test_a_shared_table_is_the_decoders_and_computes_what_two_equal_ones_do(cell, share):
    shared, two = model(place(cell), share_embedding=share), model(place(cell))
    weights = shared.state_dict()
    assert "encoder.embedding.weight" not in weights
    two.load_state_dict(weights | {"encoder.embedding.weight": weights["decoder.embedding.weight"]})
    torch.testing.assert_close(shared.code(X), two.code(X))


@pytest.mark.parametrize("share", SHARED)
def test_the_decoders_optimiser_has_the_shared_table_and_each_weight_has_one_owner(share):
    vae = model(share_embedding=share)
    inference, generative = vae.inference_parameters(), vae.generative_parameters()
    owned = [id(p) for p in (*inference, *generative)]
    assert len(owned) == len(set(owned)) == len(list(vae.parameters()))
    assert any(p is vae.decoder.embedding.weight for p in generative)


@pytest.mark.parametrize(("share", "moved"), [("yes", True), ("detached", False), ("no", False)])
def test_the_encoder_moves_the_decoders_table_only_where_it_should(share, moved):
    vae = model(share_embedding=share)
    vae.summary(X).sum().backward()
    grad = vae.decoder.embedding.weight.grad
    assert (grad is not None and grad[5:9].all()) if moved else grad is None
    assert all(p.grad.any() for p in vae.encoder.parameters())


def test_an_encoder_only_update_leaves_the_shared_table_alone():
    vae = model(share_embedding="yes")
    vae.decoder.requires_grad_(False)
    latent = vae.encode(X)
    (vae.decoder.token_nll(X, latent.z).sum() + latent.kl.sum()).backward()
    assert vae.decoder.embedding.weight.grad is None
    assert all(p.grad.any() for p in vae.inference_parameters())


@pytest.mark.parametrize("setting", [{"share_embedding": "yes"}, {"word_vectors": "v.txt"}])
def test_one_table_or_file_for_two_widths_is_refused(setting):
    sizes = {"encoder": {"name": "gru", "embedding": 5}, "decoder": {"name": "lstm"}}
    name = next(iter(setting))
    with pytest.raises(ConfigError, match=f"{name} needs .* got 5 .* 512 .*model.encoder.embedd"):
        load_config({"model": sizes | setting})
    with pytest.raises(ConfigError, match="share_embedding"):
        load_config({"model": {"share_embedding": "perhaps"}})


# -- fresh weights and word vectors -------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "kept"),
    [({}, False), ({"share_embedding": "detached"}, True), ({"word_vectors": "v.txt"}, True)],
)
def test_fresh_weights_for_the_decoder_spare_a_table_that_is_shared_or_had_vectors(settings, kept):
    vae = model(**settings)
    before = {name: value.clone() for name, value in vae.decoder.state_dict().items()}
    vae.reset_decoder()
    same = [name for name, value in vae.decoder.state_dict().items() if value.equal(before[name])]
    assert same == (["embedding.weight"] if kept else [])


@pytest.mark.parametrize("share", ["no", "yes"])
def test_words_with_a_vector_begin_with_it_and_others_are_drawn_like_them(share):
    vae = build_model(
        ModelConfig(
            encoder={"name": "gru", "embedding": 2, "hidden": H},
            decoder={"name": "lstm", "embedding": 2, "hidden": H},
            latent={"name": "gaussian", "size": Z},
            share_embedding=share,
        ),
        4000,
    )
    torch.manual_seed(0)
    vectors = torch.randn(4000, 2) * torch.tensor([0.5, 2.0]) + torch.tensor([3.0, -1.0])
    known = torch.arange(4000) % 2 == 1
    vectors[~known] = 99.0
    vae.begin_with(vectors, known)
    table = vae.decoder.embedding.weight.detach()
    assert table[known].equal(vectors[known]) and not table[0].any()
    drawn = table[~known][1:]
    torch.testing.assert_close(drawn.mean(0), torch.tensor([3.0, -1.0]), rtol=0, atol=0.2)
    torch.testing.assert_close(drawn.std(0), torch.tensor([0.5, 2.0]), rtol=0.1, atol=0)
    if share == "no":
        assert vae.encoder.embedding.weight.equal(table)
