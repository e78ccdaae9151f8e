"""The result of ``train``, which is the model card too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rankeval.logs import stated
from rankeval.notes import Note
from rankeval.rankers.training.examples import Examples, Reading
from rankeval.rankers.training.fitting import Fitted
from rankeval.rankers.training.importance import Importance
from rankeval.rankers.training.request import Request
from rankeval.results import Result, Table, interval_text, number, percent
from rankeval.versions import versions_of

#: Features in the table; the JSON has all.
SHOWN = 10


@dataclass(frozen=True, repr=False)
class Training(Result):
    """A trained model, what it is worth, and how it came about.

    Attributes:
        inputs: data and options, as JSON values.
        examples: all rows that were read.
        fitted: the model and its metrics.
        importance: the importance of each feature, the largest first.
        out: path of the model.
        digest: SHA-256 of the model file.
        notes: the warnings.
    """

    inputs: Mapping[str, Any]
    examples: Examples
    fitted: Fitted
    importance: tuple[Importance, ...]
    out: str
    digest: str
    notes: tuple[Note, ...]
    command = "train"

    def content(self) -> dict[str, Any]:
        fitted, factors = self.fitted, self.fitted.model.factors
        return {
            "n": len(fitted.train),
            "results": [measured.to_dict() for measured in fitted.measured],
            "model": {
                "path": self.out,
                "sha256": self.digest,
                "trees": fitted.model.trees,
                "fold_trees": list(fitted.stopped),
                "features": list(fitted.train.features),
                "categories": {
                    name: list(known)
                    for name, known in zip(fitted.train.features, fitted.train.categories, strict=True)
                    if known is not None
                },
                "parameters": dict(fitted.parameters),
            },
            "data": {
                "queries": len(self.examples),
                "rows": len(self.examples.grades),
                "rows_unjudged": self.examples.unjudged,
                "sha256": self.examples.fingerprint(),
            },
            "importance": [importance.to_dict() for importance in self.importance],
            "position_factors": {str(position): factor for position, factor in factors.items()} or None,
            "versions": versions_of("lightgbm", "numpy"),
        }

    def rows(self) -> list[dict[str, Any]]:
        """One record for each metric."""
        return [
            {
                "part": measured.part,
                "metric": measured.row.metric,
                "value": measured.row.estimate.value,
                "std_error": measured.row.estimate.std_error,
                "ci_low": measured.row.estimate.intervals[0].low,
                "ci_high": measured.row.estimate.intervals[0].high,
                "n": measured.row.estimate.n,
            }
            for measured in self.fitted.measured
        ]

    def tables(self) -> list[Table]:
        return [self._worth(), *([self._factors()] if self.fitted.model.factors else []), self._importance()]

    def _worth(self) -> Table:
        fitted = self.fitted
        level = percent(fitted.measured[0].row.estimate.intervals[0].level)
        what = f"{self.out}: {fitted.model.trees} trees from {len(fitted.train):,} queries"
        rows = [
            [
                measured.row.metric,
                measured.part,
                number(measured.row.estimate.value),
                interval_text(measured.row.estimate.intervals[0].to_dict()),
                f"{measured.row.estimate.n:,}",
            ]
            for measured in fitted.measured
        ]
        return Table(what, ["metric", "queries", ">mean", f">{level} interval", ">n"], rows)

    def _factors(self) -> Table:
        factors = self.fitted.model.factors
        rows = [[str(position), number(factor, 3)] for position, factor in factors.items()]
        return Table("Factors by position (no examination probabilities)", [">position", ">factor"], rows)

    def _importance(self) -> Table:
        shown = self.importance[:SHOWN]
        more = f", {len(shown)} of {len(self.importance)}" if len(self.importance) > len(shown) else ""
        rows = [[each.feature, number(each.contribution, 3), number(each.gain, 3)] for each in shown]
        header = ["feature", ">mean |contribution|", ">share of gain"]
        return Table(f"Importance of features{more}", header, rows)


def described(wanted: Request, reading: Reading, valid: str | None, where: str | None) -> dict[str, Any]:
    """The data and the options as JSON values."""
    learning = wanted.learning
    curve = learning.curve
    return {
        "data": reading.log.origin,
        "objective": learning.objective,
        "clicks": learning.clicks,
        "position_bias": None
        if curve is None
        else {"origin": curve.origin, "examination": curve.curve("examination").tolist()},
        "split": wanted.split.to_dict(valid),
        "param": dict(wanted.parameters),
        "tune": wanted.tune,
        "where": where,
        **stated(reading.log),
        "seed": wanted.seed,
    }
