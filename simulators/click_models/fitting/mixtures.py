"""The family of mixtures.

Each session follows one of several models. Attractiveness and satisfaction are the same in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rankeval.array_types import Floats
from rankeval.simulators.click_models import ClickModel, Mixture
from rankeval.simulators.click_models.fitting.family import Family
from rankeval.simulators.click_models.fitting.points import NONE, Expectation, Point
from rankeval.simulators.click_models.fitting.sessions import SessionLists

#: Standard deviation of the random change of starting values in a restart, in logits.
SPREAD = 1.0


class Whole(NamedTuple):
    """The sessions, with nothing counted in advance.

    The counts for a part depend on the parameters: they are weighted by the probability that a session
    follows this part.

    Attributes:
        lists: ``n`` distinct sessions.
        counts: (n,) number of sessions that each of them stands for.
        threads: number of threads.
    """

    lists: SessionLists
    counts: Floats
    threads: int | None


class MixtureFamily(Family):
    """A mixture of families. ``shared``: the share of each part, then the shared parameters of each part."""

    name = "mixture"

    def __init__(self, positions: int, parts: Sequence[Family]) -> None:
        super().__init__(positions)
        self.parts = parts
        self._bounds = np.cumsum([len(parts), *(len(part.start) for part in parts)])

    @property
    def uses_satisfaction(self) -> bool:  # type: ignore[override]
        return any(part.uses_satisfaction for part in self.parts)

    @property
    def start(self) -> Floats:
        n = len(self.parts)
        return np.concatenate([np.full(n, 1.0 / n), *(part.start for part in self.parts)])

    @property
    def fixed(self) -> dict[int, str]:
        return dict.fromkeys(range(len(self.start)), "parts of a mixture may change their places")

    def restart(self, rng: np.random.Generator) -> Floats:
        """(G,) shared parameters for a restart; those of the parts are changed at random."""
        start = np.clip(self.start, 0.1, 0.9)
        odds = start / (1.0 - start) * np.exp(SPREAD * rng.standard_normal(len(start)))
        n = len(self.parts)
        return np.concatenate([self.start[:n], (odds / (1.0 + odds))[n:]])

    def evidence(self, lists: SessionLists, counts: Floats, threads: int | None, *, grouped: bool) -> Whole:
        return Whole(lists, counts, threads)

    def model(self, shared: Floats) -> Mixture:
        models = tuple(
            part.model(values) for part, values in zip(self.parts, self._of_parts(shared), strict=True)
        )
        shares = shared[: len(self.parts)] / shared[: len(self.parts)].sum()
        return Mixture(models, tuple(shares.tolist()))

    def expectation(self, point: Point, evidence: Whole) -> Expectation:
        model = self.model(point.shared)
        logs = np.array(
            [
                np.log(share) + session_log_likelihoods(part, point, evidence.lists)
                for share, part in zip(model.shares, model.models, strict=True)
            ]
        )
        total = np.logaddexp.reduce(logs)
        with np.errstate(invalid="ignore"):
            weights = evidence.counts * np.where(np.isfinite(logs), np.exp(logs - total), 0.0)
        found = [
            self._of_part(part, Point(shared, *point[1:]), evidence, of_part)
            for part, shared, of_part in zip(self.parts, self._of_parts(point.shared), weights, strict=True)
        ]
        shares = weights.sum(axis=1), np.full(len(found), weights.sum())
        return Expectation(
            self._joined(shares[0], [part.successes for part in found], point),
            self._joined(shares[1], [part.trials for part in found], point),
            float(evidence.counts @ total),
        )

    def _of_parts(self, shared: Floats) -> list[Floats]:
        return [shared[self._bounds[i] : self._bounds[i + 1]] for i in range(len(self.parts))]

    def _of_part(self, part: Family, point: Point, evidence: Whole, weights: Floats) -> Expectation:
        known = part.evidence(evidence.lists, weights, evidence.threads, grouped=False)
        return part.expectation(point, known)

    def _joined(self, shares: Floats, parts: Sequence[Point], point: Point) -> Point:
        attractive = np.sum([part.attractiveness for part in parts], axis=0)
        satisfied = [part.satisfaction for part in parts if len(part.satisfaction)]
        shared = np.concatenate([shares, *(part.shared for part in parts)])
        return Point(shared, attractive, np.sum(satisfied, axis=0) if satisfied else NONE)


def session_log_likelihoods(model: ClickModel, point: Point, lists: SessionLists) -> Floats:
    """(n,) log-likelihood of each distinct session."""
    found = np.empty(len(lists))
    for rows in lists.chunks():
        pairs, clicks = lists.padded(rows)
        found[rows] = model.log_likelihoods(clicks, *listed(point, pairs))
    return found


def listed(
    point: Point, pairs: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> tuple[Floats, Floats | None]:
    """(n, K) attractiveness and (n, K) satisfaction of lists of ``pairs``, (n, K); NaN beyond their end.

    The satisfaction is None for models without it. ``pairs`` is -1 beyond the end of a list.
    """
    shown = pairs >= 0
    attractiveness = np.where(shown, point.attractiveness[pairs], np.nan)
    if not len(point.satisfaction):
        return attractiveness, None
    return attractiveness, np.where(shown, point.satisfaction[pairs], np.nan)
