"""METRICS: every number that Zscape shows, with its unit, direction, meaning and source.

Keys in a run's metrics.jsonl are ``<split>/<name>``; ``describe("valid/kl")`` finds the entry of ``kl``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

COTK = "PerplexityMetric of CoTK, https://github.com/thu-coai/cotk"
HE2019 = (
    "Lagging Inference Networks and Posterior Collapse in VAEs, He et al., 2019, arXiv:1901.05534"
)
BURDA2016 = "Importance Weighted Autoencoders, Burda et al., 2016, arXiv:1509.00519"
PELSMAEKER2020 = "Effective Estimation of Deep Generative Language Models, Pelsmaeker and Aziz, 2020, arXiv:1904.08194"
WU2020 = "On the Encoder-Decoder Incompatibility in Variational Text Modeling and Beyond, Wu et al., 2020, arXiv:2004.09189"
ZHANG2022 = (
    "Improving VAEs with Density Gap-based Regularization, Zhang et al., 2022, arXiv:2211.00321"
)
SHI2018 = "Toward Diverse Text Generation with Inverse Reinforcement Learning, Shi et al., 2018, arXiv:1804.11258"
ZHAO2018 = "Adversarially Regularized Autoencoders, Zhao et al., 2018, arXiv:1706.04223"
LI2019 = "A Surprisingly Effective Fix for Deep Latent Variable Modeling of Text, Li et al., 2019, arXiv:1909.00868"
GRETTON2012 = "A Kernel Two-Sample Test, Gretton et al., 2012, JMLR 13"
LI2016 = "A Diversity-Promoting Objective Function for Neural Conversation Models, Li et al., 2016, arXiv:1510.03055"
ARVANITIDIS2022 = "Pulling Back Information Geometry, Arvanitidis et al., 2022, arXiv:2106.05367"
VENNA2001 = "Neighborhood Preservation in Nonlinear Projection Methods: An Experimental Study, Venna and Kaski, 2001, ICANN"
TRANSFORMER_VAE = (
    "transformer-vae, Fraser-Greenlee, 2021, https://github.com/Fraser-Greenlee/transformer-vae"
)
HOFFMAN2016 = "ELBO surgery, Hoffman and Johnson, 2016, NIPS workshop on approximate inference"


@dataclass(frozen=True)
class Metric:
    """One number: how it is called, counted, read and computed; ``only`` names the kind of data that has it."""

    label: str
    unit: str
    better: Literal["higher", "lower", "zero", "none"]
    meaning: str
    reference: str = ""
    only: Literal["text", "images"] | None = None

    def unit_for(self, kind: Literal["text", "images"]) -> str:
        """The unit where the data are of this kind: an image stands for a sentence, a pixel for a token."""
        if kind == "text":
            return self.unit
        return self.unit.replace("sentence", "image").replace("token", "pixel")


METRICS: dict[str, Metric] = {
    # -- the loss, its terms and their weights -----------------------------------------------------
    "loss": Metric(
        "Loss",
        "nats/sentence",
        "lower",
        "What the optimiser minimises: reconstruction + weighted, charged KL + penalties of remedies.",
    ),
    "elbo": Metric(
        "ELBO",
        "nats/sentence",
        "higher",
        "Evidence lower bound with KL weight 1: -(reconstruction + KL). One posterior sample per sentence, dropout off in evaluation.",
        "Auto-Encoding Variational Bayes, Kingma and Welling, 2014, arXiv:1312.6114",
    ),
    "reconstruction": Metric(
        "Reconstruction",
        "nats/sentence",
        "lower",
        "-E_q log p(x|z), summed over the tokens of a sentence, end token counted, start token and padding not.",
    ),
    "kl": Metric(
        "KL",
        "nats/sentence",
        "none",
        "KL(q(z|x) || p(z)), the rate: how many nats a code carries, averaged over sentences. Near 0 = collapse.",
    ),
    "kl_charged": Metric(
        "Charged KL",
        "nats/sentence",
        "none",
        "The KL that enters the loss, after free bits and before the KL weight.",
    ),
    "kl_weight": Metric(
        "KL weight", "β", "none", "The factor of the KL term in the loss at this step."
    ),
    "capacity": Metric(
        "KL target",
        "nats/sentence",
        "none",
        "What the remedy capacity holds the KL at, at this step.",
        "Understanding disentangling in beta-VAE, Burgess et al., 2018, arXiv:1804.03599",
    ),
    "minimum_desired_rate": Metric(
        "Missing rate, priced",
        "nats/sentence",
        "zero",
        "u (r - KL), a term of the loss: what the KL is short of the desired rate times its price; negative above the rate.",
        PELSMAEKER2020,
    ),
    "rate_price": Metric(
        "Price of rate",
        "nats/nat",
        "none",
        "u, the multiplier of the minimum desired rate: it rises while the KL is short of it. From 1 on the KL is free.",
        PELSMAEKER2020,
    ),
    "mmd": Metric(
        "MMD, weighted",
        "nats/sentence",
        "zero",
        "A term of the loss: weight times the squared maximum mean discrepancy of the batch's codes from the prior. Unbiased, so that it may be negative.",
        "Wasserstein Auto-Encoders, Tolstikhin et al., 2018, arXiv:1711.01558",
    ),
    "mmd_weight": Metric(
        "MMD weight", "λ", "none", "The factor of the squared discrepancy at this step."
    ),
    "info_vae": Metric(
        "InfoVAE divergence, weighted",
        "nats/sentence",
        "zero",
        "A term of the loss: (α + λ - 1) times the squared maximum mean discrepancy of the batch's codes from the prior.",
        "InfoVAE, Zhao, Song and Ermon, 2019, arXiv:1706.02262",
    ),
    "density_gap": Metric(
        "Density gap, weighted",
        "nats/sentence",
        "zero",
        "A term of the loss: KL of the mixture of each group of posteriors to the prior, times its share of the KL and the KL weight.",
        ZHANG2022,
    ),
    "bag_of_words": Metric(
        "Bag-of-words loss",
        "nats/sentence",
        "lower",
        "A term of the loss: -log probability of the sentence's words from the code alone, in any order, weighted.",
        "Learning Discourse-level Diversity for Neural Dialog Models, Zhao et al., 2017, arXiv:1703.10960",
    ),
    "coupled_reconstruction": Metric(
        "Deterministic reconstruction",
        "nats/sentence",
        "lower",
        "A term of the loss: reconstruction of the autoencoder without noise beside the VAE, weighted.",
        WU2020,
    ),
    "coupled_match": Metric(
        "Match of first states",
        "nats/sentence",
        "lower",
        "A term of the loss: distance of the decoder's first state from the deterministic path's, weighted.",
        WU2020,
    ),
    "direction_length": Metric(
        "Length of the direction",
        "nats/sentence",
        "zero",
        "A term of the loss: squared distance from 1 of the mean direction's length before it is divided by it, weighted.",
        "Spherical Latent Spaces for Stable Variational Autoencoders, Xu and Durrett, 2018, arXiv:1808.10805",
    ),
    # -- how training goes -------------------------------------------------------------------------
    "learning_rate": Metric(
        "Learning rate",
        "",
        "none",
        "The optimiser's step size (the decoder's, where the two differ).",
    ),
    "grad_norm": Metric(
        "Gradient norm", "", "none", "Global L2 norm of the gradient before clipping."
    ),
    "tokens_per_second": Metric(
        "Speed",
        "tokens/s",
        "higher",
        "Predicted tokens of the outer steps per second of training; evaluation not counted.",
    ),
    "encoder_steps": Metric(
        "Encoder-only steps",
        "steps",
        "none",
        "Mean number of encoder-only updates before one joint step (aggressive training).",
    ),
    "seconds": Metric(
        "Elapsed", "s", "none", "Seconds of training since the start, over all sessions of the run."
    ),
    "epoch": Metric("Epoch", "epochs", "none", "Passes over the training split."),
    # -- likelihood --------------------------------------------------------------------------------
    "rows": Metric("Sentences", "sentences", "none", "How many sentences the evaluation saw."),
    "ppl": Metric(
        "Perplexity bound",
        "per token",
        "lower",
        "exp(-ELBO total / predicted tokens): an upper bound of perplexity. End token counted, start and padding not, <unk> as an ordinary token.",
        HE2019,
    ),
    "nll_iw": Metric(
        "IW-NLL",
        "nats/sentence",
        "lower",
        "-log p(x) estimated with K importance samples from q(z|x): an upper bound that tightens with K.",
        BURDA2016,
    ),
    "nll_iw_se": Metric(
        "IW-NLL standard error",
        "nats/sentence",
        "lower",
        "Standard error of the mean IW-NLL over the sentences evaluated.",
    ),
    "ppl_iw": Metric(
        "Perplexity (IW)",
        "per token",
        "lower",
        "exp(total IW-NLL / predicted tokens), end token counted.",
        HE2019,
    ),
    "iw_samples": Metric(
        "IW samples", "samples", "none", "K, importance samples per sentence behind IW-NLL."
    ),
    "iw_rows": Metric(
        "Rows behind IW-NLL", "sentences", "none", "Random sentences of those evaluated."
    ),
    "ess": Metric(
        "Effective sample size",
        "samples",
        "higher",
        "Mean over sentences of (Σw)²/Σw² of the importance weights; far under K means IW-NLL is pessimistic.",
    ),
    "nll_exact": Metric(
        "Exact NLL",
        "nats/sentence",
        "lower",
        "-log p(x) by summing over every code, where a code is at most 16 bits: what IW-NLL bounds from above.",
    ),
    "ppl_exact": Metric(
        "Perplexity (exact)",
        "per token",
        "lower",
        "exp(total exact NLL / predicted tokens), end token counted.",
    ),
    "ppl_reconstruction": Metric(
        "Reconstruction perplexity",
        "per token",
        "lower",
        "exp(reconstruction total / predicted tokens), the code drawn from the posterior and free of charge: no perplexity of the text. <unk> as an ordinary token.",
        COTK,
    ),
    "ppl_reconstruction_rare": Metric(
        "Reconstruction perplexity, rare words spelt out",
        "per token",
        "lower",
        "Reconstruction perplexity in which each of the R rare words has an equal part of the probability of <unk>: comparable between vocabularies.",
        COTK,
        only="text",
    ),
    "rare_words": Metric(
        "Rare words",
        "words",
        "none",
        "R: words of the training split and the split measured that the vocabulary lacks.",
        COTK,
        only="text",
    ),
    # -- what codes say of their sentences ---------------------------------------------------------
    "mutual_information": Metric(
        "Mutual information",
        "nats",
        "higher",
        "I_q(x;z) over n random rows: E log q(z|x) - E log q(z), q(z) the mixture of the n posteriors, own term included. Never above ln n; an estimate from draws, so that near 0 it may fall below.",
        HOFFMAN2016,
    ),
    "mutual_information_upper": Metric(
        "Mutual information, leave-one-out",
        "nats",
        "none",
        "The same with the own term left out of q(z): biased upwards, so that the pair is a sandwich.",
    ),
    "mutual_information_batch": Metric(
        "Mutual information, in-batch",
        "nats",
        "higher",
        "As the code of He et al. 2019 estimates it: the aggregate is the batch's, so it never exceeds ln(batch size). Batch-size weighted mean.",
        HE2019,
    ),
    "mutual_information_n": Metric(
        "Rows behind MI",
        "sentences",
        "none",
        "n, the random rows of the MI estimate; the estimate is capped at ln n.",
    ),
    "active_units": Metric(
        "Active units",
        "units",
        "higher",
        "Latent units whose posterior mean has variance of at least 0.01 over sentences (unbiased).",
        BURDA2016,
    ),
    "z_shuffle": Metric(
        "Cost of swapped codes",
        "nats/sentence",
        "higher",
        "Reconstruction with the code of another random sentence minus reconstruction with its own. Near 0 the decoder ignores the code.",
    ),
    "z_shuffle_se": Metric(
        "Standard error of the cost of swapped codes",
        "nats/sentence",
        "lower",
        "Of the mean over the sentences, each compared with itself.",
    ),
    "z_shuffle_n": Metric(
        "Rows behind the cost of swapped codes",
        "sentences",
        "none",
        "n, the random rows that exchanged their codes in one cycle.",
    ),
    "true_code_r2": Metric(
        "True codes found (R²)",
        "",
        "higher",
        "Share of the variance of the codes that made the data which a linear map from posterior means "
        "explains: fitted on a random half of the rows, told on the other. Blind to scale: of a collapsed code it finds what little its means still move, so read it beside the KL.",
    ),
    "true_code_n": Metric(
        "Rows behind R²", "sentences", "none", "n, the random rows whose true codes are compared."
    ),
    "probe_accuracy": Metric(
        "Accuracy of a linear probe",
        "share",
        "higher",
        "Sentences of the split whose label a logistic regression finds from their posterior means, fitted on standardised means of training sentences. Means have no noise and are stretched to one scale, so that it may find labels in a code that tells the decoder next to nothing.",
        LI2019,
    ),
    "probe_control": Metric(
        "The same probe, labels shuffled",
        "share",
        "none",
        "The control: fitted on the same means with the training labels shuffled. What the probe has above it the codes know.",
        "Designing and Interpreting Probes with Control Tasks, Hewitt and Liang, 2019, arXiv:1909.03368",
    ),
    "probe_majority": Metric(
        "Always the most frequent training label",
        "share",
        "none",
        "What always saying the training split's most frequent label would get right.",
    ),
    "probe_classes": Metric(
        "Labels of the probe", "labels", "none", "Different labels among the training sentences."
    ),
    "probe_rows": Metric(
        "Rows behind the probe",
        "sentences",
        "none",
        "Random training sentences that the probe was fitted on.",
    ),
    "probe_test_rows": Metric(
        "Rows that the probe was scored on",
        "sentences",
        "none",
        "Random sentences of the split; accuracy has a standard error of √(a(1-a)/n).",
    ),
    # -- codes against the prior -------------------------------------------------------------------
    "kl_aggregated": Metric(
        "KL(q(z) || p(z))",
        "nats",
        "zero",
        "KL of the aggregated posterior to the prior: KL - mutual information, not below 0.",
        HOFFMAN2016,
    ),
    "hole_rate": Metric(
        "Hole rate",
        "share",
        "lower",
        "Share of prior draws where log q(z) is below its first percentile at draws of the posteriors, q(z) the mixture of n rows without the row itself. 0.01 where q(z) is the prior.",
        ZHANG2022,
    ),
    "hole_rate_se": Metric(
        "Hole rate standard error",
        "share",
        "lower",
        "Of the hole rate, by resampling the draws of prior and posteriors.",
    ),
    "reverse_coverage": Metric(
        "Codes outside the prior's shell",
        "share",
        "lower",
        "Share of posterior draws whose log p(z) lies outside the range that holds 99 of 100 prior draws. 0.01 where q(z) is the prior, 0 where all codes are equally probable.",
    ),
    "covered_units": Metric(
        "Units without holes",
        "units",
        "higher",
        "Latent units with KL(p(z_j) || q(z_j)) below 0.03 nats, over bins of a tenth of the prior's deviation. A collapsed code has none either: read it beside active units.",
        ZHANG2022,
    ),
    "mmd_prior": Metric(
        "MMD² to the prior",
        "",
        "zero",
        "Squared maximum mean discrepancy of posterior draws from prior draws, inverse multiquadric kernel, unbiased, so that it may be negative.",
        GRETTON2012,
    ),
    "mmd_p": Metric(
        "MMD² p-value",
        "probability",
        "none",
        "How often the two sets of draws, shuffled together and parted again, are as far apart. Small: q(z) is not the prior.",
        GRETTON2012,
    ),
    # -- what comes back of sentences --------------------------------------------------------------
    "bleu": Metric(
        "BLEU-4",
        "0 to 100",
        "higher",
        "Corpus BLEU of free-running reconstructions against their sources, tokens as the tokeniser cuts them.",
        "A Call for Clarity in Reporting BLEU Scores, Post, 2018, arXiv:1804.08771",
        only="text",
    ),
    "edit_similarity": Metric(
        "Edit similarity",
        "0 to 1",
        "higher",
        "1 - token edit distance / longer length, mean over sentences; free-running greedy decoding from the posterior's code.",
    ),
    "exact_match": Metric(
        "Exact match", "share", "higher", "Share of sentences that come back token by token."
    ),
    "token_accuracy": Metric(
        "Token accuracy",
        "share",
        "higher",
        "Tokens, the end included, that the decoder ranks first after the true tokens before them, with the sentence's code. Easier than free-running: beside it see exact match.",
        TRANSFORMER_VAE,
    ),
    "sequence_accuracy": Metric(
        "Sequence accuracy",
        "share",
        "higher",
        "Sentences of which every token is ranked first after the true tokens before it.",
        TRANSFORMER_VAE,
    ),
    "accuracy_rows": Metric(
        "Rows behind the accuracies",
        "sentences",
        "none",
        "n, the random rows whose tokens were ranked.",
    ),
    # -- sentences written -------------------------------------------------------------------------
    "generated": Metric(
        "Sentences written",
        "sentences",
        "none",
        "n, drawn from the prior; as many real ones stand beside them, since all that is measured of them depends on n.",
        only="text",
    ),
    "unique": Metric(
        "Different sentences",
        "share",
        "higher",
        "Different sentences among those written, over all of them.",
    ),
    "mean_length": Metric(
        "Mean length",
        "tokens",
        "none",
        "Tokens per sentence written, end token not counted.",
        only="text",
    ),
    "distinct_1": Metric(
        "Distinct-1",
        "share",
        "higher",
        "Different tokens over all tokens written. Falls with how many sentences there are: compare equal numbers.",
        LI2016,
        only="text",
    ),
    "distinct_2": Metric(
        "Distinct-2",
        "share",
        "higher",
        "Different pairs of neighbouring tokens over all pairs. Falls with how many sentences there are: compare equal numbers.",
        LI2016,
        only="text",
    ),
    "self_bleu": Metric(
        "Self-BLEU",
        "0 to 100",
        "lower",
        "Mean BLEU-4 of each sentence with all the others as references, of 1,000 sentences at most. Rises with how many there are: compare with as many real sentences.",
        "Texygen, Zhu et al., 2018, arXiv:1802.01886",
        only="text",
    ),
    "copied": Metric(
        "Copied",
        "share",
        "none",
        "Sentences written that are training sentences token by token.",
    ),
    "novel": Metric(
        "Novel",
        "share",
        "none",
        "Of the different sentences written, those that are no training sentence. Real sentences of the split say what is usual.",
        "GuacaMol, Brown et al., 2019, arXiv:1811.09621 (uniqueness and novelty apart)",
        only="text",
    ),
    "valid": Metric(
        "Valid",
        "share",
        "higher",
        "Sentences written that pass the check asked for: python, whether a line parses as a statement or the first line of one; digits, whether a text draws a picture of 8 by 8; or a function of one's own. Real sentences are checked as the tokeniser gives them back.",
        only="text",
    ),
    "path_valid": Metric(
        "Valid on the way",
        "share",
        "higher",
        "The same check of the nine inner points of eleven-point paths between the codes of random pairs of sentences, decoded greedily, mean over the paths. What is empty or the same everywhere may be valid too: read some.",
        TRANSFORMER_VAE,
        only="text",
    ),
    "path_valid_se": Metric(
        "Valid on the way, standard error",
        "share",
        "lower",
        "Of the mean over the paths; points of one path are not independent.",
        only="text",
    ),
    "path_ends_valid": Metric(
        "Valid at the ends of the way",
        "share",
        "higher",
        "The same check of what the ends of these paths decode to, which are reconstructions.",
        only="text",
    ),
    "paths": Metric(
        "Paths", "paths", "none", "Random pairs of sentences that were joined.", only="text"
    ),
    "forward_bleu": Metric(
        "Forward BLEU",
        "0 to 100",
        "higher",
        "Mean BLEU-4 of each sentence written with n real sentences of the split as references, exponential smoothing: quality. Rises with n. Beside it: n training sentences in place of those written.",
        SHI2018,
        only="text",
    ),
    "backward_bleu": Metric(
        "Backward BLEU",
        "0 to 100",
        "higher",
        "Mean BLEU-4 of each of n real sentences of the split with those written as references, exponential smoothing: coverage. Rises with n. Beside it: n training sentences in place of those written.",
        SHI2018,
        only="text",
    ),
    "harmonic_bleu": Metric(
        "Forward and backward BLEU",
        "0 to 100",
        "higher",
        "Harmonic mean of forward and backward BLEU: low where either quality or coverage is.",
        SHI2018,
        only="text",
    ),
    "forward_ppl": Metric(
        "Forward perplexity",
        "per token",
        "lower",
        "Of the sentences written under a 4-gram model of at most 50,000 training sentences: interpolated absolute discounting (0.75), one count more for every word; end token counted, <unk> as an ordinary token. One sentence repeated scores well: read it beside backward perplexity.",
        ZHAO2018,
        only="text",
    ),
    "backward_ppl": Metric(
        "Backward perplexity",
        "per token",
        "lower",
        "Of n real sentences of the split under the same 4-gram model of the n sentences written: what they do not cover is dear. Beside it: the model of n training sentences.",
        ZHAO2018,
        only="text",
    ),
    # -- paths -------------------------------------------------------------------------------------
    "interpolation_smoothness": Metric(
        "Smoothness of a path",
        "0 to 1",
        "higher",
        "Token edit distance of the first and last sentence over the sum of the distances of neighbours: 1 without a detour. Absent where all steps read the same.",
        "LangVAE and LangSpace, 2025, arXiv:2505.00004 (the ratio, there with word-mover distance)",
    ),
    "path_energy": Metric(
        "Energy of a path",
        "nats",
        "lower",
        "Sum over steps of the symmetrised KL between the decoder's token distributions at the two codes, read along what the straight path between the same ends says. The more even, the lower.",
        ARVANITIDIS2022,
    ),
    "path_length": Metric(
        "Length of a path",
        "√nats",
        "lower",
        "Sum over steps of √(2 sKL): the path's length under the decoder's pull-back metric, however its steps are spaced.",
        ARVANITIDIS2022,
    ),
    "monotonicity": Metric(
        "Monotonicity",
        "-1 to 1",
        "higher",
        "Rank correlation of the step with the edit distance from A, and with the edit distance from B turned round, averaged. Absent where neither changes.",
    ),
    "distinct_steps": Metric(
        "Distinct steps", "share", "higher", "Different sentences on the path over its steps."
    ),
    "endpoint_fidelity": Metric(
        "Fidelity of the ends",
        "0 to 1",
        "higher",
        "Edit similarity of A and B with what their codes decode to, averaged; without it a constant path would be the smoothest.",
    ),
    "nll_dip": Metric(
        "Dip in the middle",
        "nats/token",
        "zero",
        "How much less sure the decoder is of its sentence at the middle step than at the two ends, by -log p(sentence | code) per token.",
    ),
    # -- maps --------------------------------------------------------------------------------------
    "trustworthiness": Metric(
        "Trustworthiness",
        "0 to 1",
        "higher",
        "Whether neighbours on the map are neighbours in the latent space: 1 minus how far strangers among the k nearest have come, by rank. Chance is about 0.5.",
        VENNA2001,
    ),
    "neighbour_recall": Metric(
        "Neighbour recall",
        "share",
        "higher",
        "Share of the k nearest in the latent space that are among the k nearest on the map. Chance is about k / N.",
        "Quality assessment of dimensionality reduction: Rank-based criteria, Lee and Verleysen, 2009, Neurocomputing 72",
    ),
    "neighbourhood_change": Metric(
        "Neighbourhood change",
        "0 to 1",
        "none",
        "1 - Jaccard index of a sentence's k nearest in two latent spaces, mean over sentences: 0 the same neighbours, 1 none in common.",
        "The Distribution of the Flora in the Alpine Zone, Jaccard, 1912, New Phytologist 11",
    ),
    "map_disparity": Metric(
        "Disparity of two maps",
        "0 to 1",
        "lower",
        "Share of squares left over when one map is turned, reflected, scaled and laid on the other (Procrustes): 0 they coincide.",
        "Procrustes Problems, Gower and Dijksterhuis, 2004, Oxford University Press",
    ),
    # -- the posterior mean space ------------------------------------------------------------------
    "model_mean_spread": Metric(
        "Spread of the model's means",
        "prior deviations",
        "higher",
        "Standard deviation over sentences of E_p[z|x], the mean of the model's posterior; 0 is model collapse. Root mean square over units.",
        HE2019,
    ),
    "inference_mean_spread": Metric(
        "Spread of the inference means",
        "prior deviations",
        "higher",
        "Standard deviation over sentences of E_q[z|x], the encoder's mean; 0 while the model's means spread is a lagging encoder. Root mean square over units.",
        HE2019,
    ),
    "mean_correlation": Metric(
        "Correlation of the two means",
        "-1 to 1",
        "higher",
        "Of E_p[z|x] and E_q[z|x] over sentences and units, each unit about its mean; absent where one of them does not vary. Near 1 the encoder has caught up with the model.",
        HE2019,
    ),
    "mean_gap": Metric(
        "Gap of the two means",
        "prior deviations",
        "lower",
        "Mean over sentences of the distance between E_p[z|x] and E_q[z|x]: how far the encoder is behind the model.",
        HE2019,
    ),
    "mean_space_ess": Metric(
        "Effective sample size of the model's means",
        "samples",
        "higher",
        "Median over sentences of (Σw)²/Σw² behind E_p[z|x]; far under K that mean is not to be trusted. Absent where the mean is integrated.",
    ),
}


def describe(key: str) -> Metric:
    """The entry of a key such as ``valid/kl``; a KeyError names a metric that is not in METRICS."""
    return METRICS[key.rsplit("/", 1)[-1]]
