"""The click models, one class each.

In the formulas ``a`` is the attractiveness of an item, ``s`` its satisfaction, and k its position from 1.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.simulators.click_models.base import BrowsingModel, ClickModel, Clicks
from rankeval.simulators.click_models.browsing import Browsing
from rankeval.simulators.click_models.kernels import (
    examined_going_on,
    predicted_by_last_click,
    predicted_going_on,
    sample_by_last_click,
    sample_going_on,
)


def _everywhere(values: Floats, positions: int) -> Floats:
    """(items, K) the (items,) ``values``, repeated for every position."""
    return np.repeat(values[:, np.newaxis], positions, axis=1)


class _ByLastClick(BrowsingModel):
    """A model whose examination probability at a position depends on the position of the last click above."""

    @abstractmethod
    def table(self, positions: int) -> Floats:
        """(K, K + 1) probability that position ``k + 1`` is examined given the last click above, ``r``.

        ``r`` is 0 if there is no click above.
        """

    def examined(self, attractiveness: Floats, satisfaction: Floats | None) -> Floats:
        n, size = attractiveness.shape
        return np.ascontiguousarray(np.broadcast_to(self.table(size).T, (n, size + 1, size)))

    def predicted(self, clicks: Clicks, attractiveness: Floats, satisfaction: Floats | None = None) -> Floats:
        table = self.table(attractiveness.shape[1])
        return predicted_by_last_click(self.rates(attractiveness), table, clicks)

    def sample(
        self, rng: np.random.Generator, attractiveness: Floats, satisfaction: Floats | None = None
    ) -> Clicks:
        table = self.table(attractiveness.shape[1])
        return sample_by_last_click(self.rates(attractiveness), table, rng.random(attractiveness.shape))

    def browsing(self, attractiveness: Floats, satisfaction: Floats | None, positions: int) -> Browsing:
        rates = self.rates(_everywhere(attractiveness, positions))
        table, ones = self.table(positions), np.ones_like(rates)
        alike = (table == table[:, :1]).all()
        return Browsing(np.ascontiguousarray(table[:, :1]) if alike else table, rates, ones, ones)


class _GoingOn(BrowsingModel):
    """A model whose users examine items from the top, click with probability ``a``, and go on or stop."""

    @abstractmethod
    def goes_on(self, attractiveness: Floats, satisfaction: Floats | None) -> tuple[Floats, Floats]:
        """Two (n, K) arrays: the probability that the user goes on after a skip, and after a click.

        Values beyond the end of a list are arbitrary.
        """

    def examined(self, attractiveness: Floats, satisfaction: Floats | None) -> Floats:
        return examined_going_on(*self._chances(attractiveness, satisfaction))

    def predicted(self, clicks: Clicks, attractiveness: Floats, satisfaction: Floats | None = None) -> Floats:
        return predicted_going_on(*self._chances(attractiveness, satisfaction), clicks)

    def sample(
        self, rng: np.random.Generator, attractiveness: Floats, satisfaction: Floats | None = None
    ) -> Clicks:
        draws = rng.random(attractiveness.shape)
        return sample_going_on(*self._chances(attractiveness, satisfaction), draws)

    def browsing(self, attractiveness: Floats, satisfaction: Floats | None, positions: int) -> Browsing:
        liked = None if satisfaction is None else _everywhere(satisfaction, positions)
        return Browsing(
            np.ones((positions, 1)), *self._chances(_everywhere(attractiveness, positions), liked)
        )

    def _chances(self, attractiveness: Floats, satisfaction: Floats | None) -> tuple[Floats, Floats, Floats]:
        """Three (n, K) arrays: the click probability of an examined item, and the two of :meth:`goes_on`."""
        rates = self.rates(attractiveness)
        liked = None if satisfaction is None else np.nan_to_num(satisfaction)
        return rates, *self.goes_on(rates, liked)


@dataclass(frozen=True)
class PositionBased(_ByLastClick):
    """The position-based model: ``P(click at k) = theta_k a`` (Richardson et al. 2007; Craswell et al. 2008).

    Attributes:
        examination: (K,) examination probabilities ``theta_k`` for k = 1, 2, ...
    """

    name = "pbm"
    examination: tuple[float, ...]

    def parameters(self) -> dict[str, Any]:
        return {"examination": list(self.examination)}

    def table(self, positions: int) -> Floats:
        return np.repeat(np.array(self.examination[:positions])[:, np.newaxis], positions + 1, axis=1)


@dataclass(frozen=True)
class TrustBias(PositionBased):
    """The position-based model with trust bias (Agarwal et al. 2019).

    ``P(click at k) = theta_k (eps_plus_k a + eps_minus_k (1 - a))``. In the form ``alpha_k a + beta_k``:
    ``alpha = theta (eps_plus - eps_minus)``, ``beta = theta eps_minus``.

    Attributes:
        examination: (K,) examination probabilities ``theta_k``.
        eps_plus, eps_minus: (K,) probability of a click on an examined item that is relevant, and on one that
            is not.
    """

    name = "pbm_trust"
    eps_plus: tuple[float, ...]
    eps_minus: tuple[float, ...]

    def parameters(self) -> dict[str, Any]:
        eps = {"eps_plus": list(self.eps_plus), "eps_minus": list(self.eps_minus)}
        return {**super().parameters(), **eps}

    def rates(self, attractiveness: Floats) -> Floats:
        size = attractiveness.shape[1]
        plus, minus = np.array(self.eps_plus[:size]), np.array(self.eps_minus[:size])
        return np.nan_to_num(plus * attractiveness + minus * (1.0 - attractiveness))


@dataclass(frozen=True)
class UserBrowsing(_ByLastClick):
    """The user browsing model: ``P(click at k | r) = gamma[k][r] a`` (Dupret & Piwowarski 2008).

    ``r`` is the position of the last click above, and 0 if there is none.

    Attributes:
        gamma: examination probabilities; row k = 1, 2, ... has the k values for r = 0, 1, ..., k - 1.
    """

    name = "ubm"
    gamma: tuple[tuple[float, ...], ...]

    def parameters(self) -> dict[str, Any]:
        return {"gamma": [list(row) for row in self.gamma]}

    def table(self, positions: int) -> Floats:
        table = np.zeros((positions, positions + 1))
        for k, row in enumerate(self.gamma[:positions]):
            table[k, : k + 1] = row
        return table


@dataclass(frozen=True)
class Cascade(_GoingOn):
    """The cascade model: users examine items in order and stop at the first click (Craswell et al. 2008)."""

    name = "cascade"

    def parameters(self) -> dict[str, Any]:
        return {}

    def goes_on(self, attractiveness: Floats, satisfaction: Floats | None) -> tuple[Floats, Floats]:
        return np.ones_like(attractiveness), np.zeros_like(attractiveness)


@dataclass(frozen=True)
class DependentClick(_GoingOn):
    """The dependent click model (Guo et al. 2009).

    Users go on after a click at k with probability ``lambda_k``, and always after a skip.

    Attributes:
        continuation: (K,) ``lambda_k`` for k = 1, 2, ...; the value of the last position has no effect.
    """

    name = "dcm"
    continuation: tuple[float, ...]

    def parameters(self) -> dict[str, Any]:
        return {"continuation": list(self.continuation)}

    def goes_on(self, attractiveness: Floats, satisfaction: Floats | None) -> tuple[Floats, Floats]:
        after_click = np.array(self.continuation[: attractiveness.shape[1]])
        return np.ones_like(attractiveness), np.tile(after_click, (len(attractiveness), 1))


@dataclass(frozen=True)
class DynamicBayesian(_GoingOn):
    """The dynamic Bayesian network model (Chapelle & Zhang 2009).

    A click satisfies the user with probability ``s``, and a satisfied user stops. A user who is not satisfied
    goes on with probability ``gamma``, after a click and after a skip.
    """

    name = "dbn"
    uses_satisfaction = True
    gamma: float

    def parameters(self) -> dict[str, Any]:
        return {"gamma": self.gamma}

    def goes_on(self, attractiveness: Floats, satisfaction: Floats | None) -> tuple[Floats, Floats]:
        assert satisfaction is not None
        return np.full_like(attractiveness, self.gamma), self.gamma * (1.0 - satisfaction)


@dataclass(frozen=True)
class SimplifiedDynamicBayesian(DynamicBayesian):
    """The simplified dynamic Bayesian network model: ``gamma`` is 1 (Chapelle & Zhang 2009).

    Users go on until they are satisfied.
    """

    name = "sdbn"
    gamma: float = 1.0

    def parameters(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class ClickChain(_GoingOn):
    """The click chain model (Guo et al. 2009).

    Users go on with probability ``tau1`` after a skip, and ``tau2 (1 - a) + tau3 a`` after a click.
    """

    name = "ccm"
    tau1: float
    tau2: float
    tau3: float

    def parameters(self) -> dict[str, Any]:
        return {"tau1": self.tau1, "tau2": self.tau2, "tau3": self.tau3}

    def goes_on(self, attractiveness: Floats, satisfaction: Floats | None) -> tuple[Floats, Floats]:
        after_click = self.tau2 * (1.0 - attractiveness) + self.tau3 * attractiveness
        return np.full_like(attractiveness, self.tau1), after_click


@dataclass(frozen=True)
class Mixture(ClickModel):
    """A mixture: the clicks of each session follow one of several models.

    Attributes:
        models: the models, which may be mixtures.
        shares: the expected share of sessions of each model; they sum to 1.
    """

    name = "mixture"

    @property
    def uses_satisfaction(self) -> bool:  # type: ignore[override]
        """Whether any of the models does."""
        return any(model.uses_satisfaction for model in self.models)

    models: tuple[ClickModel, ...]
    shares: tuple[float, ...]

    @property
    def parts(self) -> list[tuple[float, BrowsingModel]]:
        return [
            (share * inner, part)
            for share, model in zip(self.shares, self.models, strict=True)
            for inner, part in model.parts
        ]

    def parameters(self) -> dict[str, Any]:
        models = [
            {**model.to_dict(), "share": share} for share, model in zip(self.shares, self.models, strict=True)
        ]
        return {"models": models}
