"""Moments of the clicks in a session of a shuffle experiment, from which errors of propensities follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.simulators.click_models import BrowsingModel, ClickModel, PositionBased
from rankeval.simulators.exact import MOST_ITEMS, over_orders
from rankeval.simulators.list_policies import ListPolicy
from rankeval.simulators.shuffle_plans.base_lists import BaseLists
from rankeval.simulators.shuffle_plans.means import exact_means
from rankeval.simulators.shuffles import Shuffled, arms, number_of_arms
from rankeval.simulators.worlds import Design, Shuffle


@dataclass(frozen=True, eq=False)
class Moments:
    """Means over the sessions of an experiment. Sessions outside an arm count as 0 for this arm.

    An arm compares its position ``high`` with its position ``low``. The values compared are clicks, or clicks
    over the propensity of the item. The estimate of ``theta_high / theta_low`` is the ratio of the two sums.

    Attributes:
        lows: (A,) lower place of each arm, from 0.
        highs: (A,) higher place of each arm, from 0.
        values: (6, A) share of the sessions in the arm; mean at low; mean at high; mean square at low; mean
            square at high; mean product.
        clicks: mean number of clicks of a session of the experiment.
    """

    lows: Ints
    highs: Ints
    values: Floats
    clicks: float

    @property
    def ratios(self) -> Floats:
        """(A,) limit of the ratio of each arm for many sessions."""
        return np.asarray(self.values[2] / self.values[1])

    @property
    def variances(self) -> Floats:
        """(A,) n times the variance of each log ratio from n sessions of the experiment (delta method)."""
        _, low, high, low_square, high_square, product = self.values
        return np.asarray(low_square / low**2 + high_square / high**2 - 2.0 * product / (low * high))

    def plus(self, other: Moments, share: float) -> Moments:
        """These moments plus ``share`` times other moments."""
        values = self.values + share * other.values
        return Moments(self.lows, self.highs, values, self.clicks + share * other.clicks)


def no_moments(design: Design, top: int) -> Moments:
    """Moments that are all 0: those of no sessions."""
    lows, highs = arms("adjacent" if design == "adjacent" else "swap", top)
    return Moments(lows, highs, np.zeros((6, len(lows))), 0.0)


def shuffle_moments(
    shuffle: Shuffle, lists: BaseLists, model: ClickModel, policy: ListPolicy
) -> Moments | None:
    """Moments of a design for the lists of a policy under a click model; None where they cannot be computed.

    Moments are exact if ``lists`` has all lists of the policy. If ``lists`` is a sample, the means are still
    exact under position-based models. Under other models, ``full`` sums over subsets of at most 15 positions.
    The share of the traffic in the experiment matters only for ``pair``, which also uses the other sessions.
    For every design, n is the number of sessions in the experiment.
    """
    found = _of_lists(shuffle, lists, model, policy)
    exact = exact_means(shuffle, policy, model, lists.queries) if lists.drawn else None
    if found is None or exact is None:
        return found
    means, clicks = exact
    values = np.concatenate([found.values[:1], means, found.values[5:]])
    return Moments(found.lows, found.highs, values, clicks)


def _of_lists(shuffle: Shuffle, lists: BaseLists, model: ClickModel, policy: ListPolicy) -> Moments | None:
    if shuffle.design == "full":
        return _full(shuffle.top, lists.regardless_of_order(shuffle.top), model)
    propensities = None
    if shuffle.design == "pair":
        propensities = Shuffled(policy.offsets, policy.positions, policy, shuffle).item_probabilities()
        if propensities is None:
            return None
    total = no_moments(shuffle.design, shuffle.top)
    for block in lists.blocks():
        if propensities is None:
            total = total.plus(_swaps(shuffle, block, model), 1.0)
        else:
            total = total.plus(_pair(shuffle, block, model, propensities), 1.0)
    return total


def _swaps(shuffle: Shuffle, lists: BaseLists, model: ClickModel) -> Moments:
    """Moments of a design whose arms exchange two positions with probability 1/2."""
    lows, highs = arms(shuffle.design, shuffle.top)
    number = number_of_arms(shuffle.design, np.minimum(lists.sizes, shuffle.top))
    values, clicks = np.zeros((6, len(lows))), 0.0
    plain = lists.joint_clicks(model)
    for arm, (low, high) in enumerate(zip(lows.tolist(), highs.tolist(), strict=True)):
        there = np.flatnonzero(number > arm)
        chances = lists.weights[there] / number[there]
        other = lists.some(there).exchanged(low, high).joint_clicks(model)
        joint = np.tensordot(chances, plain[there] + other, axes=1) / 2.0
        means = joint[low, low], joint[high, high]
        values[:, arm] = chances.sum(), *means, *means, joint[low, high]
        clicks += float(np.trace(joint))
    still = np.flatnonzero(number == 0)
    clicks += float(np.trace(np.tensordot(lists.weights[still], plain[still], axes=1)))
    return Moments(lows, highs, values, clicks)


def _pair(shuffle: Shuffle, lists: BaseLists, model: ClickModel, propensities: Floats) -> Moments:
    """Moments of clicks over propensities, from all sessions of the log, inside and outside the experiment.

    They are for n sessions of the experiment, which belong to a log of ``n / share`` sessions.
    """
    lows, highs = arms(shuffle.design, shuffle.top)
    number = number_of_arms(shuffle.design, np.minimum(lists.sizes, shuffle.top))
    chance = shuffle.share / np.maximum(number, 1)
    still = lists.weights * (1.0 - chance * number)
    clicks, products = _weighted(lists, still, model, propensities)
    changed = clicks @ (lists.weights * (number == 0))
    for arm, (low, high) in enumerate(zip(lows.tolist(), highs.tolist(), strict=True)):
        there = np.flatnonzero(number > arm)
        some, weights = lists.some(there).exchanged(low, high), lists.weights[there]
        clicks, more = _weighted(some, weights * chance[there], model, propensities)
        changed += clicks @ (weights / number[there])
        products = products + more
    # The means are over n / share sessions instead of n, so their variance is smaller by the factor share.
    products[2:] *= shuffle.share
    return _star(shuffle, products, float(changed))


# If every session takes part, an item may never be shown at its base position. The result is then NaN, which
# means unknown.
@np.errstate(divide="ignore", invalid="ignore")
def _weighted(
    lists: BaseLists, weights: Floats, model: ClickModel, propensities: Floats
) -> tuple[Floats, Floats]:
    """(m,) clicks of each list, and (5, K) sums of clicks over propensities, as :func:`_star` takes them."""
    joint = lists.joint_clicks(model)
    places = lists.queries.flat(lists.of, lists.lists)
    held = lists.lists >= 0
    inverse = 1.0 / np.where(held, propensities[places, np.arange(joint.shape[1])], 1.0)
    rates = np.einsum("nkk->nk", joint)
    first = (rates * inverse)[:, :1] * held
    rows = [first, rates * inverse, first * inverse[:, :1], rates * inverse**2]
    rows.append(joint[:, 0, :] * inverse[:, :1] * inverse)
    return np.asarray(rates.sum(axis=1)), np.array([weights @ row for row in rows])


def _star(shuffle: Shuffle, products: Floats, clicks: float) -> Moments:
    """Moments that compare every position with position 1, in the sessions that have both.

    ``products``: (5, K) mean at position 1; mean at k; mean square at 1; mean square at k; mean product.
    """
    empty = no_moments(shuffle.design, shuffle.top)
    ones = np.ones((1, len(empty.highs)))
    return Moments(empty.lows, empty.highs, np.concatenate([ones, products[:, empty.highs]]), clicks)


def _full(top: int, lists: BaseLists, model: ClickModel) -> Moments | None:
    """Moments of ``full``: the first positions are in uniformly random order; None where unknown."""
    total = np.zeros((3, lists.lists.shape[1]))
    for share, part in model.parts:
        if isinstance(part, PositionBased):
            total += share * _full_by_position(top, lists, part)
        elif min(int(lists.sizes.max()), top) <= MOST_ITEMS:
            total += share * _full_over_orders(top, lists, part)
        else:
            return None
    first, rates, product = total
    products = np.array([first, rates, first, rates, product])
    return _star(Shuffle("full", 1.0, top), products, float(rates.sum()))


def _full_by_position(top: int, lists: BaseLists, model: PositionBased) -> Floats:
    """(3, K) probability of a click at 1 of a list that has position k, of one at k, and of both."""
    attractiveness, _ = lists.values()
    sizes = np.minimum(lists.sizes, top)
    held = lists.lists >= 0
    found = np.zeros((3, *held.shape))
    at_first = _everywhere(attractiveness, model, 0)[:, :top]
    found[0] = held * (at_first.sum(axis=1) / sizes)[:, np.newaxis]
    for k in range(held.shape[1]):
        here = _everywhere(attractiveness, model, k)
        found[1, :, k] = here[:, :top].sum(axis=1) / sizes * held[:, k] if k < top else here[:, k]
        other = at_first.sum(axis=1) * here[:, :top].sum(axis=1) - (at_first * here[:, :top]).sum(axis=1)
        found[2, :, k] = other / np.maximum(sizes * (sizes - 1), 1) * held[:, k]
    return np.asarray(np.einsum("n,ink->ik", lists.weights, found))


def _everywhere(attractiveness: Floats, model: PositionBased, place: int) -> Floats:
    """(m, K) probability of a click on each item if it were at ``place``; 0 beyond the end of a list."""
    table = model.browsing(attractiveness.ravel(), None, attractiveness.shape[1])
    rates = np.where(np.isnan(attractiveness), 0.0, table.rates[:, place].reshape(attractiveness.shape))
    return np.asarray(rates * table.examination[place, 0])


def _full_over_orders(top: int, lists: BaseLists, model: BrowsingModel) -> Floats:
    """(3, K) as :func:`_full_by_position`, by dynamic programming over the sets of items above."""
    held = lists.lists >= 0
    sizes = held.sum(axis=1)
    attractiveness, satisfaction = lists.values()
    liked = None if satisfaction is None else satisfaction[held]
    table = model.browsing(attractiveness[held], liked, held.shape[1])
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    weights = np.repeat(lists.weights, sizes)
    clicks = []
    for clicked_first in (False, True):
        order = np.zeros(len(weights)), offsets, np.minimum(sizes, top), table
        examined, _ = over_orders(*order, clicked_first=clicked_first)
        clicks.append(examined * table.rates)
    first = np.add.reduceat(clicks[0][:, 0], offsets[:-1])
    return np.array([(lists.weights * first) @ held, weights @ clicks[0], weights @ clicks[1]])
