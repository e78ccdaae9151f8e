"""Conclusion, charts and tables of ``ab``."""

from __future__ import annotations

from collections.abc import Iterator

from rankeval.charts import Axis, Chart, Intervals, Lines, Series
from rankeval.reports.documents import Document, is_day, level, row, short, table, whole
from rankeval.reports.sentences import ROUGH, Range, percent_of
from rankeval.table_texts import Table, counted

#: The p-value of the sample-ratio check below which it warns (Fabijan et al. 2019).
_SUSPICIOUS = 0.001
#: Metrics whose differences are drawn over time.
_METRICS = 3
_RAN = (
    "The confidence sequence after each day, from all units up to then: all its intervals hold together, "
    "however often one looks. The dotted line is no difference."
)
_EACH = (
    "The difference of each day by itself, with its interval. Of many days, some intervals miss the truth. "
    "The dotted line is no difference."
)


def conclude(document: Document) -> str:
    """The first metric of the first arm against the control, and guardrails that do not hold.

    A direction counts only if the adjusted p-value, over all tests, is below 1 - level too; a warning about
    the comparison is told as caution. If the arms have other shares than they should, no number is told.
    """
    p = document["sample_ratio"]["p_value"]
    if p is not None and p < _SUSPICIOUS:
        return "The arms have other shares of the traffic than they should: do not trust the differences."
    rows = whole(document["results"])
    harmed = [one for one in document["guardrails"] if one["status"] != "holds"]
    told = [
        f"Guardrail {short(one['metric'])} of {short(one['arm'])} is {one['status']}." for one in harmed[:2]
    ]
    if not rows:
        held = "All guardrails hold." if document["guardrails"] else "Nothing was compared."
        return " ".join(told) or held
    return " ".join([_first(rows[0], document), *told])


def _first(one: Document, document: Document) -> str:
    share = Range.of(one["relative_ci"], percent=True)
    change = share if share.known else Range.of(one["ci"])
    metric, arm, control = map(short, (one["metric"], one["arm"], one["control"]))
    if not change.known:
        return f"The test cannot tell whether {metric} of {arm} differs from {control}."
    error = 1.0 - one["ci"]["level"] + 1e-12
    tells = change.sign != 0 and one["p_adjusted"] is not None and one["p_adjusted"] < error
    sentence = (
        f"{metric} of {arm} is {change.more('higher', 'lower')} than of {control}{percent_of(one['ci'])}."
    )
    adjusted = ", by p adjusted for several tests" if len(document["results"]) > 1 else ""
    if not tells:
        return f"{sentence} The test cannot tell{adjusted}."
    place = f"{one['metric']} of {one['arm']}: "
    rough = any(text.startswith(place) for text in document["warnings"])
    return f"{sentence} The test can tell{adjusted}." + (f" {ROUGH}" if rough else "")


def charts(document: Document) -> Iterator[Chart]:
    """Relative differences, or absolute ones where a control is near 0, and guardrails with their margins."""
    rows = document["results"]
    if rows:
        relative = all(one["relative_ci"]["low"] is not None for one in rows)
        path = "relative_ci" if relative else "ci"
        yield Intervals(
            "differences",
            f"Difference from {document['inputs']['control']}",
            "Right of the dotted line, the arm has more than the control. Full circles: the interval "
            "excludes no difference.",
            rows=[
                row(
                    ", ".join([str(one["metric"]), str(one["arm"]), *_segment(document, one)]),
                    one["relative" if relative else "difference"],
                    one[path],
                )
                for one in rows
            ],
            axis=Axis("relative difference" if relative else "difference", percent=relative, holds=(0.0,)),
            reference=0.0,
            header=("metric and arm", ">difference", level(rows)),
        )
    yield from _over_time(document)
    yield from _boundaries(document)
    for one in document["guardrails"]:
        part = "relative" if one["margin_relative"] else "difference"
        yield Intervals(
            f"guardrail {one['metric']} of {one['arm']}",
            f"Guardrail {one['metric']} of {one['arm']}: {one['status']}",
            "The dotted line is the margin, which the interval must exclude on the good side.",
            rows=[row(str(one["arm"]), one[part], one["ci"])],
            axis=Axis(
                f"{part} difference".removeprefix("difference "), percent=one["margin_relative"], holds=(0.0,)
            ),
            reference=one["margin"],
            header=("arm", ">difference", level([one])),
        )


def _over_time(document: Document) -> Iterator[Chart]:
    """Confidence sequences as they ran; else the difference of each day by itself, where there are days."""
    ran = document.get("sequence") or []
    days = [one for one in document["results"] if one["segment"] is not None and is_day(one["segment"])]
    rows, when, text = (ran, "until", _RAN) if ran else (days, "segment", _EACH)
    for metric in list(dict.fromkeys(one["metric"] for one in rows))[:_METRICS]:
        of = [one for one in rows if one["metric"] == metric]
        names = sorted({str(one[when]) for one in of})
        if len(names) < 2:
            continue
        lines = []
        for arm in dict.fromkeys(one["arm"] for one in of):
            found = {str(one[when]): one for one in of if one["arm"] == arm}
            at = [k for k, name in enumerate(names) if name in found]
            each = [found[names[k]] for k in at]
            ends = [(one["ci"]["low"], one["ci"]["high"]) for one in each]
            lines.append(Series.of(str(arm), at, [one["difference"] for one in each], ends))
        yield Lines(
            f"time of {metric}",
            f"Difference of {metric} from {document['inputs']['control']} over time",
            text,
            series=lines,
            x_axis=Axis("until" if ran else str(document["inputs"]["by"]), names=names),
            y_axis=Axis("difference", holds=(0.0,)),
            reference=0.0,
        )


def _boundaries(document: Document) -> Iterator[Chart]:
    """The boundary of each planned look, and where the first metric of each arm stands at this one."""
    looks = document.get("looks")
    limits = looks.get("critical_values") if looks else None
    if not looks or not limits:
        return
    now, rows = looks["information"][looks["look"] - 1], whole(document["results"])
    arms = [
        Series(f"{one['metric']} of {one['arm']}", [now], [one["difference"] / one["std_error"]])
        for one in rows
        if one["metric"] == rows[0]["metric"] and one["difference"] is not None and one["std_error"]
    ]
    yield Lines(
        "looks",
        f"Boundaries of {looks['looks']} planned looks ({looks['boundary']})",
        f"This is look {looks['look']}. A difference is shown where its marker is beyond a boundary; how far "
        "both are from no difference is counted in standard errors.",
        series=[
            Series("upper boundary", looks["information"], limits),
            Series("lower boundary", looks["information"], [-limit for limit in limits]),
            *arms,
        ],
        x_axis=Axis("share of the planned information", percent=True, holds=(0.0, 1.0)),
        y_axis=Axis("difference in standard errors"),
        reference=0.0,
    )


def _segment(document: Document, one: Document) -> list[str]:
    if document["inputs"].get("by") is None:
        return []
    return ["all" if one["segment"] is None else str(one["segment"])]


def tables(document: Document) -> Iterator[Table]:
    """Values and tests, guardrails, and the arms."""
    if document["results"]:
        yield table(
            "Values and tests",
            document["results"],
            {
                "metric": "metric",
                "arm": "arm",
                "segment": "segment",
                ">control": "control_value",
                ">arm's value": "value",
                ">p": "p_value",
                ">adjusted": "p_adjusted",
                "test": "test",
            },
        )
    if document["guardrails"]:
        columns = {
            "guardrail": "metric",
            "arm": "arm",
            ">margin": "margin",
            ">p": "p_value",
            "status": "status",
        }
        yield table("Guardrails", document["guardrails"], columns)
    check = document["sample_ratio"]
    total = sum(check["counts"].values())
    arms = [
        {"arm": arm, "n": counted(count), "share": count / total, "expected": check["expected"].get(arm)}
        for arm, count in check["counts"].items()
    ]
    columns = {"arm": "arm", f">{check['units']}": "n", ">share": "share", ">expected": "expected"}
    yield table("Arms", arms, columns)
