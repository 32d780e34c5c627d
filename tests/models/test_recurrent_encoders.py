"""Recurrent encoders: deaf to padding, and the library's own on packed sentences."""

from __future__ import annotations

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

from tests.models.small import CELLS, E, H, X, model


def encoder(cell: str, **settings):
    return model((cell, "zero", True, False), encoder=settings).encoder


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("summary", ["last", "max", "mean"])
def test_padding_changes_nothing(cell, layers, bidirectional, summary):
    read = encoder(cell, layers=layers, bidirectional=bidirectional, summary=summary)
    together = read(X)
    assert together.shape == (3, read.size) == (3, H * (1 + bidirectional))
    for row, sentence in enumerate(X):
        torch.testing.assert_close(read(sentence[sentence > 0][None])[0], together[row])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("summary", ["last", "max", "mean"])
def test_two_directions_are_those_of_the_library_on_packed_sentences(cell, layers, summary):
    ours = encoder(cell, layers=layers, bidirectional=True, summary=summary)
    oracle = ours.network(E, H, layers, batch_first=True, bidirectional=True)
    for number, layer in enumerate(ours.stack):
        for network, suffix in zip(layer, ("", "_reverse"), strict=True):
            for name, value in network.named_parameters():
                getattr(oracle, name.replace("l0", f"l{number}") + suffix).data = value.data
    lengths = (X > 0).sum(1)
    packed = pack_padded_sequence(ours.embedding(X), lengths, True, enforce_sorted=False)
    states, last = oracle(packed)
    h = last[0] if cell == "lstm" else last
    rows = torch.nn.utils.rnn.unpack_sequence(states)
    expected = {
        "last": torch.cat([h[-2], h[-1]], -1),
        "max": torch.stack([row.amax(0) for row in rows]),
        "mean": torch.stack([row.mean(0) for row in rows]),
    }
    torch.testing.assert_close(ours(X), expected[summary])


@pytest.mark.parametrize("cell", CELLS)
def test_dropout_acts_on_the_embedding_in_training_only(cell):
    read, plain = encoder(cell, dropout=0.6), encoder(cell).eval()
    assert (read(X) != read(X)).any()
    torch.testing.assert_close(read.eval()(X), plain(X))


@pytest.mark.parametrize("cell", CELLS)
def test_an_encoder_without_a_table_reads_the_one_it_is_handed(cell):
    own = encoder(cell)
    handed = model((cell, "zero", True, False), share_embedding="yes").encoder
    handed.load_state_dict({k: v for k, v in own.state_dict().items() if "embedding" not in k})
    table = own.embedding.weight.detach().requires_grad_()
    torch.testing.assert_close(handed(X, table), own(X))
    handed(X, table).sum().backward()
    assert table.grad[5:9].all() and not table.grad[0].any()
