"""The result of ``propensity``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rankeval.inference import Interval
from rankeval.notes import Note
from rankeval.position_bias.curve import Curve
from rankeval.position_bias.curve_tests import PowerLaw, SegmentTest
from rankeval.position_bias.shuffle_test import ShuffleTest
from rankeval.results import Result, Table, interval_text, number, p_text, percent, segment_text


@dataclass(frozen=True, repr=False)
class PropensityCurve(Result):
    """Estimated position-bias curves, in the form that ``ope`` and other commands read.

    Attributes:
        inputs: log, method and options of the estimate.
        curves: the curve of the whole log (``None``) and of each segment.
        test: the test that all segments have the same curve; None without segments.
        smoothings: the power law of each curve, or None where none could be fitted. The attribute itself is
            None without the option ``smooth``.
        notes: warnings.
        shuffles: the clicks of shuffled sessions, and the test of the curve by them.
    """

    inputs: Mapping[str, Any]
    curves: Mapping[Any, Curve]
    test: SegmentTest | None
    smoothings: Mapping[Any, PowerLaw | None] | None
    notes: tuple[Note, ...]
    shuffles: ShuffleTest = ShuffleTest()  # noqa: RUF009  (frozen)
    command = "propensity"
    judged = True

    def content(self) -> dict[str, Any]:
        segments = [value for value in self.curves if value is not None]
        return {
            "method": self.inputs["method"],
            **self._of(None),
            **(
                {}
                if self.inputs["by"] is None
                else {"segments": [self._segment(value) for value in segments]}
            ),
            **({} if self.test is None else {"test": self.test.to_dict()}),
            "shuffled_sessions": None if self.shuffles.arm is None else asdict(self.shuffles.arm),
            "refutation": None if self.shuffles.refutation is None else self.shuffles.refutation.to_dict(),
        }

    def _segment(self, value: Any) -> dict[str, Any]:
        return {"segment": value, **self._of(value)}

    def _of(self, value: Any) -> dict[str, Any]:
        """The curve of the whole log (``None``) or of a segment, as plain JSON values."""
        curve = self.curves[value]
        covariance = curve.theta_covariance
        smoothing = {}
        if self.smoothings is not None:
            law = self.smoothings[value]
            smoothing = {"smoothing": None if law is None else law.to_dict()}
        return {
            "n": curve.n,
            "positions": self._positions(curve),
            "examination": curve.theta.tolist(),
            "std_error": curve.std_error,
            "ci": _bounds(curve.intervals[0]),
            "intervals": [
                {
                    "method": each[0].method,
                    "level": each[0].level,
                    "side": each[0].side,
                    "ci": _bounds(each),
                }
                for each in curve.intervals
            ],
            "covariance": None if covariance is None else covariance.tolist(),
            "clicks": _counts(curve.clicks),
            "impressions": _counts(curve.impressions),
            "log_likelihood": curve.log_likelihood,
            **smoothing,
        }

    def rows(self) -> list[dict[str, Any]]:
        """One record for each position of each curve."""
        return [
            {
                "segment": value,
                "position": position,
                "examination": float(curve.theta[k]),
                "std_error": curve.std_error[k],
                "ci_method": curve.intervals[0][k].method,
                "ci_level": curve.intervals[0][k].level,
                "ci_low": curve.intervals[0][k].low,
                "ci_high": curve.intervals[0][k].high,
                "clicks": int(curve.clicks[k]),
                "impressions": int(curve.impressions[k]),
                "smoothed": self._smoothed(value, k),
                "n": curve.n,
            }
            for value, curve in self.curves.items()
            for k, position in enumerate(self._positions(curve))
        ]

    def tables(self) -> list[Table]:
        tables = [self._curves()]
        if self.smoothings is not None:
            tables.append(self._laws())
        if self.test is not None:
            tables.append(self._test())
        return tables

    @staticmethod
    def _positions(curve: Curve) -> list[int]:
        return list(range(1, len(curve.log_theta) + 1))

    def _smoothed(self, value: Any, k: int) -> float | None:
        law = None if self.smoothings is None else self.smoothings[value]
        return None if law is None else float(law.theta()[k])

    def _curves(self) -> Table:
        level = self.curves[None].intervals[0][0].level
        header = [">position", ">examination", ">std error", f">{percent(level)} interval", "method"]
        smooth = [] if self.smoothings is None else [">smoothed"]
        rows = [
            [
                *self._name(value),
                str(position),
                number(float(curve.theta[k])),
                number(curve.std_error[k], 3),
                interval_text(each[k].to_dict()),
                each[k].method,
                *([number(self._smoothed(value, k))] if smooth else []),
                f"{curve.clicks[k]:,.0f}",
                f"{curve.impressions[k]:,.0f}",
            ]
            for value, curve in self.curves.items()
            for k, position in enumerate(self._positions(curve))
            for each in curve.intervals
        ]
        title = f"Examination by position, {self.inputs['method']}"
        return Table(title, [*self._header, *header, *smooth, ">clicks", ">shown"], rows)

    def _laws(self) -> Table:
        assert self.smoothings is not None
        rows = [
            [
                *self._name(value),
                number(law.eta),
                number(law.std_error, 3),
                f"{number(law.low)} .. {number(law.high)}",
                number(law.chi_square),
                str(law.degrees),
                p_text(law.p_value),
            ]
            for value, law in self.smoothings.items()
            if law is not None
        ]
        header = [">eta", ">std error", ">interval", ">chi-square of misfit", ">degrees", ">p"]
        return Table("Power law, examination = position^-eta", [*self._header, *header], rows)

    def _test(self) -> Table:
        test = self.test
        assert test is not None
        row = [str(test.segments), number(test.statistic), str(test.degrees), p_text(test.p_value)]
        header = [">segments", ">Wald statistic", ">degrees", ">p"]
        return Table("Test that the curve is the same in all segments", header, [row])

    @property
    def _header(self) -> list[str]:
        return [] if self.inputs["by"] is None else [str(self.inputs["by"])]

    def _name(self, value: Any) -> list[str]:
        return [] if self.inputs["by"] is None else [segment_text(value)]


def _bounds(intervals: Sequence[Interval]) -> list[list[float | None]]:
    return [[interval.low, interval.high] for interval in intervals]


def _counts(values: Any) -> list[int]:
    return [int(value) for value in values]
