"""Conclusion, charts and tables of ``agreement``."""

from __future__ import annotations

from collections.abc import Iterator

from rankeval.charts import Axis, Chart, Intervals
from rankeval.reports.documents import Document, level, row, short, table
from rankeval.reports.sentences import Range, percent_of
from rankeval.table_texts import Table

#: With fewer experiments, no statistic tells much.
_FEW = 10


def conclude(document: Document) -> str:
    """The correlation of the first offline metric with online gains, and if there is one at all."""
    one = next(each for each in document["results"] if each["statistic"] == "pearson")
    name = "Offline gains" if one["metric"] is None else f"Offline gains of {short(one['metric'])}"
    known = Range.of(one["ci"])
    if not known.known:
        return f"{one['n']:,} experiments cannot tell whether offline gains predict online ones."
    found = f"{name} and online gains have a correlation of {known.text()}"
    found += f"{percent_of(one['ci'])} over {one['n']:,} experiments."
    if one["n"] < _FEW:
        return f"{found} So few tell little."
    ending = {1: "They go together.", -1: "They go against each other.", 0: "The experiments cannot tell."}
    return f"{found} {ending[known.sign]}"


def charts(document: Document) -> Iterator[Chart]:
    """The statistics of every offline metric."""
    for metric in dict.fromkeys(one["metric"] for one in document["results"]):
        rows = [one for one in document["results"] if one["metric"] == metric]
        of = "" if metric is None else f" of {metric}"
        yield Intervals(
            f"agreement{of}",
            f"Offline{of} against online gains",
            "A correlation of 1 is perfect; with slope 1 and intercept 0, offline gains are right.",
            rows=[row(str(one["statistic"]), one["value"], one["ci"], f"{one['n']:,}") for one in rows],
            axis=Axis("value of the statistic", holds=(0.0,)),
            reference=0.0,
            header=("statistic", ">value", level(rows), ">experiments"),
        )


def tables(document: Document) -> Iterator[Table]:
    """The metric that predicts best."""
    if document["best"] is not None:
        columns = {
            "best metric": "metric",
            ">pearson": "pearson",
            "second": "second",
            ">its pearson": "second_pearson",
        }
        yield table("Predicts online gains best", [document["best"]], {**columns, ">p of equal": "p_value"})
