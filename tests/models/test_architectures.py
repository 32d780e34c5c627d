"""Every encoder and decoder in every form: the same alone and together, step by step and at once."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from engine.data.batches import Batches, Tokens
from engine.decoding import DecodingConfig
from engine.decoding.search import decode, log_likelihood
from engine.evaluation.report import evaluate
from engine.experiment import build, load_config
from engine.models.decoders import DECODERS
from engine.models.encoders import ENCODERS
from engine.models.latents import LATENTS
from engine.models.vae import VAE
from engine.training.loop import train
from tests.evaluation.tiny import random_pictures, random_tokens
from tests.models.parts import (
    DECODER_FORMS,
    DECODER_SIZES,
    ENCODER_FORMS,
    ENCODER_SIZES,
    PICTURES,
    SIDE,
    TINY_BERT,
    X,
    codes,
    decoder_config,
    encoder_config,
    forms,
    model_of,
    pair_of,
    rows_for,
)
from tests.precision import bfloat16_autocast

every_encoder = pytest.mark.parametrize(("name", "settings"), forms(ENCODER_FORMS))
every_decoder = pytest.mark.parametrize(("name", "settings"), forms(DECODER_FORMS))


def encoder_of(name: str, settings: dict[str, Any]) -> Any:
    return model_of(encoder_config(name, **settings)).eval().encoder


def decoder_of(name: str, settings: dict[str, Any]) -> Any:
    return model_of(decoder=decoder_config(name, **settings)).eval().decoder


def test_every_registered_part_is_tested():
    assert set(ENCODER_FORMS) == set(ENCODER_SIZES) == set(ENCODERS)
    assert set(DECODER_FORMS) == set(DECODER_SIZES) == set(DECODERS)


# -- encoders -----------------------------------------------------------------------------------


@every_encoder
def test_padding_never_leaks_into_a_summary(name, settings):
    read = encoder_of(name, settings)
    x = rows_for(name)
    together = read(x)
    assert together.shape == (3, read.size) and together.isfinite().all()
    for row, sentence in enumerate(x):
        alone = read(sentence[sentence > 0][None])[0]
        torch.testing.assert_close(alone, together[row])
    if name in PICTURES:  # pictures are not padded, and their parts have no table
        return
    table = read.model.get_input_embeddings() if name == "pretrained" else read.embedding
    with torch.no_grad():
        table.weight[0] = 100.0
    torch.testing.assert_close(read(X), together)


@every_encoder
def test_an_encoder_without_a_table_reads_the_one_it_is_handed(name, settings):
    if name == "pretrained" or name in PICTURES:
        with pytest.raises(ValueError, match="share_embedding needs word embeddings"):
            model_of(encoder_config(name), share_embedding="yes")
        return
    own = encoder_of(name, settings)
    decoder = decoder_config("lstm", embedding=own.embedding.embedding_dim)
    vae = model_of(encoder_config(name, **settings), decoder, share_embedding="yes")
    handed = vae.encoder
    handed.load_state_dict({k: v for k, v in own.state_dict().items() if "embedding" not in k})
    table = own.embedding.weight.detach().requires_grad_()
    torch.testing.assert_close(handed(X, table), own(X))
    handed(X, table).square().sum().backward()
    assert table.grad[5:9].abs().sum() > 0 and not table.grad[0].any()


# -- decoders -----------------------------------------------------------------------------------


@every_decoder
def test_step_by_step_gives_the_teacher_forced_likelihood(name, settings):
    decoder, x = decoder_of(name, settings), rows_for(name)
    state, steps = decoder.start(codes(3)), []
    for t in range(x.shape[1] - 1):
        logits, state = decoder.step(x[:, t], state)
        assert logits.dtype == torch.float32
        steps.append(F.cross_entropy(logits, x[:, t + 1], reduction="none", ignore_index=0))
    torch.testing.assert_close(torch.stack(steps, 1), decoder.token_nll(x, codes(3)))


@every_decoder
def test_padding_changes_no_likelihood(name, settings):
    decoder, z, x = decoder_of(name, settings), codes(3), rows_for(name)
    for row, sentence in enumerate(x):
        alone = sentence[sentence > 0][None]
        nll = decoder.token_nll(x[row : row + 1], z[row : row + 1])[0]
        short = decoder.token_nll(alone, z[row : row + 1])[0]
        torch.testing.assert_close(short, nll[: alone.shape[1] - 1])
        assert (nll[alone.shape[1] - 1 :] == 0).all()


@every_decoder
def test_several_samples_are_the_same_as_one_after_the_other(name, settings):
    decoder, z, x = decoder_of(name, settings), codes(4, 3), rows_for(name)
    together = decoder.token_nll(x, z)
    torch.testing.assert_close(together, torch.stack([decoder.token_nll(x, one) for one in z]))
    with torch.inference_mode():
        torch.testing.assert_close(decoder.token_nll(x, z), together)


@every_decoder
def test_select_gathers_rows_and_spares_what_it_gathers_from(name, settings):
    decoder = decoder_of(name, settings)
    _, state = decoder.step(torch.tensor([1, 1, 1]), decoder.start(codes(3)))
    index = torch.tensor([2, 0, 2])
    chosen = decoder.select(state, index)
    logits, _ = decoder.step(torch.tensor([5, 5, 5]), state)
    selected, _ = decoder.step(torch.tensor([5, 5, 5]), chosen)
    torch.testing.assert_close(selected, logits[index])


@every_decoder
def test_the_code_matters(name, settings):
    decoder, x = decoder_of(name, settings), rows_for(name)
    a, b = (decoder.token_nll(x, z) for z in (torch.zeros(3, 4), torch.ones(3, 4)))
    certain = 2 if name in PICTURES else 0  # a picture ends where it must, whatever the code
    assert (a != b)[x[:, 1:] > certain].all()


@every_decoder
@pytest.mark.parametrize("strategy", ["greedy", "beam"])
def test_sentences_decoded_together_are_those_decoded_alone(name, settings, strategy):
    vae, z = surer(model_of(decoder=decoder_config(name, **settings))), 3 * codes(12)
    config = DecodingConfig(strategy=strategy, max_tokens=8, length_penalty=0.6, beam=3)
    written = decode(vae, z, config)
    assert written == [decode(vae, one[None], config)[0] for one in z]
    assert log_likelihood(vae, z, written).isfinite().all()


@every_decoder
def test_a_beam_of_one_is_greedy_until_it_ends_and_sampling_obeys_the_seed(name, settings):
    vae, z = surer(model_of(decoder=decoder_config(name, **settings))), 3 * codes(12)
    drawn = DecodingConfig(strategy="sample", max_tokens=8, seed=3)
    assert decode(vae, z, drawn) == decode(vae, z, drawn)
    cold = DecodingConfig(strategy="sample", max_tokens=8, temperature=0.0001)
    assert decode(vae, z, cold) == decode(vae, z, DecodingConfig(max_tokens=8))


# A softmax over one state of the memory is 1, whatever is asked of it: no gradient, but for rounding.
QUESTIONS = (
    "layer.1.EncDecAttention.q.weight",
    "EncDecAttention.k.weight",
    "layer.1.layer_norm.weight",
)


@every_decoder
def test_half_precision_is_close_in_likelihood_and_reaches_every_weight(name, settings):
    vae, z = model_of(decoder=decoder_config(name, **settings)), codes(2, 3)
    x = rows_for(name)
    with bfloat16_autocast():
        nll = vae.decoder.token_nll(x, z)
    nll.sum().backward()
    assert nll.dtype == torch.float32
    torch.testing.assert_close(nll, vae.decoder.token_nll(x, z), rtol=0.03, atol=0.05)
    idle = QUESTIONS if settings.get("upsample") == 1 else ()
    assert [n for n in without_gradient(vae.decoder) if not n.endswith(idle)] == []


def surer(vae: VAE) -> VAE:
    """A random decoder that now and then ends."""
    with torch.no_grad():
        for parameter in vae.decoder.parameters():
            parameter.mul_(2)
    return vae.eval()


def without_gradient(module: torch.nn.Module) -> list[str]:
    return [n for n, p in module.named_parameters() if p.grad is None or not p.grad.any()]


PAIRS = [
    (encoder, decoder)
    for encoder, decoder in itertools.product(ENCODERS, DECODERS)
    if (encoder in PICTURES) == (decoder in PICTURES)
]


# -- together -----------------------------------------------------------------------------------


@pytest.mark.parametrize("initialisation", ["pytorch", "he2019"])
@pytest.mark.parametrize(("encoder", "decoder"), PAIRS)
def test_every_pair_learns_and_every_weight_gets_a_gradient(encoder, decoder, initialisation):
    parts, losses = trained(encoder, decoder, "gaussian", 12, initialisation=initialisation)
    assert without_gradient(parts.model) == []
    assert losses[-1] < losses[0] and all(map(math.isfinite, losses))


@pytest.mark.parametrize("latent", LATENTS)
@pytest.mark.parametrize("name", sorted({*ENCODERS, *DECODERS} - {"gru", "lstm"}))
def test_every_architecture_goes_with_every_family(name, latent):
    parts, losses = trained(*pair_of(name), latent, 3)
    assert all(map(math.isfinite, losses))
    x = torch.from_numpy(tokens_for(name).rows(range(3)))
    assert len(decode(parts.model, parts.model.code(x), DecodingConfig(max_tokens=5))) == 3


@pytest.mark.parametrize("name", sorted({*ENCODERS, *DECODERS} - {"gru", "lstm"}))
def test_a_stop_in_the_middle_changes_nothing(name, tmp_path):
    config = experiment(*pair_of(name), "gaussian", 8, dropout=0.2)
    whole, _ = run(config, 8)
    first, _ = run(config, 5)
    first.state.save(tmp_path)
    second = build(config, 12, 3)
    second.state.load(tmp_path)
    batches = Batches(tokens_for(name), 16, 0)
    list(train(second.state, batches, lambda model: {"reconstruction": 0.0}))
    for key, value in whole.model.state_dict().items():
        assert torch.equal(value, second.model.state_dict()[key]), key


def tokens_for(name: str) -> Tokens:
    if name in PICTURES:
        return random_pictures(48, side=SIDE)
    return random_tokens(48, longest=5, vocab=12)


def experiment(encoder: str, decoder: str, latent: str, steps: int, **settings: Any) -> Any:
    adam = {"name": "adam", "learning_rate": 0.01}
    parts: dict[str, dict[str, Any]] = {
        "encoder": {"name": encoder} | ENCODER_SIZES[encoder],
        "decoder": {"name": decoder} | DECODER_SIZES[decoder],
    }
    if dropout := settings.pop("dropout", 0):
        for part in parts.values():
            part.update({key: dropout for key in part if key.startswith("dropout")})
    special = {
        "pretrained": {"kind": "pretrained", "source": TINY_BERT},
        "resnet": {"kind": "pixels", "side": SIDE},
    }
    return load_config(
        {
            "tokenizer": special.get(encoder, {}),
            "data": {"max_tokens": SIDE**2 if encoder in PICTURES else 8},
            "model": {**parts, "latent": {"name": latent, "size": 4}, "initialisation": "pytorch"}
            | settings,
            "training": {
                "batch_size": 16,
                "epochs": 100,
                "max_steps": steps,
                "encoder_optimiser": adam,
                "decoder_optimiser": adam,
                "log_every": 1,
                "plateau": None,
                "device": "cpu",
                "precision": "float32",
            },
        }
    )


def run(config: Any, steps: int) -> tuple[Any, list[float]]:
    tokens = tokens_for(config.model.encoder.name)
    batches = Batches(tokens, config.training.batch_size, 0)
    parts = build(config, 12, len(batches))
    records = []
    for record in train(parts.state, batches, lambda m: evaluate(m, tokens).scalars):
        records.append(record)
        if parts.state.step >= steps and "train/loss" in record:
            break
    return parts, [r["train/loss"] for r in records if "train/loss" in r]


def trained(
    encoder: str, decoder: str, latent: str, steps: int, **settings: Any
) -> tuple[Any, list[float]]:
    return run(experiment(encoder, decoder, latent, steps, **settings), steps)
