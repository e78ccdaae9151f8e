"""Linear and logistic regression on a design, by scikit-learn, predicted without a one-hot matrix."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel, read_only
from rankeval.models.design import Design

#: Actions have slopes of their own while actions times features are no more.
MAX_SLOPES = 2000
MAX_ITERATIONS = 500


@dataclass(frozen=True)
class Linear:
    """``score = bias_a + sum_j slopes_aj f_j`` for features ``f`` and action ``a`` of a case; a probability
    ``1 / (1 + exp(-score))`` if ``logistic``.

    ``bias`` (action levels,); ``slopes`` (action levels, features), or (1, features) where all actions share
    them.
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
    """What the columns of a linear model are: biases by action, features, and features by action.

    Numbers stand as distances from their mean in training, in standard deviations; unknown ones as 0, which
    is the mean. Text has a column of 0 and 1 for each level.
    """

    means: Floats
    scales: Floats
    levels: tuple[int, ...]
    action_levels: int

    @classmethod
    def of(cls, design: Design) -> Basis:
        """The basis of training cases."""
        known = np.isfinite(design.numbers)
        count = np.maximum(known.sum(axis=0), 1)
        with np.errstate(over="ignore", invalid="ignore"):
            means = np.where(known, design.numbers, 0.0).sum(axis=0) / count
            squares = np.where(known, design.numbers - means, 0.0) ** 2
            scales = np.sqrt(squares.sum(axis=0) / count)
        return cls(means, np.where(scales > 0.0, scales, 1.0), design.levels, design.action_levels)

    @property
    def features(self) -> int:
        """Number of columns that the features take."""
        return len(self.means) + sum(self.levels)

    @property
    def crossed(self) -> bool:
        """Whether actions have slopes of their own."""
        return self.action_levels > 1 and 0 < self.action_levels * self.features <= MAX_SLOPES

    def standardised(self, numbers: Floats) -> Floats:
        """(n, p) numbers in standard deviations from the mean."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.nan_to_num((numbers - self.means) / self.scales, nan=0.0, posinf=0.0, neginf=0.0)

    def columns(self, design: Design) -> Ints:
        """(n, c) int64, the feature column that is 1 for each category code."""
        starts = np.cumsum([len(self.means), *self.levels])[:-1]
        return np.asarray(design.codes + starts, np.int64)

    def matrix(self, design: Design) -> Any:
        """(m, columns) sparse: every case has the same number of entries."""
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
        """The model of these coefficients of the columns of :meth:`matrix`."""
        bias, common, own = np.split(coefficients, np.cumsum([self.action_levels, self.features]))
        slopes = common + own.reshape(-1, self.features) if self.crossed else common[np.newaxis]
        return Linear(self, read_only(intercept + bias), read_only(slopes), logistic, note)


def ridge(design: Design, targets: Floats, weights: Floats) -> Linear:
    """Least squares with penalty ``|slopes and biases|^2``, by weights of mean 1.

    The penalty counts as one case more without the effect: it matters for rare levels only.
    """
    from sklearn.linear_model import Ridge

    basis = Basis.of(design)
    low, scale = float(targets.min()), float(np.ptp(targets))
    model = Ridge(alpha=1.0, solver="lsqr", tol=1e-10)
    model.fit(basis.matrix(design), (targets - low) / scale, sample_weight=weights)
    return basis.linear(low + scale * float(model.intercept_), scale * model.coef_, logistic=False)


def logistic(design: Design, targets: Floats, weights: Floats) -> Linear:
    """Likelihood of targets 0 and 1 with penalty ``|slopes and biases|^2 / 2``, by weights of mean 1."""
    basis = Basis.of(design)
    model, note = logistic_fit(basis.matrix(design), targets, weights)
    return basis.linear(float(model.intercept_[0]), model.coef_[0], logistic=True, note=note)


def logistic_fit(matrix: Any, targets: Floats, weights: Floats, start: Any = None) -> tuple[Any, str]:
    """scikit-learn's model, fitted on from where ``start`` stands, and a note if it has not converged."""
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
    """(m,) score of each case."""
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
