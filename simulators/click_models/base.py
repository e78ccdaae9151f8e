"""The base classes of click models: exact probabilities, samples and likelihoods of clicks on lists."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rankeval.array_types import Floats
from rankeval.simulators.click_models.browsing import Browsing
from rankeval.simulators.click_models.kernels import (
    count_probabilities,
    joint_probabilities,
    last_click_probabilities,
)

Clicks = NDArray[np.int8]

#: The longest lists for which all click patterns are enumerated, in positions.
LONGEST_ENUMERATED = 16


@dataclass(frozen=True)
class ClickModel(ABC):
    """A probability model of the clicks on lists of items.

    All methods take ``n`` lists as two arrays, ``attractiveness`` and ``satisfaction``, each (n, K) float64
    in [0, 1]. K is at most the number of positions that the model has parameters for. A list of fewer than K
    items has NaN beyond its end, where the click probability is 0. ``satisfaction`` may be None unless the
    model uses it.
    """

    name: ClassVar[str]
    #: Whether the model needs the satisfaction of items.
    uses_satisfaction: ClassVar[bool] = False

    @property
    @abstractmethod
    def parts(self) -> list[tuple[float, BrowsingModel]]:
        """The models of a mixture, each after its share of the sessions.

        A model that is no mixture has itself as its only part, with share 1.
        """

    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """The parameters, under the names that world files use."""

    def to_dict(self) -> dict[str, Any]:
        """The model in the form of world files: its name and its parameters."""
        return {"name": self.name, **self.parameters()}

    def click_probabilities(self, attractiveness: Floats, satisfaction: Floats | None = None) -> Floats:
        """(n, K) float64 exact probability of a click at each position."""
        return self._mean("click_probabilities", attractiveness, satisfaction)

    def examination_probabilities(self, attractiveness: Floats, satisfaction: Floats | None = None) -> Floats:
        """(n, K) float64 exact probability that each position is examined."""
        return self._mean("examination_probabilities", attractiveness, satisfaction)

    def count_probabilities(self, attractiveness: Floats, satisfaction: Floats | None = None) -> Floats:
        """(n, K + 1) float64 exact probability of 0, 1, ..., K clicks."""
        return self._mean("count_probabilities", attractiveness, satisfaction)

    def joint_probabilities(self, attractiveness: Floats, satisfaction: Floats | None = None) -> Floats:
        """(n, K, K) float64 exact probability of clicks at both of two positions.

        The diagonal holds the probability of a click at one position.
        """
        return self._mean("joint_probabilities", attractiveness, satisfaction)

    def sample(
        self, rng: np.random.Generator, attractiveness: Floats, satisfaction: Floats | None = None
    ) -> Clicks:
        """(n, K) int8 sampled clicks, 0 or 1, of one session for each list."""
        parts = self.parts
        if len(parts) == 1:
            return parts[0][1].sample(rng, attractiveness, satisfaction)
        bounds = np.cumsum([share for share, _ in parts])[:-1]
        chosen = np.searchsorted(bounds, rng.random(len(attractiveness)), side="right")
        clicks = np.zeros(attractiveness.shape, np.int8)
        for index, (_, model) in enumerate(parts):
            rows = np.flatnonzero(chosen == index)
            liked = None if satisfaction is None else satisfaction[rows]
            clicks[rows] = model.sample(rng, attractiveness[rows], liked)
        return clicks

    def log_likelihoods(
        self, clicks: Clicks, attractiveness: Floats, satisfaction: Floats | None = None
    ) -> Floats:
        """(n,) float64 natural log of the probability of each session's ``clicks``, (n, K)."""
        logs = [
            np.log(share) + model.log_likelihoods(clicks, attractiveness, satisfaction)
            for share, model in self.parts
            if share > 0.0
        ]
        return np.asarray(np.logaddexp.reduce(logs))

    def truth(self, attractiveness: Floats, satisfaction: Floats | None = None) -> ListTruth:
        """The exact quantities of one list, given its (K,) attractiveness and satisfaction."""
        lists = attractiveness[np.newaxis], None if satisfaction is None else satisfaction[np.newaxis]
        return ListTruth(self, *lists)

    def _mean(self, of: str, attractiveness: Floats, satisfaction: Floats | None) -> Floats:
        """The mean over the parts of the method ``of``, weighted by their shares."""
        return np.asarray(
            sum(share * getattr(model, of)(attractiveness, satisfaction) for share, model in self.parts)
        )


class BrowsingModel(ClickModel):
    """A click model in which a click depends on the clicks above it only through ``r``.

    ``r`` is the position of the last click above, and 0 if there is none.
    """

    @property
    def parts(self) -> list[tuple[float, BrowsingModel]]:
        return [(1.0, self)]

    def rates(self, attractiveness: Floats) -> Floats:
        """(n, K) probability of a click on each item if it is examined; 0 beyond the end of a list."""
        return np.nan_to_num(attractiveness)

    @abstractmethod
    def browsing(self, attractiveness: Floats, satisfaction: Floats | None, positions: int) -> Browsing:
        """The probabilities of what users do with each item at each position.

        ``attractiveness`` and ``satisfaction``: (items,) values, not lists.
        """

    @abstractmethod
    def examined(self, attractiveness: Floats, satisfaction: Floats | None) -> Floats:
        """(n, K + 1, K) probability that position ``k + 1`` is examined given ``r``, at index [:, r, k]."""

    @abstractmethod
    def predicted(self, clicks: Clicks, attractiveness: Floats, satisfaction: Floats | None = None) -> Floats:
        """(n, K) probability of a click at each position given the clicks above it."""

    @abstractmethod
    def sample(
        self, rng: np.random.Generator, attractiveness: Floats, satisfaction: Floats | None = None
    ) -> Clicks: ...

    def conditionals(self, attractiveness: Floats, satisfaction: Floats | None = None) -> Floats:
        """(n, K + 1, K) probability of a click at position ``k + 1`` given ``r``, at index [:, r, k].

        These probabilities determine the probability of every click pattern.
        """
        return self.examined(attractiveness, satisfaction) * self.rates(attractiveness)[:, np.newaxis, :]

    def click_probabilities(self, attractiveness: Floats, satisfaction: Floats | None = None) -> Floats:
        clicks = self.conditionals(attractiveness, satisfaction)
        return np.asarray((last_click_probabilities(clicks) * clicks).sum(axis=1))

    def examination_probabilities(self, attractiveness: Floats, satisfaction: Floats | None = None) -> Floats:
        examined = self.examined(attractiveness, satisfaction)
        clicks = examined * self.rates(attractiveness)[:, np.newaxis, :]
        return np.asarray((last_click_probabilities(clicks) * examined).sum(axis=1))

    def count_probabilities(self, attractiveness: Floats, satisfaction: Floats | None = None) -> Floats:
        return count_probabilities(self.conditionals(attractiveness, satisfaction))

    def joint_probabilities(self, attractiveness: Floats, satisfaction: Floats | None = None) -> Floats:
        clicks = self.conditionals(attractiveness, satisfaction)
        first = np.asarray((last_click_probabilities(clicks) * clicks).sum(axis=1))
        return joint_probabilities(clicks, first)

    def log_likelihoods(
        self, clicks: Clicks, attractiveness: Floats, satisfaction: Floats | None = None
    ) -> Floats:
        predicted = self.predicted(clicks, attractiveness, satisfaction)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.where(clicks != 0, predicted, 1.0 - predicted)).sum(axis=1))


@dataclass(frozen=True, eq=False)
class ListTruth:
    """The exact quantities of one list under a click model.

    Attributes:
        model: the click model.
        attractiveness, satisfaction: (1, K) of the list.
    """

    model: ClickModel
    attractiveness: Floats
    satisfaction: Floats | None

    @cached_property
    def click_rates(self) -> Floats:
        """(K,) float64 probability of a click at each position."""
        return np.asarray(self.model.click_probabilities(self.attractiveness, self.satisfaction)[0])

    @cached_property
    def count_probabilities(self) -> Floats:
        """(K + 1,) float64 probability of 0, 1, ..., K clicks."""
        return np.asarray(self.model.count_probabilities(self.attractiveness, self.satisfaction)[0])

    @property
    def expected_clicks(self) -> float:
        """Mean number of clicks."""
        return float(self.click_rates.sum())

    @property
    def p_any_click(self) -> float:
        """Probability of at least one click."""
        return float(self.count_probabilities[1:].sum())

    @property
    def clicks_variance(self) -> float:
        """Variance of the number of clicks."""
        counts = np.arange(len(self.count_probabilities))
        deviation = counts - float(counts @ self.count_probabilities)
        return float(self.count_probabilities @ deviation**2)

    @property
    def first_click_rank(self) -> float | None:
        """Mean position of the first click in sessions with a click; None if the click probability is 0."""
        first = sum(
            share * _first_click(model.conditionals(self.attractiveness, self.satisfaction)[0, 0])
            for share, model in self.model.parts
        )
        total = float(np.sum(first))
        return float(np.arange(1, np.size(first) + 1) @ first / total) if total > 0.0 else None

    @property
    def perplexity(self) -> Floats:
        """(K,) ``2^H(click rate)``, H the entropy in bits: the lowest limit of any model's perplexity."""
        return np.asarray(np.exp(_entropy(self.click_rates)))

    @property
    def entropy(self) -> float | None:
        """Entropy in nats of the clicks of a session; None for a mixture and more than 16 positions."""
        if len(self.model.parts) > 1:
            return self._entropy_of_patterns()
        ((_, model),) = self.model.parts
        clicks = model.conditionals(self.attractiveness, self.satisfaction)
        return float((last_click_probabilities(clicks) * _entropy(clicks)).sum())

    def _entropy_of_patterns(self) -> float | None:
        size = self.attractiveness.shape[1]
        if size > LONGEST_ENUMERATED:
            return None
        patterns = np.array(list(product((0, 1), repeat=size)), np.int8)
        same = [
            None if values is None else np.repeat(values, len(patterns), axis=0)
            for values in (self.attractiveness, self.satisfaction)
        ]
        assert same[0] is not None
        logs = self.model.log_likelihoods(patterns, same[0], same[1])
        return float(-(np.exp(logs) * np.where(np.isfinite(logs), logs, 0.0)).sum())


def _first_click(clicks: Floats) -> Floats:
    """(K,) probability that the first click is at each position.

    ``clicks``: (K,) probability of a click at each position given no click above.
    """
    return np.asarray(clicks * np.concatenate([[1.0], np.cumprod(1.0 - clicks)[:-1]]))


def _entropy(p: Floats) -> Floats:
    """Entropy in nats of a click (0 or 1) with probability ``p``."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = -p * np.log(p) - (1.0 - p) * np.log1p(-p)
    return np.where((p > 0.0) & (p < 1.0), terms, 0.0)
