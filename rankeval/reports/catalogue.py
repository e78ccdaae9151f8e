"""What is told of the result of each command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rankeval.charts import Chart
from rankeval.reports import (
    ab,
    agreement,
    evaluate,
    fit,
    inspect,
    interleave,
    ope,
    plans,
    policy_conclusion,
    propensity,
    uplift,
)
from rankeval.reports.documents import Document, table
from rankeval.table_texts import Table


@dataclass(frozen=True)
class Told:
    """What is told of a result, each as a function of its JSON form.

    Attributes:
        conclude: the conclusion in one or two sentences; its docstring states the rule.
        charts: the charts, the most important first.
        tables: tables of what no chart shows.
    """

    conclude: Callable[[Document], str]
    charts: Callable[[Document], Iterator[Chart]]
    tables: Callable[[Document], Iterator[Table]]


COMMANDS = {
    "ab": Told(ab.conclude, ab.charts, ab.tables),
    "agreement": Told(agreement.conclude, agreement.charts, agreement.tables),
    "evaluate": Told(evaluate.conclude, evaluate.charts, evaluate.tables),
    "fit": Told(fit.conclude, fit.charts, fit.tables),
    "inspect": Told(inspect.conclude, inspect.charts, inspect.tables),
    "interleave analyse": Told(interleave.conclude, interleave.charts, interleave.tables),
    "ope": Told(policy_conclusion.conclude, ope.charts, ope.tables),
    "plan ab": Told(plans.conclude_ab, plans.charts_ab, plans.tables_ab),
    "plan shuffle": Told(plans.conclude_shuffle, plans.charts_shuffle, plans.tables_shuffle),
    "propensity": Told(propensity.conclude, propensity.charts, propensity.tables),
    "uplift": Told(policy_conclusion.conclude, uplift.charts, uplift.tables),
}


def conclusion(document: Document) -> str | None:
    """What a result says, in one or two sentences; None for commands that conclude nothing."""
    told = COMMANDS.get(document["command"])
    return None if told is None else told.conclude(document)


def charts_of(document: Document) -> list[Chart]:
    """The charts of a result, the most important first."""
    told = COMMANDS.get(document["command"])
    return [] if told is None else list(told.charts(document))


def tables_of(document: Document) -> list[Table]:
    """The tables of what no chart shows; of a command that is not listed, its flat records."""
    told = COMMANDS.get(document["command"])
    if told is not None:
        return list(told.tables(document))
    records = [one for one in document.get("results", []) if isinstance(one, dict)]
    plain = {
        name: name for one in records for name, value in one.items() if not isinstance(value, list | dict)
    }
    return [table("Results", records, plain)] if records else []
