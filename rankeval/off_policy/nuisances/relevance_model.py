"""Cross-fitted relevance models for ranking logs: what a click depends on once an item is examined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Bools, Floats
from rankeval.arrays import as_float64, offsets_of, places_of, sums
from rankeval.errors import DataError, UsageError
from rankeval.logs import Log, Sessions, counting, item_positions, position_roles, unit_counts, weight_roles
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

Examination = Callable[[Sessions], Floats]

#: What the place or the outcome of an item decides, and relevance must not know.
KNOWN_AFTER = ("reward", "click", "position", "examination")
#: Below it an examination is taken for a mistake.
SMALLEST = 1e-100
EM_STEPS = 20
EM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class RelevanceModel(CrossFitted):
    """The relevance of every item of a session, shown or not, by models that have not seen its fold.

    Features are columns with one value an item, or one a session.
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
    """Learn relevance ``q`` from clicks on shown items, ``P(click) = theta q``, for each fold without it.

    ``ridge`` and ``lightgbm`` regress ``c / theta``, whose mean is ``q``, with weight ``theta``. For clicks
    ``Var(c / theta) = theta q (1 - theta q) / theta^2 = q (1 - theta q) / theta``: by inverse variance up to
    the factor ``q (1 - theta q)``, which is not known beforehand and hardly depends on theta where clicks are
    rare. The weights are those of the model's own equations too: ``sum f (c - theta q) = 0``.

    ``logistic`` maximises the likelihood of clicks ``theta q`` itself, by EM with theta held fixed
    (Wang et al. 2018): an item without a click is relevant with probability
    ``(1 - theta) q / (1 - theta q)``, and stands in a logistic regression twice, as relevant and as not, with
    these weights. It starts from the ridge regression and ends when no probability moves by 0.001, after 20
    steps at most. A theta above 1, as estimates may be, counts as 1.

    Args:
        log: with ``position`` (null: not shown, predicted but not learnt from; nested logs may leave it
            out) and ``reward``, else ``click``; a column ``weight`` multiplies weights.
        kind: ``lightgbm``, ``logistic`` (clicks 0 and 1) or ``ridge``: see :mod:`rankeval.models.learners`.
        features: columns with one value an item or a session, as for reward models; at least one.
        examination: (items,) theta of each item of some sessions, looked at for shown ones. Those of theta 0
            teach nothing and are left out.
        roles: columns that ``examination`` reads.
        folds: how many; a session's is the hash of its cluster, else of its id.
        sample: learn from at most so many sessions, those whose hashed id is smallest.
        seed: of folds and sample.
        cluster: a column whose values stay together in a fold.
        threads: number of threads that read; the result does not depend on it.

    Raises:
        DataError: a column is missing or cannot be what it is asked to be; clicks other than 0 and 1 for
            ``logistic``; an examination below 0 or not finite; nothing shown; all sessions in one fold.
        UsageError: an unknown kind, a number out of range, no features, or one known only afterwards.
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
    """How a ranking log gives items to learn from: those shown, with click and examination."""

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
        own = [*position_roles(log), self.click, *weight_roles(log)]
        self.roles = list(dict.fromkeys([*own, *self.features, *folds.sample_roles, *examination[1]]))

    def of(self, sessions: Sessions) -> Sample:
        """The items shown where users may look, session by session."""
        theta = np.where(np.isnan(item_positions(sessions)), 0.0, self.examination(sessions))
        _require_examination(sessions, theta)
        weights = np.repeat(unit_counts(sessions), sessions.lengths)
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
    if kind != "logistic":
        return learn(kind, design, clicks / theta, weights * theta)
    if clicks.min() == clicks.max():
        return learn(kind, design, clicks, weights)
    return position_based_logistic(design, clicks, np.minimum(theta, 1.0), normalised(weights))


def position_based_logistic(design: Design, clicks: Floats, theta: Floats, weights: Floats) -> Learnt:
    """Logistic relevance ``q`` by the likelihood of clicks (m,) of probability ``theta q``, by EM.

    Clicks are 0 and 1, both of them; theta (m,) in (0, 1]; weights (m,) of mean 1.
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
