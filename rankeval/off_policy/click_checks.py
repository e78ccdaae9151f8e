"""Sums of a ranking log that test what estimators from clicks assume of users, made in the pass of ``ope``.

Beside the prediction of shuffled sessions (:mod:`rankeval.position_bias.shuffled_arm`) they compare
sessions that show the same list. Let ``c`` and ``d`` be the clicks of two such sessions, and ``C`` and
``D`` the numbers of clicks below the first item. Where clicks are independent given the list, as in the
position-based model, ``c_1 C + d_1 D`` and ``c_1 D + d_1 C`` have the same mean, whatever the list. Users
who leave after a click make the first one smaller. Only the first item counts: every user sees it, while a
click further down also says that the user came that far. Pairs are made within batches of the log, so that
memory is bounded and no thread changes a bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Bools, Floats, Hashes, Ints
from rankeval.arrays import finalise, kernel, quick_hashes_of, read_only, table_mask
from rankeval.estimators import RankingBlock, SampleBlock, TargetViews
from rankeval.inference import Functional, Mean, pairs_needed
from rankeval.logs import Log, Sessions, item_positions
from rankeval.off_policy.plan import Plan
from rankeval.off_policy.samples import LOGGED, under_moved
from rankeval.position_bias import (
    RANKED,
    RANKED_CLICKS,
    SHUFFLED,
    SHUFFLED_CLICKS,
    SessionSample,
    arms_of,
    observed,
    predicted,
    sample_roles,
    session_sums,
    write_prediction,
)

#: Terms after those of both arms: the clicks of all sessions; both sums of a pair of equal lists.
CLICKS, TOGETHER, APART = range(4, 7)
#: The first term of the predictions.
PREDICTIONS = 7


@dataclass(frozen=True)
class ClickChecks:
    """Reads the terms of the tests.

    Attributes:
        log: the log.
        directions: curve -> the directions of its uncertainty; ``examination`` and ``alpha``.
        lists: whether lists have ids of items, by which equal ones are found.
        top: the last position of the curve, where sessions are sampled for tests by it; 0: they are not.
        batches: about how many batches the log has.
    """

    log: Log
    directions: Mapping[str, range]
    lists: bool
    top: int
    batches: int

    @classmethod
    def of(cls, log: Log, plan: Plan) -> ClickChecks | None:
        """The tests that a log allows; None without an estimator from clicks."""
        ratios = {each.ratio for each in plan.asked if each.definition.of_clicks}
        if not ratios:
            return None
        setting = plan.terms.setting
        found = {"examination": setting.directions(trust=False)} if ratios - {"trust"} else {}
        if "trust" in ratios:
            found["alpha"] = setting.directions(trust=True)
        bias, weighed = setting.position_bias, log.has("weight") or log.has("sampling_weight")
        known = bias is not None and "examination" in bias and log.has("item_id") and log.has("click")
        once = log.draw is None or log.draw.once
        top = len(bias) if bias is not None and known and once and not weighed else 0
        return cls(log, found, log.has("item_id"), top, len(log.leaves()))

    def sample(self, sessions: Sessions) -> SessionSample | None:
        """The sampled ones of some sessions; None where nothing is tested by them."""
        return SessionSample.of(sessions, self.top, self.batches) if self.top else None

    @property
    def roles(self) -> list[str]:
        """The columns to read."""
        wanted = ["shuffled", "swap_low", *(["query_id", "item_id"] if self.lists else [])]
        return [
            *(role for role in wanted if self.log.has(role)),
            *(sample_roles(self.log) if self.top else []),
        ]

    @property
    def p(self) -> int:
        """Number of terms."""
        return PREDICTIONS + sum(1 + len(moved) for moved in self.directions.values())

    def prediction(self, curve: str) -> Functional:
        """The functional of the clicks predicted for shuffled sessions."""
        first = PREDICTIONS
        for name, moved in self.directions.items():
            if name == curve:
                return predicted(first, len(moved))
            first += 1 + len(moved)
        raise KeyError(curve)

    @property
    def dependence(self) -> Functional:
        """Clicks below a click on the first item, minus those below it in another: 0 if independent."""
        return Mean(TOGETHER) - Mean(APART)

    @property
    def mixed(self) -> Functional:
        """Clicks per session in the order of the ranker, minus those of all sessions."""
        return Mean(RANKED_CLICKS) / Mean(RANKED) - Mean(CLICKS)

    @property
    def pairs(self) -> Ints:
        """The pairs of terms whose co-moments are needed."""
        predictions = [self.prediction(curve) - observed() for curve in self.directions]
        return pairs_needed([*predictions, self.dependence, self.mixed])

    def terms(self, sessions: Sessions, block: SampleBlock) -> Floats:
        """(p, n) the terms of some sessions."""
        assert isinstance(block, TargetViews)
        views: Mapping[str, Any] = block.of_target
        logged: RankingBlock = views[LOGGED]
        clicks = logged.items["reward"]
        ranked, shuffled = arms_of(sessions)
        out = np.zeros((self.p, len(logged)))
        total = session_sums(logged.offsets, clicks)
        out[RANKED], out[SHUFFLED] = ranked, shuffled
        out[RANKED_CLICKS], out[SHUFFLED_CLICKS], out[CLICKS] = total * ranked, total * shuffled, total
        if self.lists:
            _write_pairs(
                logged.offsets, clicks, self._same_list(sessions, shuffled), out[TOGETHER], out[APART]
            )
        row = PREDICTIONS
        for curve, moved in self.directions.items():
            for name in (LOGGED, *(under_moved(LOGGED, direction) for direction in moved)):
                items = views[name].items
                added = items["beta"] if curve == "alpha" else _NOTHING
                write_prediction(
                    logged.offsets, clicks, items[curve], added, read_only(out[RANKED]), out[row]
                )
                row += 1
        return out

    def _same_list(self, sessions: Sessions, shuffled: Bools) -> Ints:
        """(n,) int64: for the first session of each pair that shows the same list the second, else -1."""
        queries = np.zeros(len(sessions), np.uint64)
        if "query_id" in sessions:
            queries = quick_hashes_of(sessions.per_session("query_id"))
        ids = quick_hashes_of(sessions.column("item_id"))
        lists = _list_hashes(
            read_only(sessions.offsets),
            read_only(ids),
            read_only(item_positions(sessions)),
            read_only(queries),
        )
        return read_only(_pair(read_only(lists), read_only(shuffled)))


_NOTHING = read_only(np.zeros(0))


@kernel
def _list_hashes(offsets: Ints, ids: Hashes, positions: Floats, queries: Hashes) -> Hashes:
    """(n,) a hash of the query and of the item at each position; items without a position do not count."""
    found = np.empty(offsets.size - 1, np.uint64)
    for s in range(offsets.size - 1):
        total = queries[s] * np.uint64(0x9E3779B97F4A7C15)
        for i in range(offsets[s], offsets[s + 1]):
            if positions[i] == positions[i]:
                mixed = (ids[i] ^ (np.uint64(positions[i]) * np.uint64(0xD6E8FEB86659FD93))) * np.uint64(
                    0xBF58476D1CE4E5B9
                )
                mixed ^= mixed >> np.uint64(29)
                total += mixed * np.uint64(0x94D049BB133111EB)
        found[s] = total
    return found


@kernel
def _pair(lists: Hashes, left_out: Bools) -> Ints:
    """(n,) the partner of every first session of a pair with equal lists, else -1.

    Those with equal lists are paired in their order. An open-addressing table holds one of them; it waits for
    a partner, or the next one takes its place.
    """
    mask = np.uint64(table_mask(lists.size))
    slots = np.full(mask + np.uint64(1), -1)
    other, waits = np.full(lists.size, -1), np.zeros(lists.size, np.bool_)
    for i in range(lists.size):
        if left_out[i]:
            continue
        slot = finalise(lists[i]) & mask
        while slots[slot] >= 0 and lists[slots[slot]] != lists[i]:
            slot = (slot + np.uint64(1)) & mask
        before = slots[slot]
        if before >= 0 and waits[before]:
            other[before], waits[before] = i, False
        else:
            slots[slot], waits[i] = i, True
    return other


@kernel
def _write_pairs(offsets: Ints, clicks: Floats, other: Ints, together: Floats, apart: Floats) -> None:
    """Write both sums of each pair at its first session."""
    for s in range(offsets.size - 1):
        t = other[s]
        if t < 0 or offsets[t + 1] - offsets[t] != offsets[s + 1] - offsets[s]:
            continue
        c, d = 0.0, 0.0
        for k in range(1, offsets[s + 1] - offsets[s]):
            c += clicks[offsets[s] + k]
            d += clicks[offsets[t] + k]
        if offsets[s + 1] > offsets[s]:
            first, other_first = clicks[offsets[s]], clicks[offsets[t]]
            together[s] = first * c + other_first * d
            apart[s] = first * d + other_first * c
