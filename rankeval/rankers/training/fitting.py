"""Training with a validation part or with folds, and what the model is worth on queries it did not see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.arrays import take
from rankeval.errors import DataError
from rankeval.evaluation import MetricRow, evaluate
from rankeval.logs import Log
from rankeval.rankers.training.boosting import Boosted, Recipe
from rankeval.rankers.training.clicks import Learning
from rankeval.rankers.training.examples import Examples
from rankeval.rankers.training.splits import UNIT, Parts
from rankeval.rankers.training.validation import Validation


@dataclass(frozen=True)
class Measured:
    """A metric of the model on some queries.

    Attributes:
        part: ``valid`` (its queries stopped the training, so the value is too high), ``test``, or ``folds``
            (each query was scored by a model that did not see it).
        row: the metric with its interval.
    """

    part: str
    row: MetricRow

    def to_dict(self) -> dict[str, Any]:
        record = self.row.to_dict()
        return {
            "part": self.part,
            **{name: record[name] for name in record if name not in ("run", "segment")},
        }


@dataclass(frozen=True)
class Stop:
    """Queries that stop a training.

    Attributes:
        examples: their items.
        learning: what their grades are.
        shared: how many of them train too.
        log: the data that holds them, if it is not that of the training.
    """

    examples: Examples
    learning: Learning
    shared: int = 0
    log: Log | None = None

    def metric(self) -> tuple[Examples, Validation]:
        """The items, and the metric of their scores.

        Raises:
            DataError: no grade is positive, so that no model is better than another.
        """
        grades = self.learning.stopping_grades(self.examples)
        if not (grades > 0.0).any():
            what = "click" if self.learning.clicks else "grade above 0"
            raise DataError(
                f"{self.examples.origin}: found no {what} among the rows that stop the training, "
                "wanted at least one"
            )
        return self.examples, Validation.of(self.examples, grades)


@dataclass(frozen=True)
class Fitted:
    """A model with what it is worth.

    Attributes:
        model: the model.
        train: the examples that it learned from.
        measured: its metrics.
        parameters: the parameters of its training.
        stopped: the number of trees of each fold; empty without folds.
    """

    model: Boosted
    train: Examples
    measured: tuple[Measured, ...]
    parameters: Mapping[str, Any]
    stopped: tuple[int, ...] = ()


@dataclass(frozen=True)
class Fitting:
    """How models are fitted and judged.

    Attributes:
        learning: what is learned.
        recipe: how.
        level: level of the intervals.
    """

    learning: Learning
    recipe: Recipe
    level: float

    def stopped(self, train: Examples, stop: Stop, what: str = "training") -> Boosted:
        """A model of ``train`` that stops on ``stop``."""
        return self.recipe.train(train, self.learning.outcome(train), stop.metric(), what)

    def with_valid(self, train: Examples, stop: Stop, test: Examples | None) -> Fitted:
        """The model of ``train`` that stops on ``stop``, judged on both other parts."""
        model = self.stopped(train, stop)
        measured = self.measure("valid", stop.examples, model.scores(stop.examples), stop.learning)
        if test is not None:
            measured += self.measure("test", test, model.scores(test), self.learning)
        return Fitted(model, train, tuple(measured), self.recipe.parameters)

    def with_folds(self, examples: Examples, folds: Sequence[Parts]) -> Fitted:
        """The model of all examples, with as many trees as folds stopped at on average.

        Its worth is that of the models of the folds, each on the fold that it did not see.
        """
        scores, stopped = cross_fitted(examples, folds, [self] * len(folds))
        final = self.with_parameters({"num_iterations": mean_trees(stopped)})
        return Fitted(
            final.all_trees(examples),
            examples,
            tuple(self.measure("folds", examples, scores, self.learning)),
            self.recipe.parameters,
            stopped,
        )

    def all_trees(self, examples: Examples) -> Boosted:
        """The model of all examples with as many trees as the parameters say."""
        return self.recipe.train(examples, self.learning.outcome(examples), None)

    def with_parameters(self, parameters: Mapping[str, Any]) -> Fitting:
        """The same fitting with some parameters changed."""
        changed = {**self.recipe.parameters, **parameters}
        return replace(self, recipe=replace(self.recipe, parameters=changed))

    def measure(self, part: str, examples: Examples, scores: Floats, judged: Learning) -> list[Measured]:
        """NDCG at 10, and MAP for grades, of scores."""
        rows = examples.query_rows
        # Rows in place of item ids, so that equal scores are ranked in the order of the examples.
        table: dict[str, Any] = {
            "query_id": rows,
            "item_id": np.arange(len(rows))[::-1].copy(),
            "score": scores,
            "relevance": judged.stopping_grades(examples),
        }
        if UNIT in examples.fields:
            table["unit"] = take(examples.fields[UNIT], examples.offsets[rows])
        metrics = ("ndcg@10",) if judged.clicks else ("ndcg@10", "map")
        cluster = "unit" if "unit" in table else None
        found = evaluate(table, metrics=metrics, level=self.level, cluster=cluster, threads=1)
        return [Measured(part, row) for row in found.metric_rows]


def cross_fitted(
    examples: Examples, folds: Sequence[Parts], fittings: Sequence[Fitting]
) -> tuple[Floats, tuple[int, ...]]:
    """(n,) float64, the score of each item by the model of its fold; and the trees of these models."""
    scores, stopped = np.empty(len(examples.grades)), []
    for number, (parts, fitting) in enumerate(zip(folds, fittings, strict=True), 1):
        train, valid = examples.only(parts.train), examples.only(parts.valid)
        model = fitting.stopped(train, Stop(valid, fitting.learning), f"fold {number} of {len(folds)}")
        rows = np.flatnonzero(np.isin(examples.query_rows, parts.test))
        scores[rows] = model.scores(examples.only(parts.test))
        stopped.append(model.trees)
    return scores, tuple(stopped)


def mean_trees(stopped: Sequence[int]) -> int:
    """The mean number of trees, at least 1."""
    return max(1, round(float(np.mean(stopped))))
