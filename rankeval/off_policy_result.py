"""What ``ope`` returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rankeval.estimate import Estimate
from rankeval.estimators import Estimator
from rankeval.evaluation_result import segment_text
from rankeval.results import SCHEMA, Result, Table, interval_text, number, percent


@dataclass(frozen=True)
class EstimateRow:
    """One estimator's value of the target policy, over all rounds or one segment (None: all).

    Attributes:
        value: the estimate.
        gain: ``value - logged``, with the covariance of both.
        relative: ``gain / logged``.
        logged: mean reward of the log.
        diagnostics: what the importance weights look like; None for what the log does not tell.
    """

    estimator: Estimator
    segment: Any
    value: Estimate
    gain: Estimate
    relative: Estimate
    logged: Estimate
    diagnostics: Mapping[str, float | None]

    def to_dict(self) -> dict[str, Any]:
        gain, relative = self.gain.to_dict(), self.relative.to_dict()
        return {
            "name": self.estimator.name,
            "params": dict(self.estimator.params),
            "segment": self.segment,
            **self.value.to_dict(),
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
        }


@dataclass(frozen=True, repr=False)
class OffPolicyEvaluation(Result):
    """Off-policy estimates of a target policy from a log.

    Attributes:
        inputs: what was evaluated, and how.
        estimates: a row for each segment and estimator, in the order asked.
        logged: mean reward of the log.
        notes: warnings.
    """

    inputs: Mapping[str, Any]
    estimates: tuple[EstimateRow, ...]
    logged: Estimate
    notes: tuple[str, ...]

    @property
    def warnings(self) -> Sequence[str]:
        return self.notes

    def to_dict(self) -> dict[str, Any]:
        logged = self.logged.to_dict()
        return {
            "schema": SCHEMA,
            "command": "ope",
            "inputs": dict(self.inputs),
            "n": self.logged.n,
            "results": [row.to_dict() for row in self.estimates],
            "logged": {name: logged[name] for name in ("value", "std_error", "ci")},
            "warnings": list(self.notes),
        }

    def rows(self) -> list[dict[str, Any]]:
        """A record for each estimate with its gain and diagnostics."""
        records = []
        for row in self.estimates:
            record = row.to_dict()
            ci, gain = record["ci"] or {}, record["gain"]
            gain_ci = gain["ci"] or {}
            records.append(
                {
                    "name": row.estimator.label,
                    "segment": row.segment,
                    "value": record["value"],
                    "std_error": record["std_error"],
                    "ci_method": ci.get("method"),
                    "ci_level": ci.get("level"),
                    "ci_low": ci.get("low"),
                    "ci_high": ci.get("high"),
                    "n": record["n"],
                    "logged": row.logged.value,
                    "gain": gain["value"],
                    "gain_relative": gain["relative"],
                    "gain_std_error": gain["std_error"],
                    "gain_ci_low": gain_ci.get("low"),
                    "gain_ci_high": gain_ci.get("high"),
                    **row.diagnostics,
                }
            )
        return records

    def tables(self) -> list[Table]:
        return [self._values(), self._weights()]

    def _values(self) -> Table:
        segmented = any(row.segment is not None for row in self.estimates)
        intervals = self.estimates[0].value.intervals
        level = percent(intervals[0].level)
        header = ["estimator", *(["segment"] if segmented else []), ">value"]
        header += [f">{level} {interval.method}" for interval in intervals]
        header += [">gain", f">{level} {intervals[0].method}", ">relative"]
        rows = [
            [row.estimator.label]
            + ([segment_text(row.segment)] if segmented else [])
            + [number(row.value.value)]
            + [interval_text(interval.to_dict()) for interval in row.value.intervals]
            + [signed(row.gain.value), interval_text(row.gain.intervals[0].to_dict())]
            + ["-" if row.relative.value is None else f"{100 * row.relative.value:+.1f} %"]
            for row in self.estimates
        ]
        logged = f"{number(self.logged.value)} ({interval_text(self.logged.intervals[0].to_dict())})"
        return Table(f"{self.logged.n} rounds, mean logged reward {logged}", header, rows)

    def _weights(self) -> Table:
        """The weights are those of the log: one line a segment."""
        segmented = any(row.segment is not None for row in self.estimates)
        seen: dict[Any, Mapping[str, float | None]] = {}
        for row in self.estimates:
            known = seen.get(row.segment, {})
            seen[row.segment] = row.diagnostics if known.get("ess") is None else known
        header = [*(["segment"] if segmented else []), ">effective sample size", ">largest weight"]
        header += [">mean weight", ">z against 1"]
        rows = [
            ([segment_text(segment)] if segmented else [])
            + [number(diagnostics["ess"], 6), number(diagnostics["max_weight"])]
            + [number(diagnostics["mean_weight"]), number(diagnostics["mean_weight_z"], 3)]
            for segment, diagnostics in seen.items()
        ]
        return Table("Importance weights", header, rows)


def signed(value: float | None) -> str:
    """A number with its sign, for people."""
    return "-" if value is None else ("+" if value > 0 else "") + number(value)
