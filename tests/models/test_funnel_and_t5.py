"""Funnel and T5: latent tokens each from their own position, and T5's memory and checkpoints."""

from __future__ import annotations

import pytest
import torch

from engine.config import ConfigError
from engine.experiment import load_config
from engine.models.latents.deterministic import Deterministic
from tests.models.parts import H, X, codes, decoder_config, encoder_config, model_of

TOKENS = {"name": "deterministic", "size": 3, "tokens": 2}


def tokens_model(**settings):
    vae = model_of(encoder_config("funnel"), decoder_config("t5", **settings), TOKENS)
    return vae.eval()


def test_each_latent_token_comes_from_its_own_position_with_one_matrix():
    vae = tokens_model()
    latent = vae.latent
    assert isinstance(latent, Deterministic) and latent.codes_of.weight.shape == (3, H)
    h = vae.summary(X)
    expected = [latent.codes_of(part).tanh() for part in h.split(H, 1)]
    torch.testing.assert_close(vae.code(X), torch.cat(expected, 1))


def test_another_number_of_latent_tokens_is_made_from_everything():
    vae = model_of(encoder_config("funnel"), latent=TOKENS | {"tokens": 3})
    assert vae.latent.codes_of.weight.shape == (9, 2 * H) and vae.code(X).shape == (3, 9)


def test_the_memory_holds_the_first_token_once_the_others_repeated_and_rows_of_zeros():
    vae = tokens_model(upsample=4)
    memory = vae.decoder.start(vae.code(X)).memory
    assert memory.shape[1] == 1 + 4 + 3
    assert not memory[:, 5:].any() and (memory[:, 1:5] == memory[:, 1:2]).all()
    assert not torch.allclose(memory[:, 0], memory[:, 1])
    five = model_of(latent=TOKENS | {"tokens": 5}, decoder=decoder_config("t5", upsample=4))
    assert five.decoder.start(torch.zeros(1, 15)).memory.shape[1] == 20  # transformer-vae's


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_checkpoints_change_neither_outputs_nor_gradients(dropout):
    def result(encoder: bool, decoder: int) -> torch.Tensor:
        vae = model_of(
            encoder_config("funnel", checkpoint=encoder, dropout=dropout),
            decoder_config("t5", checkpoint_every=decoder, dropout=dropout),
        ).train()
        torch.manual_seed(2)
        nll = vae.decoder.token_nll(X, vae.code(X))
        nll.sum().backward()
        grads = [p.grad.flatten() for p in vae.parameters() if p.grad is not None]
        return torch.cat([nll.detach().flatten(), *grads])

    plain = result(False, 0)
    for encoder, decoder in ((True, 0), (False, 1), (True, 2)):
        torch.testing.assert_close(result(encoder, decoder), plain)


def test_fresh_weights_are_t5s_own():
    vae = model_of(decoder=decoder_config("t5", embedding=64, heads=8, head_width=16))
    before = vae.decoder.stack.block[0].layer[0].SelfAttention.q.weight.detach().clone()
    vae.reset_decoder()
    fresh = vae.decoder.stack.block[0].layer[0].SelfAttention.q.weight
    assert not fresh.equal(before)
    assert fresh.std().item() == pytest.approx((64 * 16) ** -0.5, rel=0.1)
    assert vae.decoder.embedding.weight[1:].std().item() == pytest.approx(1, rel=0.1)
    assert not vae.decoder.embedding.weight[0].any()


def test_a_width_that_heads_cannot_share_is_refused():
    with pytest.raises(ConfigError, match="even multiple of heads, got 10 and 3.*hidden to 12"):
        load_config({"model": {"encoder": {"name": "funnel", "hidden": 10, "heads": 3}}})


def test_he2019_spares_norms():
    vae = model_of(encoder_config("funnel"), decoder_config("t5"), initialisation="he2019")
    norms = [m for m in vae.modules() if type(m).__name__.endswith("LayerNorm")]
    assert {type(m).__name__ for m in norms} == {"LayerNorm", "T5LayerNorm"}
    assert all((m.weight == 1).all() for m in norms)
    assert vae.decoder.token_nll(X, codes(3)).isfinite().all()


@pytest.mark.parametrize("window", [1, 3, 4, 7, 50])
def test_windows_are_the_whole_attention_with_what_is_too_far_masked(window):
    torch.manual_seed(0)
    x = torch.randint(3, 17, (4, 12))
    plain = model_of(decoder=decoder_config("t5", layers=3)).eval()
    near = model_of(decoder=decoder_config("t5", layers=3, window=window)).eval()
    near.load_state_dict(plain.state_dict())
    ahead = torch.arange(11)[:, None] - torch.arange(11)
    mask = ((ahead >= 0) & (ahead < window))[None, None]
    stack, embedded = plain.decoder.stack, plain.decoder.embedding(x[:, :-1])
    memory = plain.decoder.start(codes(4)).memory
    expected = stack(
        inputs_embeds=embedded,
        attention_mask=mask.expand(4, 1, -1, -1),
        encoder_hidden_states=memory,
        use_cache=False,
    ).last_hidden_state
    logits = plain.decoder._scores(expected)
    nll = torch.nn.functional.cross_entropy(logits.mT, x[:, 1:], reduction="none")
    torch.testing.assert_close(near.decoder.token_nll(x, codes(4)), nll)
    assert torch.allclose(nll, plain.decoder.token_nll(x, codes(4))) == (window > 11)


def test_a_word_written_step_by_step_sees_its_window_only():
    x = torch.randint(3, 17, (2, 9), generator=torch.Generator().manual_seed(3))
    decoder = model_of(decoder=decoder_config("t5", layers=1, window=3)).eval().decoder
    state, seen = decoder.start(codes(2)), []
    for word in x[:, :-1].unbind(1):
        logits, state = decoder.step(word, state)
        seen.append(logits)
    nll = torch.nn.functional.cross_entropy(torch.stack(seen, 2), x[:, 1:], reduction="none")
    torch.testing.assert_close(nll, decoder.token_nll(x, codes(2)))
