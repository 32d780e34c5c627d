"""Logistic-normal: codes that are proportions."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, TransformedDistribution

from engine.config import Config as BaseConfig
from engine.config import param
from engine.models.distributions.logistic_normal import Differences, Proportions, differences
from engine.models.latents.base import Latent, LatentFamily
from engine.models.latents.normal import BatchNormalisedMean, diagonal


class LogisticGaussian(LatentFamily):
    r"""Proportions: a Gaussian in the logits, a point of the simplex as code.

    .. math::
        z = \mathrm{softmax}([u, 0]), \quad u \sim N(\mu, \Sigma) \text{ in } R^{K-1}, \quad
        \log q(z|x) = \log N(u; \mu, \Sigma) - \sum_k \ln z_k

    The last logit is 0, so that logits and proportions determine each other, and the KL of the codes is
    that of the Gaussians. Two priors, each with the posterior that can equal it:

    - ``normal``: K - 1 free logits, independent, against N(0, I); the KL is a sum over them;
    - ``dirichlet``: K independent logits less the last one, against the Laplace approximation of
      Dirichlet(alpha), :math:`u \sim N(0, (I + 11^T)/\alpha)`; all proportions are alike, and the KL is
      no sum over logits. Each logit, centred, has the prior variance :math:`\tfrac1\alpha (1 - \tfrac2K)
      + \tfrac1{K\alpha}` of ProdLDA.

    Where we differ from TMNT, whose codes are the dirichlet ones: its KL is of the K logits, of which
    many make the same proportions, and of other parameters than the sample: there the sample's mean is
    batch-normalised and the KL's is not. Here ``mean`` normalises both: with the normal prior the mean KL
    of a batch is then at least :math:`\tfrac{K-1}2 \gamma^2`; with the dirichlet one only what tells the
    logits apart counts, and logits that all move together vanish all the same. Logits of a draw beyond
    ±15 are taken back to it.

    References:
        Logistic-normal distributions, Atchison and Shen, 1980, https://doi.org/10.1093/biomet/67.2.261;
        Autoencoding Variational Inference for Topic Models (ProdLDA), Srivastava and Sutton, 2017,
        https://arxiv.org/abs/1703.01488; TMNT's seq_vae, MITRE, 2020, https://github.com/mitre/tmnt; the
        mean of BN-VAE, Zhu et al., 2020, https://arxiv.org/abs/2004.12585
    """

    class Config(BaseConfig):
        """Proportions, Gaussian in their logits."""

        name: Literal["logistic_gaussian"] = "logistic_gaussian"
        size: int = param(
            32,
            "Number of proportions in a code, which sum to 1 (256 in TMNT).",
            ge=2,
            le=4096,
            symbol="K",
            basic=True,
        )
        prior: Literal["normal", "dirichlet"] = param(
            "normal",
            "normal: free logits are N(0, 1). dirichlet: the Laplace approximation of a symmetric "
            "Dirichlet (ProdLDA, TMNT), in which all proportions are alike.",
        )
        alpha: float = param(
            1.0,
            "Concentration of the Dirichlet prior (1 in TMNT): smaller allows more extreme proportions. "
            "No effect on the normal prior. Below 0.2 logits would leave the range of ±15.",
            ge=0.2,
            le=1000,
            symbol="α",
        )
        mean: Literal["free", "batch_norm"] = param(
            "free",
            "free: as the encoder gives it. batch_norm: the mean logits are normalised over the batch to the "
            "scale gamma, so that under the normal prior the code cannot vanish (TMNT, in its samples).",
        )
        gamma: float = param(
            0.9,
            "Standard deviation of batch-normalised mean logits (1 in TMNT); no effect on free ones. "
            "Somewhat less than the prior's, which is 1/√α, leaves room for the posterior's own.",
            gt=0,
            le=10,
            symbol="γ",
        )

    paths = ("fisher-rao", "linear")
    where = "on the simplex of proportions"
    zero: Tensor

    def __init__(self, config: Config, input_size: int, input_tokens: int = 1) -> None:
        super().__init__()
        self.size = config.size
        self.alpha = config.alpha if config.prior == "dirichlet" else None
        logits = config.size - (self.alpha is None)
        self.parameters_of = nn.Linear(input_size, 2 * logits, bias=False)
        self.register_buffer("zero", torch.zeros(logits), persistent=False)
        self.proportions = Proportions()
        self.normalised = (
            BatchNormalisedMean(logits, config.gamma) if config.mean == "batch_norm" else None
        )

    def _mean_and_logvar(self, h: Tensor, learn: bool = True) -> tuple[Tensor, Tensor]:
        mean, logvar = self.parameters_of(h).float().chunk(2, dim=-1)
        return (mean if self.normalised is None else self.normalised(mean, learn)), logvar

    def forward(self, h: Tensor, samples: int | None = None) -> Latent:
        """One reparameterised draw per row, or ``samples`` of them.

        Args:
            h: encoder summary, (B, H).
            samples: S, or None for one draw without a leading dimension.

        Returns:
            z (B, K) on the simplex; the KL of each free logit (B, K-1), or (B, 1) under a Dirichlet.
        """
        mean, logvar = self._mean_and_logvar(h)
        posterior = self._distribution(mean, (0.5 * logvar).exp())
        z = posterior.rsample(() if samples is None else (samples,))
        if self.alpha is not None:
            return Latent(z, self._kl(mean, logvar, self.alpha).unsqueeze(-1), posterior)
        return Latent(z, 0.5 * (mean.square() + logvar.exp() - logvar - 1), posterior)

    def _kl(self, mean: Tensor, logvar: Tensor, alpha: float) -> Tensor:
        r"""KL (B,) of the differences of K normals to that of K normals of variance 1/alpha."""
        size = self.size
        length = mean.square().sum(-1) - mean.sum(-1).square() / size
        trace = logvar.exp().sum(-1) * (1 - 1 / size)
        prior = math.log(size) - (size - 1) * math.log(alpha)
        volume = logvar.sum(-1) + torch.logsumexp(-logvar, -1)
        return 0.5 * (alpha * (length + trace) - (size - 1) + prior - volume)

    def code(self, h: Tensor) -> Tensor:
        """The proportions (B, K) of the mean logits."""
        return self._proportions(self._mean_and_logvar(h, learn=False)[0])

    def centre(self, codes: Tensor) -> Tensor:
        r"""The proportions (K,) in the middle of codes (N, K), as the Fisher-Rao path has it.

        .. math:: c \propto \Big(\sum_i \sqrt{z_i}\Big)^2
        """
        squares = codes.sqrt().mean(0).square()
        return squares / squares.sum()

    def around(self, h: Tensor, n: int, spread: float) -> Tensor:
        """n draws (n, B, K), the deviation of their logits times ``spread``: they stay proportions."""
        mean, logvar = self._mean_and_logvar(h, learn=False)
        deviation = (0.5 * logvar).exp() * torch.randn(n, *mean.shape, device=mean.device)
        return self._proportions(mean + spread * deviation)

    def _proportions(self, logits: Tensor) -> Tensor:
        return self.proportions(logits if self.alpha is None else differences(logits))

    @property
    def prior(self) -> TransformedDistribution:
        """The proportions of Gaussian logits, event shape (K,)."""
        variance = torch.ones_like(self.zero) / (self.alpha or 1.0)
        return self._distribution(self.zero, variance.sqrt())

    def _distribution(self, mean: Tensor, scale: Tensor) -> TransformedDistribution:
        """Of the proportions whose logits have this mean and deviation."""
        make = diagonal if self.alpha is None else Differences
        logits: Distribution = make(mean, scale)
        return TransformedDistribution(logits, [self.proportions], validate_args=False)
