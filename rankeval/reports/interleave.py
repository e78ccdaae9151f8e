"""Conclusion, charts and tables of ``interleave analyse``."""

from __future__ import annotations

from collections.abc import Iterator

from rankeval.charts import Axis, Bars, Chart, Intervals, Row
from rankeval.reports.documents import Document, level, row, short, table, whole
from rankeval.reports.sentences import CAUTION, Range, percent_of, told
from rankeval.table_texts import Table


def conclude(document: Document) -> str:
    """Which ranking users prefer, by the share of sessions that it wins beyond half.

    The winner is that of the verdict, which the test of the mean credit names. The range is told only where
    it excludes 0 on the same side.
    """
    verdict, (a, b) = document["verdict"], (short(document["inputs"][name]) for name in "ab")
    one = next(each for each in whole(document["results"]) if each["name"] == "delta_AB")
    if verdict["level"] == "do not trust" or verdict["winner"] is None:
        doubt = " " + told(verdict["level"], False) if verdict["level"] == "do not trust" else ""
        return f"This log does not show whether users prefer {a} or {b}.{doubt}"
    better, worse = (a, b) if verdict["winner"] == "A" else (b, a)
    sign = 1 if verdict["winner"] == "A" else -1
    doubt = " " + CAUTION if verdict["level"] == "caution" else ""
    delta = Range.of(one["ci"], percent=True)
    if delta.sign != sign:
        return f"Users prefer {better} to {worse} by the mean credit.{doubt}"
    ends = (delta.low, delta.high) if sign > 0 else (delta.high, delta.low)
    low, high = (None if end is None else 0.5 + sign * end for end in ends)
    won = f"it wins {Range(low, high, percent=True).text()} of sessions{percent_of(one['ci'])}"
    return f"Users prefer {better} to {worse}: {won}, ties counted as half.{doubt}"


def charts(document: Document) -> Iterator[Chart]:
    """Preference with intervals, and the outcomes of the sessions."""
    a, b = document["inputs"]["a"], document["inputs"]["b"]
    rows = document["results"]
    segmented = document["inputs"].get("by") is not None
    names = {"delta_AB": "share of wins - 1/2", "mean_credit": "mean credit"}
    yield Intervals(
        "preference",
        f"Preference for {a} (right) or {b} (left)",
        "Full circles: the interval excludes no preference.",
        rows=[
            row(
                names[one["name"]]
                + (f", {'all' if one['segment'] is None else one['segment']}" if segmented else ""),
                one["value"],
                one["ci"],
            )
            for one in rows
        ],
        axis=Axis("preference", holds=(0.0,)),
        reference=0.0,
        header=("quantity", ">value", level(rows)),
    )
    one = document["outcomes"][0]
    wins = [(f"wins of {a}", "wins_A"), (f"wins of {b}", "wins_B"), ("ties", "ties")]
    yield Bars(
        "outcomes",
        "Outcome of the sessions",
        f"Of {one['sessions']:,} sessions.",
        rows=[Row(name, float(one[key])) for name, key in wins],
        axis=Axis("sessions", whole=True, holds=(0.0,)),
        header=("outcome", ">sessions", ">interval"),
    )


def tables(document: Document) -> Iterator[Table]:
    """Tests, and the sessions that would show the preference."""
    yield table(
        "Tests that users prefer neither",
        document["outcomes"],
        {
            "segment": "segment",
            ">sessions": "sessions",
            ">p of sign test": "sign_test.p_value",
            ">p of mean credit": "credit_test.p_value",
            ">effect": "effect",
            ">sessions needed": "sessions_needed",
        },
    )
