"""Training with a validation part or with folds, and what the model is worth on queries it did not see."""

from __future__ import annotations

import math
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

    def metric(self) -> Validation:
        """The metric of scores of the items.

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
        normalised = self.learning.clicks is None
        return Validation.of(self.examples.offsets, np.maximum(grades, 0.0), normalised=normalised)


@dataclass(frozen=True)
class Tried:
    """A model of one setting, and the metric of each query that stopped it."""

    model: Boosted
    values: Floats


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
        recipes: the settings to choose from, the most careful one first.
        level: level of the intervals.
    """

    learning: Learning
    recipes: tuple[Recipe, ...]
    level: float

    def tried(self, train: Examples, stop: Stop, what: str = "training") -> list[Tried]:
        """A model of ``train`` that stops on ``stop``, for each setting."""
        train, metric = train.judged(), stop.metric()
        outcome = self.learning.outcome(train)
        models = [recipe.train(train, outcome, (stop.examples, metric), what) for recipe in self.recipes]
        return [Tried(model, metric.values(model.scores(stop.examples))) for model in models]

    def with_valid(self, train: Examples, stop: Stop, test: Examples | None) -> Fitted:
        """The model of ``train`` that stops on ``stop``, judged on both other parts."""
        tried = self.tried(train, stop)
        best = better([each.values for each in tried])
        model = tried[best].model
        measured = self.measure("valid", stop.examples, model.scores(stop.examples), stop.learning)
        if test is not None:
            measured += self.measure("test", test, model.scores(test), self.learning)
        return Fitted(model, train, tuple(measured), self.recipes[best].parameters)

    def refitted(self, fitted: Fitted, examples: Examples) -> Fitted:
        """The model of all examples with the setting of ``fitted``, and trees in proportion to queries."""
        trees = max(1, round(fitted.model.trees * len(examples) / len(fitted.train)))
        recipe = self.recipes[[recipe.parameters for recipe in self.recipes].index(fitted.parameters)]
        return replace(fitted, model=self.all_trees(recipe, examples, trees), train=examples)

    def with_folds(self, examples: Examples, folds: Sequence[Parts]) -> Fitted:
        """The model of all examples, with as many trees as folds stopped at on average.

        Its worth is that of the models of the folds, each on the fold that it did not see. Settings are
        chosen by the queries that stop the training, not by those that test.
        """
        scores, tried = cross_fitted(examples, folds, [self] * len(folds))
        by_recipe = list(zip(*tried, strict=True))
        best = better([np.concatenate([each.values for each in found]) for found in by_recipe])
        stopped = tuple(each.model.trees for each in by_recipe[best])
        return Fitted(
            self.all_trees(self.recipes[best], examples, mean_trees(stopped)),
            examples,
            tuple(self.measure("folds", examples, scores, self.learning)),
            self.recipes[best].parameters,
            stopped,
        )

    def all_trees(self, recipe: Recipe, examples: Examples, trees: int) -> Boosted:
        """The model of all examples by a recipe, with so many trees."""
        examples = examples.judged()
        return recipe.with_parameters({"num_iterations": trees}).train(
            examples, self.learning.outcome(examples), None
        )

    def measure(self, part: str, examples: Examples, scores: Floats, judged: Learning) -> list[Measured]:
        """NDCG at 10 and MAP of grades, or DCG at 10 of clicks over examination."""
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
        metrics = ("dcg@10",) if judged.clicks else ("ndcg@10", "map")
        cluster = "unit" if "unit" in table else None
        found = evaluate(table, metrics=metrics, level=self.level, cluster=cluster, threads=1)
        return [Measured(part, row) for row in found.metric_rows]


def better(values: Sequence[Floats]) -> int:
    """The index of the setting to take, from the metric (q,) of each on the same queries.

    The one-standard-error rule (Breiman et al. 1984): a later setting replaces an earlier, more careful one
    if its mean is higher by more than the standard error of the paired difference.
    """
    best = 0
    for place in range(1, len(values)):
        difference = values[place] - values[best]
        if difference.mean() > difference.std(ddof=min(1, len(difference) - 1)) / math.sqrt(len(difference)):
            best = place
    return best


def cross_fitted(
    examples: Examples, folds: Sequence[Parts], fittings: Sequence[Fitting]
) -> tuple[Floats, list[list[Tried]]]:
    """(n,) float64, the score of each item by the best model of its fold; and all models of each fold."""
    scores, tried = np.empty(len(examples.grades)), []
    for number, (parts, fitting) in enumerate(zip(folds, fittings, strict=True), 1):
        train, valid = examples.only(parts.train), examples.only(parts.valid)
        found = fitting.tried(train, Stop(valid, fitting.learning), f"fold {number} of {len(folds)}")
        model = found[better([each.values for each in found])].model
        rows = np.flatnonzero(np.isin(examples.query_rows, parts.test))
        scores[rows] = model.scores(examples.only(parts.test))
        tried.append(found)
    return scores, tried


def mean_trees(stopped: Sequence[int]) -> int:
    """The mean number of trees, at least 1."""
    return max(1, round(float(np.mean(stopped))))
