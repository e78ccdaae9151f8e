"""Charts and tables of policies and candidates that ``ope`` and ``uplift`` share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rankeval.charts import Axis, Chart, Intervals, Lines, Series
from rankeval.reports.documents import Document, estimator, is_day, level, row, table
from rankeval.reports.policy_conclusion import is_index
from rankeval.table_texts import Table

#: What a sensitivity is of -> what its factor is, in words.
_WRONG = {"propensities": "odds of propensities (Gamma)", "position_bias": "power of the curve (eta)"}
#: What a sensitivity is of -> what its factor means, in a sentence.
_EXPLAINED = {
    "propensities": (
        "Gamma: if the odds of the true propensities were up to this factor higher or lower than the logged "
        "ones, in the worst way for every row, the gain would be 0."
    ),
    "position_bias": (
        "Eta: if users looked at position k as often as the curve says to the power of this factor (for a "
        "curve k^-eta: an eta that many times as large), the gain would be 0."
    ),
}
#: A metric of which a lower value is better.
_LOWEST = "click_arp"


def label(document: Document, one: Document) -> str:
    """An estimate's estimator, target and segment."""
    parts = [estimator(one)]
    parts += [] if one["target"] is None else [str(one["target"])]
    parts += [] if document["inputs"].get("by") is None else [str(one["segment"] or "all")]
    return ", ".join(parts)


def labelled(document: Document, rows: Sequence[Document]) -> list[Document]:
    """The records with an entry ``label`` for tables."""
    return [{**one, "label": label(document, one)} for one in rows]


def rewards_of(document: Document) -> list[Document]:
    """The estimates of rewards; all estimates where none is of a reward."""
    rows: list[Document] = list(document["results"])
    return [one for one in rows if not is_index(one)] or rows


def metrics_of(document: Document) -> list[Document]:
    """Metrics by clicks and indices that stand beside estimates of rewards."""
    rows = list(document["results"])
    found = [one for one in rows if is_index(one)]
    return found if len(found) < len(rows) else []


def gains(document: Document, logged: str) -> Chart:
    """Gains of rewards: relative ones, or absolute ones where the logged mean is near 0."""
    rows = rewards_of(document)
    relative, part, path = _part(rows)
    unit = f"relative to the logging {logged}" if relative else "in units of the reward"
    return Intervals(
        "gains",
        f"Gain over the logging {logged}",
        f"Right of the dotted line is more than the logging {logged}. Full circles: the interval excludes "
        "no gain.",
        rows=[row(label(document, one), one["gain"][part], one["gain"][path]) for one in rows],
        axis=Axis(f"gain, {unit}", percent=relative, holds=(0.0,)),
        reference=0.0,
        header=("estimator", ">gain", level(rows, "gain.ci")),
    )


def _part(rows: Sequence[Document]) -> tuple[bool, str, str]:
    """Whether gains are shown relative, and the entries of the gain and of its interval."""
    relative = all(
        one["gain"]["relative_ci"]["low"] is not None or one["gain"]["relative_ci"]["high"] is not None
        for one in rows
    )
    return (True, "relative", "relative_ci") if relative else (False, "value", "ci")


def values(document: Document, policy: str) -> Chart:
    """Values in the unit of the reward, with that of the log."""
    rows = rewards_of(document)
    return Intervals(
        "values",
        f"Value of the {policy}",
        "The dotted line is the mean reward of the log.",
        rows=[row(label(document, one), one["value"], one["ci"], one["ci"]["method"]) for one in rows],
        axis=Axis("mean reward"),
        reference=document["logged"]["value"],
        header=("estimator", ">value", level(rows), "method"),
    )


def over_time(document: Document) -> Iterator[Chart]:
    """The gain by the first estimator of a reward over segments that are days or months."""
    every = rewards_of(document)
    first = every[0]
    rows = [
        one
        for one in every
        if one["segment"] is not None
        and (one["name"], one["params"], one["target"]) == (first["name"], first["params"], first["target"])
    ]
    rows.sort(key=lambda one: str(one["segment"]))
    names = [str(one["segment"]) for one in rows]
    if len(rows) < 2 or not all(map(is_day, names)):
        return
    relative, part, path = _part(every)
    ends = [(one["gain"][path]["low"], one["gain"][path]["high"]) for one in rows]
    yield Lines(
        "time",
        f"Gain by {document['inputs']['by']}",
        f"By {label({'inputs': {}}, first)}. The band is the interval at each; the dotted line is no gain.",
        series=[Series.of("gain", range(len(rows)), [one["gain"][part] for one in rows], ends)],
        x_axis=Axis(str(document["inputs"]["by"]), names=names),
        y_axis=Axis("gain", percent=relative, holds=(0.0,)),
        reference=0.0,
    )


def differences(document: Document, noun: str) -> Iterator[Chart]:
    """Differences between two policies or candidates, on the same rows."""
    metrics = {(estimator(one), one["segment"]) for one in metrics_of(document)}
    compared = [
        one
        for one in document["comparisons"]
        if one["b"] != "logged" and (estimator(one), one["segment"]) not in metrics
    ]
    if not compared:
        return
    yield Intervals(
        "differences",
        f"Differences between {noun}",
        "Right of the dotted line, the first one earns more. Differences are on the same rows.",
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


def metrics(document: Document) -> Iterator[Chart]:
    """Gains of metrics by clicks and of indices, which only order candidates."""
    rows = metrics_of(document)
    if not rows:
        return
    relative, part, path = _part(rows)
    low = any(one["name"] == _LOWEST for one in rows)
    lowest = f" Of {_LOWEST}, an average rank, left of the line is better." if low else ""
    yield Intervals(
        "metrics",
        "Metrics by clicks, to compare candidates",
        "They order candidates and are no forecast of an A/B test. The dotted line is no change." + lowest,
        rows=[row(label(document, one), one["gain"][part], one["gain"][path]) for one in rows],
        axis=Axis("change of the metric", percent=relative, holds=(0.0,)),
        reference=0.0,
        header=("metric", ">change", level(rows, "gain.ci")),
    )


def sign_changes(document: Document) -> Iterator[Table]:
    """How wrong an input must be for a gain to change its sign."""
    rows = [one for one in labelled(document, document["results"]) if one["sensitivity"] is not None]
    if not rows:
        return
    kinds = {one["sensitivity"]["of"] for one in rows}
    told = [text for of, text in _EXPLAINED.items() if of in kinds]
    shown = [
        {**one, "wrong": _WRONG.get(one["sensitivity"]["of"]), "at": _at(one["sensitivity"]["factor"])}
        for one in rows
    ]
    columns = {"estimator": "label", "wrong by a factor": "wrong", ">at": "at"}
    note = " ".join(
        [*told, "The closer the factor is to 1, the less it takes; errors of sampling come on top."]
    )
    found = table("Where the gain changes its sign", shown, columns)
    yield Table(found.title, found.header, found.rows, note)


def _at(factor: float | None) -> str:
    return "none up to 16" if factor is None else f"{factor:.3g}"


def best(document: Document, noun: str) -> Iterator[Table]:
    """The best of several by each estimator of a reward."""
    names = {estimator(one) for one in metrics_of(document)}
    rows = [one for one in document["best"] if estimator(one) not in names]
    if rows:
        yield table(
            f"Best {noun}, corrected for the choice",
            [{**one, "label": estimator(one)} for one in rows],
            {
                "estimator": "label",
                "best": "target",
                ">value": "value.corrected",
                level(rows, "value.ci"): "value.ci",
                "over": "gain.over",
                ">gain": "gain.corrected",
                level(rows, "gain.ci") + " of the gain": "gain.ci",
            },
        )


def weights(document: Document) -> Table:
    """The importance weights of each estimate, and its verdict."""
    return table(
        "Importance weights",
        labelled(document, document["results"]),
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


def user_tests(document: Document) -> Iterator[Table]:
    """The tests of what estimators from clicks assume of users."""
    found = document.get("refutation") or {}
    shuffled = found.get("shuffled_sessions") or {}
    rows = [{"curve": name, **each} for name, each in shuffled.items() if isinstance(each, dict)]
    if rows:
        yield table(
            "Clicks of sessions in random order, predicted by the curve",
            rows,
            {
                "of": "curve",
                ">shuffled sessions": "shuffled_sessions",
                ">clicks predicted": "predicted_clicks",
                ">clicks observed": "observed_clicks",
                ">relative": "relative",
                ">z": "z",
            },
        )
    below = found.get("clicks_below_a_click")
    if below:
        columns = {">clicks below a click, over those expected": "ratio", ">z": "z"}
        yield table("Do users stop at a click", [below], columns)
