"""Charts and tables of ``ope``."""

from __future__ import annotations

from collections.abc import Iterator

from rankeval.charts import Axis, Bars, Chart, Lines, Row, Series
from rankeval.reports.documents import Document, whole
from rankeval.reports.policy_charts import (
    best,
    differences,
    gains,
    label,
    metrics,
    over_time,
    rewards_of,
    sign_changes,
    user_tests,
    values,
    weights,
)
from rankeval.reports.weight_charts import weight_histograms
from rankeval.table_texts import Table


def charts(document: Document) -> Iterator[Chart]:
    """Gains, values, differences, the estimate by the parameter that was chosen, and effective rows."""
    yield gains(document, "policy")
    yield values(document, "target policy")
    yield from over_time(document)
    yield from differences(document, "target policies")
    for one in whole(document["results"]):
        if one["selection"] is not None:
            yield _by_parameter(document, one)
    yield from metrics(document)
    yield from weight_histograms(document)
    yield from effective(document)


def effective(document: Document) -> Iterator[Chart]:
    """The effective sample size of each estimate, as a share of its rows."""
    weighted = [one for one in whole(rewards_of(document)) if one["diagnostics"]["ess"] is not None]
    if weighted:
        yield Bars(
            "effective",
            "Effective sample size",
            "The share of the rows that is left, if a few rows with large weights stand for many.",
            rows=[Row(label(document, one), one["diagnostics"]["ess"] / one["n"]) for one in weighted],
            axis=Axis("effective rows / rows", percent=True, holds=(0.0, 1.0)),
            header=("estimator", ">effective", ">interval"),
        )


def _by_parameter(document: Document, one: Document) -> Chart:
    """The estimate against the parameter, such as the clipping of weights, with two standard errors."""
    name, tried = one["selection"]["parameter"], one["selection"]["candidates"]
    tried = [each for each in tried if each[name] is not None and each[name] > 0]
    errors = [None if each["std_error"] is None else 1.96 * each["std_error"] for each in tried]
    ends = [
        (None, None) if error is None else (each["value"] - error, each["value"] + error)
        for each, error in zip(tried, errors, strict=True)
    ]
    line = Series.of(one["name"], [each[name] for each in tried], [each["value"] for each in tried], ends)
    return Lines(
        f"by {name} of {label(document, one)}",
        f"{one['name']} by {name}",
        f"The data chose {one['selection']['chosen']:g}. The band is 1.96 standard errors to each side.",
        series=[line],
        x_axis=Axis(name, log=True),
        y_axis=Axis("mean reward"),
    )


def tables(document: Document) -> Iterator[Table]:
    """Importance weights, sensitivities, the best policy, and tests of the users."""
    yield weights(document)
    yield from sign_changes(document)
    yield from best(document, "policy")
    yield from user_tests(document)
