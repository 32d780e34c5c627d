from __future__ import annotations

import numpy as np
import pytest

from engine.config import DataError
from engine.data.tokenizers import Tokenizer
from engine.explore.centroid import centroid
from engine.explore.encoding import encode_texts
from engine.explore.reconstruction import reconstruct
from engine.models.vae import VAE
from tests.explore.conftest import TEXTS


def test_the_middle_of_one_sentence_is_its_reconstruction(
    trained: VAE, tokenizer: Tokenizer
) -> None:
    codes = encode_texts(trained, tokenizer, TEXTS[:1]).codes
    found = centroid(trained, tokenizer, codes)
    assert found.text == reconstruct(trained, tokenizer, TEXTS[:1])[0].output
    assert found.distances == pytest.approx([0]) and found.spread == 0


def test_the_middle_lies_between_and_knows_its_nearest(trained: VAE, tokenizer: Tokenizer) -> None:
    codes = encode_texts(trained, tokenizer, [TEXTS[1]] * 20 + [TEXTS[2]]).codes
    found = centroid(trained, tokenizer, codes)
    assert found.code == pytest.approx(codes.mean(0), abs=1e-5)
    assert found.distances == pytest.approx(np.linalg.norm(codes - codes.mean(0), axis=1), abs=1e-5)
    assert found.nearest < 20 and found.distances[20] == found.distances.max()
    assert found.spread == pytest.approx(np.sqrt(np.square(codes - codes.mean(0)).sum(1).mean()))
    assert found.text == reconstruct(trained, tokenizer, TEXTS[1:2])[0].output


def test_nothing_chosen_has_no_middle(trained: VAE, tokenizer: Tokenizer) -> None:
    with pytest.raises(DataError, match="at least one sentence"):
        centroid(trained, tokenizer, np.empty((0, 4)))
