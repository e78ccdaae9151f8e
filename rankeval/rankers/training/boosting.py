"""One training of LightGBM: early stopping on our own NDCG, the objective of clicks, reproducible text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.errors import UsageError
from rankeval.progress import progress
from rankeval.rankers import without_native_messages
from rankeval.rankers.training.clicks import Outcome
from rankeval.rankers.training.examples import Examples
from rankeval.rankers.training.pairwise import PairwiseLambdas
from rankeval.rankers.training.parameters import fixed_parameters, whole_parameter
from rankeval.rankers.training.validation import Validation

_FACTOR = re.compile(r"^\[LightGBM\] \[Debug\]\s+(\d+)\s+(-?[\d.]+(?:e[+-]?\d+)?)$")
_TABLE = "bias_factor"
#: Name of the validation metric in LightGBM's records and in the progress line.
METRIC = "validation metric"


@dataclass(frozen=True)
class Boosted:
    """A trained model.

    Attributes:
        booster: LightGBM's model.
        trees: number of trees that count: those of the best validation metric.
        best: the best mean of the validation metric; None without validation.
        factors: position -> the factor that LightGBM learned for ``clicks='position'``, relative to position
            1; empty for other ways. It is no examination probability.
    """

    booster: Any
    trees: int
    best: float | None
    factors: Mapping[int, float]

    def scores(self, examples: Examples) -> Floats:
        """(n,) float64, the score of each item; a probability for the objective ``binary``."""
        found = self.booster.predict(examples.matrix, num_iteration=self.trees, num_threads=1)
        return np.asarray(found, np.float64)

    def text(self, examples: Examples) -> str:
        """The model as LightGBM's text, with the categories of texts.

        The number of threads is left out, and whoever loads the model is not told LightGBM's debug messages.
        """
        text = self.booster.model_to_string(num_iteration=self.trees)
        text = re.sub(r"^\[num_threads: \d+\]\n", "", text, flags=re.M)
        text = re.sub(r"^\[verbosity: \d+\]$", "[verbosity: -1]", text, flags=re.M)
        categories = [list(known) for known in examples.categories if known is not None]
        line = f"pandas_categorical:{json.dumps(categories) if categories else 'null'}"
        return re.sub(r"^pandas_categorical:.*$", lambda _: line, text, flags=re.M)


@dataclass(frozen=True)
class Recipe:
    """How models are trained.

    Attributes:
        objective: LightGBM's objective, or ``pairs`` for propensity-weighted lambdas.
        parameters: LightGBM's parameters, with ``num_iterations`` and ``early_stopping_round``.
        seed: seed of all of LightGBM's draws.
        threads: number of threads; the model does not depend on it.
    """

    objective: str
    parameters: Mapping[str, Any]
    seed: int
    threads: int

    def train(
        self,
        train: Examples,
        outcome: Outcome,
        stop: tuple[Examples, Validation] | None,
        what: str = "training",
    ) -> Boosted:
        """Train a model.

        Args:
            train: the examples.
            outcome: what is learned from them.
            stop: validation examples and their metric; None: all trees are trained.
            what: name of the work in the progress line.

        Raises:
            UsageError: LightGBM refuses a parameter.
        """
        import lightgbm

        settings, most, patience = self._settings(train, outcome)
        plain = {**settings, "objective": "none" if self.objective == "pairs" else self.objective}
        categorical = [j for j, known in enumerate(train.categories) if known is not None]
        data = lightgbm.Dataset(
            train.matrix,
            outcome.labels,
            weight=outcome.weights,
            group=train.sizes,
            position=outcome.positions,
            feature_name=list(train.features),
            categorical_feature=categorical,
            params=plain,
        )
        sets = [] if stop is None else [lightgbm.Dataset(stop[0].matrix, reference=data, params=plain)]
        lines: list[str] = []
        try:
            with _log_lines(lines), without_native_messages():
                lightgbm.Booster(plain, data)  # bad parameters raise here
            with _log_lines(lines), progress(what, most) as advance:
                booster = lightgbm.train(
                    settings,
                    data,
                    most,
                    valid_sets=sets,
                    feval=None if stop is None else _metric(stop[1]),
                    callbacks=_callbacks(patience if stop else None, settings, advance),
                )
        except lightgbm.basic.LightGBMError as error:
            text = re.sub(r" at \S+, line \d+ *\.?", "", " ".join(str(error).split())).strip()
            raise UsageError(f"LightGBM: {text}") from None
        trees = booster.best_iteration if booster.best_iteration > 0 else booster.current_iteration()
        best = booster.best_score.get("valid_0", {}).get(METRIC)
        boosted = Boosted(booster, trees, best, _factors(lines, trees))
        if not np.isfinite(boosted.scores(train)).all():
            raise UsageError(
                "the model gives scores that are no finite numbers, wanted a smaller learning_rate"
            )
        return boosted

    def with_parameters(self, parameters: Mapping[str, Any]) -> Recipe:
        """The same recipe with some parameters changed."""
        return replace(self, parameters={**self.parameters, **parameters})

    def _settings(self, train: Examples, outcome: Outcome) -> tuple[dict[str, Any], int, int]:
        parameters = dict(self.parameters)
        most = whole_parameter(parameters, "num_iterations")
        patience = whole_parameter(parameters, "early_stopping_round")
        del parameters["num_iterations"], parameters["early_stopping_round"]
        fixed = fixed_parameters(self.seed, self.threads, len(train.grades))
        objective: Any = self.objective
        if objective == "pairs":
            objective = PairwiseLambdas.of(train.offsets, outcome.labels).objective()
        if outcome.positions is not None:
            fixed["verbosity"] = 2  # LightGBM tells its factors in debug messages alone
        return {**parameters, **fixed, "objective": objective}, most, patience


def _metric(validation: Validation) -> Callable[[Any, Any], tuple[str, float, bool]]:
    return lambda scores, _: (METRIC, validation.mean(scores), True)


def _callbacks(patience: int | None, settings: dict[str, Any], advance: Callable[[str], None]) -> list[Any]:
    import lightgbm

    def show(environment: Any) -> None:
        found = environment.evaluation_result_list
        advance(f"{METRIC} {found[0][2]:.4f}" if found else "")

    least = settings.pop("early_stopping_min_delta", 0.0)
    stopping = [] if patience is None else [lightgbm.early_stopping(patience, verbose=False, min_delta=least)]
    return [show, *stopping]


class _Lines:
    """A logger for LightGBM that keeps its messages."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def info(self, message: str) -> None:
        if _TABLE in message or _FACTOR.match(message):
            self.lines.append(message)

    def warning(self, message: str) -> None:
        """Warnings repeat what a result shows, tree by tree."""


@contextmanager
def _log_lines(lines: list[str]) -> Iterator[None]:
    """Collect LightGBM's messages about positions; afterwards its logger is the one from before."""
    from lightgbm import basic, register_logger

    before = (basic._LOGGER, basic._INFO_METHOD_NAME, basic._WARNING_METHOD_NAME)
    register_logger(_Lines(lines))
    try:
        yield
    finally:
        register_logger(before[0], info_method_name=before[1], warning_method_name=before[2])


def _factors(lines: list[str], trees: int) -> dict[int, float]:
    """Position -> ``exp`` of its bias factor after so many trees, relative to position 1."""
    tables: list[dict[int, float]] = []
    for line in lines:
        if _TABLE in line:
            tables.append({})
        elif match := _FACTOR.match(line):
            tables[-1][int(match[1])] = float(match[2])
    if not tables:
        return {}
    table = tables[min(trees, len(tables)) - 1]
    first = table[min(table)]
    return {position: float(np.exp(bias - first)) for position, bias in sorted(table.items())}
