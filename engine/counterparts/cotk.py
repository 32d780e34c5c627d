"""The options of VAE-tensorflow, Bowman's recurrent VAE as THU CoAI trains it with CoTK."""

from __future__ import annotations

from engine.counterparts.base import Counterpart, Program, rows_of

_ROWS = rows_of(
    "cotk-mscoco",
    Counterpart("--name", "VAE", ("train --name",), note="Documented as runXXXXXX_XXXXXX."),
    Counterpart(
        "--restore",
        "last",
        ("evaluate --restore", "sample --restore", "reconstruct --restore", "resume"),
        note="last, best or a step; documented default None. best is by the ELBO at KL weight 1, theirs by a "
        "loss that the annealing weighs.",
    ),
    ("--mode", "train", "train", "evaluate --split"),
    ("--dataset", "MSCOCO", "data.name=mscoco", "train --data"),
    Counterpart(
        "--datapath",
        "MSCOCO#MSCOCO",
        ("train --data", "data import"),
        note="A file or a folder of train, valid (or dev) and test; documented default ./data.",
    ),
    Counterpart(
        "--epoch",
        "10",
        ("training.epochs=20",),
        "cotk-mscoco",
        "The published run has 20.",
    ),
    Counterpart(
        "--wvclass",
        "Glove",
        ("model.word_vectors=null",),
        "cotk-mscoco",
        "Documented default None; a file of GloVe's text format, or nothing.",
    ),
    Counterpart(
        "--wvpath",
        "resources://Glove300d",
        ("model.word_vectors=null",),
        "cotk-mscoco",
        "The file itself; documented default wordvec.",
    ),
    Counterpart(
        "--out_dir",
        "./output",
        ("evaluate --output", "sample --output", "reconstruct --output"),
        note="The table of metrics, and sentences one a line: draws of the prior (--count), or what comes back of "
        "each item.",
    ),
    ("--log_dir", "./tensorboard", "place runs/NAME/events", "page runs"),
    ("--model_dir", "./model", "place runs/NAME/checkpoints"),
    Counterpart(
        "--cache, --cache_dir",
        "off, ./cache",
        ("place cache",),
        note="Always on; keyed by what is in it, not by options alone.",
    ),
    Counterpart(
        "--cpu",
        "off",
        ("training.device=auto", "evaluate --device"),
        "cotk-mscoco",
        "device=cpu.",
    ),
    Counterpart(
        "--debug",
        "off",
        ("train --dry-run",),
        note="Two steps, a validation and a checkpoint on a few sentences; python -m pdb -m engine train ... "
        "steps through.",
    ),
    Counterpart(
        "min_kl",
        "10",
        ("objective.remedies.kl_floor.floor=10.0",),
        "cotk-mscoco",
        "max(KL, 10) as in its code; the documents say min.",
    ),
    ("full_kl_step", "30000", "objective.remedies.annealing.steps=30000")
    + ("objective.remedies.annealing.start=0.0",),
    ("embedding_size", "300", "model.encoder.embedding=300", "model.decoder.embedding=300"),
    ("eh_size", "200", "model.encoder.hidden=200"),
    ("dh_size", "200", "model.decoder.hidden=200"),
    ("z_dim", "100", "model.latent.size=100"),
    ("lr", "0.1", "training.encoder_optimiser.learning_rate=0.1")
    + ("training.decoder_optimiser.learning_rate=0.1",),
    Counterpart(
        "lr_decay",
        "0.995",
        ("training.plateau=null",),
        "cotk-mscoco",
        "Left out: its rule reacts to the annealed KL, not to stagnation.",
    ),
    ("momentum", "0.9", "training.encoder_optimiser.momentum=0.9")
    + ("training.decoder_optimiser.momentum=0.9",),
    ("batch_size", "128", "training.batch_size=128"),
    ("grad_clip", "5.0", "training.clip=5.0"),
    Counterpart(
        "show_sample",
        "[0]",
        ("training.log_example=false", "page runs"),
        "cotk-mscoco",
        "Eight sentences at every validation in any case.",
    ),
    ("max_sent_length", "50", "data.max_tokens=50"),
    ("checkpoint_steps", "1000", "training.checkpoint_every=1000"),
    Counterpart(
        "checkpoint_max_to_keep",
        "5",
        ("training.keep_every=null",),
        "cotk-mscoco",
        "best and last are kept, others where keep_every asks, and then for good.",
    ),
    ("min_frequent_vocab_times", "10", "tokenizer.min_count=10"),
    Counterpart(
        "min_rare_vocab_times",
        "0",
        ("evaluate",),
        note="Reconstruction perplexity with rare words spelt out takes all of training and the split.",
    ),
    Counterpart(
        "convert_to_lower_letter",
        "False",
        ("tokenizer.lowercase=false",),
        "cotk-mscoco",
        "Documented default True.",
    ),
    Counterpart(
        "tokenizer",
        "nltk",
        ("tokenizer.kind=word",),
        "cotk-mscoco",
        "Tokenised text is cut at blanks, as space does; gpt2 and bert are kind=pretrained with a source.",
    ),
    Counterpart("softmax_samples", "512", note="Left out: its code does not use it."),
    Counterpart(
        "random seed (constant)",
        "0",
        ("seed=42",),
        "cotk-mscoco",
        "Theirs seeds Python alone.",
    ),
)

COTK = Program(
    "VAE-tensorflow",
    "THU CoAI's recurrent VAE of captions with a KL floor, on CoTK.",
    "https://github.com/thu-coai/VAE-tensorflow",
    _ROWS,
)
