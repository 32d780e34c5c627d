"""The options of transformer-vae; those of its model stand here."""

from __future__ import annotations

from engine.counterparts.base import Counterpart, Program, rows_of
from engine.counterparts.transformer_vae_running import DATA, DEAD, PIECES, TRAINING

_MODEL = rows_of(
    "transformer-vae",
    ("--latent_size", "1000", "model.latent.size=1000"),
    ("--n_latent_tokens", "5", "model.latent.tokens=5", "model.encoder.tokens=5"),
    Counterpart(
        "--funnel_name",
        "funnel-transformer/intermediate",
        (
            "model.encoder.name=funnel",
            "model.encoder.hidden=768",
            "model.encoder.heads=12",
            "model.encoder.feedforward=3072",
        ),
        "transformer-vae",
        "Only its sizes, there as here; piece large_model has the large ones.",
    ),
    Counterpart(
        "--t5_name",
        "t5-base",
        ("model.decoder.name=t5", "model.decoder.source=null", "model.decoder.embedding=768"),
        "transformer-vae",
        "Only its sizes, there as here; source begins with trained weights.",
    ),
    ("--vae_encoder_model", "''", "model.latent.name=deterministic"),
    Counterpart(
        "--vae_decoder_model",
        "''",
        ("model.decoder.memory_norm=layer",),
        "transformer-vae",
        "t5_norm is t5, no_norm is none.",
    ),
    ("--set_seq_size", "60", "data.max_tokens=60"),
    Counterpart(
        "--decoder_start_token_id", "0", note="Left out: it is the tokeniser's start token."
    ),
    Counterpart(
        "--dont_use_reg_loss",
        "False",
        ("objective.remedies.mmd.weight=30.0", "piece no_reg"),
        "transformer-vae",
        "30 is our guess: about the tokens of a sentence, since its reconstruction is a mean per token and ours "
        "a sum.",
    ),
    Counterpart(
        "kernel of the MMD (constant)",
        "exp(-d²/n²)",
        ("objective.remedies.mmd.kernel=rbf",),
        "transformer-vae",
        "Theirs, kernel=transformer-vae, hardly tells codes from the prior; ours is as wide as their median "
        "distance.",
    ),
    Counterpart(
        "--reg_schedule_k",
        "0.0025",
        ("objective.remedies.mmd.slope=0.0025", "objective.remedies.mmd.schedule=sigmoid"),
        "transformer-vae",
    ),
    ("--reg_schedule_b", "6.25", "objective.remedies.mmd.shift=6.25"),
    Counterpart(
        "--use_extra_logs", "False", ("page runs",), note="Every term of the loss is always logged."
    ),
    Counterpart(
        "--funnel_block_sizes",
        "''",
        ("model.encoder.blocks=3", "model.encoder.layers=6", "piece funnel_small"),
        "transformer-vae",
        "Blocks have equally many layers here.",
    ),
    Counterpart(
        "--num_decoder_layers, --num_decoder_heads",
        "0, 0",
        ("model.decoder.layers=12", "model.decoder.heads=12"),
        "transformer-vae",
        "0 is T5's own number.",
    ),
    Counterpart(
        "--attention_window_size",
        "0",
        ("model.decoder.window=0", "piece window200"),
        "transformer-vae",
        "Ours moves with the word and need not divide anything; theirs raises an error.",
    ),
    Counterpart(
        "--attention_window_overlap",
        "0",
        note="Left out: a window that moves with the word overlaps everywhere.",
    ),
    Counterpart(
        "--gradient_checkpoint_encoder",
        "False",
        ("model.encoder.checkpoint=false", "piece grad_check_pnt_enc"),
        "transformer-vae",
    ),
    Counterpart(
        "--decoder_grad_chk_pnt_rate",
        "0",
        ("model.decoder.checkpoint_every=0", "piece grad_check_pnt"),
        "transformer-vae",
        "3 computes every third layer twice, theirs two of three.",
    ),
    Counterpart(
        "--skip_upsample",
        "False",
        ("model.decoder.upsample=4",),
        "transformer-vae",
        "upsample=1 skips it; 4 belongs to three blocks.",
    ),
    Counterpart("--critic_type, --critic_name", "'', ''", note=DEAD),
)

TRANSFORMER_VAE = Program(
    "transformer-vae",
    "Fraser-Greenlee: latent tokens between a Funnel encoder and T5's decoder, drawn to the prior by MMD.",
    "https://github.com/Fraser-Greenlee/transformer-vae",
    _MODEL + TRAINING + DATA + PIECES,
)
