"""Estimators for ranking logs of a random logging policy, with one list of items per session."""

from __future__ import annotations

from rankeval.estimators.definitions import WEIGHT_BOUNDS, Definition, Parameter

# Optional upper bound on the weights.
MAX_WEIGHT = Parameter("max_weight", None, WEIGHT_BOUNDS)

RANKING_ESTIMATORS = (
    Definition(
        "sips",
        "mean w sum_k c_k, w of the whole list",
        "Horvitz & Thompson 1952",
        mean="weighted_reward",
        transform="clipped",
        parameter=MAX_WEIGHT,
        ratio="list",
    ),
    Definition(
        "iips",
        "mean sum_k w_k c_k, w_k of the item at position k",
        "Li et al. 2018",
        mean="weighted_reward",
        transform="clipped",
        parameter=MAX_WEIGHT,
        ratio="item",
    ),
    Definition(
        "rips",
        "mean sum_k w_k c_k, w_k of the items at 1..k",
        "McInerney et al. 2020",
        mean="weighted_reward",
        transform="clipped",
        parameter=MAX_WEIGHT,
        ratio="prefix",
    ),
    Definition(
        "policy_aware",
        "mean sum_k w_k c_k, w_k of the item's expected examination",
        "Oosterhuis & de Rijke 2020",
        mean="weighted_reward",
        transform="clipped",
        parameter=MAX_WEIGHT,
        ratio="exposure",
    ),
    Definition(
        "pi",
        "mean w sum_k c_k, w the pseudo-inverse weight, 1 + sum_k (w_k - 1) of product policies",
        "Swaminathan et al. 2017",
        mean="weighted_reward",
        transform="clipped",
        parameter=MAX_WEIGHT,
        ratio="slate",
    ),
    Definition(
        "aips",
        "mean sum_k w_k c_k, w_k of the items that the reward at k depends on",
        "Kiyohara et al. 2023",
        mean="weighted_reward",
        transform="clipped",
        parameter=MAX_WEIGHT,
        ratio="subset",
    ),
    Definition(
        "cascade_dr",
        "mean sum_k w_k (c_k - q_k) + w_{k-1} E_pi q_k, w_k of the items at 1..k, q_k the reward to go",
        "Kiyohara et al. 2022",
        mean="doubly_robust",
        transform="clipped",
        parameter=MAX_WEIGHT,
        ratio="prefix",
    ),
    Definition(
        "snsips",
        "sum w sum_k c_k / sum w, w of the whole list",
        "self-normalised sips",
        numerator="weighted_reward",
        denominator="weight",
        transform="clipped",
        parameter=MAX_WEIGHT,
        ratio="list",
    ),
    Definition(
        "sniips",
        "sum_k of mean w_k c_k / mean w_k over the sessions that have position k, w_k of the item there",
        "self-normalised iips",
        numerator="weighted_reward",
        denominator="weight",
        transform="clipped",
        parameter=MAX_WEIGHT,
        ratio="item",
        by_position=True,
    ),
    Definition(
        "snrips",
        "as sniips, w_k of the items at 1..k",
        "self-normalised rips",
        numerator="weighted_reward",
        denominator="weight",
        transform="clipped",
        parameter=MAX_WEIGHT,
        ratio="prefix",
        by_position=True,
    ),
)
