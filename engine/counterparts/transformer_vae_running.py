"""The options of transformer-vae that say how it trains and on what, and its named pieces."""

from __future__ import annotations

from engine.counterparts.base import Counterpart, rows_of

DEAD = "Left out: its author found no gain in it, and its code does not run."
_ALWAYS = "Left out: there is nothing to turn on or off here."

TRAINING = rows_of(
    "transformer-vae",
    ("--save_steps", "1000", "training.checkpoint_every=1000"),
    Counterpart(
        "--save_total_limit",
        "3",
        ("training.keep_every=null",),
        "transformer-vae",
        "best and last are kept, others where keep_every asks.",
    ),
    Counterpart(
        "--generate_min_len", "1", note="Left out: a sentence may end at once, as with its default."
    ),
    ("--generate_max_len", "20", "sample --max-tokens", "interpolate --max-tokens"),
    Counterpart(
        "--seq_check",
        "None",
        ("evaluate --valid",),
        note="python and digits, or a function of one's own.",
    ),
    ("--max_validation_size", "None", "training.validation_limit=null"),
    ("--sample_from_latent", "False", "sample", "page sample"),
    ("--test_classification", "False", "evaluate --probe"),
    Counterpart("--cycle_loss, --vae_cycle_loss, --cycle_weight", "False, False, 1", note=DEAD),
    Counterpart("--advisery_weight, --min_critic_steps", "1, 1000", note=DEAD),
    Counterpart("--interpolate_training_step_rate", "1", note=DEAD),
    Counterpart(
        "--render_text_image",
        "False",
        ("page interpolate",),
        note="Texts that draw a digit are also shown as what they draw, without an option.",
    ),
    Counterpart(
        "--dont_clean_up_tokenization_spaces",
        "False",
        note="Left out: what is decoded keeps its tokens' blanks where the data are tokenised.",
    ),
    Counterpart(
        "--interpolate_all_at_once",
        "False",
        ("interpolate --path",),
        note="Token by token, as its default.",
    ),
    Counterpart(
        "--learning_rate",
        "5e-5",
        (
            "training.encoder_optimiser.name=adamw",
            "training.encoder_optimiser.learning_rate=5e-5",
            "training.decoder_optimiser.learning_rate=5e-5",
        ),
        "transformer-vae",
    ),
    ("--adam_beta1, --adam_beta2", "0.9, 0.999", "training.encoder_optimiser.beta1=0.9")
    + ("training.encoder_optimiser.beta2=0.999",),
    Counterpart("--adam_epsilon", "1e-8", note="Left out: 1e-8 as well, and fixed."),
    ("--weight_decay", "0", "training.encoder_optimiser.weight_decay=0.0"),
    Counterpart(
        "--adafactor",
        "False",
        ("piece adafactor",),
        note="Its rate falls with the root of the updates, theirs stays as set.",
    ),
    ("--num_train_epochs", "3", "training.epochs=3"),
    ("--max_steps", "-1", "training.max_steps=null", "train --max-steps"),
    ("--lr_scheduler_type", "linear", "training.schedule.name=linear")
    + ("training.schedule.least=0.0",),
    ("--warmup_steps", "0", "training.schedule.warmup=0.0"),
    ("--max_grad_norm", "1.0", "training.clip=1.0"),
    ("--seed", "42", "seed=42"),
    ("--per_device_train_batch_size", "8", "training.batch_size=8"),
    ("--per_device_eval_batch_size", "8", "evaluation.batch_size=128"),
    Counterpart(
        "--gradient_accumulation_steps",
        "1",
        ("training.accumulate=1",),
        "transformer-vae",
        "Ours cuts a batch into so many parts, theirs takes so many batches: set batch_size to all of them.",
    ),
    ("--logging_steps", "100", "training.log_every=100"),
    ("--do_train", "False", "train"),
    ("--do_eval", "False", "evaluate"),
    Counterpart(
        "--eval_steps",
        "500",
        ("training.evaluate_every=null", "piece eval"),
        "transformer-vae",
        "At the end of every epoch in any case, with an interpolation of two sentences.",
    ),
    ("--fp16", "False", "training.precision=auto"),
    Counterpart(
        "--deepspeed",
        "None",
        note="Left out: weights and optimiser fit one device here; accumulate, checkpoints and bfloat16 save memory.",
    ),
    ("--output_dir", "output", "train --name", "place ZSCAPE_HOME"),
    Counterpart("--overwrite_output_dir", "False", ("delete",), note="A run is never overwritten."),
    Counterpart(
        "wandb",
        "needed",
        ("page runs",),
        note="Also TensorBoard's files; nothing leaves the machine.",
    ),
)

DATA = rows_of(
    "transformer-vae",
    ("--dataset_name", "None", "train --data", "data import", "page data"),
    ("--dataset_config_name, --script_version", "None, main", "data import"),
    ("--text_column", "None", "data import --text-column"),
    ("--train_file, --validation_file", "None", "data import"),
    ("--validation_name", "validation", "data import --valid"),
    ("--classification_column", "class_label", "data import --label-column"),
    Counterpart("--num_classes", "None", note="Left out: labels are counted."),
    Counterpart(
        "--overwrite_cache, --preprocessing_num_workers",
        "False, None",
        ("place cache",),
        note="Keyed by what is in it, so that it is never stale.",
    ),
    Counterpart(
        "--mlm_probability",
        "0.0",
        note="Left out: no preset of theirs masks what the encoder reads; word_dropout hides what the decoder reads.",
    ),
    Counterpart(
        "--model_path", "None", ("resume", "evaluate --restore"), note="A run, and a checkpoint."
    ),
    ("--config_path", "None", "train --preset", "train --set"),
    Counterpart(
        "--tokenizer_name",
        "t5-base",
        ("tokenizer.kind=bpe", "tokenizer.source=null"),
        "transformer-vae",
        "Learnt from the data, as its tokenizer_train.py; t5-base is kind=pretrained and source=google-t5/t5-base.",
    ),
    ("tokenizer_train.py", "vocab 32128, min_frequency 2", "tokenizer.vocab_size=32128")
    + ("tokenizer.min_count=2",),
    Counterpart("--use_fast_tokenizer", "True", note=_ALWAYS),
    ("--cache_dir", "None", "place ZSCAPE_HOME"),
    ("run_experiment NAME ...", "", "train --pieces", "presets --pieces"),
)

# Every piece has the name of the file that it repeats.
_SAME = (
    *("base", "5Seq", "30Seq", "60Seq", "batch_small", "batch_medium", "batch_large", "cmp_5_tkn"),
    *("full_1_tkn", "full_5_tkn", "full_30_tkn", "half_5_tkn", "qrtr_5_tkn", "eigth_5_tkn"),
    *("tenth_5_tkn", "16th_5_tkn", "funnel_tiny", "funnel_small", "funnel_medium", "large_model"),
    *(
        "grad_check_pnt",
        "grad_check_pnt_enc",
        "grad_accumulation_small",
        "grad_accumulation_medium",
    ),
    *("window60", "window200", "mnist_base", "mnist_small", "mnist_tiny", "syntax", "semantics"),
    *("AGNews", "eval", "no_reg", "adafactor"),
)

PIECES = (
    *(Counterpart(f"{name}.args", "", (f"piece {name}",)) for name in _SAME),
    Counterpart("cycle_loss.args, cycle_loss_vae.args", "", note=DEAD),
    Counterpart("critic.args, critic_mean.args", "", note=DEAD),
    Counterpart("interpolate_batch.args", "", note=DEAD),
    Counterpart(
        "deepspeed.args, deepspeed_fast.args, deepspeed_high_cpu_ram.args",
        "",
        note="Left out, as --deepspeed.",
    ),
)
