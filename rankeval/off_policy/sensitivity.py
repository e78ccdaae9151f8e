"""How wrong propensities or a position-bias curve must be for a gain to change its sign.

*Propensities*. In the marginal sensitivity model (Tan 2006; Kallus & Zhou 2018; after Rosenbaum 2002) the
odds of the true propensity differ from those of the logged one by at most a factor ``Gamma``, in each
round in any way. A weight ``w = pi / e`` then lies between ``pi + (w - pi) / Gamma`` and ``pi + (w - pi)
Gamma``. The worst choice of weights takes the one end where it lowers the estimate and the other end
elsewhere. ``Gamma`` is the least factor whose worst choice makes the gain 0. Ready-made weights lie in
``[w / Gamma, w Gamma]``.

*Curve*. ``theta_k`` is replaced by ``theta_k^p``: for ``theta_k = k^-eta`` the true ``eta`` is ``p`` times
the one used. The factor is the p closest to 1 at which the gain is 0. It says nothing of errors of another
shape.

Both compare point estimates: sampling errors come on top. Larger factors (further from 1) are safer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.estimators import Estimator, click_weights
from rankeval.inference import ROUNDING
from rankeval.off_policy.accumulate import Sums
from rankeval.off_policy.plan import Plan
from rankeval.off_policy.rows import EstimateRow, Sensitivity
from rankeval.off_policy.sensitivity_sums import Excess, Moves, SensitivitySums

#: The largest factor that is looked for.
LARGEST_FACTOR = 16.0
#: Powers of a curve between 1 and the largest one.
_STEPS = 96
#: The powers whose gains are told: half and twice the position bias. They are among those above.
TOLD = (0.5, 2.0)
#: Kinds of weights of clicks whose estimates follow from moves and a curve.
_BY_MOVES = frozenset({"examination", "dcg", "precision", "rank", "match"})


def with_sensitivity(rows: Sequence[EstimateRow], sums: Sums) -> tuple[EstimateRow, ...]:
    """The rows of all units and of segments, with their sensitivity."""
    parts = {} if sums.sensitivity is None else sums.sensitivity.parts()
    return tuple(
        replace(row, sensitivity=_of(row, sums.plan, parts[row.segment])) if row.segment in parts else row
        for row in rows
    )


def _of(row: EstimateRow, plan: Plan, sums: SensitivitySums) -> Sensitivity | None:
    """The sensitivity of a gain; None where it is not computed for the estimator."""
    target, estimator = row.target or "", row.estimator
    if not row.gain.value or row.value.value is None or row.logged.value is None:
        return None
    if abs(row.gain.value) <= ROUNDING * (abs(row.value.value) + abs(row.logged.value)):
        return None  # no gain has no sign
    if estimator.definition.of_clicks:
        moves, bias = sums.moves.get(target), plan.terms.setting.position_bias
        if moves is None or bias is None or not moves.known or estimator.ratio not in _BY_MOVES:
            return None
        powers, gains = _by_power(estimator, bias.values["examination"], moves)
        told = tuple(_told(float(power), gains[i]) for i, power in enumerate(powers) if power in TOLD)
        return Sensitivity("position_bias", "eta", _eta(powers, gains), told)
    excess = _excess(row, sums, target)
    if excess is None:
        return None
    logged, gain, n = row.logged.value, row.gain.value, sums.n
    ratio = estimator.definition.mean is None
    # The normalised estimate passes the logged mean where the sum of w (r - logged) passes 0.
    n = n * (row.diagnostics["mean_weight"] or 0.0) if ratio else n
    below, above = excess.around(logged if ratio else 0.0)
    return Sensitivity("propensities", "gamma", gamma(n * gain, below, above))


def _excess(row: EstimateRow, sums: SensitivitySums, target: str) -> Excess | None:
    """The sums by rewards or residuals that an estimator needs; None for other estimators."""
    estimator = row.estimator
    plain = estimator.weighting.transform == "plain" and estimator.loggers == "naive"
    if not plain or estimator.ratio not in ("action", "ready", "list"):
        return None
    definition = estimator.definition
    if (definition.mean, definition.numerator, definition.denominator) in (
        ("weighted_reward", None, None),
        (None, "weighted_reward", "weight"),
    ):
        return sums.rewards.get(target)
    return sums.residuals.get(target) if definition.mean == "doubly_robust" else None


def gamma(total: float, below: float, above: float) -> float | None:
    """The least factor by which weights must be wrong to bring a sum to 0.

    With ``A = below`` and ``B = above``, the worst sum under a factor G is
    ``total + (1/G - 1) B + (G - 1) A`` for a positive total, and the mirror image for a negative one.

    Args:
        total: the sum, of the sign of the gain.
        below, above: the sums of ``w - pi`` times x, over x below and above 0.

    Returns:
        The factor, at least 1; None if none up to 16 does.
    """
    if total < 0.0:
        total, below, above = -total, -above, -below
    # below G^2 + (total - above - below) G + above = 0
    linear = total - above - below
    root_of = math.sqrt(linear * linear - 4.0 * below * above)
    if linear < 0.0:
        root = -2.0 * above / (linear - root_of)  # where the other form would subtract equal numbers
    elif below < 0.0:
        root = (linear + root_of) / (-2.0 * below)
    else:
        return None
    root = max(root, 1.0)
    return root if root <= LARGEST_FACTOR else None


def _by_power(estimator: Estimator, curve: tuple[float, ...], moves: Moves) -> tuple[Floats, Floats]:
    """(P,) powers of the curve, and (P,) the gain under each; not finite where a weight is too large."""
    powers, weights, stays = _weights(estimator, curve, len(moves.clicks))
    clicks, impressions = moves.clicks.ravel(), moves.impressions.ravel()
    gains = _values(weights, clicks, impressions, estimator, moves.sessions)
    with np.errstate(all="ignore"):
        if estimator.definition.logged_apart:
            gains = gains - _values(stays, clicks, impressions, estimator, moves.sessions)
        else:
            gains = gains - clicks.sum() / moves.sessions
    return powers, gains


def _told(power: float, gain: float) -> tuple[float, float | None]:
    return power, float(gain) if math.isfinite(gain) else None


def _eta(powers: Floats, gains: Floats) -> float | None:
    """The power of the curve closest to 1 (in its logarithm) at which the gain is 0; None up to 16."""
    with np.errstate(all="ignore"):
        change = np.flatnonzero(gains[:-1] * gains[1:] < 0.0)  # False where a gain is not finite
    found = [_crossing(powers[i : i + 2], gains[i : i + 2]) for i in change]
    return min(found, key=lambda power: abs(math.log(power)), default=None)


def _crossing(powers: Floats, gains: Floats) -> float:
    """The power between two at which the gain is 0, if it is linear in the logarithm of the power."""
    share = gains[0] / (gains[0] - gains[1])
    return float(powers[0] * (powers[1] / powers[0]) ** share)


def _values(
    weights: Floats, clicks: Floats, impressions: Floats, estimator: Estimator, sessions: float
) -> Floats:
    """(P,) the estimate under each curve."""
    with np.errstate(all="ignore"):
        total = np.sum(weights * clicks, axis=1)
        if estimator.definition.mean is not None:
            return np.asarray(total / sessions)
        return np.asarray(total / np.sum(weights * impressions, axis=1))


@lru_cache(maxsize=64)
def _weights(estimator: Estimator, curve: tuple[float, ...], size: int) -> tuple[Floats, Floats, Floats]:
    """(P,) the powers, and (P, K K) the weights of moves from k to k', and of items that stay, under each."""
    powers = LARGEST_FACTOR ** (np.arange(-_STEPS, _STEPS + 1) / _STEPS)
    with np.errstate(over="ignore", under="ignore"):  # gains that are not finite change no sign
        theta = np.array(curve[:size]) ** powers[:, None]
    k, moved = (index.ravel() for index in np.indices((size, size)))
    term = estimator.term("weighted_reward")

    def weigh(at: Any) -> Floats:
        items = {
            "rank": k + 1.0,
            "target_rank": at + 1.0,
            "examination": theta[:, k],
            "target_examination": theta[:, at],
        }
        with np.errstate(all="ignore"):
            return np.broadcast_to(click_weights(items, term), (len(powers), size * size))

    return powers, weigh(moved), weigh(k)
