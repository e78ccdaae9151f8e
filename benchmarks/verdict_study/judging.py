"""From records to tables: of the estimates that a gate lets pass, how many were right."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.verdict_study.gates import GATES, SWEPT, Gate
from benchmarks.verdict_study.records import Record

#: Intervals hold the truth if it is outside by no more than this part of it.
ROUNDING = 1e-9


def held(of: Record) -> bool | None:
    """Whether the interval of a value or gain held the truth; None without an interval."""
    if of["ci"] is None or None in of["ci"]:
        return None
    low, high = of["ci"]
    slack = ROUNDING * max(abs(of["truth"]), abs(low), abs(high))
    return bool(low - slack <= of["truth"] <= high + slack)


def right_sign(gain: Record) -> bool | None:
    """Whether a gain whose interval excludes 0 has the sign of the truth; None if it excludes nothing."""
    if (
        not gain["std_error"]
        or gain["ci"] is None
        or None in gain["ci"]
        or gain["ci"][0] <= 0.0 <= gain["ci"][1]
    ):
        return None
    return bool(np.sign(gain["ci"][0]) == np.sign(gain["truth"]))


def relative_error(value: Record) -> float:
    """The error of a value as a share of the truth."""
    if value["value"] is None:
        return math.inf
    return float(abs(value["value"] - value["truth"])) / max(abs(value["truth"]), 1e-300)


@dataclass(frozen=True)
class Share:
    """How many of the known answers were right.

    Attributes:
        right, known: their numbers.
        error: standard error of the share; estimates of one log are a cluster.
    """

    right: int
    known: int
    error: float

    @classmethod
    def of(cls, records: Sequence[Record], answer: Callable[[Record], bool | None]) -> Share:
        """The share of right answers among those that are known."""
        logs: dict[tuple[str, int], list[bool]] = {}
        for record in records:
            if (found := answer(record)) is not None:
                logs.setdefault((record["family"], record["world"]), []).append(found)
        right, known = sum(map(sum, logs.values())), sum(map(len, logs.values()))
        mean = right / known if known else 0.0
        squares = sum((sum(each) - mean * len(each)) ** 2 for each in logs.values())
        return cls(right, known, math.sqrt(squares) / max(known, 1))

    @property
    def mean(self) -> float:
        """The share; 0 if nothing is known."""
        return self.right / self.known if self.known else 0.0

    def __str__(self) -> str:
        return f"{100.0 * self.mean:.1f} ± {100.0 * self.error:.1f} %" if self.known else "-"


@dataclass(frozen=True)
class Passed:
    """What became of the estimates that a gate let pass.

    Attributes:
        estimates: their number.
        logs: the number of logs of which all estimates passed.
        value, gain, sign: of the intervals of the value and of the gain those that held, and of the gains
            whose interval excludes 0 those with the right sign.
        errors: relative errors of the values.
    """

    estimates: int
    logs: int
    value: Share
    gain: Share
    sign: Share
    errors: Sequence[float]

    @classmethod
    def of(cls, records: Sequence[Record], gate: Gate) -> Passed:
        """The estimates that pass."""
        passing = [record for record in records if gate(record)]
        stopped = {(record["family"], record["world"]) for record in records if not gate(record)}
        logs = {(record["family"], record["world"]) for record in passing} - stopped
        return cls(
            len(passing),
            len(logs),
            Share.of(passing, lambda record: held(record["value"])),
            Share.of(passing, lambda record: held(record["gain"])),
            Share.of(passing, lambda record: right_sign(record["gain"])),
            [relative_error(record["value"]) for record in passing],
        )

    @property
    def coverage(self) -> float:
        """The share of intervals that held, of the value or of the gain, whichever is less."""
        return min(self.value.mean, self.gain.mean)

    def cells(self, of: int) -> list[str]:
        """The cells of a line of a table, over ``of`` estimates."""
        tail = f"{float(np.quantile(self.errors, 0.95)):.3g}" if self.errors else "-"
        shares = [str(each) for each in (self.value, self.gain, self.sign)]
        part = f"{100.0 * self.estimates / of:.1f} %" if of else "-"
        return [f"{self.estimates:,} ({part})", f"{self.logs:,}", *shares, tail]


HEADER = ["estimates that pass", "logs", "value held", "gain held", "sign right", "95 % of errors under"]


def _at(level: str, record: Record) -> bool:
    return bool(record["level"] == level)


def _with(gate: Callable[[Record, float], bool], threshold: float, record: Record) -> bool:
    return gate(record, threshold)


def table(lines: Mapping[str, Passed], of: Callable[[str], int], first: str) -> Iterator[str]:
    """The lines of a Markdown table."""
    yield f"| {first} | {' | '.join(HEADER)} |"
    yield "|---|" + "---:|" * len(HEADER)
    for name, passed in lines.items():
        yield f"| {name} | {' | '.join(passed.cells(of(name)))} |"


def gates_table(records: Sequence[Record]) -> Iterator[str]:
    """What each gate lets pass."""
    lines = {name: Passed.of(records, gate) for name, gate in GATES.items()}
    return table(lines, lambda _: len(records), "gate")


def split_table(
    records: Sequence[Record], key: Callable[[Record], str], gate: Gate, first: str
) -> Iterator[str]:
    """What a gate lets pass, by a property of the records."""
    parts: dict[str, list[Record]] = {}
    for record in records:
        parts.setdefault(key(record), []).append(record)
    lines = {name: Passed.of(parts[name], gate) for name in sorted(parts)}
    return table(lines, lambda name: len(parts[name]), first)


def confusion(records: Sequence[Record]) -> Iterator[str]:
    """The table of each level of the verdict."""
    levels = ("trust", "caution", "do not trust")
    lines = {level: Passed.of(records, partial(_at, level)) for level in levels}
    return table(lines, lambda _: len(records), "verdict")


def swept_table(records: Sequence[Record]) -> Iterator[str]:
    """For each gate of others the threshold at which its coverage is best, and what it then lets pass."""
    lines = {}
    for name, (gate, thresholds) in SWEPT.items():
        found = {at: Passed.of(records, partial(_with, gate, at)) for at in thresholds}
        best = max(found, key=lambda at: found[at].coverage)
        lines[f"{name} {best:g}"] = found[best]
    return table(lines, lambda _: len(records), "gate at its best threshold")
