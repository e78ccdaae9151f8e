"""What stated ranges of rewards and weights say of each estimate: the range of the term that it averages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rankeval.estimators import TRANSFORMS, Estimator, Transform
from rankeval.inference import BY_RANGES, Facts, Weighted
from rankeval.notes import Note
from rankeval.off_policy.accumulate import Sums
from rankeval.off_policy.plan import Plan
from rankeval.off_policy.rows import EstimateRow
from rankeval.off_policy.samples import LOGGED, WeightRange

Range = tuple[float, float]

_OF_LIST = "the range of a whole list's term is not known: it is for bandit logs"
_NO_REWARDS = "state the range of rewards with --reward-range"
_NO_WEIGHTS = "state the largest possible weight with --weight-range"
_RATIO = "it is a ratio of means, and no mean of bounded terms"


@dataclass(frozen=True)
class KnownRanges:
    """The ranges that are stated for a log.

    Attributes:
        plan: the plan whose estimates they are for.
        reward: least and largest reward of a round; None if not stated.
        weight: the stated range of weights; None if not stated.
        trusted: whether all predictions are columns of the log and lie in the range of rewards.
        observed: least and largest reward of the log.
        mean: mean reward of the log.
        extremes: term -> its least and its largest value in the log.
    """

    plan: Plan
    reward: Range | None
    weight: WeightRange | None
    trusted: bool
    observed: Range = (0.0, 1.0)
    mean: float = 0.5
    extremes: Mapping[int | None, Range] = field(default_factory=dict)

    @classmethod
    def of(cls, sums: Sums) -> KnownRanges:
        """The ranges of the setting of some sums, and whether the predictions keep to them."""
        setting, whole = sums.plan.terms.setting, sums.moments.whole
        within = all(outside.furthest is None for outside in sums.checked.columns.values())
        return cls(
            sums.plan,
            None if setting.reward_range is None else (setting.reward_range.low, setting.reward_range.high),
            setting.weight_range,
            within and not setting.modelled,
            (float(whole.low[0]), float(whole.high[0])),
            float(whole.mean[0]),
            dict(enumerate(zip(whole.low.tolist(), whole.high.tolist(), strict=True))),
        )

    def value(self, estimator: Estimator, target: str) -> Facts:
        """What is known of the value of a target policy."""
        return self._seen(estimator, self._facts(estimator, [target]), target)

    def gain(self, estimator: Estimator, target: str) -> Facts:
        """What is known of the gain over the logged policy."""
        return self._seen(estimator, self._facts(estimator, [target, LOGGED]), target)

    @property
    def logged(self) -> Facts:
        """What is known of the mean reward of the log."""
        if self.reward is None or self.plan.asked[0].definition.of_rankings:
            obstacle = _NO_REWARDS if self.reward is None else _OF_LIST
            return Facts(unbounded=obstacle, unweighted=obstacle, unseen=((0, *self.observed),))
        return Facts(self.reward, weighted=Weighted(None, self.reward, (1.0, 1.0), True))

    def relative(self, estimator: Estimator, target: str) -> Facts:
        """What is known of the relative gain: it is a ratio."""
        facts = Facts(unbounded=_RATIO, unweighted=_RATIO, ratio=estimator.is_ratio)
        return self._seen(estimator, facts, target)

    def difference(self, estimator: Estimator, a: str, b: str) -> Facts:
        """What is known of the difference of two policies, one of which may be ``logged``."""
        return self._seen(estimator, self._facts(estimator, [a, b]), a, b)

    def _seen(self, estimator: Estimator, facts: Facts, *policies: str) -> Facts:
        """The facts, with the rewards if the estimator has predictions beside them, and with unseen units.

        What has no error is known only if all rewards of the log are alike, as for SNIPS, or all weights, as
        of the logging policy itself: a few rewards may have one weight by chance.
        """
        targets = [policy for policy in policies if policy != LOGGED]
        unseen = tuple(one for target in targets for one in self._unseen(estimator, target))
        low, high = self.observed
        weights = [self.extremes.get(self.plan.weight(estimator, target), (0.0, 0.0)) for target in targets]
        alike = low == high or all(least == most for least, most in weights)
        rewards = self.plan.reward if _predicts(estimator) else None
        return replace(facts, rewards=rewards, unseen=unseen, exact=alike and (low, high) != (0.0, 0.0))

    def _unseen(self, estimator: Estimator, target: str) -> Iterator[tuple[int, float, float]]:
        """The terms of weighted rewards, with their ends for one more unit; none without weights.

        Where the weight is that of all of a unit's reward, they are those of any reward at the largest
        weight. Rewards by position do not all have the largest weight: there they are those of the log.
        """
        weight, terms = self.plan.weight(estimator, target), self.plan.weighted(estimator, target)
        of = estimator.definition
        if weight is None:
            return
        if of.of_rankings and not of.of_lists:
            yield from ((term, *self.extremes.get(term, (0.0, 0.0))) for term in terms)
            return
        stated = math.inf if self.weight is None else self.weight.high
        largest = stated if math.isfinite(stated) else max(map(abs, self.extremes.get(weight, (0.0,))))
        low, high = self.reward or self.observed
        if _predicts(estimator):  # what is weighted are residuals: here those of an average prediction
            low, high = low - self.mean, high - self.mean
        _, size = self._transformed(estimator, (0.0, largest))
        if math.isfinite(size * low) and math.isfinite(size * high):
            yield from ((term, size * low, size * high) for term in terms)

    def _facts(self, estimator: Estimator, policies: list[str]) -> Facts:
        """Of the value of the first policy, minus that of the second if there are two."""
        obstacle = self._obstacle(estimator)
        if obstacle is not None:
            return Facts(unbounded=obstacle, unweighted=obstacle, ratio=obstacle == _RATIO)
        assert self.reward is not None
        bounds = self._bounds(estimator, self.reward, policies)
        finite = all(map(math.isfinite, bounds))
        weighted = self._weighted(estimator, policies)
        return Facts(
            bounds if finite else None,
            _NO_WEIGHTS,
            weighted if isinstance(weighted, Weighted) else None,
            weighted if isinstance(weighted, str) else "",
        )

    def _obstacle(self, estimator: Estimator) -> str | None:
        definition = estimator.definition
        if definition.of_rankings:
            return _OF_LIST
        if estimator.is_ratio:
            return _RATIO
        if estimator.loggers != "naive" or estimator.ratio not in ("action", "ready"):
            return "its weights are not those of single actions, which --weight-range bounds"
        if self.reward is None:
            return _NO_REWARDS
        if definition.mean != "weighted_reward" and not self.trusted:
            return "its predictions are fitted, or lie outside the range of rewards"
        return None

    def _weighted(self, estimator: Estimator, policies: list[str]) -> Weighted | str:
        """The weights and rewards behind an estimate, or why it is no mean of plainly weighted rewards."""
        weight = self.plan.weight(estimator, policies[0])
        if estimator.definition.mean != "weighted_reward" or weight is None:
            return "it is for rewards times weights: ips"
        if estimator.weighting.transform != "plain":
            return "its weights are changed, so that their mean need not be 1"
        if len(policies) == 2 and policies[1] != LOGGED:
            return "it is for one policy, or its gain over the logged one"
        weights = (0.0, math.inf) if self.weight is None else (self.weight.low, self.weight.high)
        assert self.reward is not None
        return Weighted(weight, self.reward, weights, self.weight is not None, len(policies) - 1)

    def _bounds(self, estimator: Estimator, reward: Range, policies: list[str]) -> Range:
        """The range of the term of a round."""
        stated = (0.0, math.inf) if self.weight is None else (self.weight.low, self.weight.high)
        weights = self._transformed(estimator, stated)
        if estimator.definition.mean != "weighted_reward":
            return self._of_predictions(estimator, reward, weights, policies)
        if len(policies) == 1:
            return _product(weights, reward)
        other = weights if policies[1] != LOGGED else (1.0, 1.0)
        return _product((weights[0] - other[1], weights[1] - other[0]), reward)

    def _of_predictions(
        self, estimator: Estimator, reward: Range, weights: Range, policies: list[str]
    ) -> Range:
        """The range of ``q_pi + u (r - q)``, whose predictions lie in the range of rewards."""
        low, high = reward
        if estimator.definition.mean == "doubly_robust":
            size = weights[1] * (high - low)
            low, high = low - size, high + size
        if len(policies) == 1:
            return low, high
        other = (low, high) if policies[1] != LOGGED else reward
        return low - other[1], high - other[0]

    @staticmethod
    def _transformed(estimator: Estimator, weights: Range) -> Range:
        """The range of the transformed weight ``u``."""
        low, high = weights
        if estimator.definition.by_kernel:
            return low, high
        transform, parameter = estimator.weighting.transform, estimator.weighting.parameter
        if transform == "switched":
            return (low if high <= parameter else 0.0), min(high, parameter)
        # The others rise, but for dros, whose weights fall above sqrt(lambda).
        turn = min(max(math.sqrt(parameter), low), high) if transform == "shrunk" else high
        ends = [_changed(transform, parameter, weight) for weight in (low, turn, high)]
        return min(ends), max(ends)


def _predicts(estimator: Estimator) -> bool:
    """Whether an estimator adds weighted residuals to predictions."""
    of = estimator.definition
    robust = of.mean in ("doubly_robust", "click_doubly_robust")
    return robust or (of.mean == "model" and of.numerator is not None)


def _changed(transform: Transform, parameter: float, weight: float) -> float:
    """A weight after its transform; the limit for an infinite weight."""
    if math.isfinite(weight):
        return float(TRANSFORMS[transform](np.array([weight]), parameter)[0])
    limits = {"clipped": parameter, "shrunk": 0.0, "harmonic": 1.0 / parameter if parameter else math.inf}
    return limits.get(transform, math.inf)


def _product(a: Range, b: Range) -> Range:
    """The range of ``x y`` for x and y in these ranges; 0 times infinity is 0."""
    ends = [x * y if x and y else 0.0 for x in a for y in b]
    return min(ends), max(ends)


def range_notes(ranges: KnownRanges, rows: Sequence[EstimateRow]) -> Iterator[Note]:
    """What the intervals of these rows assume beside the log."""
    used = [
        (interval.method, row)
        for row in rows
        for estimate in (row.value, row.gain, row.relative)
        for interval in estimate.intervals
        if interval.method in BY_RANGES and interval.reason is None
    ]
    methods = ", ".join(dict.fromkeys(method for method, row in used if not row.estimator.is_ratio))
    if methods and ranges.reward is not None:
        low, high = ranges.reward
        weights = "" if ranges.weight is None else f" and weights in {ranges.weight}"
        text = f"{methods}: every possible reward lies in [{low:g}, {high:g}]{weights}, as was stated"
        yield Note("ranges_assumed", text, {"low": low, "high": high})
    largest = [row for method, row in used if method == "clopper_pearson"]
    if largest and (ranges.weight is None or math.isinf(ranges.weight.high)):
        weight = max(row.diagnostics["max_weight"] or 0.0 for row in largest)
        text = (
            f"clopper_pearson: {weight:.6g}, the largest weight of this log, stands for the largest possible "
            "one; with a larger one it would be wider: state --weight-range"
        )
        yield Note("largest_weight_observed", text, {"max_weight": weight})
