"""The result that compares the power of interleaving methods with that of an A/B test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from rankeval.interleaving.methods import Method
from rankeval.interleaving.outcome_tests import Levels
from rankeval.interleaving.outcomes import Outcome
from rankeval.notes import Note
from rankeval.results import Result, Table, number, percent, signed


@dataclass(frozen=True)
class MethodRow:
    """The outcome of a session under a method.

    Attributes:
        method: the method.
        outcome: the outcome of one session.
        sample: number of random sessions from which the outcome is estimated; None: it is exact.
    """

    method: Method
    outcome: Outcome
    sample: int | None


@dataclass(frozen=True)
class AbRow:
    """An A/B test whose sessions are split in halves.

    Attributes:
        clicks_a, clicks_b: mean number of clicks in a session of each ranking.
        sd: ``sd / sqrt(n)`` is the standard error of the difference of mean clicks in ``n`` sessions.
        z_per_sqrt_n: z of the test over ``sqrt(n)``; None if ``sd`` is 0.
    """

    clicks_a: float
    clicks_b: float
    sd: float
    z_per_sqrt_n: float | None


@dataclass(frozen=True, repr=False)
class InterleavingPower(Result):
    """The power of interleaving methods and of an A/B test with as many sessions.

    Attributes:
        inputs: the rankings and the options.
        methods: one row for each method.
        ab: the A/B test.
        levels: level and power of the tests.
        left_out: the reason for each method that is missing.
        command: the command that computed the result.
    """

    inputs: Mapping[str, Any]
    methods: tuple[MethodRow, ...]
    ab: AbRow
    levels: Levels
    left_out: tuple[Note, ...] = ()
    command: str = "interleave power"

    @property
    def notes(self) -> Sequence[Note]:  # type: ignore[override]
        sampled = [_sampled(row, row.sample) for row in self.methods if row.sample is not None]
        constant = [_constant(row) for row in self.methods if row.outcome.z_per_sqrt_n is None]
        return [*sampled, *constant, *self.left_out]

    def content(self) -> dict[str, Any]:
        results = [
            {
                "name": row.method.name,
                "params": dict(row.method.params),
                "exact": row.sample is None,
                **row.outcome.to_dict(),
                **self._told(row.outcome.z_per_sqrt_n),
            }
            for row in self.methods
        ]
        ab = {
            "clicks_A": self.ab.clicks_a,
            "clicks_B": self.ab.clicks_b,
            "difference": self.ab.clicks_a - self.ab.clicks_b,
            "sd_difference": self.ab.sd,
            "z_per_sqrt_n": self.ab.z_per_sqrt_n,
            **self._told(self.ab.z_per_sqrt_n),
        }
        return {"results": results, "ab": ab}

    def _told(self, z: float | None) -> dict[str, Any]:
        """The number of sessions needed, and the power at the number of sessions in ``inputs``."""
        n = self.inputs["sessions"]
        power = None if n is None or z is None else self.levels.power_of(z * sqrt(n))
        return {"sessions_needed": self.levels.sessions(z), "power_at_sessions": power}

    def rows(self) -> list[dict[str, Any]]:
        """One record for each method, then one for the A/B test."""
        outcomes = [
            {
                "name": row.method.label,
                "exact": row.sample is None,
                **row.outcome.to_dict(),
                **self._told(row.outcome.z_per_sqrt_n),
            }
            for row in self.methods
        ]
        empty = dict.fromkeys(("p_A_wins", "p_B_wins", "p_tie", "mean_credit", "sd_credit", "delta_AB"))
        z = self.ab.z_per_sqrt_n
        ab = {"name": "ab", "exact": True, **empty, "z_per_sqrt_n": z, **self._told(z)}
        return [*outcomes, ab]

    def tables(self) -> list[Table]:
        """Outcomes of a session, the sessions that a test needs, and the clicks of either ranking alone."""
        of_power = [] if self.inputs["sessions"] is None else [f">power of {self.inputs['sessions']:,}"]
        needed = f">sessions for {percent(self.levels.power)} power"
        clicks = [number(self.ab.clicks_a), number(self.ab.clicks_b)]
        rows = self.rows()
        return [
            Table(
                f"Interleaving {self.inputs['a']} (A) with {self.inputs['b']} (B): a session",
                ["method", ">A wins", ">B wins", ">tie", ">mean credit", ">sd"],
                [self._outcome(row) for row in rows if row["name"] != "ab"],
            ),
            Table(
                "Sessions that show the preference",
                ["method", ">z / sqrt(n)", needed, *of_power],
                [self._needed(row) for row in rows],
            ),
            Table("Clicks a session of either ranking alone", [">A", ">B"], [clicks]),
        ]

    def _outcome(self, record: Mapping[str, Any]) -> list[str]:
        shares = [number(record[name]) for name in ("p_A_wins", "p_B_wins", "p_tie")]
        return [record["name"], *shares, signed(record["mean_credit"]), number(record["sd_credit"])]

    def _needed(self, record: Mapping[str, Any]) -> list[str]:
        needed, power = record["sessions_needed"], record["power_at_sessions"]
        return [
            "A/B test" if record["name"] == "ab" else record["name"],
            signed(record["z_per_sqrt_n"]),
            "-" if needed is None else f"{needed:,}",
            *([] if self.inputs["sessions"] is None else ["-" if power is None else f"{100 * power:.1f} %"]),
        ]


def _sampled(row: MethodRow, sample: int) -> Note:
    error = row.outcome.sd_credit / sqrt(sample)
    text = (
        f"{row.method.label}: too many lists for exact numbers; these are of {sample:,} sessions "
        f"drawn at random, standard error of the mean credit {error:.2g}"
    )
    return Note("sampled", text, {"sessions": sample, "std_error": error})


def _constant(row: MethodRow) -> Note:
    text = f"{row.method.label}: no z and no number of sessions, the credit is the same in every session"
    return Note("constant_credit", text)
