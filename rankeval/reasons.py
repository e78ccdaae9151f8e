"""The verdict on a result: how far it can be trusted, and why no further.

A *reason* is a :class:`~rankeval.notes.Note` with a level. Each code of a reason has an advice here, and a
section in ``docs/verdict.md``. The verdict of a result is the worst level of its reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rankeval.notes import LEVELS, Level, Note, listing

#: Code of a reason -> what to do about it.
ADVICE: dict[str, str] = {
    "assumption_not_tested": "Compare with sips, which assumes nothing of users, or collect more sessions.",
    "assumptions_disagree": "Use the estimator that assumes less, such as sips.",
    "cascade_fits_better": "Randomise the logger, and use sips or rips: users are not position-based.",
    "calibration_noise": "Judge more queries, or use fewer bins: noise makes the error look larger.",
    "clicks_stop": "Randomise the logger, and use sips or rips: users are not position-based.",
    "curve_of_few_impressions": "Learn the curve from more sessions of each pair.",
    "curve_of_this_log": "Use --position-bias learn:METHOD, which counts the error of the curve.",
    "curve_taken_as_exact": "Learn alpha and beta with their covariance.",
    "estimator_caution": "Use it to compare candidates, not as a forecast of an A/B test.",
    "estimators_apart": "Compare what each estimator assumes: clipping, a reward model, or an embedding may "
    "be wrong.",
    "few_clicks": "Collect more sessions before you use the curve at these positions.",
    "few_clusters": "Collect more clusters (such as users), or more even ones.",
    "few_decided": "Collect more sessions before you choose a ranking.",
    "few_effective": "Collect more data, or evaluate a policy that is closer to the logged one.",
    "few_impressions": "Collect more impressions of each pair, or learn the curve from shuffled traffic.",
    "few_queries": "Judge more queries.",
    "few_relevant": "Judge more queries that have relevant items.",
    "few_rewards": "Collect more data, use a reward that is less rare, or evaluate a policy closer to the "
    "logged one.",
    "heavy_tail": "Use snips, or clip (cips) and compare, or evaluate a policy that is closer to the logged "
    "one.",
    "kernel_smoothing": "Compare with half the bandwidth: the bias falls with its square, while the error "
    "grows.",
    "leverage": "Collect more data, or evaluate a policy that is closer to the logged one.",
    "list_sums": "Log the probabilities of all candidates; they must sum to 1.",
    "low_overlap": "Evaluate a ranker that is closer to the logged one, or test it on a small share of the "
    "traffic.",
    "mean_weight": "Check that the logged propensities are those by which actions were drawn, and that no "
    "rows were lost.",
    "model_only": "Compare with dr, which corrects the model by the rewards of the log.",
    "near_support": "Give each action that a target policy may take a larger share of the traffic.",
    "other_users": "Compare its gains (user_models) with those estimated; where they differ, test online.",
    "parameter_chosen": "Fix the parameter before you look at the data, or use --ci refit.",
    "position_bias_not_checked": "Show some sessions in random order and mark them in a column shuffled.",
    "propensities_wrong": "Repair the logged propensities; rankeval inspect lists all tests that fail.",
    "rankers_disagree": "Check the curve, and that users were assigned to rankers at random.",
    "repeated_rounds": "Find out why ids repeat, such as a join that multiplies rows.",
    "shuffled_in_logged": "Learn the curve by propensity, then use ope with --where 'not shuffled'.",
    "share_clipped": "Raise max_weight and compare; if the estimates differ, the clipped one is biased.",
    "support_gap": "Let the logging policy take every action sometimes, use the bounds or --pessimistic, or "
    "take these actions from the target policy.",
    "top_not_shown": "Use --estimand full, or take the estimate as one of the order of the shown items.",
    "top_share": "Look at this row; collect more data, or evaluate a policy that is closer to the logged "
    "one.",
    "unnamed_clusters": "Name the column with --cluster.",
    "user_model_refuted": "Check the curve; if it is right, randomise the logger, and use sips or rips.",
    "user_model_weakly_tested": "Shuffle more sessions.",
    "value_outside_range": "Use snips, or collect more data: no policy can have such a value.",
    "weight_by_name": "Say with --column what the column holds.",
    "weight_constant": "Say with --column what the column holds.",
    "weight_not_whole": "Say with --column sampling_weight=NAME if the log is thinned.",
    "weight_imbalance": "Use snips or dr, which allow for it.",
    "wide_interval": "Collect more sessions before you use the curve at these positions.",
}


@dataclass(frozen=True)
class Verdict:
    """How far a result can be trusted.

    Attributes:
        level: ``trust``, ``caution`` or ``do not trust``: the worst level of the reasons.
        reasons: the reasons, the worst first.
    """

    level: Level
    reasons: tuple[Note, ...]

    @classmethod
    def of(cls, notes: Iterable[Note]) -> Verdict:
        """The verdict that follows from those notes that have a level."""
        reasons = sorted((note for note in notes if note.level), key=_rank, reverse=True)
        return cls(reasons[0].level or "trust" if reasons else "trust", tuple(reasons))

    def is_below(self, level: Level) -> bool:
        """Whether the result can be trusted less than this level says."""
        return LEVELS.index(self.level) > LEVELS.index(level)

    def to_dict(self) -> dict[str, Any]:
        """The verdict as JSON values; each reason with its ``advice``."""
        return {
            "level": self.level,
            "reasons": [
                {
                    "code": reason.code,
                    "level": reason.level,
                    "text": reason.text,
                    "value": reason.value,
                    "threshold": reason.threshold,
                    "advice": ADVICE[reason.code],
                }
                for reason in self.reasons
            ],
        }

    def lines(self) -> list[str]:
        """The verdict and its reasons as lines for people."""
        lines = [f"Verdict: {self.level.upper()}"]
        for code in dict.fromkeys(reason.code for reason in self.reasons):
            lines += [f"- {r.level}: {r.text} [{code}]" for r in self.reasons if r.code == code]
            lines.append(f"  {ADVICE[code]}")
        return lines


def _rank(note: Note) -> int:
    return LEVELS.index(note.level or "trust")


def gathered(places: Mapping[str, Sequence[Note]]) -> list[Note]:
    """The reasons of several results as one for each code: the worst of them, with the names of its places.

    Reasons without a number are one for each text. What holds for all places alike is told without names.

    Args:
        places: name of each result -> its reasons; an empty name stands for the only result.
    """
    found: dict[tuple[str, str], list[tuple[str, Note]]] = {}
    for place, reasons in places.items():
        for reason in reasons:
            key = reason.code, reason.text if reason.value is None else ""
            found.setdefault(key, []).append((place, reason))
    return [_joined(reasons, len(places)) for reasons in found.values()]


def _joined(reasons: Sequence[tuple[str, Note]], places: int) -> Note:
    """The worst of the reasons of one code, with the names of its places, its own first."""
    place, worst = max(reasons, key=lambda one: (_rank(one[1]), _excess(one[1])))
    names = list(dict.fromkeys([place, *(name for name, _ in reasons)]))
    alike = len(names) == places and len({reason.text for _, reason in reasons}) == 1
    return worst if alike else replace(worst, text=f"{listing(names, 3)}: {worst.text}")


def _excess(note: Note) -> float:
    """How far a value is beyond its threshold, on either side, as a ratio; 0 if there are no numbers."""
    if note.value is None or not note.threshold:
        return 0.0
    ratio = abs(note.value / note.threshold)
    return max(ratio, 1.0 / ratio if ratio > 0.0 else float("inf"))
