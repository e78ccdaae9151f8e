"""Cross-fitted relevance models for ranking logs: the probability of a click on an item if it is examined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Bools, Floats
from rankeval.arrays import as_float64, offsets_of, places_of, sums
from rankeval.errors import DataError, UsageError
from rankeval.logs import (
    Log,
    Sessions,
    counting,
    item_positions,
    position_roles,
    sampling_roles,
    unit_weights,
)
from rankeval.models import (
    Basis,
    CrossFitted,
    Design,
    Encoding,
    FoldModel,
    Folds,
    Learnt,
    Sample,
    crossfitted,
    learn,
    logistic_fit,
    normalised,
    notes_of,
    parts_of,
    require_features,
    require_options,
    require_outcomes,
    ridge,
    sampled,
    taken,
)

#: Sessions -> (items,) examination of each item.
Examination = Callable[[Sessions], Floats]

#: Columns that depend on the position or the outcome of an item, and so must not be features.
KNOWN_AFTER = ("reward", "click", "position", "examination")
#: A smaller examination above 0 is an error.
SMALLEST = 1e-100
#: Maximum number of steps of EM.
EM_STEPS = 20
#: EM stops when no probability changes by this much.
EM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class RelevanceModel(CrossFitted):
    """Predicts the relevance of every item, shown or not, by a model not fitted to the fold of its session.

    Features are columns with one value per item or per session.
    """

    def q(self, sessions: Sessions) -> Floats:
        """(items,) float64 in [0, 1], the relevance of each item."""
        relevance = np.empty(int(sessions.offsets[-1]))
        folds = self.folds.of(sessions)
        values = {name: sessions.column(name) for name in self.features}
        for index, model in enumerate(self.models):
            for part in parts_of(folds, index, sessions.offsets):
                items = places_of(sessions.offsets, part)
                columns = {name: taken(column, items) for name, column in values.items()}
                relevance[items] = model.predict(columns, counting(len(items)), None)
        return np.clip(relevance, 0.0, 1.0, out=relevance)


def fit_relevance_model(
    log: Log,
    kind: str,
    features: Sequence[str],
    examination: Examination,
    *,
    roles: Sequence[str],
    folds: int = 5,
    sample: int = 20_000,
    seed: int = 0,
    cluster: str | None = None,
    threads: int | None = None,
) -> RelevanceModel:
    """Fit the relevance ``q`` to clicks on shown items, where ``P(click) = theta q``, by cross-fitting.

    ``theta`` is the examination of the item. The model of each fold is fitted to all other folds.

    ``ridge`` and ``lightgbm`` regress ``c / theta``, whose mean is ``q``, with weight ``theta``. For clicks
    ``Var(c / theta) = theta q (1 - theta q) / theta^2 = q (1 - theta q) / theta``. The weight is thus the
    inverse variance up to the factor ``q (1 - theta q)``, which is unknown beforehand and hardly depends on
    ``theta`` if clicks are rare. The same weights follow from the estimating equations
    ``sum f (c - theta q) = 0`` with features ``f``.

    ``logistic`` maximises the likelihood of clicks with probability ``theta q``, by EM with fixed ``theta``
    (Wang et al. 2018). An item without a click is relevant with probability
    ``(1 - theta) q / (1 - theta q)``. It enters a logistic regression twice, as relevant and as not relevant,
    with these weights. EM starts from the ridge regression. It ends when no probability changes by 0.001, or
    after 20 steps. A ``theta`` above 1, which estimates may have, counts as 1.

    Args:
        log: a ranking log with ``position`` (nested logs may omit it) and ``reward``, else ``click``. An item
            with a null position was not shown: it is predicted, but not used in the fit. A column ``weight``
            multiplies the weights.
        kind: ``lightgbm``, ``logistic`` (clicks 0 and 1) or ``ridge``: see :mod:`rankeval.models.learners`.
        features: columns with one value per item or per session; at least one. Types are those of
            :func:`~rankeval.off_policy.nuisances.reward_model.fit_reward_model`.
        examination: function of sessions that returns (items,) ``theta``; it is used for shown items. Items
            with ``theta`` 0 have no information and are left out of the fit.
        roles: roles of the columns that ``examination`` reads.
        folds: number of folds. The hash of a session's cluster, else of its id, decides its fold.
        sample: maximum number of sessions in the fit: those whose hashed ids are smallest.
        seed: seed of folds and sample.
        cluster: column; all sessions with the same value are in the same fold.
        threads: number of threads that read; the result does not depend on it.

    Raises:
        DataError: a column is missing or of the wrong type; clicks other than 0 and 1 for ``logistic``; an
            examination that is below 0, between 0 and 1e-100, or not finite; no item to fit to; all sessions
            in one fold.
        UsageError: an unknown kind; a number out of range; no features; a feature that depends on the
            position or the outcome of an item.
    """
    require_options(kind, sample)
    if not features:
        raise UsageError("features: found none, wanted at least one column")
    shown = _ShownItems(log, kind, features, Folds.over(log, cluster, folds, seed), (examination, roles))
    drawn = sampled(log, shown.roles, shown.of, sample, threads)

    def fitted(part: Sample) -> FoldModel:
        encoding = Encoding.of(part.features, None)
        design = encoding.design(part.features, counting(int(part.offsets[-1])), None)
        return FoldModel(encoding, _learnt(kind, design, **part.numbers))

    models = crossfitted(log, drawn, folds, fitted)
    return RelevanceModel(tuple(shown.features), shown.folds, models, notes_of(models))


class _ShownItems:
    """Reads the items for the fit out of a ranking log: shown items, with click and examination."""

    def __init__(
        self,
        log: Log,
        kind: str,
        features: Sequence[str],
        folds: Folds,
        examination: tuple[Examination, Sequence[str]],
    ) -> None:
        if log.session is None:
            raise DataError(
                f"{log.origin}: no column {log.name('session_id')!r} and so a bandit log; "
                "wanted a ranking log for a relevance model"
            )
        self.features = require_features(log, features, KNOWN_AFTER)
        self.folds = folds
        self.click = "reward" if log.has("reward") else "click"
        self.logistic = kind == "logistic"
        self.examination = examination[0]
        own = [*position_roles(log), self.click, *sampling_roles(log)]
        self.roles = list(dict.fromkeys([*own, *self.features, *folds.sample_roles, *examination[1]]))

    def of(self, sessions: Sessions) -> Sample:
        """The shown items with examination and weight above 0, session by session."""
        theta = np.where(np.isnan(item_positions(sessions)), 0.0, self.examination(sessions))
        _require_examination(sessions, theta)
        weights = np.repeat(unit_weights(sessions), sessions.lengths)
        taught = (theta > 0.0) & (weights > 0.0)
        items = np.flatnonzero(taught)
        kept = sums(sessions.offsets, taught.astype(np.float64)).astype(np.int64)
        units = np.flatnonzero(kept)
        return Sample(
            order=self.folds.order(sessions)[units],
            folds=self.folds.of(sessions)[units],
            offsets=offsets_of(kept[units]),
            features={name: taken(sessions.column(name), items) for name in self.features},
            numbers={
                "clicks": self._clicks(sessions, taught)[items],
                "theta": theta[items],
                "weights": weights[items],
            },
        )

    def _clicks(self, sessions: Sessions, wanted: Bools) -> Floats:
        column = sessions.column(self.click)
        clicks = np.where(wanted, as_float64(column), 0.0)
        require_outcomes(sessions, self.click, clicks, binary=self.logistic)
        return clicks


def _require_examination(sessions: Sessions, theta: Floats) -> None:
    bad = ~(np.isfinite(theta) & ((theta == 0.0) | (theta >= SMALLEST)))
    if bad.any():
        item = int(np.argmax(bad))
        place = sessions.place(item)
        raise DataError(f"{place}: examination is {theta[item]}, wanted 0 or at least {SMALLEST}, and finite")


def _learnt(kind: str, design: Design, clicks: Floats, theta: Floats, weights: Floats) -> Learnt:
    """The fit to items; (m,) clicks, examination and weights."""
    if kind != "logistic":
        return learn(kind, design, clicks / theta, weights * theta)
    if clicks.min() == clicks.max():
        return learn(kind, design, clicks, weights)
    return position_based_logistic(design, clicks, np.minimum(theta, 1.0), normalised(weights))


def position_based_logistic(design: Design, clicks: Floats, theta: Floats, weights: Floats) -> Learnt:
    """Fit a logistic relevance ``q`` by maximum likelihood of clicks with probability ``theta q``, by EM.

    Args:
        design: the features of ``m`` items.
        clicks: (m,) 0 and 1; both values must occur.
        theta: (m,) examination in (0, 1].
        weights: (m,) weights with mean 1.
    """
    from scipy.sparse import vstack

    basis = Basis.of(design)
    matrix = basis.matrix(design)
    without = clicks == 0.0
    twice = vstack([matrix, matrix[without]], format="csr")
    targets = np.concatenate([np.ones(len(clicks)), np.zeros(int(without.sum()))])
    linear = ridge(design, clicks / theta, normalised(weights * theta))
    relevance = np.clip(linear.predict(design), 0.01, 0.99)
    model: Any = None
    for _ in range(EM_STEPS):
        relevant = np.where(without, (1.0 - theta) * relevance / (1.0 - theta * relevance), 1.0)
        both = np.concatenate([weights * relevant, (weights * (1.0 - relevant))[without]])
        model, note = logistic_fit(twice, targets, both, model)
        before, relevance = relevance, model.predict_proba(matrix)[:, 1]
        if np.abs(relevance - before).max() < EM_TOLERANCE:
            break
    else:
        note = note or f"relevance still moves by more than {EM_TOLERANCE} after {EM_STEPS} steps of EM"
    return basis.linear(float(model.intercept_[0]), model.coef_[0], logistic=True, note=note)
