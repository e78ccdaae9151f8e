"""The estimates of all units or of one segment: values, gains, diagnostics and comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from math import isfinite
from statistics import NormalDist
from typing import Any

from rankeval.estimators import Estimator
from rankeval.inference import (
    AUTO,
    NOTHING,
    ROUNDING,
    Best,
    Estimate,
    Facts,
    Functional,
    Inference,
    Mean,
    Relative,
    best_index,
    chosen,
    holm,
    pairwise_root,
    simultaneous,
    t_test,
    unnamed_cluster_notes,
)
from rankeval.notes import Note
from rankeval.off_policy.bounds import bounds_of
from rankeval.off_policy.diagnostics import Carriers, leverage, weight_diagnostics
from rankeval.off_policy.fit_errors import FitErrors
from rankeval.off_policy.known_ranges import KnownRanges
from rankeval.off_policy.plan import Plan
from rankeval.off_policy.rows import EstimateRow, TargetComparison
from rankeval.off_policy.samples import LOGGED
from rankeval.off_policy.selection import Selection, select

#: The level of the test that estimators of one policy agree.
APART = 0.01


@dataclass(frozen=True)
class PartEstimates:
    """The estimates of all units (``segment`` None), or of the units of one segment."""

    segment: Any
    inference: Inference
    plan: Plan
    ranges: KnownRanges
    errors: FitErrors

    @cached_property
    def _chosen(self) -> list[tuple[Estimator, Estimator, Selection | None]]:
        """Each estimator as requested, the estimator with its chosen parameter, and the selection, if any."""
        found = []
        for asked in self.plan.asked:
            selection = select(asked, self.inference, self.plan)
            found.append((asked, asked if selection is None else selection.chosen, selection))
        return found

    def unnamed(self) -> tuple[Note, ...]:
        """A warning on clusters that nobody named, from values, gains and differences of policies."""
        inference, plan, found = self.inference, self.plan, {"the mean reward": self.plan.reward}
        for _, estimator, _ in self._chosen:
            values = {target: self._value(estimator, target) for target in plan.targets}
            for target, value in values.items():
                of = f"{estimator.label}{f' for {target}' if target else ''}"
                found |= {f"the value of {of}": value, f"the gain of {of}": value - plan.logged(estimator)}
            for a, b in combinations(plan.targets, 2):
                found[f"the difference {a} - {b} of {estimator.label}"] = values[a] - values[b]
        units = self.plan.asked[0].definition.units
        return tuple(unnamed_cluster_notes(inference, found, units))

    def rows(self) -> list[EstimateRow]:
        """One row for each target policy and estimator."""
        return [
            self._row(target, asked, estimator, selection)
            for target in self.plan.targets
            for asked, estimator, selection in self._chosen
        ]

    def _row(
        self, target: str, asked: Estimator, estimator: Estimator, selection: Selection | None
    ) -> EstimateRow:
        inference, plan, ranges = self.inference, self.plan, self.ranges
        value, logged = self._value(estimator, target), plan.logged(estimator)
        ends = self._ends(estimator, target)
        reward = inference.estimate(plan.reward, ranges.logged)
        reason = self._uncounted(estimator, target)
        found = self._estimate(value, reason, ranges.value(estimator, target))
        gain = self._estimate(value - logged, reason, ranges.gain(estimator, target))
        return EstimateRow(
            estimator=estimator,
            asked=asked,
            target=target or None,
            segment=self.segment,
            value=found,
            gain=gain,
            relative=self._estimate(Relative(value, logged), reason, ranges.relative(estimator, target)),
            logged=self._estimate(logged, reason) if estimator.definition.logged_apart else reward,
            reward=reward,
            diagnostics=self._diagnostics(estimator, target, found.std_error, gain.std_error),
            selection=None if selection is None else selection.to_dict(target),
            estimand=plan.terms.setting.estimand if estimator.definition.of_clicks else None,
            value_bounds=None if ends is None else bounds_of(inference, *ends),
            gain_bounds=None if ends is None else bounds_of(inference, *(end - logged for end in ends)),
        )

    def _uncounted(self, estimator: Estimator, *targets: str) -> Note | None:
        """Why errors of an estimator's values do not count a fit to this log; None if they do."""

        def reduces() -> bool:
            shares = [self.plan.share_clipped(estimator, one, self.inference.moments) for one in targets]
            return any(share is None or abs(share) > ROUNDING for share in shares)

        return self.errors.uncounted(estimator, reduces)

    def _estimate(self, functional: Functional, reason: Note | None, facts: Facts = NOTHING) -> Estimate:
        """The estimate, without an error if there is a reason."""
        found = self.inference.estimate(functional, facts)
        return found if reason is None else found.without_error(reason)

    def apart(self) -> Iterator[tuple[str, Estimator, Estimator, float]]:
        """Estimates that are further from another of the same policy than chance explains.

        The difference of two consistent estimates on the same units has mean 0 (after Hausman 1978). Yields
        target, both estimators, and the difference in standard errors, where its p-value is under 0.01 after
        adjustment for the number of such tests (Holm 1979).
        """
        tests = []
        for (target, one), (_, other) in self.plan.rivals:
            if self._uncounted(one, target) or self._uncounted(other, target):
                continue
            value = self.plan.value(one, target, self.inference)
            found = self.inference.estimate(value - self.plan.value(other, target, self.inference))
            size = abs(self.inference.value(value))
            if found.value is None or not found.std_error or abs(found.value) <= ROUNDING * size:
                continue
            z = found.value / found.std_error
            tests.append((target, one, other, z, 2.0 * NormalDist().cdf(-abs(z))))
        for test, p in zip(tests, holm([test[-1] for test in tests]), strict=True):
            if p is not None and p < APART:
                yield test[:-1]

    def _diagnostics(
        self, estimator: Estimator, target: str, *errors: float | None
    ) -> dict[str, float | None]:
        plan, overlap = self.plan, self.plan.overlap(estimator, target)
        gap, weight = plan.gap(estimator, target), plan.weight(estimator, target)
        found = weight_diagnostics(self.inference, weight, estimator.ratio, gap)
        moments, near = self.inference.moments, plan.near_support(estimator, target, self.inference.moments.n)
        together = estimator.definition.by_position
        carried = Carriers.of(self.inference, plan.rewards(estimator, target), together)
        tail = None if moments.tails is None or weight is None else moments.tails.index(weight)
        if estimator.ratio == "mixture" and self.segment is not None:
            found["mean_weight_z"] = None  # the shares of logging policies may differ in a segment
        return {
            **found,
            "effective_rewards": carried.effective,
            "top_share": carried.top_share,
            "leverage": self._leverage(estimator, target, *errors),
            "tail_index": tail,
            "support_gap": None if gap is None else self._known(gap),
            "near_support": None if near is None else self._known(near),
            "share_clipped": plan.share_clipped(estimator, target, self.inference.moments),
            "overlap": None if overlap is None else self._known(Mean(overlap)),
            "unseen_error": None,
        }

    def _leverage(self, estimator: Estimator, target: str, *errors: float | None) -> float | None:
        definition, plain = estimator.definition, self.plan.weight(estimator, target)
        weight = self.plan.terms.index.get(estimator.term("weight", target=target), plain)
        if weight is None or definition.of_clicks:
            return None
        centred = estimator.is_ratio or definition.mean in ("model", "doubly_robust")
        return leverage(self.inference, weight, 0, centred, *errors)

    def _value(self, estimator: Estimator, target: str) -> Functional:
        """The value of a target policy; the worst end of its bounds if the caller is pessimistic."""
        value = self.plan.value(estimator, target, self.inference)
        if not self.plan.terms.setting.pessimistic:
            return value
        low, high = self._ends(estimator, target) or (value, value)
        return high if estimator.definition.lower_is_better else low

    def _ends(self, estimator: Estimator, target: str) -> tuple[Functional, Functional] | None:
        """Ends of the value over what the log cannot show: candidates, or actions without support."""
        shown = self.plan.bounds(estimator, target)
        reward = self.ranges.reward or self.ranges.observed
        return self.plan.supported(estimator, target, reward) if shown is None else shown

    def _nearest(
        self,
        difference: Estimate,
        values: Sequence[Functional],
        ends: Sequence[tuple[Functional, Functional] | None],
        pair: tuple[int, int],
    ) -> Estimate | None:
        """The difference to test: where policies have bounds, the end nearest to 0; None if they hold 0."""
        (low, high), (least, most) = (ends[i] or (values[i], values[i]) for i in pair)
        bounds = bounds_of(self.inference, low - most, high - least)
        if not bounds.apart:
            return difference
        if bounds.holds_zero:
            return None
        nearest = low - most if (bounds.low or 0.0) > 0.0 else high - least
        return replace(self.inference.estimate(nearest), intervals=difference.intervals)

    def _known(self, functional: Functional) -> float | None:
        """A value without its standard error; None if it is not finite, as without units."""
        value = self.inference.value(functional)
        return value if isfinite(value) else None

    def comparisons(self, groups: int | None) -> list[TargetComparison]:
        """Differences of all pairs of policies, by each estimator; empty without named target policies.

        The logging policy is one of the policies.

        Args:
            groups: number of groups of differences whose simultaneous intervals hold together, each by one
                estimator in one segment; None without such intervals.
        """
        if self.plan.targets == ("",):
            return []
        return [
            row for asked, estimator, _ in self._chosen for row in self._compared(asked, estimator, groups)
        ]

    def _compared(self, asked: Estimator, estimator: Estimator, groups: int | None) -> list[TargetComparison]:
        inference, targets = self.inference, self.plan.targets
        values, names = self._values(estimator), [*self.plan.targets, LOGGED]
        ends = [self._ends(estimator, target) for target in targets] + [None]
        logged = len(targets)
        pairs = [*((i, logged) for i in range(logged)), *combinations(range(logged), 2)]
        reason = self._uncounted(estimator, *targets)
        differences = [
            self._estimate(
                values[a] - values[b], reason, self.ranges.difference(estimator, names[a], names[b])
            )
            for a, b in pairs
        ]
        size = [abs(inference.value(functional)) for functional in values]
        p_values = [
            self._p_value(self._nearest(difference, values, ends, pair), size[pair[0]] + size[pair[1]])
            for difference, pair in zip(differences, pairs, strict=True)
        ]
        if groups is not None:
            root = pairwise_root(inference, values, pairs)
            differences = simultaneous(differences, root, inference.level, groups)
        return [
            TargetComparison(estimator, asked, self.segment, names[a], names[b], difference, p)
            for (a, b), difference, p in zip(pairs, differences, p_values, strict=True)
        ]

    def _values(self, estimator: Estimator) -> list[Functional]:
        """The values of all target policies, and of the logging policy at the end."""
        targets = [self._value(estimator, target) for target in self.plan.targets]
        return [*targets, self.plan.logged(estimator)]

    def best(self) -> list[Best]:
        """The best of the target policies by each estimator, if there are several."""
        if len(self.plan.targets) < 2:
            return []
        found = [self._best(estimator) for _, estimator, _ in self._chosen]
        return [best for best in found if best is not None]

    def _best(self, estimator: Estimator) -> Best | None:
        if self._uncounted(estimator, *self.plan.targets) is not None:
            return None
        *values, logged = self._values(estimator)
        sign = -1.0 if estimator.definition.lower_is_better else 1.0
        index = best_index(self.inference, values, sign)
        if index is None:
            return None
        gains = [value - logged for value in values]
        shares = [Relative(value, logged) for value in values]
        return Best(
            criterion=estimator.label,
            name=self.plan.targets[index],
            kind="target",
            candidates=len(values),
            value=chosen(self.inference, values, values, index, values[index], sign),
            gain=chosen(self.inference, values, gains, index, gains[index], sign),
            over=LOGGED,
            relative=None
            if self.inference.near_zero(logged)
            else chosen(self.inference, values, shares, index, shares[index], sign),
            labels={"name": estimator.name, "params": estimator.settings},
        )

    def _p_value(self, difference: Estimate | None, size: float) -> float | None:
        """The p-value of a t-test of the hypothesis that the difference is 0.

        A difference that is within the rounding error of ``size``, the sum of both absolute values, counts
        as 0. None if the data chose another interval than the normal one, which the test might contradict.
        """
        if difference is None or difference.value is None or difference.std_error is None:
            return None
        if difference.intervals[0].method == AUTO or difference.intervals[0].why is not None:
            return None  # the test would not be that of the interval
        value = 0.0 if abs(difference.value) <= ROUNDING * size else difference.value
        return t_test(value, difference.std_error, difference.degrees)
