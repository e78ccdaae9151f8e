"""Rows of the result of ``ope``: an estimated value of a target policy, and a difference of two policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rankeval.estimators import Estimator
from rankeval.inference import Adjusted, Estimate
from rankeval.notes import Note
from rankeval.off_policy.bounds import Bounds
from rankeval.reasons import Verdict


@dataclass(frozen=True)
class Sensitivity:
    """How wrong an input must be for a gain to change its sign (:mod:`rankeval.off_policy.sensitivity`).

    Attributes:
        of: ``propensities`` or ``position_bias``.
        parameter: ``gamma``, a factor on the odds of propensities, or ``eta``, a power of the curve.
        factor: the factor closest to 1; None: none up to 16 changes the sign.
        gains: for a curve, the gain under its powers 0.5 and 2, each after its power; None if too large.
    """

    of: str
    parameter: str
    factor: float | None
    gains: tuple[tuple[float, float | None], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The sensitivity as values for JSON."""
        gains = {"gains": [list(each) for each in self.gains]} if self.gains else {}
        return {"of": self.of, "parameter": self.parameter, "factor": self.factor, **gains}


@dataclass(frozen=True)
class EstimateRow:
    """One estimator's value of a target policy, over all units or over one segment.

    Attributes:
        estimator: the estimator, with the parameter that was used.
        asked: the requested estimator; the data may have chosen its parameter.
        target: name of the target policy; None if the only target policy has no name.
        segment: value of the column ``by``; None for all units.
        value: the estimate.
        gain: ``value - logged``; its standard error uses the covariance of both.
        relative: ``gain / |logged|``, so that it has the sign of the gain.
        logged: the value of the logging policy with which ``value`` compares. For some estimators from clicks
            it is the estimator's value of the logged order, else ``reward``.
        reward: mean reward of the log.
        diagnostics: ``ess``, ``max_weight``, ``mean_weight``, ``mean_weight_z``, ``share_clipped`` and
            ``tail_index`` (Pareto k, over all units) of the importance weights; ``effective_rewards``,
            ``top_share`` and ``leverage`` of the weighted rewards; ``unseen_error`` of what the estimator
            assumes of users; ``support_gap`` and ``near_support`` of the target policy; and the ``overlap``
            of the rankings; None for one that does not apply.
        selection: the candidate values of the parameter, and the choice of each rule; None if the data did
            not choose the parameter.
        estimand: ``rerank`` or ``full`` for estimators from clicks; None for others.
        value_bounds: bounds of the value over the possible rewards of actions that the logger never takes, or
            of candidates that were not shown; None if the estimator has no such bounds.
        gain_bounds: the same of the gain.
        reasons: notes with a level that lower the verdict on this estimate.
        sensitivity: how wrong the input of the weights must be for the gain to change its sign; None where
            that is not computed.
    """

    estimator: Estimator
    asked: Estimator
    target: str | None
    segment: Any
    value: Estimate
    gain: Estimate
    relative: Estimate
    logged: Estimate
    reward: Estimate
    diagnostics: Mapping[str, float | None]
    selection: Mapping[str, Any] | None
    estimand: str | None
    value_bounds: Bounds | None = None
    gain_bounds: Bounds | None = None
    reasons: tuple[Note, ...] = ()
    sensitivity: Sensitivity | None = None

    @property
    def verdict(self) -> Verdict:
        """How far the estimate can be trusted, with the reasons."""
        return Verdict.of(self.reasons)

    def because(self, reasons: Iterable[Note]) -> EstimateRow:
        """The same estimate with further reasons."""
        return replace(self, reasons=(*self.reasons, *reasons))

    @property
    def bounds(self) -> tuple[float | None, float | None] | None:
        """The bounds of the value, without their intervals."""
        return None if self.value_bounds is None else (self.value_bounds.low, self.value_bounds.high)

    @property
    def place(self) -> str:
        """The estimator, with the target policy and the segment if there are some."""
        place = self.label + ("" if self.target is None else f" for {self.target}")
        return place + ("" if self.segment is None else f" in {self.segment}")

    @property
    def label(self) -> str:
        """The estimator with its parameter, followed by ``(auto)`` if the data chose the parameter."""
        return self.estimator.label + ("" if self.selection is None else " (auto)")

    def to_dict(self) -> dict[str, Any]:
        """The row as values for JSON."""
        gain, relative = self.gain.to_dict(), self.relative.to_dict()
        return {
            "name": self.estimator.name,
            "params": self.estimator.settings,
            "target": self.target,
            "segment": self.segment,
            "estimand": self.estimand,
            **self.value.to_dict(),
            "bounds": None if self.value_bounds is None else self.value_bounds.to_dict(),
            "gain": {
                "value": gain["value"],
                "relative": relative["value"],
                "std_error": gain["std_error"],
                "ci": gain["ci"],
                "intervals": gain["intervals"],
                "relative_std_error": relative["std_error"],
                "relative_ci": relative["ci"],
                "relative_intervals": relative["intervals"],
                "bounds": None if self.gain_bounds is None else self.gain_bounds.to_dict(),
            },
            "logged": {"value": self.logged.value, "std_error": self.logged.std_error},
            "diagnostics": dict(self.diagnostics),
            "selection": None if self.selection is None else dict(self.selection),
            "sensitivity": None if self.sensitivity is None else self.sensitivity.to_dict(),
            "verdict": self.verdict.to_dict(),
        }


@dataclass(frozen=True)
class TargetComparison:
    """The difference of two policies by one estimator, on the same units.

    Attributes:
        estimator: the estimator, with the parameter that was used.
        asked: the requested estimator.
        segment: value of the column ``by``; None for all units.
        a, b: names of two target policies; ``b`` may be ``logged``, the logging policy.
        difference: value of ``a`` minus value of ``b``; its standard error uses their covariance.
        p_value: of a two-sided t-test of the hypothesis that the difference is 0; None without a standard
            error.
        adjusted: the p-value adjusted over its family.
    """

    estimator: Estimator
    asked: Estimator
    segment: Any
    a: str
    b: str
    difference: Estimate
    p_value: float | None
    adjusted: Adjusted = field(default_factory=Adjusted)

    def to_dict(self) -> dict[str, Any]:
        """The comparison as values for JSON; ``tests`` is the size of the family of its p-value."""
        estimate = self.difference.to_dict()
        return {
            "a": self.a,
            "b": self.b,
            "name": self.estimator.name,
            "params": self.estimator.settings,
            "segment": self.segment,
            "difference": estimate.pop("value"),
            **estimate,
            "p_value": self.p_value,
            "p_adjusted": self.adjusted.holm,
            "p_adjusted_bh": self.adjusted.bh,
            "tests": self.adjusted.tests,
        }
