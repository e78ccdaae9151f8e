"""Conclusion, charts and tables of ``ope``, and of ``uplift``, whose results have the same form."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rankeval.charts import Axis, Bars, Chart, Intervals, Lines, Row, Series
from rankeval.notes import LEVELS
from rankeval.reports.documents import Document, estimator, level, row, short, table, whole
from rankeval.reports.sentences import Range, percent_of, told
from rankeval.table_texts import Table

#: Estimators from clicks, whose values are clicks.
_CLICKS = frozenset({"click_ips", "click_cips", "click_dr", "click_affine"})
#: Estimators of rankings, whose values are means per session, as those from clicks are.
_SESSIONS = (
    frozenset(
        ["sips", "snsips", "iips", "sniips", "rips", "snrips", "policy_aware", "pi", "aips", "cascade_dr"]
    )
    | _CLICKS
)
#: Segments that are days or months.
_DAY = re.compile(r"\d{4}-\d\d(-\d\d)?\b")
#: What tells that the value is no reward.
_INDEX = "estimator_caution"


def conclude(document: Document) -> str:
    """The first requested estimator of a reward: what the target policy would earn, and if the log can tell.

    With several target policies: the one with the highest estimate, by its interval that is corrected for the
    choice. A direction is named only if the intervals of all estimators of the same quantity agree on it.
    """
    rows = whole(document["results"])
    named = list(dict.fromkeys(one["target"] for one in rows))
    main = next((one for one in rows if not _is_index(one)), rows[0])
    if len(named) > 1:
        best = next(
            (b for b in document["best"] if _same(b, main) and b["gain"]["ci"]["low"] is not None), None
        )
        if best is None:
            return f"None of {len(named)} policies is shown to be best. " + told(
                main["verdict"]["level"], False
            )
        main = next(one for one in rows if _same(one, main) and one["target"] == best["target"])
        change = Range.of(best["gain"]["ci"])
        return _sentence(
            document,
            main,
            change,
            f"{short(main['target'])}, with the highest estimate of {len(named)} policies,",
        )
    subject = _subject(main)
    return _sentence(document, main, gain_range(main), subject)


def _subject(main: Document) -> str:
    if main["target"] is not None:
        return short(main["target"])
    return "The new ranking" if main["name"] in _CLICKS else "The target policy"


def _sentence(document: Document, main: Document, change: Range, subject: str) -> str:
    worst, noun = main["verdict"]["level"], _noun(main)
    index = _is_index(main)
    verb, *ways = ("score", "higher", "lower", "") if index else ("earn", "more", _fewer(noun), noun)
    what = ways[0] if index else f"{ways[0]} {noun}"
    if worst == "do not trust" or not change.known:
        start = subject[0].lower() + subject[1:] if main["target"] is None else subject
        return f"This log cannot tell whether {start} would {verb} {what} than the logging policy. " + (
            told(worst, False) if worst == "do not trust" else "The interval is not known."
        )
    unit = "" if change.percent or index else f" a {'session' if main['name'] in _SESSIONS else 'round'}"
    than = f"{unit} than the logging policy" + (
        f" by {estimator(main)}, which only orders candidates" if index else ""
    )
    sentence = f"{subject} would {verb} {change.more(*ways)}{than}{percent_of(_ci(main))}."
    if change.sign and not _agree(document, main, change):
        return f"{sentence} But not all estimators agree, so that the log cannot tell."
    others = LEVELS.index(document["verdict"]["level"]) > LEVELS.index(worst)
    return f"{sentence} {told(worst, bool(change.sign))}" + (
        " Other estimates below are to be trusted less." if others else ""
    )


def _fewer(noun: str) -> str:
    return "fewer" if noun == "clicks" else "less"


def gain_range(one: Document) -> Range:
    """What is known of a gain: its bounds, where actions have no support, else its relative interval."""
    gain = one["gain"]
    if _apart(gain["bounds"]):
        return Range.of(gain["bounds"]["ci"])
    share = Range.of(gain["relative_ci"], percent=True)
    return share if share.known else Range.of(gain["ci"])


def _apart(bounds: Document | None) -> bool:
    """Whether bounds leave anything open beyond rounding."""
    if bounds is None:
        return False
    low, high = bounds["low"], bounds["high"]
    return low is None or high is None or high - low > 1e-12 * max(abs(low), abs(high))


def _ci(main: Document) -> Document:
    gain = main["gain"]
    found: Document = gain["bounds"]["ci"] if _apart(gain["bounds"]) else gain["ci"]
    return found


def _agree(document: Document, main: Document, change: Range) -> bool:
    """Whether the other estimators of the same quantity show the same direction."""
    others = [
        gain_range(one)
        for one in whole(document["results"])
        if one["target"] == main["target"] and _noun(one) == _noun(main)
    ]
    return all(other.sign == change.sign for other in others)


def _is_index(main: Document) -> bool:
    return any(reason["code"] == _INDEX for reason in main["verdict"]["reasons"])


def _noun(main: Document) -> str:
    if _is_index(main):
        return estimator(main)
    return "clicks" if main["name"] in _CLICKS else "reward"


def _same(one: Document, other: Document) -> bool:
    return (one["name"], one["params"]) == (other["name"], other["params"]) and one.get("segment") is None


def _label(document: Document, one: Document) -> str:
    parts = [estimator(one)]
    parts += [] if one["target"] is None else [str(one["target"])]
    parts += [] if document["inputs"].get("by") is None else [str(one["segment"] or "all")]
    return ", ".join(parts)


def charts(document: Document) -> Iterator[Chart]:
    """Gains, values, differences, the estimate by the parameter that was chosen, and effective rows."""
    rows = document["results"]
    relative = all(one["gain"]["relative_ci"]["low"] is not None for one in rows)
    path = "relative_ci" if relative else "ci"
    unit = "relative to the logging policy" if relative else "in units of the reward"
    yield Intervals(
        "gains",
        "Gain over the logging policy",
        "Right of the dotted line, a policy earns more than the logging policy. Full circles: the interval "
        "excludes no gain.",
        rows=[
            row(_label(document, one), one["gain"]["relative" if relative else "value"], one["gain"][path])
            for one in rows
        ],
        axis=Axis(f"gain, {unit}", percent=relative, holds=(0.0,)),
        reference=0.0,
        header=("estimator", ">gain", level(rows, "gain.ci")),
    )
    yield Intervals(
        "values",
        "Value of the target policy",
        "The dotted line is the mean reward of the logging policy.",
        rows=[row(_label(document, one), one["value"], one["ci"], one["ci"]["method"]) for one in rows],
        axis=Axis("mean reward"),
        reference=document["logged"]["value"],
        header=("estimator", ">value", level(rows), "method"),
    )
    yield from _over_time(document, relative)
    compared = [one for one in document["comparisons"] if one["b"] != "logged"]
    if compared:
        yield Intervals(
            "differences",
            "Differences between target policies",
            "Right of the dotted line, the first policy earns more. Differences are on the same rows.",
            rows=[
                row(
                    ", ".join([f"{one['a']} - {one['b']}", estimator(one), str(one["segment"] or "all")]),
                    one["difference"],
                    one["ci"],
                )
                for one in compared
            ],
            axis=Axis("difference of mean rewards", holds=(0.0,)),
            reference=0.0,
            header=("difference", ">mean", level(compared)),
        )
    for one in whole(rows):
        if one["selection"] is not None:
            yield _by_parameter(document, one)
    weighted = [one for one in whole(rows) if one["diagnostics"]["ess"] is not None]
    if weighted:
        yield Bars(
            "weights",
            "Effective sample size",
            "The share of the rows that is left, if a few rows with large weights stand for many.",
            rows=[Row(_label(document, one), one["diagnostics"]["ess"] / one["n"]) for one in weighted],
            axis=Axis("effective rows / rows", percent=True, holds=(0.0, 1.0)),
            header=("estimator", ">effective", ">interval"),
        )


def _over_time(document: Document, relative: bool) -> Iterator[Chart]:
    """The gain by the first estimator over segments that are days or months."""
    first = document["results"][0]
    rows = [
        one
        for one in document["results"]
        if one["segment"] is not None
        and (one["name"], one["params"], one["target"]) == (first["name"], first["params"], first["target"])
    ]
    rows.sort(key=lambda one: str(one["segment"]))
    names = [str(one["segment"]) for one in rows]
    if len(rows) < 2 or not all(map(_DAY.match, names)):
        return
    path, value = ("relative_ci", "relative") if relative else ("ci", "value")
    ends = [(one["gain"][path]["low"], one["gain"][path]["high"]) for one in rows]
    yield Lines(
        "time",
        f"Gain by {document['inputs']['by']}",
        f"By {estimator(first)}. The band is the interval at each; the dotted line is no gain.",
        series=[Series.of("gain", range(len(rows)), [one["gain"][value] for one in rows], ends)],
        x_axis=Axis(str(document["inputs"]["by"]), names=names),
        y_axis=Axis("gain", percent=relative, holds=(0.0,)),
        reference=0.0,
    )


def _by_parameter(document: Document, one: Document) -> Chart:
    """The estimate against the parameter, such as the clipping of weights, with two standard errors."""
    name, tried = one["selection"]["parameter"], one["selection"]["candidates"]
    tried = [each for each in tried if each[name] is not None and each[name] > 0]
    ends = [
        (each["value"] - 1.96 * each["std_error"], each["value"] + 1.96 * each["std_error"]) for each in tried
    ]
    line = Series.of(one["name"], [each[name] for each in tried], [each["value"] for each in tried], ends)
    return Lines(
        f"by {name} of {_label(document, one)}",
        f"{one['name']} by {name}",
        f"The data chose {one['selection']['chosen']:g}. The band is 1.96 standard errors to each side.",
        series=[line],
        x_axis=Axis(name, log=True),
        y_axis=Axis("mean reward"),
    )


def tables(document: Document) -> Iterator[Table]:
    """Importance weights, sensitivities and the best policy."""
    rows = [{**one, "label": _label(document, one)} for one in document["results"]]
    yield table(
        "Importance weights",
        rows,
        {
            "estimator": "label",
            ">rows": "n",
            ">effective rows": "diagnostics.ess",
            ">effective rewards": "diagnostics.effective_rewards",
            ">largest weight": "diagnostics.max_weight",
            ">mean weight": "diagnostics.mean_weight",
            ">share clipped": "diagnostics.share_clipped",
            "verdict": "verdict.level",
        },
    )
    known = [one for one in rows if one["sensitivity"] is not None]
    if known:
        columns = {"estimator": "label", "wrong": "sensitivity.of", ">by a factor of": "sensitivity.factor"}
        yield table("Where the gain changes its sign", known, columns)
    if document["best"]:
        yield table(
            "Best policy, corrected for the choice",
            [{**one, "label": estimator(one)} for one in document["best"]],
            {
                "estimator": "label",
                "best": "target",
                ">value": "value.corrected",
                level(document["best"], "value.ci"): "value.ci",
                "over": "gain.over",
                ">gain": "gain.corrected",
                level(document["best"], "gain.ci") + " of the gain": "gain.ci",
            },
        )
