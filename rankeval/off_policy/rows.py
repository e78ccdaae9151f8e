"""What ``ope`` says of one estimator: its value of a target policy, and differences between policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rankeval.estimators import Estimator
from rankeval.inference import Estimate


@dataclass(frozen=True)
class EstimateRow:
    """One estimator's value of a target policy, over all units or one segment (None: all).

    Attributes:
        estimator: with the parameter that was used.
        asked: the same as it was asked for, whose parameter the data may have chosen.
        target: name of the target policy, None where there is but one without a name.
        value: the estimate.
        gain: ``value - logged``, with the covariance of both.
        relative: ``gain / logged``.
        logged: what the value is compared with: the estimator's value of the logged order for some of those
            from clicks, else ``reward``.
        reward: mean reward of the log.
        diagnostics: what the importance weights look like; None for what the log does not tell.
        selection: how the data chose the parameter: the values tried and what either rule says; else None.
        estimand: of estimators from clicks, ``rerank`` or ``full``; None for others.
        bounds: least and largest value over what candidates that were not shown may bring; None where there
            are none, or the estimator says nothing of them.
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
    bounds: tuple[float | None, float | None] | None

    @property
    def label(self) -> str:
        """The estimator with its parameters, and whether the data chose them."""
        return self.estimator.label + ("" if self.selection is None else " (auto)")

    def to_dict(self) -> dict[str, Any]:
        gain, relative = self.gain.to_dict(), self.relative.to_dict()
        return {
            "name": self.estimator.name,
            "params": self.estimator.settings,
            "target": self.target,
            "segment": self.segment,
            "estimand": self.estimand,
            **self.value.to_dict(),
            "bounds": None if self.bounds is None else dict(zip(("low", "high"), self.bounds, strict=True)),
            "gain": {
                "value": gain["value"],
                "relative": relative["value"],
                "std_error": gain["std_error"],
                "ci": gain["ci"],
                "intervals": gain["intervals"],
                "relative_std_error": relative["std_error"],
                "relative_ci": relative["ci"],
                "relative_intervals": relative["intervals"],
            },
            "logged": {"value": self.logged.value, "std_error": self.logged.std_error},
            "diagnostics": dict(self.diagnostics),
            "selection": None if self.selection is None else dict(self.selection),
        }


@dataclass(frozen=True)
class TargetComparison:
    """The difference between two policies by one estimator, on the same units.

    Attributes:
        a, b: names of target policies; ``b`` may be ``logged``.
        difference: value of ``a`` less that of ``b``, with their covariance.
        p_value: two-sided, that the difference is 0, from its standard error (Student's t).
        p_holm, p_bh: the same adjusted for all pairs of policies (Holm 1979; Benjamini and Hochberg 1995).
    """

    estimator: Estimator
    segment: Any
    a: str
    b: str
    difference: Estimate
    p_value: float | None
    p_holm: float | None
    p_bh: float | None

    def to_dict(self) -> dict[str, Any]:
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
            "p_adjusted": self.p_holm,
            "p_adjusted_bh": self.p_bh,
        }
