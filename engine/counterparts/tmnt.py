"""The options of TMNT's sequence VAE."""

from __future__ import annotations

from engine.counterparts.base import Counterpart, Program, rows_of

_ROWS = rows_of(
    "tmnt-vmf",
    ("--input_file", "required", "data.name=hotel-reviews", "train --data", "data import"),
    ("--batch_size", "8", "training.batch_size=300"),
    ("--epochs", "10", "training.epochs=200"),
    Counterpart(
        "--optimizer",
        "bertadam",
        ("training.encoder_optimiser.name=adam", "training.decoder_optimiser.name=adam"),
        "tmnt-vmf",
        "bertadam, adam and sgd by these names, and adamw and adafactor; the documented command has adam.",
    ),
    Counterpart(
        "--gpus",
        "''",
        ("training.device=auto", "evaluate --device"),
        "tmnt-vmf",
        "cuda:1 names one; a run uses one device.",
    ),
    ("--gen_lr", "1e-5", "training.encoder_optimiser.learning_rate=0.001")
    + ("training.decoder_optimiser.learning_rate=0.001",),
    Counterpart(
        "--min_lr",
        "1e-7",
        ("training.schedule.name=cosine", "training.schedule.least=1e-6"),
        "tmnt-vmf",
        "The documented cosine; the line that its code has is schedule.name=linear.",
    ),
    Counterpart(
        "--offset_factor",
        "1.0",
        ("training.schedule.offset_factor=1.0",),
        "tmnt-vmf",
        "How it enters the documented cosine is our guess: it stretches the way down, as it does in its code's line.",
    ),
    Counterpart(
        "--sent_size",
        "16",
        ("data.max_tokens=40", "model.decoder.length=40"),
        "tmnt-vmf",
        "Theirs, 42 in the documented command, counts start and end.",
    ),
    ("--num_units", "256", "model.encoder.hidden=512", "model.decoder.hidden=512"),
    ("--hidden_size", "512", "model.encoder.feedforward=512", "model.decoder.feedforward=512"),
    Counterpart(
        "--num_heads",
        "8",
        ("model.encoder.heads=4", "model.decoder.heads=4"),
        "tmnt-vmf",
        "Fixed at 4 in the code that the document describes.",
    ),
    ("--transformer_layers", "6", "model.encoder.layers=6", "model.decoder.layers=6"),
    Counterpart(
        "--wd_embed_dim",
        "256",
        ("model.encoder.embedding=300", "model.decoder.embedding=300"),
        "tmnt-vmf",
        "300 is the width of the word vectors of the documented command.",
    ),
    ("--latent_dim", "256", "model.latent.size=50"),
    Counterpart(
        "--latent_dist",
        "vmf",
        (
            "model.latent.name=vmf",
            "preset tmnt-gaussian",
            "preset tmnt-logistic-gaussian",
            "preset tmnt-gaussian-unitvar",
        ),
        "tmnt-vmf",
        "Our vmf is a true one: unit directions, exact KL, no softmax. That means of gaussian have scale 0.9 "
        "and of gaussian_unitvar 1 is our choice.",
    ),
    Counterpart(
        "--kappa",
        "100.0",
        ("model.latent.kappa=100.0",),
        "tmnt-vmf",
        "The documented command leaves it at its default.",
    ),
    Counterpart(
        "--kld_wt",
        "1.0",
        ("objective.beta=0.42",),
        "tmnt-vmf",
        "0.01 of the documented command, beside a mean over 42 words, is 0.42 beside their sum. No effect on vmf.",
    ),
    Counterpart(
        "--log_interval",
        "20",
        ("training.log_every=3", "training.log_example=true", "page runs"),
        "tmnt-vmf",
        "With an example and what comes back of it in the log.",
    ),
    Counterpart(
        "--save_model_freq, --save_interval",
        "100, 20 epochs",
        ("training.keep_every=null", "training.checkpoint_every=1000"),
        "tmnt-vmf",
        "In updates here: keep_every keeps one for good; best and last are there in any case.",
    ),
    Counterpart(
        "--weight_decay",
        "1e-5",
        ("training.encoder_optimiser.weight_decay=1e-5",),
        "tmnt-bert",
        "Of bertadam and adamw. The documented command has adam, which we leave without: the document does not "
        "say whether its decay is meant there.",
    ),
    ("--warmup_ratio", "0.1", "training.schedule.warmup=0.1"),
    Counterpart(
        "--use_bert",
        "off",
        ("model.encoder.name=pretrained", "tokenizer.kind=pretrained"),
        "tmnt-bert",
        "The documented command does not pass it, though the text around speaks of BERT; batch 64 and rate "
        "5e-5 of the encoder are our guess.",
    ),
    Counterpart(
        "--embedding_source",
        "glove.6B.50d",
        ("model.word_vectors=null",),
        "tmnt-vmf",
        "A file of word vectors on this machine. Words without one are drawn with the mean and deviation of "
        "the others, theirs from N(0, 0.1).",
    ),
    Counterpart(
        "--model_dir",
        "None",
        ("resume", "evaluate --restore"),
        note="The document does not list it; we read it as the model to go on from.",
    ),
    Counterpart(
        "--save_dir",
        "seqvae_exp_logs",
        ("train --name", "place ZSCAPE_HOME"),
        note="A run is a folder there: settings, log, metrics, checkpoints.",
    ),
    Counterpart(
        "--wd_temp",
        "0.01",
        ("model.decoder.temperature=0.01",),
        "tmnt-vmf",
        "Parsed there and never passed on; 0.01 is the constant that holds.",
    ),
    ("--max_vocab_size", "20000", "tokenizer.vocab_size=20000"),
    ("--json_text_key", "None", "data import --text-column"),
    Counterpart(
        "--label_smoothing_epsilon",
        "0.1",
        note="Left out: its code reads it and does nothing with it.",
    ),
    Counterpart(
        "--ar_decoder",
        "off",
        ("model.decoder.name=parallel", "preset transformer"),
        "tmnt-vmf",
        "A decoder that writes word by word is name=transformer; theirs does not run.",
    ),
    ("gradient clip (constant)", "1.0", "training.clip=1.0"),
    Counterpart("lower case (constant)", "on", ("tokenizer.lowercase=true",), "tmnt-vmf"),
)

TMNT = Program(
    "TMNT",
    "MITRE's sequence VAE: transformers, codes on the sphere, all words written at once.",
    "https://github.com/mitre/tmnt",
    _ROWS,
)
