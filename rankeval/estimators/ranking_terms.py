"""The terms of ranking logs: weights, rewards and predictions of a session, summed over its positions.

Symbols: ``c_k`` is the reward at position ``k`` of a session, ``w_k`` the importance weight, the ratio of
target to logging probability, and ``u_k`` the transformed weight that an estimator uses. ``q_k`` is the
predicted reward to go; for estimators from clicks it is the predicted relevance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property, lru_cache

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import cascade_sums, corrected_sums, offsets_of, read_only, sums, sums_of_products
from rankeval.estimators.click_terms import click_weights, most_unshown
from rankeval.estimators.terms import CLICK_RATIOS, OF_SESSIONS, RATIO_COLUMNS, Kind, Ratio, Term
from rankeval.estimators.transforms import TRANSFORMS


class RankingBlock:
    """Checked columns of ``m`` sessions. Weights that several terms share are computed once.

    Attributes:
        offsets: (m + 1,) int64, the items of session ``i`` are ``offsets[i]:offsets[i + 1]``, by position.
        items: column -> one float64 per item.
        sessions: column -> one float64 per session, such as propensities of whole lists.
        unshown: the candidates of the same sessions that were not shown, if they are ranked too; else None.
    """

    #: Number of sessions per block: their items and terms fit into the second-level cache.
    AT_A_TIME = 1 << 12

    def __init__(
        self,
        offsets: Ints,
        items: Mapping[str, Floats],
        sessions: Mapping[str, Floats],
        unshown: RankingBlock | None = None,
    ) -> None:
        self.offsets = read_only(offsets)
        self.items = {name: read_only(column) for name, column in items.items()}
        self.sessions = sessions
        self.unshown = unshown
        self._weights: dict[Term, Floats] = {}
        self._products: dict[Term, Floats] = {}

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def lengths(self) -> Ints:
        """(m,) number of positions of each session."""
        return np.diff(self.offsets)

    @property
    def positions(self) -> int:
        """Number of positions of the longest list."""
        return int(self.lengths.max(initial=0))

    def taken(self, rows: slice | Ints) -> RankingBlock:
        """The block of some of the sessions."""
        lengths = self.lengths[rows]
        offsets = offsets_of(lengths)
        if isinstance(rows, slice):
            begin = self.offsets[rows.start or 0]
            items: slice | Ints = slice(int(begin), int(begin + offsets[-1]))
        else:
            items = np.repeat(self.offsets[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return RankingBlock(
            offsets,
            {name: column[items] for name, column in self.items.items()},
            {name: column[rows] for name, column in self.sessions.items()},
            None if self.unshown is None else self.unshown.taken(rows),
        )

    def write(self, term: Term, row: Floats) -> None:
        """Write the term of each session into ``row`` (m,)."""
        if term.position:
            self._write_at(term, row)
        else:
            row[:] = OF_THE_SESSION[term.kind](self, term)

    def _write_at(self, term: Term, row: Floats) -> None:
        """Write a term of one position; it is 0 in sessions that do not have the position."""
        there = self.lengths >= term.position
        row[:] = 0.0
        row[there] = AT_A_POSITION[term.kind](self, term, self.offsets[:-1][there] + term.position - 1)

    @cached_property
    def total(self) -> Floats:
        """(m,) reward of each session: its own, else the sum over its positions."""
        if "session_reward" in self.sessions:
            return self.sessions["session_reward"]
        return sums(self.offsets, self.items["reward"])

    def weights(self, term: Term) -> Floats:
        """``u``, the transformed weights: one per session or per item, by the kind of weight."""
        key = _as_weight(term)
        if key not in self._weights:
            if term.ratio in CLICK_RATIOS:
                self._weights[key] = click_weights(self.items, term)
            else:
                plain = self._ratio(term.ratio)
                self._weights[key] = TRANSFORMS[term.weighting.transform](plain, term.weighting.parameter)
        return self._weights[key]

    def _ratio(self, ratio: Ratio) -> Floats:
        if ratio == "slate":
            return self._slate_weight
        if ratio == "subset":
            return self.items["subset_weight"]
        of = self.sessions if ratio in OF_SESSIONS else self.items
        logging, target = RATIO_COLUMNS[ratio]
        return of[target] / of[logging]

    @property
    def _slate_weight(self) -> Floats:
        """(m,) the logged column, else ``1 + sum_k (w_k - 1)``, which is correct for product policies."""
        if "slate_weight" in self.sessions:
            return self.sessions["slate_weight"]
        return 1.0 + sums(self.offsets, self._ratio("item") - 1.0)

    def products(self, term: Term) -> Floats:
        """``u_k c_k`` per item."""
        key = _as_weight(term)
        if key not in self._products:
            self._products[key] = self.weights(term) * self.items["reward"]
        return self._products[key]


@lru_cache(maxsize=1 << 10)
def _as_weight(term: Term) -> Term:
    """A key that is equal for terms with the same weights."""
    return replace(term, kind="weight", position=0)


def _reward(block: RankingBlock, _: Term) -> Floats:
    return block.total


def _weight(block: RankingBlock, term: Term) -> Floats:
    """(m,) the weight of the session, or the mean over its positions; 1 for a session without items."""
    weights = block.weights(term)
    if term.ratio in OF_SESSIONS:
        return weights
    mean = np.ones(len(block))
    return np.divide(sums(block.offsets, weights), block.lengths, out=mean, where=block.lengths > 0)


def _weighted_reward(block: RankingBlock, term: Term) -> Floats:
    """(m,) ``u sum_k c_k`` or ``sum_k u_k c_k``, by the kind of weight."""
    weights = block.weights(term)
    if term.ratio in OF_SESSIONS:
        return weights * block.total
    return sums_of_products(block.offsets, read_only(weights), block.items["reward"])


def _doubly_robust(block: RankingBlock, term: Term) -> Floats:
    """(m,) ``sum_k u_k (c_k - q_k) + u_{k-1} E_pi q_k``, ``u_0 = 1``."""
    items = block.items
    return cascade_sums(
        block.offsets, read_only(block.weights(term)), items["reward"], items["q_logged"], items["q_target"]
    )


def _weight_sum(block: RankingBlock, term: Term) -> Floats:
    return sums(block.offsets, block.weights(term))


def _click_affine(block: RankingBlock, term: Term) -> Floats:
    """(m,) ``sum_k u_k (c_k - beta_k) + beta_k'``."""
    items = block.items
    return corrected_sums(
        block.offsets, read_only(block.weights(term)), items["reward"], items["beta"], items["target_beta"]
    )


def _click_doubly_robust(block: RankingBlock, term: Term) -> Floats:
    """(m,) ``sum_k u_k (c_k - theta_k q_k) + theta_k' q_k``, plus ``theta_k' q`` of items not shown."""
    items = block.items
    q = items["q_logged"]
    expected, target = items["examination"] * q, items["target_examination"] * q
    corrected = corrected_sums(
        block.offsets, read_only(block.weights(term)), items["reward"], read_only(expected), read_only(target)
    )
    return corrected + _unshown_model(block, term)


def _unshown_model(block: RankingBlock, _: Term) -> Floats:
    """(m,) ``sum theta_k' q`` over the items that were not shown."""
    if block.unshown is None:
        return np.zeros(len(block))
    items = block.unshown.items
    return sums_of_products(block.unshown.offsets, items["target_examination"], items["q_logged"])


def _unshown(block: RankingBlock, term: Term) -> Floats:
    """(m,) the most that the items that were not shown can add to the estimate."""
    if block.unshown is None:
        return np.zeros(len(block))
    return sums(block.unshown.offsets, read_only(most_unshown(block.unshown.items, term)))


#: Kind -> the term over all positions of each session.
OF_THE_SESSION: dict[Kind, Callable[[RankingBlock, Term], Floats]] = {
    "reward": _reward,
    "weight": _weight,
    "weighted_reward": _weighted_reward,
    "doubly_robust": _doubly_robust,
    "weight_sum": _weight_sum,
    "click_affine": _click_affine,
    "click_doubly_robust": _click_doubly_robust,
    "overlap": lambda block, _: block.sessions["overlap"],
    "unshown": _unshown,
    "unshown_model": _unshown_model,
}
#: Kind -> the term at one position, from the indices of the items there.
AT_A_POSITION: dict[Kind, Callable[[RankingBlock, Term, Ints], Floats]] = {
    "weight": lambda block, term, items: block.weights(term)[items],
    "weighted_reward": lambda block, term, items: block.products(term)[items],
    "shown": lambda block, term, items: np.ones(len(items)),
}
