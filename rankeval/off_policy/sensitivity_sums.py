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
#: Rows between those that a class may have: odd, and further than the classes of 16 powers of two.
_STEP = 1087
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
    def of(
        cls, weights: Weights, reward: Floats, model: Floats | None, counts: Floats | None
    ) -> tuple[Excess, ...]:
        """The sums of some units by their rewards and, with a model, by their residuals.

        Args:
            weights: (n,) logged and target probabilities, or nothing and ready weights.
            reward: (n,) rewards.
            model: (n,) what a model predicts of them; None: there is none.
            counts: (n,) how often each unit counts; None: once.
        """
        each, predicted = (_NOT_USED if given is None else given for given in (counts, model))
        logged, target, reward, predicted, each = map(read_only, (*weights, reward, predicted, each))
        tables, size, fits = 1 if model is None else 2, _FEW_CLASSES, False
        while not fits:
            keys, sums = np.full((tables, size), _FREE), np.zeros((tables, size, 2))
            fits = _add_classes(logged, target, reward, predicted, each, keys, sums)
            size = min(16 * size, 2 * CLASSES)
        return tuple(cls._ordered(*table) for table in zip(keys, sums, strict=True))

    @classmethod
    def _ordered(cls, keys: Ints, sums: Floats) -> Excess:
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
        excess = {
            target: _excess(view, ratios, residual, counts)
            for target, view in views.items()
            if residual or ratios
        }
        bias = plan.terms.setting.position_bias
        curve = None if bias is None or "examination" not in bias else bias.curve("examination")
        of_clicks = curve is not None and any(each.definition.of_clicks for each in plan.asked)
        return cls(
            {target: found[0] for target, found in excess.items() if ratios and found},
            {target: found[1] for target, found in excess.items() if len(found) > 1},
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


def _excess(
    view: SampleBlock, ratios: set[Ratio], residual: bool, counts: Floats | None
) -> tuple[Excess, ...]:
    """The sums by rewards and residuals; none where no estimator weighs those of rounds or of whole lists."""
    if isinstance(view, RoundBlock) and (residual or ratios & {"action", "ready"}):
        model = view.columns["q_logged"] if residual else None
        return Excess.of(_weights(view), view.columns["reward"], model, counts)
    if isinstance(view, RankingBlock) and "list" in ratios:
        return Excess.of(_weights(view), view.total, None, counts)
    return ()


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
    """Add units to the sums of their classes, in tables with open addressing of a power of two of rows.

    Args:
        logged, target: (n,) probabilities or densities; ``logged`` (0,): ``target`` is the weight.
        reward, model: (n,) rewards and predictions; ``model`` (0,): none.
        counts: (n,) how often each counts; (0,): once.
        keys: (t, rows) gets the class of each row; it holds ``_FREE``. The first table is of rewards, the
            second of residuals.
        sums: (t, rows, 2) gets the sums.

    Returns:
        Whether the classes fill at most half of each table; if not, units are missing.
    """
    used = np.zeros(keys.shape[0], np.int64)
    one = np.empty(1)
    bits = one.view(np.int64)
    for i in range(reward.size):
        value = target[i]
        if logged.size:  # a density is no probability, which the weight could not fall below
            value = target[i] / logged[i] - (target[i] if logged[i] <= 1.0 else 0.0)
        if counts.size:
            value *= counts[i]
        for t in range(keys.shape[0]):
            x = reward[i] - model[i] if t else reward[i]
            one[0] = x + 0.0  # -0.0 becomes 0.0
            key = bits[0] >> _DROPPED
            row = _row_of(keys[t], key)
            if keys[t, row] == _FREE:
                used[t] += 1
                if 2 * used[t] > keys.shape[1]:
                    return False
                keys[t, row] = key
            sums[t, row, 0] += value
            sums[t, row, 1] += value * x
    return True


@kernel
def _row_of(keys: Ints, key: int) -> int:
    """The row of a class, or the free one that it may have.

    Neighbours have rows side by side. Both signs of a size would meet, and are half a table apart.
    """
    row = (key + (keys.size >> 1 if key < 0 else 0)) & (keys.size - 1)
    while keys[row] != key and keys[row] != _FREE:
        row = (row + _STEP) & (keys.size - 1)
    return row


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
