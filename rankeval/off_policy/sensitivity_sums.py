"""Sums from which one sees how wrong propensities or a position-bias curve must be to turn a gain.

For propensities they are sums of ``w - pi`` by reward, where ``pi`` is the target's probability of the
logged action: by how much the weight can shrink or grow (Tan 2006). Rewards are told apart to 1.6 %. For a
curve they are the clicks and impressions of items that a candidate moves from position k to k', which give
the estimate under every other curve.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel, read_only
from rankeval.estimators import RankingBlock, Ratio, RoundBlock, SampleBlock, TargetViews
from rankeval.off_policy.plan import Plan

#: Largest number of positions whose moves are counted.
MOST_MOVED = 32
#: Bits of a float that are dropped where rewards are told apart: six of the mantissa stay.
_DROPPED = 46
#: Number of classes of all floats.
CLASSES = 1 << (64 - _DROPPED)
#: Rows of the first table of classes, which stays in the cache; most logs fill a part of it.
_FEW_CLASSES = 1 << 12
#: Multiplies classes, so that neighbours lie apart in a table (Knuth 1973, section 6.4).
_SPREAD = 2654435769
#: Marks a free row of a table of classes.
_FREE = np.iinfo(np.int64).min
#: Stands for values that there are not: counts, or the examination of target positions.
_NOT_USED = read_only(np.zeros(0))

#: Kinds of weights that lie between bounds under a factor on the odds of propensities.
_WEIGHING: frozenset[Ratio] = frozenset({"action", "ready", "list"})
#: Logged and target probabilities; or nothing and ready weights.
Weights = tuple[Floats, Floats]


@dataclass(frozen=True)
class Excess:
    """Sums of ``w - pi`` and of ``(w - pi) x`` by classes of the reward or residual ``x``.

    Attributes:
        keys: (m,) int64, ascending, the classes; all x of a class have one sign.
        sums: (m, 2) float64.
    """

    keys: Ints
    sums: Floats

    @classmethod
    def of(cls, weights: Weights, reward: Floats, model: Floats, counts: Floats | None) -> Excess:
        """The sums of some units.

        Args:
            weights: (n,) logged and target probabilities, or nothing and ready weights.
            reward: (n,) rewards.
            model: (n,) what a model predicts of them; (0,): there is none, and x is the reward.
            counts: (n,) how often each unit counts; None: once.
        """
        each = _NOT_USED if counts is None else counts
        logged, target, reward, model, each = map(read_only, (*weights, reward, model, each))
        size, fits = _FEW_CLASSES, False
        while not fits:
            keys, sums = np.full(size, _FREE), np.zeros((size, 2))
            fits = _add_classes(logged, target, reward, model, each, keys, sums)
            size = min(16 * size, 2 * CLASSES)
        used = np.flatnonzero(keys != _FREE)
        order = used[np.argsort(keys[used])]
        return cls(keys[order], sums[order])

    def merge(self, other: Excess) -> Excess:
        """The sums of both parts."""
        keys, inverse = np.unique(np.concatenate([self.keys, other.keys]), return_inverse=True)
        both = np.concatenate([self.sums, other.sums])
        sums = [np.bincount(inverse, column, len(keys)) for column in both.T]
        return Excess(keys, np.stack(sums, axis=1))

    def around(self, level: float) -> tuple[float, float]:
        """The sums of ``(w - pi)(x - level)`` where that is below 0, and where it is above."""
        parts = self.sums[:, 1] - level * self.sums[:, 0]
        return float(np.minimum(parts, 0.0).sum()), float(np.maximum(parts, 0.0).sum())


@dataclass(frozen=True)
class Moves:
    """Clicks and impressions of items moved from position k to k', (K, K) each.

    Attributes:
        clicks: sums of rewards.
        impressions: numbers of items.
        sessions: number of sessions.
        known: whether every item could be counted: positions without gaps, at most 32.
    """

    clicks: Floats
    impressions: Floats
    sessions: float
    known: bool

    def merge(self, other: Moves) -> Moves:
        """The sums of both parts."""
        return Moves(
            self.clicks + other.clicks,
            self.impressions + other.impressions,
            self.sessions + other.sessions,
            self.known and other.known,
        )


@dataclass(frozen=True)
class SensitivitySums:
    """The sums of some units.

    Attributes:
        rewards: target policy -> sums by the reward of a round or of a whole list.
        residuals: target policy -> sums by the residual of a round.
        moves: target policy -> the moves of items.
        n: number of units, each as often as it counts.
    """

    rewards: Mapping[str, Excess] = field(default_factory=dict)
    residuals: Mapping[str, Excess] = field(default_factory=dict)
    moves: Mapping[str, Moves] = field(default_factory=dict)
    n: float = 0.0

    @classmethod
    def of(cls, plan: Plan, block: SampleBlock, counts: Floats | None) -> SensitivitySums:
        """The sums that the estimators of a plan need."""
        views = {target: _view(block, target) for target in plan.targets}
        kinds = {(each.ratio, each.definition.numerator or each.definition.mean) for each in plan.asked}
        ratios = {ratio for ratio, kind in kinds if kind == "weighted_reward"} & _WEIGHING
        residual = any(ratio in ("action", "ready") and "q_logged" in _names(views) for ratio, _ in kinds)
        weighs = residual or ratios
        weights = {target: _weights(view) for target, view in views.items()} if weighs else {}
        rewards = {
            target: _of_rewards(view, ratios, weights[target], counts)
            for target, view in views.items()
            if ratios
        }
        bias = plan.terms.setting.position_bias
        curve = None if bias is None or "examination" not in bias else bias.curve("examination")
        of_clicks = curve is not None and any(each.definition.of_clicks for each in plan.asked)
        return cls(
            {target: found for target, found in rewards.items() if found is not None},
            {
                target: Excess.of(weights[target], view.columns["reward"], view.columns["q_logged"], counts)
                for target, view in views.items()
                if residual and isinstance(view, RoundBlock)
            },
            {target: _moves(view, curve, counts) for target, view in views.items()} if of_clicks else {},
            float(len(block)) if counts is None else float(counts.sum()),
        )

    def merge(self, other: SensitivitySums) -> SensitivitySums:
        """The sums of both parts."""
        return SensitivitySums(
            {target: part.merge(other.rewards[target]) for target, part in self.rewards.items()},
            {target: part.merge(other.residuals[target]) for target, part in self.residuals.items()},
            {target: part.merge(other.moves[target]) for target, part in self.moves.items()},
            self.n + other.n,
        )


def _view(block: SampleBlock, target: str) -> SampleBlock:
    if not isinstance(block, TargetViews):
        return block
    return block.of_target.get(target, next(iter(block.of_target.values())))


def _names(views: Mapping[str, SampleBlock]) -> set[str]:
    view = next(iter(views.values()))
    return set(view.columns) if isinstance(view, RoundBlock) else set()


def _of_rewards(
    view: SampleBlock, ratios: set[Ratio], weights: Weights, counts: Floats | None
) -> Excess | None:
    """The sums by rewards; None where no estimator weighs rewards of rounds or of whole lists."""
    if isinstance(view, RoundBlock) and ratios & {"action", "ready"}:
        return Excess.of(weights, view.columns["reward"], _NOT_USED, counts)
    if isinstance(view, RankingBlock) and "list" in ratios:
        return Excess.of(weights, view.total, _NOT_USED, counts)
    return None


def _weights(view: SampleBlock) -> Weights:
    columns, form = (view.columns, "") if isinstance(view, RoundBlock) else (_of_lists(view), "_list")
    if f"propensity{form}" not in columns:
        return _NOT_USED, columns.get("importance_weight", _NOT_USED)
    return columns[f"propensity{form}"], columns[f"target_propensity{form}"]


def _of_lists(view: SampleBlock) -> Mapping[str, Floats]:
    assert isinstance(view, RankingBlock)
    return view.sessions


def _moves(view: SampleBlock, curve: Floats | None, counts: Floats | None) -> Moves:
    assert isinstance(view, RankingBlock)
    assert curve is not None
    n = len(view) if counts is None else float(counts.sum())
    size = min(len(curve), MOST_MOVED)
    clicks, impressions = np.zeros((size, size)), np.zeros((size, size))
    known = _count_moves(
        view.offsets,
        (view.items["reward"], view.items["rank"], view.items["target_rank"], view.items["examination"]),
        view.items.get("target_examination", _NOT_USED),
        read_only(curve),
        read_only(np.ones(len(view)) if counts is None else counts),
        clicks,
        impressions,
    )
    return Moves(clicks, impressions, n, bool(known))


@kernel
def _add_classes(
    logged: Floats, target: Floats, reward: Floats, model: Floats, counts: Floats, keys: Ints, sums: Floats
) -> bool:
    """Add units to the sums of their classes, in a table with open addressing of a power of two of rows.

    Args:
        logged, target: (n,) probabilities or densities; ``logged`` (0,): ``target`` is the weight.
        reward, model: (n,) rewards and predictions; ``model`` (0,): none.
        counts: (n,) how often each counts; (0,): once.
        keys: (rows,) gets the class of each row; it holds ``_FREE``.
        sums: (rows, 2) gets the sums.

    Returns:
        Whether the classes fill at most half of the table; if not, units are missing.
    """
    used = 0
    one = np.empty(1)
    bits = one.view(np.int64)
    for i in range(reward.size):
        x = reward[i] - model[i] if model.size else reward[i]
        one[0] = x
        key = 0 if x == 0.0 else bits[0] >> _DROPPED  # -0.0 is 0.0
        row = ((key * _SPREAD) >> 20) & (keys.size - 1)  # else both signs of a size would meet
        while keys[row] != key and keys[row] != _FREE:
            row = (row + 1) & (keys.size - 1)
        if keys[row] == _FREE:
            used += 1
            if 2 * used > keys.size:
                return False
            keys[row] = key
        value = target[i]
        if logged.size:  # a density is no probability, which the weight could not fall below
            value = target[i] / logged[i] - (target[i] if logged[i] <= 1.0 else 0.0)
        if counts.size:
            value *= counts[i]
        sums[row, 0] += value
        sums[row, 1] += value * x
    return True


@kernel
def _count_moves(
    offsets: Ints,
    items: tuple[Floats, Floats, Floats, Floats],
    target_examined: Floats,
    curve: Floats,
    counts: Floats,
    clicks: Floats,
    impressions: Floats,
) -> bool:
    """Count the moves; False if an item is not at the position of its rank, or too far down.

    ``items`` are the rewards, logged ranks, ranks by the target, and examination at the logged ranks.
    """
    rewards, ranks, target_ranks, examined = items
    size = np.uint64(clicks.shape[0])
    for s in range(offsets.size - 1):
        count = counts[s]
        for i in range(offsets[s], offsets[s + 1]):
            # Without a sign, so that no index is tested for one.
            k, moved = np.uint64(np.int64(ranks[i]) - 1), np.uint64(np.int64(target_ranks[i]) - 1)
            if k >= size or moved >= size:
                return False
            if examined[i] != curve[k] or (target_examined.size and target_examined[i] != curve[moved]):
                return False
            clicks[k, moved] += count * rewards[i]
            impressions[k, moved] += count
    return True
