"""Estimators for bandit logs, which have one action per round."""

from __future__ import annotations

from dataclasses import replace

from rankeval.estimators.definitions import WEIGHT_BOUNDS, Definition, Parameter

# The defaults keep weights at most 10: the dros weight has its maximum 5 at w = 10, the sg_* weights tend to
# 10 as w grows.
MAX_WEIGHT = Parameter("max_weight", 10.0, WEIGHT_BOUNDS)
TAU = Parameter("tau", 10.0, WEIGHT_BOUNDS)
SHRINKAGE = Parameter("lambda", 100.0, (1.0, 10.0, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8))
CURVATURES = (0.0, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
CURVATURE = Parameter("lambda", 0.1, CURVATURES, high=1.0, closed=True)
#: In steps of a factor of the square root of 2, from a sixteenth of the standard deviation up to twice it.
BANDWIDTH = Parameter("bandwidth", None, tuple(2.0 ** (0.5 * step) for step in range(-8, 3)))

ACTION_ESTIMATORS = (
    Definition("ips", "mean w r", "Horvitz & Thompson 1952", mean="weighted_reward"),
    Definition(
        "cips",
        "mean min(w, max_weight) r",
        "Bottou et al. 2013",
        mean="weighted_reward",
        transform="clipped",
        parameter=MAX_WEIGHT,
    ),
    Definition(
        "snips",
        "sum w r / sum w",
        "Swaminathan & Joachims 2015",
        numerator="weighted_reward",
        denominator="weight",
    ),
    Definition(
        "csnips",
        "sum min(w, max_weight) r / sum min(w, max_weight)",
        "Swaminathan & Joachims 2015",
        numerator="weighted_reward",
        denominator="weight",
        transform="clipped",
        parameter=MAX_WEIGHT,
    ),
    Definition("dm", "mean q_pi", "direct method", mean="model"),
    Definition("dr", "mean q_pi + w (r - q)", "Dudik et al. 2011", mean="doubly_robust"),
    Definition(
        "cdr",
        "mean q_pi + min(w, max_weight) (r - q)",
        "Su et al. 2020",
        mean="doubly_robust",
        transform="clipped",
        parameter=MAX_WEIGHT,
    ),
    Definition(
        "sndr",
        "mean q_pi + sum w (r - q) / sum w",
        "self-normalised doubly robust",
        mean="model",
        numerator="weighted_residual",
        denominator="weight",
    ),
    Definition(
        "switch_dr",
        "mean q_pi + w 1{w <= tau} (r - q)",
        "Wang et al. 2017",
        mean="doubly_robust",
        transform="switched",
        parameter=TAU,
    ),
    Definition(
        "dros",
        "mean q_pi + lambda w / (w^2 + lambda) (r - q)",
        "Su et al. 2020",
        mean="doubly_robust",
        transform="shrunk",
        parameter=SHRINKAGE,
    ),
    Definition(
        "sg_ips",
        "mean w / (1 - lambda + lambda w) r",
        "Metelli et al. 2021",
        mean="weighted_reward",
        transform="harmonic",
        parameter=CURVATURE,
    ),
    Definition(
        "sg_dr",
        "mean q_pi + w / (1 - lambda + lambda w) (r - q)",
        "Metelli et al. 2021",
        mean="doubly_robust",
        transform="harmonic",
        parameter=CURVATURE,
    ),
    Definition(
        "mips",
        "mean w r, w of the embedding of the action",
        "Saito & Joachims 2022",
        mean="weighted_reward",
        transform="clipped",
        parameter=replace(MAX_WEIGHT, default=None),
        ratio="embedding",
    ),
    Definition(
        "kips",
        "mean w r, w = K((a - t) / bandwidth) / (bandwidth p)",
        "Kallus & Zhou 2018",
        mean="weighted_reward",
        transform="epanechnikov",
        parameter=BANDWIDTH,
        ratio="kernel",
    ),
    Definition(
        "ksnips",
        "sum w r / sum w, w as in kips",
        "Kallus & Zhou 2018",
        numerator="weighted_reward",
        denominator="weight",
        transform="epanechnikov",
        parameter=BANDWIDTH,
        ratio="kernel",
    ),
    Definition(
        "kdr",
        "mean q_pi + w (r - q), w as in kips",
        "Kallus & Zhou 2018",
        mean="doubly_robust",
        transform="epanechnikov",
        parameter=BANDWIDTH,
        ratio="kernel",
    ),
)
