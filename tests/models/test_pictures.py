"""PixelCNN and the residual encoder: what a pixel sees, that probabilities sum to 1, and the cached steps."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.config import ConfigError
from engine.decoding import DecodingConfig
from engine.decoding.beam import beam_search
from engine.decoding.search import decode, written_likelihood
from engine.evaluation.exact import exact_nll
from engine.explore.pullback import Pullback
from engine.models.decoders import pixelcnn
from engine.models.latents.bernoulli import Bernoulli
from engine.models.latents.gaussian import Gaussian
from engine.models.pictures.causal import CausalNetwork
from engine.models.vae import VAE, ModelConfig, build_model
from engine.objectives.elbo import Objective, ObjectiveConfig
from engine.objectives.remedies import Horizon

START, END, OFF, ON = 1, 2, 4, 5
KERNELS = [(3,), (7,), (3, 3), (5, 3), (3, 5, 3), (3, 3, 3, 3), (7, 3, 5, 3, 3)]


def random_norms(module: nn.Module) -> None:
    """Running statistics and weights that a norm could have after training."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            for values in (part.running_mean, part.bias.data):
                values.normal_(0, 0.5)
            for values in (part.running_var, part.weight.data):
                values.uniform_(0.5, 1.5)


def vae(side: int, latent: Any = None, seed: int = 1, **decoder: Any) -> VAE:
    """A random model of pictures, small, in evaluation."""
    from engine.models.encoders.resnet import ResNetEncoder

    torch.manual_seed(seed)
    sizes: dict[str, Any] = {"kernels": (3, 3, 3, 3), "channels": 6, "maps": 2} | decoder
    config = ModelConfig(
        encoder=ResNetEncoder.Config(side=side, planes=(4, 4), strides=(2, 2), hidden=8),
        latent=latent or Gaussian.Config(size=3),
        decoder=pixelcnn.PixelCNNDecoder.Config(side=side, **sizes),
        initialisation="pytorch",
    )
    model = build_model(config, 6)
    random_norms(model)
    with torch.no_grad():
        model.decoder.network.out.weight.mul_(6)  # surer of its pixels
    return model.eval()


def rows(pixels: Tensor) -> Tensor:
    """Ids (N, side² + 2) of pictures (N, side²) of 0 and 1."""
    ends = [torch.full((len(pixels), 1), token) for token in (START, END)]
    return torch.cat([ends[0], pixels.long() + OFF, ends[1]], 1)


def every_picture(side: int) -> Tensor:
    return rows(torch.tensor([*itertools.product((0, 1), repeat=side * side)]))


def random_rows(n: int, side: int, seed: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return rows(torch.randint(0, 2, (n, side * side), generator=generator))


def codes(*shape: int) -> Tensor:
    return torch.randn(*shape, 3, generator=torch.Generator().manual_seed(5))


# -- what a pixel sees --------------------------------------------------------------------------


def reached(side: int, at: int, kernels: tuple[int, ...]) -> np.ndarray:
    """Which pixels hear of pixel ``at``, by walking from pixel to pixel layer by layer."""
    found = np.zeros((side, side), bool)
    found[divmod(at, side)] = True
    for layer, kernel in enumerate(kernels):
        before, reach = np.argwhere(found), kernel // 2
        if layer == 0:
            found = np.zeros_like(found)
        for row, column in before:
            for up in range(reach + 1):
                for aside in range(-reach, reach + 1):
                    later = up > 0 or aside > 0 or (aside == 0 and layer > 0)
                    to = row + up, column + aside
                    if later and to[0] < side and 0 <= to[1] < side:
                        found[to] = True
    return found.flatten()


@pytest.mark.parametrize("kernels", KERNELS)
def test_a_pixel_is_heard_of_by_later_ones_within_reach_and_by_nobody_else(kernels):
    side = 6
    torch.manual_seed(0)
    network = CausalNetwork(2, 8, kernels).eval()
    random_norms(network)
    network.double()
    pixels, maps = torch.rand(1, 1, side, side).double(), torch.rand(1, 2, side, side).double()
    with torch.no_grad():
        before = network(pixels, maps)[0]
        for at in range(side * side):
            changed = pixels.clone()
            changed.view(-1)[at] += 1
            moved = (network(changed, maps)[0] != before).numpy()
            assert not moved[: at + 1].any()
            np.testing.assert_array_equal(moved, reached(side, at, kernels))


@pytest.mark.parametrize("kernels", KERNELS)
def test_the_code_reaches_every_pixel(kernels):
    model = vae(5, kernels=kernels)
    x = random_rows(1, 5)
    a, b = (model.decoder.token_nll(x, z) for z in (codes(1), codes(1) + 0.5))
    assert (a != b)[0, :-1].all() and a[0, -1] == b[0, -1] == 0


# -- probabilities ------------------------------------------------------------------------------


def test_the_probabilities_of_all_pictures_sum_to_one():
    x = every_picture(2)
    for seed, z in enumerate(codes(3)):
        nll = vae(2, seed=seed).decoder.token_nll(x, z.expand(len(x), -1)).sum(1)
        assert nll.std() > 0.1
        torch.testing.assert_close((-nll.double()).exp().sum().item(), 1.0, rtol=1e-6, atol=0)


def test_the_exact_evidence_of_all_pictures_sums_to_one():
    model = vae(2, Bernoulli.Config(size=3))
    assert np.exp(-exact_nll(model, every_picture(2))).sum() == pytest.approx(1, abs=1e-6)


def test_sampling_draws_pictures_as_often_as_they_are_probable():
    model, z = vae(2), codes(1)
    x = every_picture(2)
    expected = (-model.decoder.token_nll(x, z.expand(16, -1)).sum(1)).exp().detach().numpy()
    drawn = decode(model, z.expand(8000, -1), DecodingConfig(strategy="sample", seed=0))
    numbers = (torch.tensor([list(one) for one in drawn]) - OFF) @ torch.tensor([8, 4, 2, 1])
    counts = np.bincount(numbers, minlength=16)
    # Pearson's statistic with 15 degrees of freedom is below 37.7 in all but one case of a thousand.
    assert ((counts - 8000 * expected) ** 2 / (8000 * expected)).sum() < 37.7


def test_samples_go_through_in_parts_whatever_their_number(monkeypatch):
    model, x, z = vae(4), random_rows(5, 4), codes(7, 5)
    with torch.no_grad():
        whole = model.decoder.token_nll(x, z)
        monkeypatch.setattr(pixelcnn, "CPU_NUMBERS", 6 * 16 * 3)
        torch.testing.assert_close(model.decoder.token_nll(x, z), whole)
    assert whole.shape == (7, 5, 17)


def test_what_is_no_picture_has_no_probability():
    model, z = vae(3), codes(1)
    x = random_rows(1, 3)
    hidden, endless = x.clone(), x.clone()
    hidden[0, 4], endless[0, -1] = 3, ON
    assert model.decoder.token_nll(hidden, z)[0].isinf().nonzero().tolist() == [[3]]
    assert model.decoder.token_nll(endless, z)[0].isinf().nonzero().tolist() == [[9]]


def test_a_hidden_pixel_is_read_as_off_and_still_predicted():
    model, z, x = vae(3), codes(1), random_rows(1, 3)
    read, off = x[:, :-1].clone(), x[:, :-1].clone()
    read[0, 2], off[0, 2] = 3, OFF
    torch.testing.assert_close(
        model.decoder.token_nll(x, z, read), model.decoder.token_nll(x, z, off)
    )


@pytest.mark.parametrize("cut", [slice(0, -2), slice(0, 3)])
def test_pictures_of_another_side_are_refused(cut):
    model, x = vae(3), random_rows(2, 3)[:, cut]
    with pytest.raises(ConfigError, match="side 3 has 9 pixels"):
        model.decoder.token_nll(x, codes(2))
    with pytest.raises(ConfigError, match="set data.max_tokens to at least 9"):
        model.encode(x)


# -- a pixel at a time --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "kernels"), [(9, (7, 5, 3, 3)), (28, (7, 5, 3)), (2, (7, 5, 3, 3, 3))]
)
def test_cached_steps_give_the_logits_of_a_full_pass_along_a_sampled_picture(side, kernels):
    model, z = vae(side, kernels=kernels), codes(2)
    decoder = model.decoder
    state, tokens = decoder.start(z), torch.full((2,), START)
    generator = torch.Generator().manual_seed(0)
    # What is not yet written must not matter: the plain way starts from noise.
    pixels = torch.rand(2, side * side, generator=generator).round()
    with torch.no_grad():
        maps = decoder.lay_out(z).view(2, -1, side, side)
        for at in range(side * side):
            logits, state = decoder.step(tokens, state)
            if side < 10 or at % 29 == 0:
                plain = decoder.network(pixels.view(2, 1, side, side), maps)[:, at]
                torch.testing.assert_close(logits[:, ON] - logits[:, OFF], plain, rtol=0, atol=1e-5)
            assert (logits.softmax(1)[:, :OFF] == 0).all()
            tokens = torch.distributions.Categorical(logits=logits).sample()
            pixels[:, at] = (tokens == ON).float()
        logits, _ = decoder.step(tokens, state)
    assert logits.argmax(1).tolist() == [END, END] and (logits.softmax(1)[:, END] == 1).all()


def test_a_state_may_be_stepped_from_twice():
    decoder = vae(4).decoder
    state = decoder.start(codes(2))
    for token in (START, ON, OFF, ON, ON, OFF):
        _, state = decoder.step(torch.tensor([token] * 2), state)
    first, _ = decoder.step(torch.tensor([ON, ON]), state)
    other, _ = decoder.step(torch.tensor([OFF, OFF]), state)
    again, _ = decoder.step(torch.tensor([ON, ON]), state)
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize("strategy", ["greedy", "sample", "beam"])
def test_a_picture_is_written_whole_whatever_the_longest_sentence(strategy):
    model, z = vae(4), codes(3)
    for cap in (1, 4000):
        written = decode(model, z, DecodingConfig(strategy=strategy, max_tokens=cap, beam=2))
        assert [len(one) for one in written] == [16] * 3
        assert {token for one in written for token in one} <= {OFF, ON}
        logp = written_likelihood(model, z, written)
        x = torch.tensor([[START, *one, END] for one in written])
        torch.testing.assert_close(-logp, model.decoder.token_nll(x, z).detach())


def test_a_wide_beam_finds_the_likeliest_of_all_pictures():
    model, x = vae(3), every_picture(3)
    for z in codes(3):
        nll = model.decoder.token_nll(x, z.expand(len(x), -1)).sum(1)
        settings = DecodingConfig(strategy="beam", beam=512)
        [found] = beam_search(model, z[None], settings, best=3)
        assert [START, *found[0].tokens, END] == x[nll.argmin()].tolist()
        best = [hypothesis.score for hypothesis in found]
        np.testing.assert_allclose(best, -nll.sort()[0][:3].detach(), rtol=1e-5)


def test_a_beam_is_no_worse_than_greedy_and_scores_are_likelihoods():
    model, z = vae(4), codes(6)
    greedy = decode(model, z)
    for one, code, [found] in zip(
        greedy, z, beam_search(model, z, DecodingConfig(strategy="beam", beam=64)), strict=True
    ):
        x = torch.tensor([[START, *tokens, END] for tokens in (one, found.tokens)])
        nll = model.decoder.token_nll(x, code.expand(2, -1)).sum(1)
        assert nll[1] <= nll[0] + 1e-5
        assert found.score == pytest.approx(-nll[1].item(), rel=1e-5)


def test_a_path_of_codes_has_an_energy_with_a_gradient():
    model, z = vae(3), codes(4).requires_grad_()
    energy = Pullback(model, decode(model, z.detach())).energy(z)
    energy.backward()
    assert energy.item() > 0 and z.grad is not None and z.grad.isfinite().all()


# -- training -----------------------------------------------------------------------------------


def test_a_batch_of_one_picture_trains():
    model, x = vae(4).train(), random_rows(1, 4)
    loss, _ = Objective(ObjectiveConfig(), Horizon(1, 10), model)(model, x, 1)
    loss.backward()
    assert loss.isfinite() and all(p.grad.isfinite().all() for p in model.parameters())


def test_a_row_without_pixels_is_a_black_picture():
    model = vae(4)
    black = rows(torch.zeros(1, 16))
    empty = torch.tensor([[START, END]])
    torch.testing.assert_close(model.encoder(empty), model.encoder(black))


@pytest.mark.parametrize("side", [2, 3, 7, 8, 28, 64])
def test_the_encoder_takes_any_side(side):
    from engine.models.encoders.resnet import ResNetEncoder

    config = ResNetEncoder.Config(side=side, planes=(3, 4, 5), strides=(2, 2, 2), hidden=6)
    assert ResNetEncoder(config, 6, 0).eval()(random_rows(2, side)).shape == (2, 6)


def test_the_published_kernels_make_thirteen_layers_and_eleven_skips():
    """Mask B of a kernel of k sees (k² + 1) / 2 places, mask A one less."""
    network = CausalNetwork(4, 64, (7,) * 5 + (5,) * 4 + (3,) * 4)
    assert len(network.blocks) == 12 and len(network.skips) == 11
    seen = [int(part.seen.mask.sum()) for part in (*network.blocks, *network.skips)]
    assert seen == [25] * 4 + [13] * 4 + [5] * 4 + [25] * 4 + [13] * 4 + [5] * 3
    assert int(network.first.image.mask.sum()) == 24


# -- what is counted ------------------------------------------------------------------------------


def test_the_certain_end_of_a_picture_is_no_pixel_of_a_perplexity():
    from engine.data.tokens import Tokens
    from engine.evaluation import EvaluationConfig
    from engine.evaluation.accuracy import teacher_forced_accuracy
    from engine.evaluation.report import evaluate

    model, pictures = vae(3), random_rows(20, 3)
    tokens = Tokens.of(pictures.tolist())
    found = evaluate(model, tokens, EvaluationConfig(mi_rows=10)).scalars
    assert found["ppl_reconstruction"] == pytest.approx(np.exp(found["reconstruction"] / 9))
    assert found["ppl"] == pytest.approx(np.exp(-found["elbo"] / 9))
    right = teacher_forced_accuracy(model, tokens, np.arange(20))["token_accuracy"]
    with torch.no_grad():
        z = model.code(pictures)
        likelier = -model.decoder.token_nll(pictures, z)[:, :-1] > np.log(0.5)
    assert right == pytest.approx(likelier.float().mean().item())
