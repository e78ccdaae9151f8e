"""Differences between models on the held-out sessions, with paired errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from rankeval.array_types import Floats
from rankeval.inference import Estimate, InferenceOptions, Mean, Moments, holm, pairs_needed, t_test
from rankeval.notes import Note
from rankeval.simulators.click_models import ClickModel
from rankeval.simulators.click_models.fitting.likelihood import Score, session_terms
from rankeval.simulators.click_models.fitting.points import Point
from rankeval.simulators.click_models.fitting.sessions import SessionLists

#: The compared quantities; the log-likelihood is that of a session.
QUANTITIES = ("test_log_likelihood", "perplexity", "conditional_perplexity")
NO_VALUE = "held-out sessions have no chance under {}"


class Entry(NamedTuple):
    """A model to compare: its name, the model, its pair parameters, and its scores on held-out sessions."""

    name: str
    model: ClickModel
    point: Point
    score: Score


@dataclass(frozen=True)
class FitDifference:
    """The difference of a quantity between two models, on the same held-out sessions.

    Attributes:
        a, b: names of the models.
        metric: the quantity, in :data:`QUANTITIES`. The log-likelihood is a mean over sessions.
        estimate: the quantity of a minus that of b. Its error is that of sampling held-out sessions (clusters
            of them); the fitted models are taken as they are.
        p_value: of the paired t-test that the difference is 0.
        p_adjusted: adjusted by Holm's method over the pairs of models of this quantity.
    """

    a: str
    b: str
    metric: str
    estimate: Estimate
    p_value: float | None
    p_adjusted: float | None

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON holds it."""
        found = self.estimate.to_dict()
        return {
            "a": self.a,
            "b": self.b,
            "metric": self.metric,
            "difference": found.pop("value"),
            **found,
            "p_value": self.p_value,
            "p_adjusted": self.p_adjusted,
            "test": "t",
        }


def differences(
    entries: Sequence[Entry], fits: int, lists: SessionLists, infer: InferenceOptions
) -> tuple[FitDifference, ...]:
    """Compare every pair of the first ``fits`` models, then each of them with the first baseline.

    Args:
        entries: the fitted models, then the baselines.
        fits: number of fitted models.
        lists: the held-out sessions.
        infer: options of errors; with clusters these are the units.
    """
    if not lists.sessions:
        return ()
    compared = entries[: fits + 1]
    terms = [session_terms(entry.model, entry.point, lists, entry.score) for entry in compared]
    pairs = [*combinations(range(fits), 2)]
    pairs += [(i, fits) for i in range(fits)]
    found = []
    for q, metric in enumerate(QUANTITIES):
        estimates = [
            _difference(entries[i].name, entries[j].name, terms[i][q], terms[j][q], lists, infer)
            for i, j in pairs
        ]
        p_values = [_p_value(estimate) for estimate in estimates]
        columns = zip(pairs, estimates, p_values, holm(p_values), strict=True)
        found += [
            FitDifference(entries[i].name, entries[j].name, metric, estimate, p, p_holm)
            for (i, j), estimate, p, p_holm in columns
        ]
    return tuple(found)


def _p_value(estimate: Estimate) -> float | None:
    """The p-value of a t-test that the difference is 0; None without an error."""
    if estimate.value is None or estimate.std_error is None:
        return None
    return t_test(estimate.value, estimate.std_error, estimate.degrees)


def _difference(
    a: str, b: str, of_a: Floats, of_b: Floats, lists: SessionLists, infer: InferenceOptions
) -> Estimate:
    """The mean difference of two terms (n,) of the sessions; no value where one of them is not finite."""
    for name, terms in ((a, of_a), (b, of_b)):
        if not np.isfinite(terms).all():
            return infer.unknown(lists.sessions, NO_VALUE.format(name))
    keys = lists.clusters if len(lists.clusters) else None
    moments = Moments.of((of_a - of_b)[np.newaxis], pairs_needed([Mean(0)]), keys, lists.counts)
    return infer.of(moments).estimate(Mean(0))


def cluster_notes(lists: SessionLists, infer: InferenceOptions) -> tuple[Note, ...]:
    """A warning if the clusters of these sessions are few or uneven; empty without clusters."""
    if not len(lists.clusters):
        return ()
    ones = np.ones((1, len(lists)))
    return infer.of(Moments.of(ones, pairs_needed([Mean(0)]), lists.clusters, lists.counts)).notes()
