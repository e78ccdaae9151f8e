"""Conclusions, charts and tables of ``plan ab`` and ``plan shuffle``."""

from __future__ import annotations

from collections.abc import Iterator

from rankeval.charts import Axis, Bars, Chart, Lines, Row, Series
from rankeval.reports.documents import Document, short, table
from rankeval.reports.sentences import outwards
from rankeval.table_texts import Table, number

#: How the labels of an estimated gain begin, and of the low end of its interval.
_GAIN, _LOW_END = "gain", "low end"
#: Points of a curve of errors, as multiples of the sessions for which errors were asked.
_MULTIPLES = [m * 10.0**k for k in (-2, -1, 0, 1) for m in (1.0, 2.0, 5.0)] + [100.0]


def conclude_ab(document: Document) -> str:
    """The sessions that the first effect of the first metric needs.

    If it is an estimated gain: also those that the low end of its interval needs, as the gain may be smaller.
    """
    one, inputs = document["results"][0], document["inputs"]
    shown = f"{short(_effect(one))} of {short(one['metric'])}"
    power = f"{100 * inputs['power']:g} % power"
    if one["sessions"] is None:
        return f"No number of sessions is known that shows {shown} with {power}."
    low = _low_end(document)
    sentence = f"An A/B test needs {_sessions(one)} to show {shown}"
    if low is None:
        sentence = f"{sentence} with {power}."
    elif low["sessions"] is None:
        sentence = f"{sentence}, the estimate, with {power}; no number shows the low end of its interval."
    else:
        also = f"{_sessions(low)} to show {short(_effect(low))}, the low end of its interval"
        sentence = f"{sentence}, the estimate, and {also}, with {power}."
    return f"{sentence} That holds if the test's users are as those of the log."


def _sessions(one: Document) -> str:
    days = "" if one["days"] is None else f", {one['days']:,.0f} days"
    return f"{one['sessions']:,} sessions{days}"


def _low_end(document: Document) -> Document | None:
    """The plan for the low end of the interval of the first effect; None where that is no estimated gain."""
    first, *rest = document["results"]
    name = str(first["label"]).removeprefix(_GAIN)
    if not str(first["label"]).startswith(_GAIN):
        return None
    return next(
        (one for one in rest if one["metric"] == first["metric"] and one["label"] == _LOW_END + name), None
    )


def _effect(one: Document) -> str:
    """The relative effect, or where it is from."""
    share = one["relative_effect"]
    return str(one["label"]) if share is None else f"{100 * share:+.3g} %"


def charts_ab(document: Document) -> Iterator[Chart]:
    """The sessions of each metric and effect."""
    known = [one for one in document["results"] if one["sessions"] is not None]
    if known:
        yield Bars(
            "sessions",
            "Sessions that the test needs",
            "In all arms together, to show each effect.",
            rows=[Row(f"{one['metric']}, {_effect(one)}", float(one["sessions"])) for one in known],
            axis=Axis("sessions", whole=True, holds=(0.0,)),
            header=("metric and effect", ">sessions", ">interval"),
        )
    yield from _smallest_effect(document, known)


def _smallest_effect(document: Document, known: list[Document]) -> Iterator[Chart]:
    """The relative effect that a test of each size shows, of each metric."""
    lines = []
    for metric in dict.fromkeys(one["metric"] for one in known):
        one = next(one for one in known if one["metric"] == metric)
        if one["relative_effect"]:
            sizes = [one["sessions"] * multiple for multiple in _MULTIPLES]
            effects = [abs(one["relative_effect"]) * (one["sessions"] / n) ** 0.5 for n in sizes]
            lines.append(Series(str(metric), sizes, effects, marked=False))
    if lines:
        yield Lines(
            "effects",
            "Effect that a test of each size can show",
            f"With {100 * document['inputs']['power']:g} % power; it falls with the root of the number of "
            "sessions, and is drawn through the first effect of each metric.",
            series=lines,
            x_axis=Axis("sessions in all arms", log=True),
            y_axis=Axis("relative effect", log=True),
        )


def tables_ab(document: Document) -> Iterator[Table]:
    """The metrics in the log, and all that was planned."""
    yield table(
        "Plans",
        document["results"],
        {
            "metric": "metric",
            "effect": "label",
            ">value": "baseline",
            ">standard deviation": "std_dev",
            ">relative effect": "relative_effect",
            ">sessions an arm": "sessions_per_arm",
            ">in all": "sessions",
            ">days": "days",
        },
    )
    if document["beside"]:
        columns = {"command": "experiment", "design": "design", "finds out": "finds", ">sessions": "sessions"}
        yield table("Other experiments", document["beside"], {**columns, ">days": "days"})


def conclude_shuffle(document: Document) -> str:
    """The design that needs the fewest sessions, and the one that costs the fewest clicks."""
    inputs, known = document["inputs"], [one for one in document["designs"] if one["sessions"] is not None]
    error = f"a standard error of {100 * inputs['relative_error']:g} % at every position"
    if not known:
        return f"No design is known to reach {error}."
    quick = min(known, key=lambda one: one["sessions"])
    days = "" if quick["days"] is None else f", {outwards(quick['days'], True)} days"
    sentence = f"For {error}, {quick['design']} needs the fewest sessions, {quick['sessions']:,}{days}"
    lost = [one for one in known if one["clicks_lost"] is not None]
    if not lost:
        return sentence + "."
    cheap = min(lost, key=lambda one: one["clicks_lost"])
    also = " and" if cheap is quick else f"; {cheap['design']}"
    return f"{sentence}{also} costs the fewest clicks, {cheap['clicks_lost']:,.0f}."


def charts_shuffle(document: Document) -> Iterator[Chart]:
    """The largest relative error of each design by the number of sessions."""
    lines = []
    planned = document["inputs"]["sessions"]
    at = [planned * multiple for multiple in _MULTIPLES]
    for one in document["designs"]:
        known = [each for each in one["positions"] if each["relative_error"] is not None]
        if known:
            worst = max(each["relative_error"] for each in known)
            errors = [worst * (planned / n) ** 0.5 for n in at]
            lines.append(Series(one["design"], [*at], [*errors], marked=False))
    if lines:
        yield Lines(
            "errors",
            "Error by the length of the experiment",
            "Standard error / propensity at the position where it is largest; it falls with the root of the "
            "number of sessions. The dotted line is what was asked for.",
            series=lines,
            x_axis=Axis("sessions in the experiment", log=True),
            y_axis=Axis("largest relative error", log=True),
            reference=document["inputs"]["relative_error"],
        )


def tables_shuffle(document: Document) -> Iterator[Table]:
    """Designs, and errors by position."""
    columns = {
        "design": "design",
        ">sessions": "sessions",
        ">traffic": "traffic",
        ">days": "days",
        ">clicks a session": "clicks",
        ">relative loss": "relative_loss",
        ">clicks lost": "clicks_lost",
    }
    yield table("Designs", document["designs"], columns)
    rows = [
        [
            str(at["position"]),
            *(_error(one["positions"][k]) for one in document["designs"] if one["positions"]),
        ]
        for k, at in enumerate(next((d["positions"] for d in document["designs"] if d["positions"]), []))
    ]
    names = [f">{one['design']}" for one in document["designs"] if one["positions"]]
    title = f"Standard errors from {document['inputs']['sessions']:,} sessions in the experiment"
    yield Table(title, [">position", *names], rows)


def _error(position: Document) -> str:
    return number(position["std_error"], 3)
