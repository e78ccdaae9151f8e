"""Cells of the tables that show off-policy estimates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rankeval.off_policy.rows import EstimateRow
from rankeval.results import interval_text, number


@dataclass(frozen=True)
class Column:
    """A column that a table has only if at least one row has a value for it.

    Attributes:
        header: text of the header.
        says: whether a row has a value.
        cell: text of a row's cell.
    """

    header: str
    says: Callable[[EstimateRow], bool]
    cell: Callable[[EstimateRow], str]


ESTIMAND = Column("estimand", lambda row: row.estimand is not None, lambda row: row.estimand or "-")
WITH_UNSHOWN = Column(
    ">with unshown",
    lambda row: row.bounds is not None,
    lambda row: interval_text(row.bounds and {"low": row.bounds[0], "high": row.bounds[1]}),
)
OWN_LOGGED = Column(
    ">logged", lambda row: row.estimator.definition.logged_apart, lambda row: number(row.logged.value)
)
OVERLAP = Column(
    ">overlap",
    lambda row: row.diagnostics["overlap"] is not None,
    lambda row: number(row.diagnostics["overlap"], 3),
)

#: What a sensitivity is of -> what would be wrong by its factor, in words.
WRONG = {"propensities": "odds of propensities (Gamma)", "position_bias": "power of the curve (eta)"}


def changes_at(row: EstimateRow) -> str:
    """The text of the factor at which a gain changes its sign."""
    if row.sensitivity is None:
        return "-"
    return "none to 16" if row.sensitivity.factor is None else number(row.sensitivity.factor, 3)


def relative(row: EstimateRow) -> str:
    """The text of the relative gain in per cent."""
    return "-" if row.relative.value is None else f"{100 * row.relative.value:+.1f} %"


def effective(row: EstimateRow) -> str:
    """The text of the effective sample size and its share of the number of rounds or sessions."""
    ess = row.diagnostics["ess"]
    if ess is None:
        return "-"
    size = f"{ess:,.1f}" if ess >= 10.0 else number(ess)
    return f"{size} ({100 * ess / row.logged.n:.1f} %)"


def candidate_cells(row: EstimateRow) -> list[list[str]]:
    """A line of cells per candidate value of a parameter: the estimate, and the rules that choose it."""
    if row.selection is None:
        return []
    name, rules = row.selection["parameter"], {"slope": "SLOPE", "mse": "bound"}
    return [
        [
            f"{row.estimator.name}:{name}={candidate[name]:g}",
            number(candidate["value"]),
            number(candidate["std_error"], 3),
            number(candidate["mse_bound"], 3),
            ", ".join(text for rule, text in rules.items() if row.selection[rule] == candidate[name]),
        ]
        for candidate in row.selection["candidates"]
    ]
