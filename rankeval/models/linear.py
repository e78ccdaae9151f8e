"""Linear and logistic regression on a design.

scikit-learn fits the models. Prediction does not need a one-hot matrix.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel, read_only
from rankeval.models.design import Design

#: Actions have their own slopes if the number of actions times the number of features is at most this.
MAX_SLOPES = 2000
MAX_ITERATIONS = 500


@dataclass(frozen=True)
class Linear:
    """A linear model: ``score = bias_a + sum_j slopes_aj f_j`` for features ``f`` and action ``a`` of a case.

    The prediction is the score, or the probability ``1 / (1 + exp(-score))`` if ``logistic``.

    Attributes:
        basis: the columns of the model.
        bias: (action levels,) float64.
        slopes: (action levels, features) float64, or (1, features) if all actions share them.
        logistic: whether the prediction is a probability.
        note: a warning about the fit, empty if there is none.
    """

    basis: Basis
    bias: Floats
    slopes: Floats
    logistic: bool
    note: str = ""

    def predict(self, design: Design) -> Floats:
        scores = _scores(
            read_only(self.basis.standardised(design.numbers)),
            read_only(self.basis.columns(design)),
            read_only(design.rows),
            read_only(design.actions),
            self.bias,
            self.slopes,
        )
        return np.exp(-np.logaddexp(0.0, -scores)) if self.logistic else scores


@dataclass(frozen=True)
class Basis:
    """The columns of a linear model: biases by action, features, and features by action.

    A number is standardised: its distance from the mean in training, in standard deviations. An unknown
    number is 0, which is the mean. A text feature has a column of 0 and 1 for each level.

    Attributes:
        means: (p,) float64, the mean of each numeric feature in training.
        scales: (p,) float64, its standard deviation; 1 where that is 0.
        levels: number of levels of each text feature.
        action_levels: number of levels of the action.
    """

    means: Floats
    scales: Floats
    levels: tuple[int, ...]
    action_levels: int

    @classmethod
    def of(cls, design: Design) -> Basis:
        """Fit the basis on the feature rows of a training design."""
        known = np.isfinite(design.numbers)
        count = np.maximum(known.sum(axis=0), 1)
        with np.errstate(over="ignore", invalid="ignore"):
            means = np.where(known, design.numbers, 0.0).sum(axis=0) / count
            squares = np.where(known, design.numbers - means, 0.0) ** 2
            scales = np.sqrt(squares.sum(axis=0) / count)
        return cls(means, np.where(scales > 0.0, scales, 1.0), design.levels, design.action_levels)

    @property
    def features(self) -> int:
        """Number of feature columns."""
        return len(self.means) + sum(self.levels)

    @property
    def crossed(self) -> bool:
        """Whether each action has its own slopes."""
        return self.action_levels > 1 and 0 < self.action_levels * self.features <= MAX_SLOPES

    def standardised(self, numbers: Floats) -> Floats:
        """(n, p) float64, standardised ``numbers`` (n, p); 0 where unknown."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.nan_to_num((numbers - self.means) / self.scales, nan=0.0, posinf=0.0, neginf=0.0)

    def columns(self, design: Design) -> Ints:
        """(n, c) int64, the index of the feature column that is 1 for each category code."""
        starts = np.cumsum([len(self.means), *self.levels])[:-1]
        return np.asarray(design.codes + starts, np.int64)

    def matrix(self, design: Design) -> Any:
        """(m, columns) sparse matrix of the model; every case has the same number of entries."""
        from scipy.sparse import csr_matrix

        numbers = self.standardised(design.numbers)[design.rows]
        codes = self.columns(design)[design.rows]
        m, p = numbers.shape
        actions = design.actions[:, np.newaxis]
        own = self.action_levels + np.column_stack([np.broadcast_to(np.arange(p), (m, p)), codes])
        values = np.column_stack([numbers, np.ones(codes.shape)])
        columns, entries = [actions, own], [np.ones((m, 1)), values]
        if self.crossed:
            columns.append(own + self.features * (1 + actions))
            entries.append(values)
        indices = np.concatenate(columns, axis=1).astype(np.int32)
        ends = np.arange(0, indices.size + 1, indices.shape[1], dtype=np.int32)
        width = self.action_levels + self.features * (1 + self.crossed * self.action_levels)
        return csr_matrix((np.concatenate(entries, axis=1).ravel(), indices.ravel(), ends), (m, width))

    def linear(self, intercept: float, coefficients: Floats, *, logistic: bool, note: str = "") -> Linear:
        """The model with an intercept and one coefficient for each column of :meth:`matrix`."""
        bias, common, own = np.split(coefficients, np.cumsum([self.action_levels, self.features]))
        slopes = common + own.reshape(-1, self.features) if self.crossed else common[np.newaxis]
        return Linear(self, read_only(intercept + bias), read_only(slopes), logistic, note)


def ridge(design: Design, targets: Floats, weights: Floats) -> Linear:
    """Fit least squares with penalty ``|slopes and biases|^2`` to targets scaled to [0, 1].

    The penalty on a coefficient counts like one more case that shows no effect. It matters only for rare
    levels.

    Args:
        design: the design of m cases.
        targets: (m,) float64, not all equal.
        weights: (m,) float64, of mean 1.
    """
    from sklearn.linear_model import Ridge

    basis = Basis.of(design)
    low, scale = float(targets.min()), float(np.ptp(targets))
    model = Ridge(alpha=1.0, solver="lsqr", tol=1e-10)
    model.fit(basis.matrix(design), (targets - low) / scale, sample_weight=weights)
    return basis.linear(low + scale * float(model.intercept_), scale * model.coef_, logistic=False)


def logistic(design: Design, targets: Floats, weights: Floats) -> Linear:
    """Fit a logistic regression by likelihood with penalty ``|slopes and biases|^2 / 2``.

    Args:
        design: the design of m cases.
        targets: (m,) float64, 0 or 1, not all equal.
        weights: (m,) float64, of mean 1.
    """
    basis = Basis.of(design)
    model, note = logistic_fit(basis.matrix(design), targets, weights)
    return basis.linear(float(model.intercept_[0]), model.coef_[0], logistic=True, note=note)


def logistic_fit(matrix: Any, targets: Floats, weights: Floats, start: Any = None) -> tuple[Any, str]:
    """Fit scikit-learn's logistic regression.

    Args:
        matrix: (m, columns) sparse matrix, as :meth:`Basis.matrix` returns it.
        targets: (m,) float64, 0 or 1, not all equal.
        weights: (m,) float64, of mean 1.
        start: a model that this function returned earlier, to continue from; it is changed. None: a new one.

    Returns:
        The fitted model, and a warning if it has not converged, else an empty text.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = start or LogisticRegression(C=1.0, max_iter=MAX_ITERATIONS, warm_start=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(matrix, targets, sample_weight=weights)
    late = int(model.n_iter_[0]) >= MAX_ITERATIONS
    return model, f"logistic regression has not converged in {MAX_ITERATIONS} steps" if late else ""


@kernel
def _scores(
    numbers: Floats, columns: Ints, rows: Ints, actions: Ints, bias: Floats, slopes: Floats
) -> Floats:
    """(m,) float64, the score of each case."""
    scores = np.empty(rows.size)
    p = numbers.shape[1]
    for i in range(rows.size):
        row, own = rows[i], min(actions[i], slopes.shape[0] - 1)
        total = bias[actions[i]]
        for j in range(p):
            total += numbers[row, j] * slopes[own, j]
        for j in range(columns.shape[1]):
            total += slopes[own, columns[row, j]]
        scores[i] = total
    return scores
