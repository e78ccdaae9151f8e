"""Likelihoods of sessions under two click models, with relevance from other sessions, by loops.

A session is a list of rows with ``query_id, item_id, position`` and ``click``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

Session = Sequence[dict[str, Any]]


def _last(session: Session) -> int:
    return max((row["position"] for row in session if row["click"]), default=0)


def _rate(pair: Any, taught: Sequence[Session], seen: Callable[[Session, dict[str, Any]], float]) -> float:
    """Clicks over how often a pair was seen, with one more time at the mean rate."""
    clicks = times = own_clicks = own_times = 0.0
    for session in taught:
        for row in session:
            clicks += row["click"]
            times += seen(session, row)
            if (row["query_id"], row["item_id"]) == pair:
                own_clicks += row["click"]
                own_times += seen(session, row)
    return (own_clicks + clicks / times) / (own_times + 1.0)


def position_based_likelihood(session: Session, taught: Sequence[Session], theta: Sequence[float]) -> float:
    total = 0.0
    for row in session:
        examined = theta[row["position"] - 1]
        rate = _rate((row["query_id"], row["item_id"]), taught, lambda _, one: theta[one["position"] - 1])
        p = examined * rate
        total += math.log(p if row["click"] else 1 - p)
    return total


def dependent_click_likelihood(session: Session, taught: Sequence[Session], positions: int) -> float:
    """The user goes on to the next item; after a click at k only with a probability that depends on k."""

    def came(one: Session, row: dict[str, Any]) -> float:
        return float(_last(one) == 0 or row["position"] <= _last(one))

    def goes_on(k: int) -> float:
        clicked = [one for one in taught for row in one if row["click"] and row["position"] == k]
        return 1 - (sum(_last(one) == k for one in clicked) + 1) / (len(clicked) + 2)

    last, p, none_below = _last(session), 1.0, 1.0
    for row in session:
        rate = _rate((row["query_id"], row["item_id"]), taught, came)
        if last == 0 or row["position"] <= last:
            p *= rate if row["click"] else 1 - rate
        else:
            none_below *= 1 - rate
        if row["click"] and row["position"] < last:
            p *= goes_on(row["position"])
    if last:
        p *= 1 - goes_on(last) + goes_on(last) * none_below
    assert positions >= last
    return math.log(p)
