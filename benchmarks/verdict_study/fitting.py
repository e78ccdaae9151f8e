"""Thresholds of the verdict, fitted to the worlds of even number.

Of all settings that are reached by changing one threshold at a time, the one that trusts the most estimates
while their intervals and signs hold as often as is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, log10

import numpy as np
from numpy.typing import NDArray

from benchmarks.verdict_study.judging import held, right_sign
from benchmarks.verdict_study.records import Record
from rankeval.off_policy import nested_assumptions, row_reasons
from rankeval.position_bias.refutation_notes import WEAK

#: The thresholds of the product between ``trust`` and ``caution``.
PRESENT: Mapping[str, float] = {
    "rewards": row_reasons.FEW_REWARDS[-1][1],
    "leverage": row_reasons.LEVERAGE[-1][1],
    "top_share": row_reasons.TOP_SHARE[-1][1],
    "ess": row_reasons.FEW_EFFECTIVE[-1][1],
    "tail": row_reasons.HEAVY_TAIL,
    "biased": row_reasons.BIASED,
    "imbalanced": row_reasons.IMBALANCED,
    "unseen": nested_assumptions.UNSEEN,
    "missed": WEAK,
}
#: The least share of intervals of values and of gains that hold, and of right signs, among the trusted.
WANTED = (0.945, 0.945, 0.99)
#: Threshold -> its values that are tried; the present one may be any of them.
GRID: Mapping[str, tuple[float, ...]] = {
    "rewards": (5.0, 10.0, 20.0, 30.0, 50.0, 70.0, 100.0, 200.0),
    "leverage": (0.2, 0.3, 0.5, 0.7, 1.0, 2.0),
    "top_share": (0.02, 0.05, 0.1, 0.2),
    "ess": (30.0, 50.0, 100.0, 200.0),
    "tail": (0.4, 0.5, 0.7),
    "biased": (0.1, 0.25, 0.5, 1.0),
    "imbalanced": (0.5, 1.0, 1.5, 2.0, 9.0),
    "unseen": (0.5, 1.0, 1.5, 2.0, 3.0),
    "missed": (0.03, 0.05, 0.07, 0.1),
}
#: Estimators that have nothing to allow for a mean weight that chance moved.
FOLLOWING = ("ips", "cips", "sips", "iips", "rips")
#: Codes of reasons that follow from these numbers; any other reason stops an estimate as it stands.
FROM_NUMBERS = frozenset(
    {
        "few_rewards",
        "leverage",
        "top_share",
        "few_effective",
        "heavy_tail",
        "mean_weight",
        "support_gap",
        "near_support",
        "share_clipped",
        "assumption_not_tested",
        "user_model_weakly_tested",
        "weight_imbalance",
    }
)


@dataclass(frozen=True)
class Numbers:
    """The numbers of many records, of which each must keep below its threshold, and what came of them.

    Attributes:
        of: threshold -> (n,) numbers; ``rewards`` and ``ess`` are negative, as more of them is better.
        stopped: (n,) bool, whether another reason stops the estimate.
        right: (n, 3) whether value, gain and sign were right: 1, 0, or NaN if that is not known.
    """

    of: Mapping[str, NDArray[np.float64]]
    stopped: NDArray[np.bool_]
    right: NDArray[np.float64]

    @classmethod
    def read(cls, records: Sequence[Record]) -> Numbers:
        """The numbers of records."""
        rows = [numbers(record) for record in records]
        found = {name: np.array([row[name] for row in rows]) for name in GRID}
        stopped = np.array(
            [bool(set(record["reasons"]) - FROM_NUMBERS) or share(record) for record in records]
        )
        right = [(held(r["value"]), held(r["gain"]), right_sign(r["gain"])) for r in records]
        known = [[np.nan if one is None else float(one) for one in row] for row in right]
        return cls(found, stopped, np.array(known))

    def trusted(self, limits: Mapping[str, float]) -> NDArray[np.bool_]:
        """(n,) which estimates pass all thresholds."""
        passes = [
            self.of[name] <= (-limit if name in ("rewards", "ess") else limit)
            for name, limit in limits.items()
        ]
        return np.asarray(np.all(passes, axis=0) & ~self.stopped)

    def score(self, limits: Mapping[str, float]) -> tuple[int, list[float]]:
        """The number of trusted estimates, and the shares that were right."""
        kept = self.right[self.trusted(limits)]
        known = [column[np.isfinite(column)] for column in kept.T]
        return len(kept), [float(column.mean()) if len(column) else 0.0 for column in known]


def numbers(record: Record) -> dict[str, float]:
    """The number of each threshold; minus infinity where it does not apply."""
    found, width = record["diagnostics"], record["facts"].get("width", 0.0)
    of_clicks = record["name"].startswith("click")
    worth = [one for one in (*record["worth"], found["effective_rewards"]) if one is not None]
    errors = [e for e in (record["value"]["std_error"], record["gain"]["std_error"]) if e]
    least, value = min(errors, default=inf), abs(record["value"]["value"] or 0.0)
    off = abs((found["mean_weight"] or 1.0) - 1.0 + (found["support_gap"] or 0.0))
    z = abs(found["mean_weight_z"] or 0.0)
    follows = z > 1.96 and record["name"] in FOLLOWING
    biases = [off * value * (z > 2.6), (found["share_clipped"] or 0.0) * value]
    biases += [(found[name] or 0.0) * width for name in ("support_gap", "near_support")]
    tail = found["tail_index"]
    weak = "assumption_not_tested" in record["reasons"] and found["unseen_error"] is None
    return {
        "rewards": -min(worth, default=inf),
        "leverage": -inf if found["leverage"] is None else found["leverage"],
        "top_share": found["top_share"] or 0.0,
        "ess": -inf if of_clicks or found["ess"] is None else -found["ess"],
        "tail": -inf if tail is None or tail <= 1.0 - 1.0 / log10(record["n"]) else tail,
        "biased": max(biases) / least,
        "imbalanced": off * value / least * follows,
        "unseen": inf if weak else (found["unseen_error"] or -inf),
        "missed": -inf if record["missed"] is None else record["missed"],
    }


def share(record: Record) -> bool:
    """Whether a fixed share stops the estimate: of support, of the mean weight, of what is clipped."""
    found, z = record["diagnostics"], abs(record["diagnostics"]["mean_weight_z"] or 0.0)
    gap = found["support_gap"] or 0.0
    off = abs((found["mean_weight"] or 1.0) - 1.0 + gap)
    near, gain = found["near_support"] or 0.0, record["gain"]
    most = gap, near, (found["share_clipped"] or 0.0) / 5.0, off * (z > 2.6)
    open_sign = record["sign"] or near * record["facts"].get("width", 0.0) > abs(gain["value"] or 0.0)
    return max(most) > 0.01 or (open_sign and right_sign(gain) is not None)


def fit(data: Numbers, start: Mapping[str, float]) -> dict[str, float]:
    """The best setting that is reached by changing one or two thresholds at a time."""
    best, most = dict(start), -1
    while True:
        steps = [best | dict(change) for change in changes()]
        scored = [(*data.score(limits), limits) for limits in steps]
        good = [(n, limits) for n, shares, limits in scored if np.all(np.array(shares) >= WANTED)]
        n, limits = max(good, key=lambda one: one[0], default=(-1, best))
        if n <= most:
            return best
        best, most = limits, n


def changes() -> Iterator[tuple[tuple[str, float], ...]]:
    """All changes of one or two thresholds."""
    every = [(name, value) for name, values in GRID.items() for value in values]
    yield from ((one,) for one in every)
    yield from ((one, other) for one in every for other in every if one[0] < other[0])
