"""Conclusion, charts and tables of ``propensity``."""

from __future__ import annotations

from collections.abc import Iterator

from rankeval.charts import Axis, Chart, Lines, Series
from rankeval.reports.documents import Document, table
from rankeval.reports.sentences import CAUTION, Range, told
from rankeval.table_texts import Table

#: Curves of segments in one picture, beside that of all.
_SEGMENTS = 3
#: A power law is named where its misfit has at least this p-value.
_FITS = 0.05


def conclude(document: Document) -> str:
    """How often the last position is seen, as a share of the first, and the power law if it fits."""
    verdict, last = document["verdict"]["level"], document["positions"][-1]
    if verdict == "do not trust":
        return f"This log cannot tell how often users look at each position. {told(verdict, False)}"
    first = document["intervals"][0]
    low, high = first["ci"][-1]
    seen = Range.of({"low": low, "high": high, "side": first["side"]}, percent=True)
    if last == 1 or not seen.known:
        return f"How often users look at position {last} has no known interval."
    sentence = f"Position {last} is looked at {seen.text()} as often as position 1"
    sentence += f" ({100 * first['level']:g} % interval)."
    law = document.get("smoothing")
    if law is not None and law["p_value"] is not None and law["p_value"] >= _FITS:
        eta = Range(*law["ci"])
        sentence += f" The curve is in line with position^-eta, eta {eta.text()}."
    return sentence + (f" {CAUTION}" if verdict == "caution" else "")


def charts(document: Document) -> Iterator[Chart]:
    """The curve of examination with its band, the power law, and the curves of segments."""
    parts = [("all", document), *((str(part["segment"]), part) for part in document.get("segments", []))]
    lines = [
        Series.of(
            document["method"] if len(parts) == 1 else name,
            part["positions"],
            part["examination"],
            part["ci"],
        )
        for name, part in parts[: 1 + _SEGMENTS]
    ]
    law = document.get("smoothing")
    if law is not None:
        name = f"power law, eta {law['eta']:.2f}"
        lines.append(Series(name, document["positions"], law["examination"], marked=False))
    yield Lines(
        "curve",
        "Examination by position",
        "How often users look at a position, as a share of position 1. The band is the interval at each.",
        series=lines,
        x_axis=Axis("position", whole=True),
        y_axis=Axis("examination, relative to position 1", holds=(0.0,)),
    )


def tables(document: Document) -> Iterator[Table]:
    """What the curve rests on."""
    columns = ("positions", "clicks", "impressions", "std_error")
    rows = [
        dict(zip(columns, values, strict=True))
        for values in zip(*(document[c] for c in columns), strict=True)
    ]
    heads = {">position": "positions", ">clicks": "clicks", ">impressions": "impressions"}
    yield table("What the curve rests on", rows, {**heads, ">std error": "std_error"})
    if document.get("test") is not None:
        columns_ = {
            ">segments": "segments",
            ">Wald statistic": "statistic",
            ">degrees": "degrees",
            ">p": "p_value",
        }
        yield table("Test that the curve is the same in all segments", [document["test"]], columns_)
    if document.get("refutation") is not None:
        yield table(
            "Test of the user model by shuffled sessions",
            [document["refutation"]],
            {
                ">shuffled sessions": "shuffled_sessions",
                ">clicks predicted": "predicted_clicks",
                ">clicks observed": "observed_clicks",
                ">z": "z",
            },
        )
