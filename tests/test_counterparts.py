"""Every documented option of the programs that came before has its counterpart, and each is there."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import typer.main

from app.navigation import ENTRIES
from engine import counterparts
from engine.__main__ import app
from engine.config import ROOT
from engine.counterparts import PROGRAMS, Counterpart, cells, kind_of, matching
from engine.presets import PRESETS, preset
from engine.presets.pieces import PIECES

ROWS = [(program.name, row) for program in PROGRAMS.values() for row in program.rows]
COMMANDS = typer.main.get_command(app)
PLACES = {"ZSCAPE_HOME", "runs/NAME/events", "runs/NAME/checkpoints", "cache"}

# What each documents, word for word; the table may have more.
DOCUMENTED = {
    "vae-lagging-encoder": "--dataset --momentum --nsamples --iw_nsamples --eval --load_path --decode_from "
    "--decode_input --decoding_strategy --warm_up --kl_start --aggressive --seed --jobid --taskid --optim "
    "--plot_mode --zmin --zmax --dz --num_plot --plot_niter --save_plot_data --sample_from config/ nz ni "
    "enc_nh dec_nh dec_dropout_in dec_dropout_out batch_size epochs test_nepoch label enc_type dec_type "
    "plot_multiple plot_single prepare_data",
    "transformer-vae": "--latent_size --funnel_name --t5_name --vae_encoder_model --vae_decoder_model "
    "--critic_type --critic_name --set_seq_size --decoder_start_token_id --dont_use_reg_loss "
    "--reg_schedule_k --reg_schedule_b --use_extra_logs --n_latent_tokens --funnel_block_sizes "
    "--num_decoder_layers --num_decoder_heads --attention_window_size --attention_window_overlap "
    "--gradient_checkpoint_encoder --decoder_grad_chk_pnt_rate --skip_upsample --save_steps "
    "--generate_min_len --generate_max_len --seq_check --max_validation_size --sample_from_latent "
    "--test_classification --cycle_loss --vae_cycle_loss --advisery_weight --cycle_weight "
    "--interpolate_training_step_rate --min_critic_steps --render_text_image "
    "--dont_clean_up_tokenization_spaces --interpolate_all_at_once --dataset_name --script_version "
    "--dataset_config_name --text_column --train_file --validation_file --overwrite_cache "
    "--preprocessing_num_workers --mlm_probability --validation_name --classification_column --num_classes "
    "--model_path --config_path --tokenizer_name --use_fast_tokenizer --cache_dir base.args "
    "batch_small.args batch_medium.args batch_large.args 5Seq 30Seq 60Seq full_1_tkn full_5_tkn "
    "full_30_tkn half_5_tkn qrtr_5_tkn eigth_5_tkn tenth_5_tkn 16th_5_tkn cmp_5_tkn funnel_tiny "
    "funnel_small funnel_medium grad_check_pnt.args grad_check_pnt_enc grad_accumulation_small "
    "grad_accumulation_medium window60 window200 large_model eval.args mnist_base mnist_small mnist_tiny "
    "syntax semantics AGNews no_reg adafactor.args cycle_loss.args cycle_loss_vae critic.args critic_mean "
    "interpolate_batch deepspeed.args deepspeed_fast deepspeed_high_cpu_ram",
    "TMNT": "--input_file --batch_size --epochs --optimizer --gpus --gen_lr --min_lr --offset_factor "
    "--sent_size --num_units --transformer_layers --wd_embed_dim --latent_dim --latent_dist --kappa --kld_wt "
    "--log_interval --save_model_freq --weight_decay --warmup_ratio --use_bert --embedding_source "
    "--hidden_size --num_heads --model_dir --save_dir --save_interval --wd_temp --max_vocab_size "
    "--json_text_key --label_smoothing_epsilon --ar_decoder",
    "VAE-tensorflow": "--name --restore --mode --dataset --datapath --epoch --wvclass --wvpath --out_dir "
    "--log_dir --model_dir --cache --cache_dir --cpu --debug min_kl full_kl_step embedding_size eh_size "
    "dh_size z_dim lr lr_decay momentum batch_size grad_clip show_sample max_sent_length checkpoint_steps "
    "checkpoint_max_to_keep softmax_samples min_frequent_vocab_times min_rare_vocab_times "
    "convert_to_lower_letter",
    "LatentFactorModel": "embedding hidden latent bidirectional free_nats annealing_steps dropout "
    "word_dropout batch rate epochs n_importance_samples evaluation greedy interpolation prior posterior "
    "report max_len",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_documented_option_has_a_row(name):
    spelt = " , ".join(row.option for row in PROGRAMS[name].rows)
    words = set(re.split(r"[\s,]+", spelt)) | set(re.split(r"[\s,/_.]+", spelt))
    words |= {word.removesuffix(".args").removesuffix(".py") for word in words}
    missing = [o for o in DOCUMENTED[name].split() if o not in words and o.rstrip("/") not in words]
    assert missing == []
    options = [row.option for row in PROGRAMS[name].rows]
    assert len(set(options)) == len(options)


def value_at(config: Any, path: str) -> Any:
    """What a setting is, its remedies by name; an AssertionError where there is no such setting."""
    for part in path.split("."):
        if isinstance(config, tuple):
            named = {item.name: item for item in config}
            assert part in named, f"no {part} among {list(named)}"
            config = named[part]
        else:
            assert part in type(config).model_fields, f"no {part} in {type(config).__qualname__}"
            config = getattr(config, part)
    return config


def read(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def check_command(words: list[str]) -> None:
    command, names = COMMANDS, list(words)
    while names and hasattr(command, "commands"):
        assert names[0] in command.commands, f"no command {names[0]}"
        command = command.commands[names.pop(0)]
    assert not hasattr(command, "commands"), f"{words} names no command"
    known = {option for parameter in command.params for option in parameter.opts}
    assert set(names) <= known, f"{words}: no such option, there are {sorted(known)}"


@pytest.mark.parametrize(
    ("program", "row"), ROWS, ids=lambda value: getattr(value, "option", value)
)
def test_a_row_says_what_is_there(program: str, row: Counterpart):
    assert row.ours or row.note, "an option without a counterpart says why"
    assert not row.note or row.note.endswith(".")
    has_setting = any(kind_of(ours) == "setting" for ours in row.ours)
    assert has_setting == bool(row.preset) and (not row.preset or row.preset in PRESETS)
    for ours in row.ours:
        kind, name = kind_of(ours), ours.partition(" ")[2]
        if kind == "setting":
            path, _, value = ours.partition("=")
            assert value_at(preset(row.preset), path) == read(value), ours
        elif kind == "command":
            check_command(ours.split())
        else:
            there = {"page": ENTRIES, "piece": PIECES, "preset": PRESETS, "place": PLACES}
            assert name in there[kind], ours


def test_every_piece_has_a_row():
    rows = [one for row in PROGRAMS["transformer-vae"].rows for one in row.ours]
    assert {one.partition(" ")[2] for one in rows if kind_of(one) == "piece"} == set(PIECES)


def test_the_readme_holds_the_table():
    assert counterparts.markdown() in (ROOT / "README.md").read_text(encoding="utf-8"), (
        "write what `python -m engine presets --options --markdown` prints between its marks"
    )


def test_rows_are_found_by_any_of_their_words():
    found = matching(PROGRAMS["TMNT"], "MIN_LR cosine")
    assert [row.option for row in found] == ["--min_lr"]
    assert matching(PROGRAMS["TMNT"], "") == list(PROGRAMS["TMNT"].rows)
    assert matching(PROGRAMS["TMNT"], "nothing like it") == []


def test_a_row_without_a_counterpart_shows_a_dash():
    row = next(row for row in PROGRAMS["transformer-vae"].rows if "--critic_type" in row.option)
    assert cells(row)[2] == "–" and "does not run" in cells(row)[4]
