"""Group-sequential boundaries for planned looks, by error spending (Lan & DeMets 1983).

At look k of K a share ``t_k`` of the information is there. Each side of a two-sided test may spend the error
probability ``f(t_k)`` up to then, with ``f(1) = alpha / 2``. The boundary of look k is the number of standard
errors for which the probability to cross it now, without having crossed earlier ones, is what may be spent
more. It follows from integrating the density of the statistic over the region in which the test goes on
(Armitage, McPherson & Rowe 1969).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from statistics import NormalDist

import numpy as np

from rankeval.array_types import Floats
from rankeval.errors import UsageError
from rankeval.inference import root_of, students_quantile

#: Name of a boundary -> what it is like.
BOUNDARIES = {
    "obrien_fleming": "strict at first, close to a single look at the end",
    "pocock": "nearly the same at every look",
}
#: Largest number of planned looks.
MOST_LOOKS = 100
_NODES = 240
_FARTHEST = 9.0  # standard errors beyond which the density is below 1e-18
_TINY = 1e-290
_SMALLEST = 1e-12  # a repeated p-value below this is reported as this


def spent(boundary: str, side: float, share: float) -> float:
    """The error probability that one side may have spent at a share of the information.

    ``obrien_fleming``: ``2 - 2 Phi(z_{side/2} / sqrt(t))``; ``pocock``: ``side log(1 + (e - 1) t)``.
    """
    if boundary == "pocock":
        return side * math.log1p((math.e - 1.0) * share)
    return math.erfc(-NormalDist().inv_cdf(side / 2.0) / math.sqrt(2.0 * share))


@lru_cache(maxsize=4096)
def critical_values(boundary: str, shares: tuple[float, ...], alpha: float) -> tuple[float, ...]:
    """The boundary of each look, in standard errors of a two-sided test at level ``alpha``."""
    side = alpha / 2.0
    found: list[float] = []
    nodes, weighted, before = np.zeros(1), np.ones(1), 0.0
    for k, share in enumerate(shares):
        new = spent(boundary, side, share) - (spent(boundary, side, shares[k - 1]) if k else 0.0)
        limit = _boundary(nodes, weighted, before, share, new)
        found.append(limit)
        inside = min(limit, _FARTHEST)
        points, weights = _gauss()
        step = math.sqrt(share - before)
        at = inside * points
        ways = (at[:, np.newaxis] * math.sqrt(share) - nodes * math.sqrt(before)) / step
        density = (
            np.sum(weighted * np.exp(-0.5 * ways * ways), axis=1) * math.sqrt(share / (2.0 * math.pi)) / step
        )
        nodes, weighted, before = at, inside * weights * density, share
    return tuple(found)


def _boundary(nodes: Floats, weighted: Floats, before: float, share: float, new: float) -> float:
    """The boundary that is crossed with probability ``new`` from the density at the look before."""
    if new <= _TINY:
        return 4.0 * _FARTHEST

    def beyond(limit: float) -> float:
        ways = (limit * math.sqrt(share) - nodes * math.sqrt(before)) / math.sqrt(share - before)
        return math.log(max(float(np.sum(weighted * _upper(ways))), _TINY)) - math.log(new)

    return root_of(beyond, 0.0, 4.0 * _FARTHEST)


@lru_cache(maxsize=1)
def _gauss() -> tuple[Floats, Floats]:
    points, weights = np.polynomial.legendre.leggauss(_NODES)
    return np.asarray(points), np.asarray(weights)


def _upper(x: Floats) -> Floats:
    """The probability that a standard normal variable is above ``x``."""
    from scipy.special import ndtr

    return np.asarray(ndtr(-x))


@dataclass(frozen=True)
class Looks:
    """The planned looks at a test, and the one that is taken now.

    Attributes:
        boundary: name in :data:`BOUNDARIES`.
        shares: of the information at each look, ascending, the last 1.
        look: the number of this look, from 1.
        alpha: the error probability of all looks together, two-sided.
    """

    boundary: str
    shares: tuple[float, ...]
    look: int
    alpha: float

    @classmethod
    def of(
        cls,
        looks: int | None,
        look: int | None,
        boundary: str,
        information: Sequence[float] | None,
        alpha: float,
    ) -> Looks | None:
        """The looks that the options ask for; None if they ask for none.

        Raises:
            UsageError: a number is out of range, or only a part is given.
        """
        if looks is None:
            given = "look" if look is not None else "information" if information else None
            if given:
                raise UsageError(f"{given}: found no looks, wanted the number of planned looks (looks)")
            return None
        if not 1 <= looks <= MOST_LOOKS:
            raise UsageError(f"looks: found {looks}, wanted 1 to {MOST_LOOKS}")
        if look is None or not 1 <= look <= looks:
            raise UsageError(f"look: found {look}, wanted the number of this look, 1 to {looks}")
        if boundary not in BOUNDARIES:
            raise UsageError(f"boundary: found {boundary!r}, wanted one of {', '.join(BOUNDARIES)}")
        if not 1e-6 <= alpha <= 0.5:
            raise UsageError(f"level: found {1.0 - alpha:g}, wanted 0.5 to 0.999999 with looks")
        shares = tuple(information) if information else tuple(k / looks for k in range(1, looks + 1))
        rising = all(a < b for a, b in zip((0.0, *shares), shares, strict=False))
        if len(shares) != looks or not rising or abs(shares[-1] - 1.0) > 1e-9:
            raise UsageError(
                f"information: found {', '.join(map(str, shares))}, wanted {looks} ascending shares up to 1"
            )
        return cls(boundary, shares, look, alpha)

    @cached_property
    def critical(self) -> float:
        """The boundary of this look, in standard errors."""
        return self._critical_at(self.alpha)

    def multiplier(self, degrees: float) -> float:
        """The boundary in standard errors with ``degrees`` degrees of freedom, of the same probability."""
        tail = max(0.5 * math.erfc(self.critical / math.sqrt(2.0)), 1e-300)
        return students_quantile(tail, degrees)

    def p_value(self, statistic: float, degrees: float) -> float:
        """The repeated p-value (Jennison & Turnbull 2000, section 9.5).

        It is the smallest level at which this look crosses its boundary, at least 1e-12. It is at most
        ``alpha`` exactly where this look crosses.
        """
        from scipy.special import ndtri, stdtr

        tail = max(float(stdtr(degrees, -abs(statistic))), 1e-300)
        z = -float(ndtri(tail))
        if self._critical_at(_SMALLEST) <= z:
            return _SMALLEST
        if z <= self._critical_at(0.999):
            return 1.0
        low, high = (_SMALLEST, self.alpha) if z >= self.critical else (self.alpha, 0.999)
        found = root_of(lambda x: round(self._critical_at(math.exp(x)) - z, 7), math.log(low), math.log(high))
        return min(max(math.exp(found), low), high)

    def _critical_at(self, alpha: float) -> float:
        return critical_values(self.boundary, self.shares[: self.look], alpha)[-1]

    def to_dict(self) -> dict[str, object]:
        """The looks as JSON values."""
        return {
            "boundary": self.boundary,
            "looks": len(self.shares),
            "look": self.look,
            "information": list(self.shares),
            "critical_value": self.critical,
            "critical_values": list(critical_values(self.boundary, self.shares, self.alpha)),
            "alpha_spent": 2.0 * spent(self.boundary, self.alpha / 2.0, self.shares[self.look - 1]),
        }
