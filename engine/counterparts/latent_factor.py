"""The constants of the notebook LatentFactorModel."""

from __future__ import annotations

from engine.counterparts.base import Counterpart, Program, rows_of

_ROWS = rows_of(
    "latent-factor-spanish",
    ("data", "SIGMORPHON 2016, Spanish", "data.name=spanish", "data import"),
    ("max_len", "30", "data.max_tokens=30"),
    Counterpart(
        "characters",
        "37 types",
        ("tokenizer.kind=char",),
        "latent-factor-spanish",
        "Of the training words alone; theirs counts validation words too.",
    ),
    ("embedding", "256", "model.encoder.embedding=256", "model.decoder.embedding=256"),
    ("hidden", "256", "model.encoder.hidden=256", "model.decoder.hidden=256"),
    ("latent", "16", "model.latent.size=16", "model.latent.name=bernoulli"),
    ("bidirectional", "True", "model.encoder.bidirectional=true"),
    ("shared embedding, detached", "on", "model.share_embedding=detached"),
    ("combination layer", "tanh", "model.latent.head=tanh"),
    Counterpart(
        "bridge of the code to the first state",
        "no tanh",
        ("model.decoder.initial_state=shared", "model.decoder.z_every_step=false"),
        "latent-factor-spanish",
        "With tanh, as its text says.",
    ),
    Counterpart(
        "prior",
        "0.5 as a logit",
        ("model.latent.prior=0.5",),
        "latent-factor-spanish",
        "A probability, as its text says; its code draws ones with 0.62.",
    ),
    Counterpart(
        "gradient estimator",
        "score function, one sample",
        ("model.latent.estimator.name=disarm",),
        "latent-factor-spanish",
        "Theirs is name=score_function; with a baseline, baseline.name.",
    ),
    Counterpart(
        "free_nats",
        "0 (5)",
        ("train --set",),
        note="The remedy free_bits; without effect in its code.",
    ),
    Counterpart(
        "annealing_steps",
        "0 (11400)",
        ("objective.remedies.annealing.steps=2000", "objective.remedies.annealing.start=0.2")
        + ("objective.beta=0.4",),
        "latent-factor-spanish",
        "Without effect in its code, whose loss has no KL; the weight from 0.08 to 0.4 is ours.",
    ),
    Counterpart(
        "dropout",
        "0.6",
        ("model.decoder.dropout_in=0.4", "model.decoder.dropout_out=0.4"),
        "latent-factor-spanish",
        "0.4 is ours.",
    ),
    Counterpart(
        "word_dropout",
        "0 (0.75)",
        ("train --set",),
        note="The remedy word_dropout; without effect in its code.",
    ),
    ("batch", "64", "training.batch_size=64"),
    ("Adam's rate", "1e-3", "training.encoder_optimiser.learning_rate=0.001")
    + ("training.decoder_optimiser.learning_rate=0.001",),
    Counterpart(
        "epochs",
        "20",
        ("training.epochs=60",),
        "latent-factor-spanish",
        "60, a gradient clipped at 5 and a rate halved on a plateau are ours.",
    ),
    Counterpart(
        "n_importance_samples",
        "3 (50)",
        ("evaluation.iw_samples=0", "evaluate --iw-samples", "evaluate --exact"),
        "latent-factor-spanish",
        "Not while training; --exact sums over all 65,536 codes.",
    ),
    ("evaluation batch", "128", "evaluation.batch_size=128"),
    ("longest, greedy decoding", "50", "sample --max-tokens", "reconstruct --max-tokens"),
    ("interpolation points", "5", "interpolate --steps", "page interpolate"),
    ("prior samples", "10", "sample --count", "page sample"),
    Counterpart(
        "posterior samples",
        "3",
        ("reconstruct --draws", "page reconstruct"),
        note="Beside the reconstruction of the mean, as there.",
    ),
    Counterpart(
        "report every",
        "100",
        ("training.log_every=20",),
        "latent-factor-spanish",
        "20 is our default.",
    ),
    Counterpart(
        "best_model.pt",
        "best validation perplexity",
        ("evaluate --restore", "place runs/NAME/checkpoints"),
        note="Encoder and decoder together, by the best ELBO; theirs keeps the decoder only.",
    ),
    ("learning curves", "inline", "page runs"),
)

LATENT_FACTOR = Program(
    "LatentFactorModel",
    "The notebook of the VI tutorial: Spanish words by character, a code of sixteen bits.",
    "https://github.com/vitutorial",
    _ROWS,
)
