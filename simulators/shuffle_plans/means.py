"""Exact means of shuffle experiments under position-based models, from probabilities of items at positions.

They serve policies with too many lists to sum over. Only mean products then come from a sample of lists.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rankeval.array_types import Floats
from rankeval.simulators.click_models import ClickModel, PositionBased
from rankeval.simulators.list_policies import ListPolicy, Queries
from rankeval.simulators.shuffles import Shuffled, arms, number_of_arms
from rankeval.simulators.worlds import Shuffle


def exact_means(
    shuffle: Shuffle, policy: ListPolicy, model: ClickModel, queries: Queries
) -> tuple[Floats, float] | None:
    """(4, A) mean at low, mean at high, mean square at low, mean square at high; and mean clicks.

    They are as in ``Moments``. None if a part of the click model is not position-based, or if the policy has
    no exact probabilities of items at positions.
    """
    rates = _click_rates(model, queries, policy.positions)
    base = policy.item_probabilities()
    everywhere = Shuffled(policy.offsets, policy.positions, policy, replace(shuffle, share=1.0))
    shown = everywhere.item_probabilities()
    if rates is None or base is None or shown is None:
        return None
    weights = np.repeat(queries.weights, queries.sizes)
    clicks = float(weights @ (shown * rates).sum(axis=1))
    if shuffle.design in ("swap", "adjacent"):
        return _of_arms(shuffle, weights, base, rates, queries), clicks
    sizes = np.repeat(queries.sizes, queries.sizes)
    held = sizes[:, np.newaxis] > np.arange(1, shuffle.top)
    means, squares = shown * rates, shown * rates
    if shuffle.design == "pair":
        log = Shuffled(policy.offsets, policy.positions, policy, shuffle).item_probabilities()
        assert log is not None
        means = np.where(log > 0.0, rates, 0.0)
        squares = shuffle.share * np.divide(rates, log, out=np.zeros_like(log), where=log > 0.0)
    rows = [part for one in (means, squares) for part in (one[:, :1] * held, one[:, 1 : shuffle.top])]
    return np.array([weights @ row for row in rows]), clicks


def _click_rates(model: ClickModel, queries: Queries, positions: int) -> Floats | None:
    """(items, K) probability of a click on each item at each position; None if not position-based."""
    total = np.zeros((len(queries.attractiveness), positions))
    for share, part in model.parts:
        if not isinstance(part, PositionBased):
            return None
        table = part.browsing(queries.attractiveness, None, positions)
        total += share * table.rates * table.examination[:, 0]
    return total


def _of_arms(shuffle: Shuffle, weights: Floats, base: Floats, rates: Floats, queries: Queries) -> Floats:
    """(4, A) means of clicks in arms that show each order with probability 1/2; a click equals its square."""
    lows, highs = arms(shuffle.design, shuffle.top)
    number = number_of_arms(shuffle.design, np.minimum(queries.sizes, shuffle.top))
    chance = np.where(
        np.arange(len(lows)) < number[:, np.newaxis], 1.0 / np.maximum(number, 1)[:, np.newaxis], 0.0
    )
    either = (base[:, lows] + base[:, highs]) / 2.0 * np.repeat(chance, queries.sizes, axis=0)
    means = np.array([weights @ (either * rates[:, lows]), weights @ (either * rates[:, highs])])
    return np.concatenate([means, means])
