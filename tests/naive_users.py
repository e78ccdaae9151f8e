"""Models of users: the probability of every pattern of clicks on a list, in loops over positions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import product

Items = tuple[int, ...]
Clicks = tuple[float, ...]
#: Probability of a pattern of clicks on a list.
Users = Callable[[Items, Clicks], float]


def independent(rate: Callable[[Items, int], float]) -> Users:
    """Users whose clicks are independent given the list."""

    def chance(items: Items, clicks: Clicks) -> float:
        rates = [rate(items, k) for k in range(len(items))]
        return math.prod(p if c else 1.0 - p for p, c in zip(rates, clicks, strict=True))

    return chance


def position_based(attractive: Sequence[float], theta: Sequence[float]) -> Users:
    """Click with ``theta_k a``."""
    return independent(lambda items, k: theta[k] * attractive[items[k]])


def trusting(
    attractive: Sequence[float], theta: Sequence[float], plus: Sequence[float], minus: Sequence[float]
) -> Users:
    """Click with ``theta_k (plus_k a + minus_k (1 - a))``."""
    return independent(
        lambda items, k: theta[k] * (plus[k] * attractive[items[k]] + minus[k] * (1.0 - attractive[items[k]]))
    )


def comparing(attractive: Sequence[float], theta: Sequence[float]) -> Users:
    """Click with ``theta_k a``, less by half of the best other item on the list."""

    def rate(items: Items, k: int) -> float:
        others = [attractive[item] for place, item in enumerate(items) if place != k]
        return theta[k] * attractive[items[k]] * (1.0 - 0.5 * max(others, default=0.0))

    return independent(rate)


def browsing(attractive: Sequence[float], goes_on: Callable[[int, int, bool], float]) -> Users:
    """Examine from the top, click with ``a``, go on with ``goes_on(item, k, clicked)``."""

    def chance(items: Items, clicks: Clicks) -> float:
        there, gone = 1.0, 0.0
        for k, (item, clicked) in enumerate(zip(items, clicks, strict=True)):
            there *= attractive[item] if clicked else 1.0 - attractive[item]
            gone = 0.0 if clicked else gone
            further = goes_on(item, k, bool(clicked))
            there, gone = there * further, gone + there * (1.0 - further)
        return there + gone

    return chance


def cascade(attractive: Sequence[float]) -> Users:
    """Stop at the first click."""
    return browsing(attractive, lambda _, __, clicked: 0.0 if clicked else 1.0)


def dynamic_bayesian(attractive: Sequence[float], satisfied: Sequence[float], gamma: float) -> Users:
    """A click satisfies with ``s``; who is not satisfied goes on with ``gamma``."""
    return browsing(attractive, lambda item, _, clicked: gamma * (1.0 - satisfied[item] if clicked else 1.0))


def click_chain(attractive: Sequence[float], tau: Sequence[float]) -> Users:
    """Go on after a skip with ``tau_1``, after a click with ``tau_2 (1 - a) + tau_3 a``."""

    def goes_on(item: int, _: int, clicked: bool) -> float:
        return tau[1] * (1.0 - attractive[item]) + tau[2] * attractive[item] if clicked else tau[0]

    return browsing(attractive, goes_on)


def dependent_click(attractive: Sequence[float], further: Sequence[float]) -> Users:
    """Go on after a click at ``k`` with ``further_k``, always after a skip."""
    return browsing(attractive, lambda _, k, clicked: further[k] if clicked else 1.0)


def user_browsing(attractive: Sequence[float], gamma: Sequence[Sequence[float]]) -> Users:
    """Click with ``gamma[k][r] a``, ``r`` the position of the last click above, from 1; 0 for none."""

    def chance(items: Items, clicks: Clicks) -> float:
        found, last = 1.0, 0
        for k, (item, clicked) in enumerate(zip(items, clicks, strict=True)):
            p = gamma[k][last] * attractive[item]
            found *= p if clicked else 1.0 - p
            last = k + 1 if clicked else last
        return found

    return chance


def patterns(size: int) -> list[Clicks]:
    """All patterns of clicks."""
    return list(product((0.0, 1.0), repeat=size))


def click_rates(users: Users, items: Items) -> list[float]:
    """Probability of a click by position."""
    every = [(users(items, clicks), clicks) for clicks in patterns(len(items))]
    return [math.fsum(p * clicks[k] for p, clicks in every) for k in range(len(items))]
