"""Charts and tables of ``uplift``: gains, and all that they rest on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rankeval.charts import Axis, Bars, Chart, Intervals, Lines, Row, Series
from rankeval.reports.documents import Document, estimator, row, table, whole
from rankeval.reports.ope import effective
from rankeval.reports.policy_charts import (
    best,
    differences,
    gains,
    label,
    labelled,
    metrics,
    metrics_of,
    over_time,
    rewards_of,
    sign_changes,
    user_tests,
    values,
    weights,
)
from rankeval.reports.weight_charts import weight_histograms
from rankeval.table_texts import Table, number

#: Powers of the curve between which the crossing of 0 is drawn; the table of sign changes has all.
_DRAWN = (0.25, 4.0)
#: The click model that assumes what estimators from clicks assume.
_SAME = "pbm"


def charts(document: Document) -> Iterator[Chart]:
    """Gains, other position bias, other users, time, values, overlap, metrics, and the curve."""
    yield gains(document, "ranker")
    yield from _by_bias(document)
    yield from _by_users(document)
    yield from over_time(document)
    yield from differences(document, "candidates")
    yield values(document, "candidates")
    yield from _overlap(document)
    yield from metrics(document)
    yield from _curve(document)
    yield from weight_histograms(document)
    yield from effective(document)


def _by_bias(document: Document) -> Iterator[Chart]:
    """The gain if position bias were weaker or stronger than the curve says, and where it is 0."""
    lines = [line for one in whole(rewards_of(document)) if (line := _under_powers(document, one))]
    if not lines:
        return
    yield Lines(
        "bias",
        "Gain if position bias were weaker or stronger",
        "The curve to a power: 1 is the curve that was used, with the interval there; 0.5 stands for half "
        "the eta of a curve k^-eta, 2 for twice as much. Where a line crosses the dotted one, the gain "
        "changes its sign. Between the markers lines are drawn straight.",
        series=lines,
        x_axis=Axis("power of the curve (eta x)", log=True),
        y_axis=Axis("gain in units of the reward", holds=(0.0,)),
        reference=0.0,
    )


def _under_powers(document: Document, one: Document) -> Series | None:
    found = one["sensitivity"]
    if not found or not found.get("gains"):
        return None
    points = {power: gain for power, gain in found["gains"] if gain is not None}
    if found["factor"] is not None and _DRAWN[0] <= found["factor"] <= _DRAWN[1]:
        points[found["factor"]] = 0.0
    points[1.0] = one["gain"]["value"]
    at, ci = sorted(points), one["gain"]["ci"]
    ends = [(ci["low"], ci["high"]) if power == 1.0 else (None, None) for power in at]
    return Series.of(label(document, one), at, [points[power] for power in at], ends)


def _by_users(document: Document) -> Iterator[Chart]:
    """The gains of candidates under other models of users, beside the estimate."""
    models = document["user_models"]
    if not models:
        return
    estimates = whole(rewards_of(document))
    rows = [
        each
        for one in estimates
        if (one["name"], one["params"]) == (estimates[0]["name"], estimates[0]["params"])
        for each in _of_users(one, models)
    ]
    yield Intervals(
        "users",
        "Gain if users behave otherwise",
        "Click models that were fitted to the log, and the gain that each foresees; these have no interval. "
        f"The model with the highest log-likelihood of held-out sessions, over that of {_SAME}, describes "
        "these users best. The dotted line is no gain.",
        rows=rows,
        axis=Axis("gain in clicks a session", holds=(0.0,)),
        reference=0.0,
        header=("candidate and users", ">gain", ">interval", f">held out - {_SAME}", ">std error"),
    )


def _of_users(one: Document, models: Sequence[Document]) -> Iterator[Row]:
    """The rows of a candidate: its estimate, then the gain under each model."""
    name, gain = str(one["target"]), one["gain"]
    yield row(f"{name}, {estimator(one)}", gain["value"], gain["ci"], "-", "-")
    for each in models:
        if one["target"] in each["gains"]:
            yield Row(f"{name}, {each['click_model']}", each["gains"][one["target"]], cells=_fit_cells(each))


def _fit_cells(model: Document) -> tuple[str, str]:
    return number(model["log_likelihood_over_pbm"]), number(model["log_likelihood_std_error"], 3)


def _overlap(document: Document) -> Iterator[Chart]:
    """How much of the top of the logged lists each candidate keeps, in all and in segments."""
    rows = {
        (one["target"], one["segment"]): one
        for one in reversed(document["results"])
        if one["diagnostics"]["overlap"] is not None
    }
    if not rows:
        return
    segmented = document["inputs"].get("by") is not None
    yield Bars(
        "overlap",
        "Share of the logged top that a candidate keeps",
        "The less it keeps, the more the gain rests on the position-bias curve.",
        rows=[
            Row(
                str(one["target"]) + (f", {one['segment'] or 'all'}" if segmented else ""),
                one["diagnostics"]["overlap"],
            )
            for one in reversed(rows.values())
        ],
        axis=Axis("overlap", percent=True, holds=(0.0, 1.0)),
        header=("candidate", ">overlap", ">interval"),
    )


def _curve(document: Document) -> Iterator[Chart]:
    """The position-bias curve that was learned from the log."""
    found = document["position_bias"]
    if not found:
        return
    ends = [
        (None, None) if error is None else (theta - 1.96 * error, theta + 1.96 * error)
        for theta, error in zip(found["examination"], found["std_error"], strict=True)
    ]
    yield Lines(
        "curve",
        "Position bias that the gains rest on",
        f"Learned from the log ({found['method']}). The band is 1.96 standard errors to each side.",
        series=[Series.of(str(found["method"]), found["positions"], found["examination"], ends)],
        x_axis=Axis("position", whole=True),
        y_axis=Axis("examination, relative to position 1", holds=(0.0,)),
    )


def tables(document: Document) -> Iterator[Table]:
    """What the gains rest on, sign changes, metrics, the best candidate, and tests of the users."""
    yield from _under_other_bias(document)
    yield from sign_changes(document)
    yield from best(document, "candidate")
    rows = labelled(document, metrics_of(document))
    if rows:
        columns = {"metric": "label", ">logged": "logged.value", ">value": "value", ">gain": "gain.value"}
        yield table("Values of the metrics by clicks", rows, columns)
    yield weights(document)
    yield from user_tests(document)
    candidates = document["inputs"]["candidates"]
    named = [{"name": name, "from": spec} for name, spec in candidates.items()]
    yield table("Candidates", named, {"candidate": "name", "scores from": "from"})


def _under_other_bias(document: Document) -> Iterator[Table]:
    """The gain under half and twice the position bias, of all estimates."""
    rows = []
    for one in labelled(document, rewards_of(document)):
        found = one["sensitivity"]
        if found and found.get("gains"):
            told = dict(found["gains"])
            rows.append({**one, "half": told.get(0.5), "twice": told.get(2.0)})
    columns = {"estimator": "label", ">at eta x 0.5": "half", ">at eta x 1": "gain.value"}
    if rows:
        yield table("Gain by the strength of position bias", rows, {**columns, ">at eta x 2": "twice"})
