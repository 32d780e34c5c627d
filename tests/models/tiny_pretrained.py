"""A BERT and a T5 of a few units, saved as the library saves them, with a tokeniser of their own."""

from __future__ import annotations

from pathlib import Path

WORDS = ["the", "cat", "sat", "on", "a", "mat", "dog", "ran", "##s", "##ning", ".", "in", "it"]


def wordpieces(folder: Path) -> None:
    """tokenizer.json of a BERT: special tokens not first, [CLS] and [SEP] added around."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    pieces = ["[PAD]", *WORDS[:5], "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS[5:]]
    model = Tokenizer(models.WordPiece({p: n for n, p in enumerate(pieces)}, unk_token="[UNK]"))
    model.normalizer = normalizers.BertNormalizer()
    model.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    model.decoder = decoders.WordPiece()
    model.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    ends = [(token, model.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    model.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=ends
    )
    model.save(str(folder / "tokenizer.json"))


def unigrams(folder: Path) -> None:
    """tokenizer.json of a T5: log-probabilities, no start token, words begin with a low bar."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [(f"▁{word}", -2.0 - n) for n, word in enumerate(WORDS) if word.isalpha()]
    pieces += [("s", -9.0), ("▁", -9.5), (".", -9.0)]
    model = Tokenizer(models.Unigram(pieces, unk_id=2))
    model.pre_tokenizer = pre_tokenizers.Metaspace()
    model.decoder = decoders.Metaspace()
    model.save(str(folder / "tokenizer.json"))


def make_bert(folder: Path | str) -> None:
    """A BERT in ``folder``: weights, settings, tokeniser."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    bert = BertConfig(
        vocab_size=18,
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=12,
        max_position_embeddings=20,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    BertModel(bert).save_pretrained(folder)
    wordpieces(Path(folder))


def make_t5(folder: Path | str) -> None:
    """A T5 in ``folder``: weights, settings, tokeniser."""
    import torch
    from transformers import T5Config, T5Model

    torch.manual_seed(0)
    t5 = T5Config(vocab_size=20, d_model=8, d_kv=4, d_ff=12, num_layers=1, num_heads=2)
    t5.num_decoder_layers = 2
    T5Model(t5).save_pretrained(folder)
    unigrams(Path(folder))
