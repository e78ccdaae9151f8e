"""Conclusion, charts and tables of ``evaluate``."""

from __future__ import annotations

from collections.abc import Iterator

from rankeval.charts import Axis, Chart, Intervals, Lines, Series
from rankeval.reports.documents import Document, level, row, short, table, whole
from rankeval.reports.sentences import CAUTION, Range, percent_of, told
from rankeval.table_texts import Table

#: Metrics that have a chart of their own; tables have all.
_CHARTS = 6
_SOURCE = "The judgements"


def conclude(document: Document) -> str:
    """The first metric on all queries: of one run its value, of two their difference, of more the best run.

    A difference is told by its interval; it counts only if its adjusted p-values, of all tests, are below
    1 - level too. The best of several is told by its interval that is corrected for the choice.
    """
    rows, verdict = whole(document["results"]), document["verdict"]["level"]
    metric, runs = rows[0]["metric"], list(document["inputs"]["runs"])
    found = [one for one in whole(document["comparisons"]) if one["metric"] == metric]
    if verdict == "do not trust":
        what = "which run is better" if found else f"what {metric} is"
        return f"{_SOURCE} cannot tell {what}. {told(verdict, False)}"
    if not found:
        return _value(rows[0], document["n"], verdict)
    if len(runs) == 2:
        return _difference(found, metric, verdict)
    return _best(document, metric, len(runs), verdict)


def _value(one: Document, n: int, verdict: str) -> str:
    known = Range.of(one["ci"])
    if not known.known:
        return f"{one['metric']} of {short(one['run'])} has no known interval over {n:,} queries."
    doubt = f" {CAUTION}" if verdict == "caution" else ""
    value = f"{one['metric']} of {short(one['run'])} is {known.text()}"
    return f"{value}{percent_of(one['ci'])} over {one['n']:,} queries.{doubt}"


def _difference(found: list[Document], metric: str, verdict: str) -> str:
    one = found[0]
    change = Range.of(one["ci"])
    known = [each["p_adjusted"] for each in found if each["p_adjusted"] is not None]
    tells = bool(change.sign) and all(p < 1.0 - one["ci"]["level"] + 1e-12 for p in known)
    if not change.known:
        return (
            f"{_SOURCE} cannot tell which of {short(one['a'])} and {short(one['b'])} is better by {metric}."
        )
    a, b = short(one["a"]), short(one["b"])
    if change.sign < 0:
        a, b, change = b, a, Range(_negative(change.high), _negative(change.low))
    told_ = change.more("higher", "lower")
    return f"{metric} of {a} is {told_} than of {b}{percent_of(one['ci'])}. {told(verdict, tells, _SOURCE)}"


def _negative(end: float | None) -> float | None:
    return None if end is None else -end


def _best(document: Document, metric: str, runs: int, verdict: str) -> str:
    best = next((one for one in document["best"] if one["metric"] == metric), None)
    ends = Range(None, None) if best is None else Range.of(best["value"]["ci"])
    if best is None or not ends.known:
        return f"{_SOURCE} cannot tell which of {runs} runs is best by {metric}."
    sentence = f"{short(best['run'])} has the best {metric} of {runs} runs, {ends.text()}"
    sentence += f"{percent_of(best['value']['ci'])}, corrected for the choice."
    gain = Range.of(best["gain"]["ci"])
    if gain.known:
        over = short(best["gain"]["over"])
        sentence += f" That is {gain.more('higher', 'lower')} than of {over}. "
        return sentence + told(verdict, bool(gain.sign), _SOURCE)
    return sentence + (f" {CAUTION}" if verdict == "caution" else "")


def charts(document: Document) -> Iterator[Chart]:
    """For each metric: the values of the runs, and their paired differences."""
    segmented = any(one["segment"] is not None for one in document["results"])

    def name(one: Document, text: str) -> str:
        return text if not segmented else f"{text}, {one['segment'] if one['segment'] is not None else 'all'}"

    for metric in document["inputs"]["metrics"][:_CHARTS]:
        rows = [one for one in document["results"] if one["metric"] == metric]
        compared = {
            (one["a"], one["b"], one["segment"]): one
            for one in reversed(document["comparisons"])
            if one["metric"] == metric
        }
        differences = list(reversed(compared.values()))
        if differences:
            yield Intervals(
                f"differences of {metric}",
                f"Differences of {metric}",
                f"Right of the dotted line, {metric} of the first run is higher, on the same queries. Full "
                "circles: the interval excludes no difference.",
                rows=[
                    row(name(one, f"{one['a']} - {one['b']}"), one["difference"], one["ci"])
                    for one in differences
                ],
                axis=Axis(f"difference of {metric}", holds=(0.0,)),
                reference=0.0,
                header=("difference", ">mean", level(differences)),
            )
        yield Intervals(
            metric,
            f"{metric} of the runs",
            "Intervals of single runs may overlap where the paired difference is clear.",
            rows=[row(name(one, one["run"]), one["value"], one["ci"], f"{one['n']:,}") for one in rows],
            axis=Axis(metric),
            header=("run", ">value", level(rows), ">queries"),
        )
    yield from _calibration(document)


def _calibration(document: Document) -> Iterator[Chart]:
    """The share of relevant items against the mean score, in bins of scores."""
    bins = document.get("reliability") or []
    runs = {run: [one for one in bins if one["run"] == run] for run in dict.fromkeys(o["run"] for o in bins)}
    lines = [
        Series.of(
            str(run),
            [one["mean_score"] for one in of],
            [one["relevant"] for one in of],
            [(one["ci_low"], one["ci_high"]) for one in of],
        )
        for run, of in runs.items()
    ]
    if not lines:
        return
    right = Series("right probabilities", [0.0, 1.0], [0.0, 1.0], marked=False)
    yield Lines(
        "calibration",
        "Calibration of the scores",
        "Relevant items against the score, in bins of scores, with intervals. On the straight line, scores "
        "are right probabilities; below it they are too high.",
        series=[*lines, right],
        x_axis=Axis("mean score of a bin", holds=(0.0, 1.0)),
        y_axis=Axis("share of relevant items", holds=(0.0, 1.0)),
    )


def tables(document: Document) -> Iterator[Table]:
    """Tests of the differences, the best run, the agreement of runs, and what was counted."""
    if document["comparisons"]:
        yield table(
            "Tests of the differences",
            document["comparisons"],
            {
                "metric": "metric",
                "first": "a",
                "second": "b",
                "segment": "segment",
                ">difference": "difference",
                "test": "test",
                ">p": "p_value",
                ">Holm": "p_adjusted",
                ">BH": "p_adjusted_bh",
            },
        )
    if document["best"]:
        yield table(
            "Best run, corrected for the choice",
            document["best"],
            {
                "by": "metric",
                "best": "run",
                ">value": "value.corrected",
                level(document["best"], "value.ci"): "value.ci",
                "over": "gain.over",
                ">gain": "gain.corrected",
                level(document["best"], "gain.ci") + " of the gain": "gain.ci",
            },
        )
    agreement = document.get("agreement")  # results of earlier versions have none
    if agreement:
        yield table(
            "Agreement of runs",
            agreement,
            {
                "statistic": "statistic",
                "first": "a",
                "second": "b",
                "segment": "segment",
                ">mean": "value",
                level(agreement): "ci",
                ">queries": "n",
            },
        )
    if document["inputs"]["metrics"][_CHARTS:]:
        metrics = document["inputs"]["metrics"][_CHARTS:]
        rows = [one for one in document["results"] if one["metric"] in metrics]
        columns = {
            "metric": "metric",
            "run": "run",
            "segment": "segment",
            ">value": "value",
            level(rows): "ci",
        }
        yield table("Further metrics", rows, columns)
    yield table(
        "Queries and items",
        [{"run": name, **counts} for name, counts in document["counts"]["runs"].items()],
        {
            "run": "run",
            ">queries": "queries",
            ">missing": "queries_missing",
            ">unjudged": "queries_unjudged",
            ">items": "items",
            ">items unjudged": "items_unjudged",
        },
    )
