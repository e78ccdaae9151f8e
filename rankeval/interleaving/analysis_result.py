"""The result of ``interleave_analyse``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rankeval.inference import Estimate, Inference, Mean
from rankeval.interleaving.outcome_tests import DELTA, Levels, OutcomeTests
from rankeval.interleaving.session_credit import CREDIT, WIN_A, WIN_B
from rankeval.notes import Note
from rankeval.results import Result, Table, counted, number, p_text, percent, segment_text, signed


@dataclass(frozen=True)
class Part:
    """The estimates and tests of all sessions, or of one segment.

    Attributes:
        segment: the value of the segment column; None for all sessions.
        sessions, wins_a, wins_b, ties: numbers of sessions, each counted by its weight.
        delta: ``(wins of A + ties / 2) / sessions - 1/2``.
        credit: mean credit of a session.
        tests: the tests that users prefer neither ranking.
    """

    segment: Any
    sessions: float
    wins_a: float
    wins_b: float
    ties: float
    delta: Estimate
    credit: Estimate
    tests: OutcomeTests

    @classmethod
    def of(cls, segment: Any, inference: Inference, levels: Levels, effect: float | None = None) -> Part:
        """The part whose terms have the moments of ``inference``."""
        n, total = inference.moments.n, inference.moments.total
        wins_a, wins_b = (_plain(float(total[term])) for term in (WIN_A, WIN_B))
        return cls(
            segment=segment,
            sessions=n,
            wins_a=wins_a,
            wins_b=wins_b,
            ties=_plain(n - wins_a - wins_b),
            delta=inference.estimate(DELTA),
            credit=inference.estimate(Mean(CREDIT)),
            tests=OutcomeTests.of(inference, levels, effect),
        )

    @property
    def quantities(self) -> list[tuple[str, Estimate]]:
        """Name and estimate of each estimated quantity."""
        return [("delta_AB", self.delta), ("mean_credit", self.credit)]

    def outcome(self) -> dict[str, Any]:
        """Wins and tests as plain JSON values."""
        return {
            "segment": self.segment,
            "sessions": self.sessions,
            "wins_A": self.wins_a,
            "wins_B": self.wins_b,
            "ties": self.ties,
            "sign_test": {"p_value": self.tests.sign_p, "n": _plain(self.tests.sign_n)},
            "credit_test": {"t": self.tests.credit_t, "p_value": self.tests.credit_p},
            **self.tests.needed.to_dict(),
        }


def _plain(value: float) -> float:
    """The value as an int if it is whole, so that JSON shows it without a decimal point."""
    return int(value) if value == int(value) else value


@dataclass(frozen=True, repr=False)
class InterleavingAnalysis(Result):
    """Wins, credit and tests of two rankings in a log of interleaved lists.

    Attributes:
        inputs: log, method and options of the analysis.
        parts: all sessions, then each segment.
        notes: warnings.
        unnamed_cluster: the column of users whose sessions are, or may be, alike although no cluster is
            named; None: there is none.
    """

    inputs: Mapping[str, Any]
    parts: tuple[Part, ...]
    notes: tuple[Note, ...]
    unnamed_cluster: str | None = None
    command = "interleave analyse"
    judged = True

    @property
    def winner(self) -> str | None:
        """``A`` or ``B`` if the p-value of the mean credit is below ``alpha`` and tells, else None."""
        return None if self.unnamed_cluster else self._ahead

    @property
    def _ahead(self) -> str | None:
        """``A`` or ``B`` if the p-value of the mean credit is below ``alpha``, else None."""
        whole = self.parts[0]
        p, mean = whole.tests.credit_p, whole.credit.value
        if p is None or mean is None or p >= self.inputs["alpha"]:
            return None
        return "A" if mean > 0.0 else "B"

    @property
    def finding(self) -> str:
        """The outcome of the test of the mean credit as a sentence."""
        whole, alpha = self.parts[0], self.inputs["alpha"]
        p = p_text(whole.tests.credit_p)
        of_credit = f"p {p if p.startswith('<') else f'= {p}'} of the mean credit"
        if self._ahead is not None and self.unnamed_cluster:
            return (
                f"no winner is named: {of_credit} takes sessions of one {self.unnamed_cluster} as "
                f"independent; wanted --cluster {self.unnamed_cluster}"
            )
        if self.winner is not None:
            names = [self.inputs["a"], self.inputs["b"]]
            better, worse = names if self.winner == "A" else names[::-1]
            return f"{better} is preferred to {worse} ({of_credit})"
        needed, enough = whole.tests.needed, ""
        if self.unnamed_cluster:
            return f"no preference is shown ({of_credit}, not below {alpha:g})"
        if needed.sessions is not None:
            power = percent(self.inputs["power"])
            seen = f"a mean credit of {needed.effect:g}" if needed.stated else "a difference as seen"
            enough = f"; {seen} shows with {power} power in {needed.sessions:,} sessions"
        if needed.sessions is not None and needed.fewest is not None and needed.most is None:
            enough += ", but the log is in line with no difference, for which no number is enough"
        return f"no preference is shown ({of_credit}, not below {alpha:g}){enough}"

    def content(self) -> dict[str, Any]:
        return {
            "n": self.parts[0].sessions,
            "results": [
                {"name": name, "segment": part.segment, **estimate.to_dict()}
                for part in self.parts
                for name, estimate in part.quantities
            ],
            "outcomes": [part.outcome() for part in self.parts],
            "verdict": {"winner": self.winner, "text": self.finding},
        }

    def rows(self) -> list[dict[str, Any]]:
        """One record for each part and quantity."""
        return [
            {
                "name": name,
                "segment": part.segment,
                "value": estimate.value,
                "std_error": estimate.std_error,
                "ci_method": estimate.intervals[0].method,
                "ci_level": estimate.intervals[0].level,
                **estimate.bounds("ci"),
                "n": part.sessions,
                "wins_A": part.wins_a,
                "wins_B": part.wins_b,
                "ties": part.ties,
                "sign_p_value": part.tests.sign_p,
                "credit_p_value": part.tests.credit_p,
                **part.tests.needed.to_dict(),
            }
            for part in self.parts
            for name, estimate in part.quantities
        ]

    def tables(self) -> list[Table]:
        finding = Table("", ["test of the mean credit"], [[self.finding]])
        return [self._outcomes(), self._estimates(), self._needed(), finding]

    def _outcomes(self) -> Table:
        names = [f">wins of {self.inputs[name]}" for name in "ab"]
        header = [">sessions", *names, ">ties", ">p of sign test", ">p of mean credit"]
        rows = [
            [
                *self._segment(part),
                *map(counted, (part.sessions, part.wins_a, part.wins_b, part.ties)),
                p_text(part.tests.sign_p),
                p_text(part.tests.credit_p),
            ]
            for part in self.parts
        ]
        return Table("Outcome of the sessions", [*self._segment_header, *header], rows)

    def _estimates(self) -> Table:
        level = percent(self.parts[0].delta.intervals[0].level)
        header = ["quantity", *self._segment_header, ">value", ">std error", f">{level} interval", "method"]
        rows = [
            [name, *self._segment(part), signed(estimate.value), number(estimate.std_error, 3), *cells]
            for part in self.parts
            for name, estimate in part.quantities
            for cells in estimate.cells()
        ]
        title = f"Preference for {self.inputs['a']} (above 0) or {self.inputs['b']} (below 0)"
        return Table(title, header, rows)

    def _needed(self) -> Table:
        level = percent(self.parts[0].credit.intervals[0].level)
        header = [">mean credit", "effect", ">sessions", f">{level} interval"]
        rows = [
            [
                *self._segment(part),
                signed(needed.effect),
                "stated" if needed.stated else "as seen",
                "-" if needed.sessions is None else f"{needed.sessions:,}",
                needed.range_text,
            ]
            for part in self.parts
            for needed in [part.tests.needed]
        ]
        title = f"Sessions for {percent(self.inputs['power'])} power"
        return Table(title, [*self._segment_header, *header], rows)

    @property
    def _segment_header(self) -> list[str]:
        return [] if self.inputs["by"] is None else [str(self.inputs["by"])]

    def _segment(self, part: Part) -> list[str]:
        return [] if self.inputs["by"] is None else [segment_text(part.segment)]
