"""Conclusion, charts and tables of ``inspect``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rankeval.charts import Axis, Bars, Chart, Lines, Row, Series
from rankeval.reports.documents import Document, table
from rankeval.table_texts import Table

#: Columns that the picture of drift shows.
_DRIFTED = 15
#: A population stability index below this is usual without drift.
_USUAL = 0.1


def conclude(document: Document) -> str:
    """What the log can feed, and how many problems it has."""
    return str(document["conclusion"])


def charts(document: Document) -> Iterator[Chart]:
    """Reward by position, reward by day, and drift."""
    at = document["reward_by_position"]
    if at:
        yield Lines(
            "positions",
            "Reward by position",
            "The mean reward of what was shown at a position, with the 95 % interval.",
            series=[
                Series.of(
                    "reward",
                    [one["position"] for one in at],
                    [one["reward"] for one in at],
                    [one["ci"] for one in at],
                )
            ],
            x_axis=Axis("position", whole=True),
            y_axis=Axis("mean reward", holds=(0.0,)),
        )
    days = document["stability"]["days"]
    if len(days) > 1:
        yield Lines(
            "days",
            "Reward by day",
            "The mean reward of a day's rows, with the 95 % interval.",
            series=[
                Series.of(
                    "reward", range(len(days)), [one["mean"] for one in days], [one["ci"] for one in days]
                )
            ],
            x_axis=Axis("day", names=[str(one["part"]) for one in days]),
            y_axis=Axis("mean reward"),
        )
    drift = sorted(document["drift"]["columns"], key=lambda one: -one["psi"])[:_DRIFTED]
    if drift:
        yield Bars(
            "drift",
            f"Drift from {document['drift']['windows'][0]} to {document['drift']['windows'][1]}",
            "Population stability index of the columns; left of the dotted line is usual without drift.",
            rows=[Row(str(one["column"]), one["psi"]) for one in drift],
            axis=Axis("population stability index", holds=(0.0, _USUAL)),
            reference=_USUAL,
            header=("column", ">index", ">interval"),
        )


def tables(document: Document) -> Iterator[Table]:
    """Problems, columns, tests of propensities, and what the log can feed."""
    if document["problems"]:
        columns = {"severity": "severity", "problem": "text", "first rows": "rows"}
        yield table("Problems", document["problems"], columns)
    columns = {
        "column": "name",
        "role": "role",
        "type": "type",
        ">missing": "missing",
        ">low": "low",
        ">high": "high",
    }
    yield table("Columns", document["columns"], columns)
    tests = document["propensity_tests"]
    if tests is not None and tests["tests"]:
        yield table(
            "Tests of propensities",
            tests["tests"],
            {
                "test": "test",
                "of": "group",
                "in": "slice",
                ">observed": "observed",
                ">expected": "expected",
                ">z": "z",
                ">p": "p_adjusted",
            },
        )
    can, cannot = document["estimators"]["assumptions"], document["estimators"]["cannot"]
    if can:
        yield Table("What this log can feed", ["estimators", "they assume that"], _grouped(can))
    if cannot:
        lacks = {name: ", ".join(columns) for name, columns in cannot.items()}
        yield Table("What it cannot feed", ["estimators", "they also need"], _grouped(lacks))


def _grouped(texts: Mapping[str, str]) -> list[list[str]]:
    """Names with the same text in one row."""
    groups: dict[str, list[str]] = {}
    for name, text in texts.items():
        groups.setdefault(text, []).append(name)
    return [[" ".join(names), text] for text, names in groups.items()]
