"""A search for LightGBM's parameters whose worth is measured on queries that the search did not see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rankeval.array_types import Ints
from rankeval.errors import UsageError
from rankeval.rankers.training.examples import Examples
from rankeval.rankers.training.fitting import Fitted, Fitting, Stop, cross_fitted, mean_trees
from rankeval.rankers.training.splits import Parts

#: What is searched: bounds of whole numbers, on a logarithmic scale.
WHOLE = {"num_leaves": (3, 127), "min_data_in_leaf": (1, 500)}
#: Bounds of real numbers, and whether their scale is logarithmic.
REAL = {
    "learning_rate": (0.005, 0.2, True),
    "feature_fraction": (0.2, 1.0, False),
    "lambda_l2": (1e-3, 100.0, True),
}


@dataclass(frozen=True)
class Search:
    """A search by the tree-structured Parzen estimator of Optuna (Bergstra et al. 2011; Akiba et al. 2019).

    The first trial takes the parameters as they are. A trial is worth the mean of the best metric over the
    folds, each as the queries that stop the training.

    Attributes:
        trials: number of trials; of each fold too, so that training runs about ``trials * folds^2`` times.
        held: parameters that the caller set; they are not searched.
    """

    trials: int
    held: Mapping[str, Any]

    def fitted(self, fitting: Fitting, examples: Examples, folds: Sequence[Parts]) -> Fitted:
        """The model with the best parameters over all folds, judged by nested folds.

        For each fold, parameters are searched on the other folds alone, and the fold tests the model that
        has them (Cawley & Talbot 2010).
        """
        tests = [parts.test for parts in folds]
        chosen = [
            self._best(fitting, examples, [*tests[:fold], *tests[fold + 1 :]], f"without fold {fold + 1}")[0]
            for fold in range(len(folds))
        ]
        scores, tried = cross_fitted(examples, folds, chosen)
        best, trees = self._best(fitting, examples, tests, "all folds")
        recipe = best.recipes[0]
        return Fitted(
            best.all_trees(recipe, examples, trees),
            examples,
            tuple(fitting.measure("nested folds", examples, scores, fitting.learning)),
            recipe.parameters,
            tuple(found[0].model.trees for found in tried),
        )

    def _best(
        self, fitting: Fitting, examples: Examples, tests: Sequence[Ints], what: str
    ) -> tuple[Fitting, int]:
        """The fitting with the best parameters over these folds, and the mean of their trees."""
        optuna = import_optuna()
        every = np.sort(np.concatenate(tests))
        pairs = [(examples.only(np.setdiff1d(every, test)), examples.only(test)) for test in tests]
        trees: dict[int, int] = {}

        def worth(trial: Any) -> float:
            one = _with_parameters(fitting, {**_suggested(trial), **self.held})
            name = f"{what}, trial {trial.number + 1} of {self.trials}"
            models = [one.tried(train, Stop(valid, one.learning), name)[0].model for train, valid in pairs]
            trees[trial.number] = mean_trees([model.trees for model in models])
            return float(np.mean([model.best for model in models]))

        study = optuna.create_study(
            direction="maximize", sampler=optuna.samplers.TPESampler(seed=fitting.recipes[0].seed)
        )
        study.enqueue_trial(_start(fitting.recipes[0].parameters, self.held))
        study.optimize(worth, n_trials=self.trials)
        best = study.best_trial
        return _with_parameters(fitting, {**best.params, **self.held}), trees[best.number]


def _with_parameters(fitting: Fitting, parameters: Mapping[str, Any]) -> Fitting:
    """The same fitting with one setting, of these parameters."""
    return replace(fitting, recipes=(fitting.recipes[0].with_parameters(parameters),))


def import_optuna() -> Any:
    """Optuna, without its messages.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise UsageError("tune: Optuna is not installed, wanted `pip install 'rankeval-ope[tune]'`") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def _suggested(trial: Any) -> dict[str, Any]:
    whole = {name: trial.suggest_int(name, *bounds, log=True) for name, bounds in WHOLE.items()}
    real = {name: trial.suggest_float(name, low, high, log=log) for name, (low, high, log) in REAL.items()}
    return whole | real


def _start(parameters: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as they are, within the bounds of the search; what is held does not matter."""
    bounds = {**WHOLE, **{name: (low, high) for name, (low, high, _) in REAL.items()}}
    given = {"feature_fraction": 1.0, "lambda_l2": 0.0, **parameters}
    return {
        name: low if name in held else min(max(given[name], low), high)
        for name, (low, high) in bounds.items()
    }
