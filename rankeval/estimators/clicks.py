"""Estimators from clicks on rankings whose users examine position k with a known probability ``theta_k``.

The logging policy may be deterministic and its propensities may be unknown: the weights follow from the
position-bias curve. A candidate ranker moves the item shown at k to k'. Clicks follow the position-based
model: ``P(click) = theta_k`` times relevance. ``click_affine`` assumes trust bias: ``P(click) = alpha_k``
times relevance plus ``beta_k``. All estimators assume that the curve is correct.
"""

from __future__ import annotations

from rankeval.estimators.definitions import WEIGHT_BOUNDS, Definition, Parameter

# The upper bound on 1 / theta_k. Its default is 10 for estimators that clip by definition, else none.
MAX_WEIGHT = Parameter("max_weight", 10.0, WEIGHT_BOUNDS)
OPTIONAL_MAX_WEIGHT = Parameter("max_weight", None, WEIGHT_BOUNDS)
#: A caution that every output with these estimators shows.
SCALE = "on the scale of 1 / theta_1, so that values compare only under one position-bias curve"

CLICK_ESTIMATORS = (
    Definition(
        "click_ips",
        "mean sum_k c_k theta_k' / theta_k: clicks under the candidate",
        "Joachims et al. 2017",
        mean="weighted_reward",
        ratio="examination",
        unshown=("unshown",),
    ),
    Definition(
        "click_cips",
        "mean sum_k c_k theta_k' min(1 / theta_k, max_weight)",
        "Joachims et al. 2017",
        mean="weighted_reward",
        transform="clipped",
        parameter=MAX_WEIGHT,
        ratio="examination",
        logged_apart=True,
        unshown=("unshown",),
    ),
    Definition(
        "click_dr",
        "mean sum theta_k' q over all candidates + sum_k theta_k' min(1 / rho, max_weight) "
        "(c_k - theta_k q_k); rho the item's exposure where that is logged, else theta_k",
        "Oosterhuis 2022",
        mean="click_doubly_robust",
        transform="clipped",
        parameter=MAX_WEIGHT,
        ratio="rho",
        logged_apart=True,
        unshown=("unshown", "unshown_model"),
    ),
    Definition(
        "click_affine",
        "mean sum_k alpha_k' (c_k - beta_k) / alpha_k + beta_k'",
        "Vardasbi et al. 2020",
        mean="click_affine",
        ratio="trust",
        unshown=("unshown",),
    ),
    Definition(
        "click_dcg",
        "mean sum_k c_k / theta_k / log2(k' + 1), over k' <= K for click_dcg@K",
        "Agarwal et al. 2019",
        mean="weighted_reward",
        transform="clipped",
        parameter=OPTIONAL_MAX_WEIGHT,
        ratio="dcg",
        cutoff="optional",
        logged_apart=True,
        unshown=("unshown",),
        caution=SCALE,
    ),
    Definition(
        "click_precision",
        "mean sum_k c_k / theta_k 1{k' <= K} / K",
        "Agarwal et al. 2019",
        mean="weighted_reward",
        transform="clipped",
        parameter=OPTIONAL_MAX_WEIGHT,
        ratio="precision",
        cutoff="required",
        logged_apart=True,
        unshown=("unshown",),
        caution=SCALE,
    ),
    Definition(
        "click_arp",
        "mean sum_k c_k / theta_k k': lower is better",
        "Agarwal et al. 2019",
        mean="weighted_reward",
        transform="clipped",
        parameter=OPTIONAL_MAX_WEIGHT,
        ratio="rank",
        logged_apart=True,
        unshown=("unshown",),
        caution=f"a sum of ranks, lower is better; {SCALE}",
        lower_is_better=True,
    ),
    Definition(
        "click_snips",
        "sum w c / sum w over impressions, w = theta_k' / theta_k: a click rate",
        "self-normalised click_ips",
        numerator="weighted_reward",
        denominator="weight_sum",
        ratio="examination",
        logged_apart=True,
        caution="a bounded index for comparing candidates, not a consistent estimate of clicks",
    ),
    Definition(
        "replay_ips",
        "mean sum_k c_k 1{k' = k} / theta_k",
        "rank-match replay",
        mean="weighted_reward",
        transform="clipped",
        parameter=OPTIONAL_MAX_WEIGHT,
        ratio="match",
        logged_apart=True,
        caution=f"relevance where both rankings agree, not clicks; {SCALE}",
    ),
)
