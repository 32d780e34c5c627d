"""The options of vae-lagging-encoder, the code of He et al. 2019."""

from __future__ import annotations

from engine.counterparts.base import Counterpart, Program, rows_of

_TEXT = rows_of(
    "lagging-yahoo",
    ("--dataset", "required", "data.name=yahoo", "train --data", "preset lagging-yelp"),
    Counterpart(
        "config/config_NAME.py",
        "one per data set",
        ("train --preset", "train --set", "page train"),
        note="A configuration of one's own is a preset and what is set over it; any run can be cloned.",
    ),
    ("enc_type, dec_type", "lstm", "model.encoder.name=lstm", "model.decoder.name=lstm"),
    ("nz", "32", "model.latent.size=32"),
    ("ni", "512", "model.encoder.embedding=512", "model.decoder.embedding=512"),
    ("enc_nh", "1024", "model.encoder.hidden=1024"),
    ("dec_nh", "1024", "model.decoder.hidden=1024"),
    ("dec_dropout_in", "0.5", "model.decoder.dropout_in=0.5"),
    ("dec_dropout_out", "0.5", "model.decoder.dropout_out=0.5"),
    ("batch_size", "32", "training.batch_size=32"),
    ("epochs", "100", "training.epochs=100"),
    Counterpart(
        "test_nepoch",
        "5",
        ("evaluate --split",),
        note="The test split is measured when asked; validation is at the end of every epoch.",
    ),
    ("train_data, val_data, test_data", "files", "data import", "page data"),
    ("label (yelp)", "True", "data import --label-column"),
    ("--momentum", "0", "training.encoder_optimiser.momentum=0.0")
    + ("training.decoder_optimiser.momentum=0.0",),
    ("--nsamples", "1", "objective.samples=1"),
    ("--iw_nsamples", "500", "evaluation.iw_samples=500", "evaluate --iw-samples"),
    ("--eval, --load_path", "off, ''", "evaluate --restore", "page posterior"),
    ("--decode_from", "''", "sample --restore", "reconstruct --restore", "page sample"),
    Counterpart(
        "--decode_input",
        "''",
        ("reconstruct --input", "reconstruct --sampled", "page reconstruct"),
        note="Theirs decodes a draw of the posterior; ours its mean, with --sampled a draw.",
    ),
    Counterpart(
        "--decoding_strategy",
        "greedy",
        ("reconstruct --strategy", "sample --strategy", "reconstruct --beam"),
        note="greedy, sample and beam (5, without length penalty), as theirs.",
    ),
    ("--warm_up", "10 epochs", "objective.remedies.annealing.epochs=10.0"),
    Counterpart(
        "--kl_start",
        "1.0",
        ("objective.remedies.annealing.start=0.1",),
        "lagging-yahoo",
        "1.0 is no annealing: the remedy is left out (lagging-yelp). The documented run has 0.1.",
    ),
    Counterpart(
        "--aggressive",
        "0",
        (
            "objective.remedies.aggressive.window=15",
            "objective.remedies.aggressive.most=99",
            "objective.remedies.aggressive.initial=0.0",
            "objective.remedies.aggressive.joint_clipping=true",
        ),
        "lagging-yahoo",
        "1 is the remedy, 0 is without it; the numbers are constants of their code.",
    ),
    Counterpart(
        "--seed",
        "783435",
        ("seed=42",),
        "lagging-yahoo",
        "Theirs is overwritten by a table; ours is honoured.",
    ),
    Counterpart(
        "--jobid, --taskid",
        "0, 0",
        ("train --name", "study --seeds"),
        note="There they number a run and choose its seed.",
    ),
    ("lr (constant)", "1.0", "training.encoder_optimiser.learning_rate=1.0")
    + ("training.decoder_optimiser.learning_rate=1.0",),
    ("clip_grad (constant)", "5.0", "training.clip=5.0"),
    ("decay_epoch (constant)", "2", "training.plateau.patience=2"),
    ("lr_decay (constant)", "0.5", "training.plateau.factor=0.5"),
    ("max_decay (constant)", "5", "training.plateau.most=5"),
    ("no decay before epoch (constant)", "15", "training.plateau.first_epoch=15"),
    Counterpart(
        "log_niter (constant)",
        "a tenth of an epoch",
        ("training.log_every=20",),
        "lagging-yahoo",
        "Counted in updates here.",
    ),
    Counterpart(
        "delta of active units (constant)",
        "0.01",
        ("evaluate", "page posterior"),
        note="0.01 as well, in evaluate and while training.",
    ),
    ("batch of the mutual information", "32", "evaluation.mi_batch=32"),
)

_TOY = rows_of(
    "lagging-toy-basic",
    ("toy.py --optim", "sgd", "training.encoder_optimiser.name=sgd")
    + ("training.decoder_optimiser.name=sgd",),
    Counterpart(
        "toy.py --plot_mode",
        "multiple",
        ("training.mean_space.half_steps=false", "page posterior"),
        "lagging-toy-basic",
        "single is half_steps with 50 sentences and every=1.",
    ),
    ("toy.py --plot_niter", "200", "training.mean_space.every=200"),
    ("toy.py --num_plot", "500", "training.mean_space.sentences=500"),
    Counterpart(
        "toy.py --zmin, --zmax, --dz",
        "-20, 20, 0.1",
        ("mean-space",),
        note="The same grid, and no option.",
    ),
    Counterpart(
        "toy.py --save_plot_data",
        "'' (unused)",
        ("mean-space --output",),
        note="What is recorded stays in the run's folder means/.",
    ),
    Counterpart(
        "toy.py --aggressive",
        "0",
        ("objective.remedies.aggressive.initial=-1.0",),
        "lagging-toy-aggressive",
        "Its first mutual information is compared with -1.",
    ),
    Counterpart(
        "image.py --sample_from",
        "''",
        ("sample --restore", "page sample"),
        note="Its other options are those of text.py.",
    ),
    ("plot_multiple.py --aggressive, --iter", "0, 0", "mean-space --beside", "page posterior"),
    ("plot_single.py --aggressive, --id", "0, 0", "page posterior"),
    ("plot_log.ipynb", "a log", "page runs"),
    Counterpart(
        "prepare_data.py --dataset",
        "all",
        ("data import", "page data"),
        note="synthetic is made here; the others are published by their authors.",
    ),
)

LAGGING = Program(
    "vae-lagging-encoder",
    "He et al. 2019: aggressive training of the encoder; text, pictures and a toy.",
    "https://github.com/jxhe/vae-lagging-encoder",
    _TEXT + _TOY,
)
