"""Transformers: windows, gradient checkpoints, the ways of the code into the decoder, what is refused."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from engine.config import ConfigError
from engine.experiment import load_config
from engine.models.transformers.attention import Attention, Sight, attend
from engine.models.transformers.words import sinusoids
from tests.models.parts import H, V, X, Z, codes, decoder_config, encoder_config, model_of

LENGTHS = torch.tensor([7, 5, 2])
INSIDE = torch.arange(7) < LENGTHS[:, None]


def states(seed: int = 0, length: int = 7, heads: int = 2) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(3, heads, length, 4, generator=generator) for _ in range(3))


def banded(window: int, causal: bool, memory: int, inside: torch.Tensor | None) -> torch.Tensor:
    """Who sees whom, (B, 1, T, M + T), written out."""
    at = torch.arange(7)
    ahead = at[:, None] - at
    seen = (ahead < window) & (ahead >= (0 if causal else 1 - window))
    whole = seen.expand(3, 1, 7, 7)
    if inside is not None:
        whole = (whole & inside[:, None, None]) | torch.eye(7, dtype=torch.bool)
    return F.pad(whole, (memory, 0), value=True)


@pytest.mark.parametrize("window", range(1, 9))
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("memory", [0, 2])
@pytest.mark.parametrize("padded", [True, False])
def test_blocks_see_what_a_band_over_the_whole_matrix_sees(window, causal, memory, padded):
    query, key, value = states()
    before = [torch.randn(3, 2, memory, 4) for _ in range(2)]
    key, value = torch.cat([before[0], key], 2), torch.cat([before[1], value], 2)
    inside = INSIDE if padded else None
    sight = Sight.of(7, key.device, causal=causal, window=window, memory=memory, inside=inside)
    found = attend(query, key, value, sight)
    mask = banded(window, causal, memory, inside)
    expected = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    # Where padding stands no window decides what it sees, and nothing that it sees matters.
    rows = INSIDE[:, None].expand(-1, 2, -1) if padded else torch.ones(3, 2, 7, dtype=torch.bool)
    torch.testing.assert_close(found[rows], expected[rows])
    assert found.isfinite().all()


@pytest.mark.parametrize("part", ["encoder", "decoder"])
@pytest.mark.parametrize("window", [6, 100])
def test_a_window_as_long_as_the_sentence_is_no_window(part, window):
    """Outputs and gradients alike; one more and one less than the length are told apart."""
    plain, windowed = model_with(part), model_with(part, window=window)
    assert gradients(windowed, part) == pytest.approx(gradients(plain, part), rel=1e-4, abs=1e-5)
    narrow = gradients(model_with(part, window=2), part)
    assert narrow != pytest.approx(gradients(plain, part), rel=1e-3)


@pytest.mark.parametrize("part", ["encoder", "decoder"])
@pytest.mark.parametrize("every", [1, 2, 3, 96])
@pytest.mark.parametrize("settings", [{}, {"window": 2}, {"dropout": 0.5}], ids=str)
def test_checkpoints_change_neither_outputs_nor_gradients(part, every, settings):
    plain = model_with(part, layers=3, **settings)
    saving = model_with(part, layers=3, checkpoint_every=every, **settings)
    assert gradients(saving, part) == pytest.approx(gradients(plain, part), rel=1e-5, abs=1e-7)


def test_checkpoints_keep_less_for_the_way_back():
    """Bytes saved for the backward pass; the benchmark measures what processes really hold."""
    kept = {}
    for every in (0, 1, 2):
        vae = model_with("decoder", layers=6, checkpoint_every=every)
        total = 0

        def count(tensor: torch.Tensor) -> torch.Tensor:
            nonlocal total
            total += tensor.numel()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            vae.decoder.token_nll(X.repeat(20, 5), codes(60))
        kept[every] = total
    assert kept[1] < kept[0] / 3 and kept[2] < kept[0] / 3


def model_with(part: str, **settings):
    make = {"encoder": encoder_config, "decoder": decoder_config}[part]
    return model_of(**{part: make("transformer", **settings)})


def gradients(vae, part: str) -> list[float]:
    torch.manual_seed(3)
    output = vae.encoder(X) if part == "encoder" else vae.decoder.token_nll(X, codes(3))
    output.square().sum().backward()
    module = getattr(vae, part)
    flat = torch.cat([p.grad.flatten() for p in module.parameters() if p.grad is not None])
    return torch.cat([output.detach().flatten(), flat]).tolist()


def test_attention_is_the_librarys_own():
    ours = Attention(H, 2)
    oracle = torch.nn.MultiheadAttention(H, 2, batch_first=True)
    oracle.load_state_dict(
        {
            "in_proj_weight": ours.read.weight,
            "in_proj_bias": ours.read.bias,
            "out_proj.weight": ours.write.weight,
            "out_proj.bias": ours.write.bias,
        }
    )
    x = torch.randn(3, 7, H)
    sight = Sight.of(7, x.device, inside=INSIDE)
    expected, _ = oracle(x, x, x, key_padding_mask=~INSIDE, need_weights=False)
    torch.testing.assert_close(ours(x, sight)[0], expected)


def test_positions_are_those_of_the_paper():
    table = sinusoids(5, 6, X.device, first=2)
    for t in range(5):
        for i in range(3):
            angle = (t + 2) / 10_000 ** (2 * i / 6)
            assert table[t, i].item() == pytest.approx(torch.tensor(angle).sin().item(), abs=1e-6)
            assert table[t, 3 + i].item() == pytest.approx(
                torch.tensor(angle).cos().item(), abs=1e-6
            )
    assert sinusoids(4, 7, X.device).shape == (4, 7)


# -- the decoder --------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"z_memory": "prefix"}, {"window": 3}], ids=str)
def test_no_position_sees_what_comes_later(settings):
    decoder, z = model_of(decoder=decoder_config("transformer", **settings)).decoder, codes(3)
    changed = X.clone()
    changed[:, 3] = 11
    before, after = decoder.token_nll(X, z), decoder.token_nll(changed, z)
    torch.testing.assert_close(before[:, :2], after[:, :2])
    assert (before[0, 3:] != after[0, 3:]).all()


WAYS = ("memory", "beside", "output")


@pytest.mark.parametrize("kept", WAYS)
@pytest.mark.parametrize("form", ["layers", "prefix"])
def test_each_way_alone_brings_the_code_to_every_token(kept, form):
    config = decoder_config("transformer", z_memory=form, z_output=True)
    decoder = model_of(decoder=config).decoder
    ways = {
        "memory": decoder.memory.weight,
        "beside": decoder.beside.weight,
        "output": decoder.output.project.weight[:, -Z:],
    }
    assert tuple(ways) == WAYS
    with torch.no_grad():
        for name, weights in ways.items():
            if name != kept:
                weights.zero_()
        a, b = (decoder.token_nll(X, z) for z in (torch.zeros(3, Z), torch.ones(3, Z)))
        assert (a != b)[X[:, 1:] > 0].all()
        ways[kept].zero_()
        a, b = (decoder.token_nll(X, z) for z in (torch.zeros(3, Z), torch.ones(3, Z)))
        torch.testing.assert_close(a, b)


def test_each_latent_token_makes_memory_of_its_own():
    latent = {"name": "deterministic", "size": 2, "tokens": 3}
    config = decoder_config("transformer", memory_tokens=2)
    vae = model_of(decoder=config, latent=latent)
    state = vae.decoder.start(vae.code(X))
    assert state.memory == 6 and state.seen[0][0].shape == (3, 2, 6, H // 2)
    moved = vae.code(X).detach()
    moved[:, 2:4] += 1  # the second token
    after = vae.decoder.start(moved)
    changed = [(a != b).any(3).any(1) for a, b in zip(state.seen[1], after.seen[1], strict=True)]
    assert all(c.tolist() == [[False, False, True, True, False, False]] * 3 for c in changed)


def test_tied_embeddings_score_words_by_their_rows():
    config = decoder_config("transformer", tie_embedding=True, embedding=H)
    decoder = model_of(decoder=config).decoder
    assert not [n for n, p in decoder.named_parameters() if V in p.shape and "embedding" not in n]
    with torch.no_grad():
        decoder.embedding.weight[9] = 0
    logits, _ = decoder.step(torch.tensor([1]), decoder.start(codes(1)))
    assert logits[0, 9] == 0 and logits[0, 8] != 0


def test_a_window_bounds_what_is_kept_while_writing():
    config = decoder_config("transformer", window=3, memory_tokens=2)
    decoder = model_of(decoder=config).decoder
    state = decoder.start(codes(2))
    for _ in range(10):
        _, state = decoder.step(torch.tensor([5, 6]), state)
    assert state.place == 10 and state.seen[0][0].shape[2] == 2 + 2


@pytest.mark.parametrize(
    ("part", "settings", "words"),
    [
        ("decoder", {"z_memory": "none", "z_every_step": False}, "z_memory.*z_output$"),
        ("decoder", {"hidden": 20, "heads": 8}, "multiple of heads, got 20 and 8.*hidden to 24"),
        ("encoder", {"hidden": 20, "heads": 8}, "multiple of heads, got 20 and 8"),
    ],
)
def test_what_cannot_be_is_refused_with_the_cure(part, settings, words):
    with pytest.raises(ConfigError, match=words):
        load_config({"model": {part: {"name": "transformer"} | settings}})


def test_fresh_weights_for_a_tied_decoder_have_the_tables_own_scale():
    config = decoder_config("transformer", tie_embedding=True, embedding=64)
    vae = model_of(decoder=config)
    before = vae.decoder.embedding.weight.detach().clone()
    vae.reset_decoder()
    fresh = vae.decoder.embedding.weight
    assert not fresh.equal(before) and fresh[1:].std().item() == pytest.approx(1 / 8, rel=0.1)
