"""The agreement of each pair of runs, as means over queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from rankeval.evaluation.alignment import Aligned
from rankeval.evaluation.list_agreement import STATISTICS, agreements
from rankeval.evaluation.measures import Terms
from rankeval.evaluation.query_units import QueryUnits
from rankeval.evaluation.request import Request
from rankeval.inference import Estimate, Mean, Within


@dataclass(frozen=True)
class AgreementRow:
    """How alike the rankings of two runs are, over the judged queries that both have.

    Attributes:
        a, b: names of the runs.
        statistic: ``rbo``, ``tau`` or ``tau_ap``.
        segment: the segment; None for all queries.
        estimate: the mean over the queries on which the statistic is defined.
    """

    a: str
    b: str
    statistic: str
    segment: Any
    estimate: Estimate

    def to_dict(self) -> dict[str, Any]:
        """A record with the keys ``a, b, statistic, segment, value, std_error, ci, intervals, n``."""
        named = {"a": self.a, "b": self.b, "statistic": self.statistic, "segment": self.segment}
        return {**named, **self.estimate.to_dict()}


def agreement_rows(aligned: Aligned, units: QueryUnits, request: Request) -> Iterator[AgreementRow]:
    """The agreement of each pair of runs by each statistic, for all queries and each segment."""
    if not request.rules.agree:
        return
    for (a, left), (b, right) in combinations(aligned.runs.items(), 2):
        both = np.flatnonzero(left.present & right.present)
        values = np.full((len(aligned.queries), len(STATISTICS)), np.nan)
        values[both] = agreements(
            left.scored.ranked.of(left.places[both]), right.scored.ranked.of(right.places[both])
        )
        for column, (statistic, ends) in enumerate(STATISTICS.items()):
            for segment, queries in units.segments.items():
                rows = queries[~np.isnan(values[queries, column])]
                terms = Terms(values[rows, column][np.newaxis], Within(Mean(0), *ends))
                yield AgreementRow(a, b, statistic, segment, request.estimate(terms, units.keys[rows]))
