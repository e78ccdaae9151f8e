"""What the lists of a log show, counted in one pass over a few columns: what can be learned and re-ranked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc

from rankeval.arrays import as_float64, decoded
from rankeval.errors import DataError
from rankeval.logs import Log, Sessions, fold, item_positions, marked_shuffled, position_roles
from rankeval.notes import Note

#: Columns of propensities, of which the first that a log has tells whether its ranker is random.
PROPENSITIES = ("propensity", "propensity_prefix", "propensity_list")
#: A ranker whose items have a mean propensity below this is random.
RANDOM = 0.9
#: So many names of rankers show that there are several.
_SEVERAL = 2


@dataclass(frozen=True)
class Lists:
    """Counts of a ranking log.

    Attributes:
        sessions: number of sessions.
        items: number of items that were shown.
        unshown: number of candidate items without a position.
        single: number of sessions that show at most one item.
        rewarded: number of shown items whose reward is not 0.
        shuffled: number of sessions marked as shown in random order.
        rankers: names of the rankers that made the lists, at most two.
        propensity: sum of the propensities of the items that were shown, not in random order; 0 without any.
        known: number of these items.
    """

    sessions: int
    items: int
    unshown: int
    single: int
    rewarded: int
    shuffled: int
    rankers: frozenset[Any]
    propensity: float
    known: int

    @property
    def random(self) -> bool:
        """Whether the ranker itself is random, beside sessions in random order: by its mean propensity."""
        return self.known > 0 and self.propensity < RANDOM * self.known

    @classmethod
    def of(cls, log: Log, threads: int | None) -> Lists:
        """Count the lists of a log.

        Raises:
            DataError: no session shows two items, or nothing was clicked.
        """
        reward = "reward" if log.has("reward") else "click"
        chance = next((role for role in PROPENSITIES if log.has(role)), None)
        marks = [role for role in ("shuffled", "ranker", chance) if role is not None and log.has(role)]
        roles = ["session_id", *position_roles(log), reward, *marks]
        found = fold(log, roles, lambda sessions: _counted(sessions, reward, chance), _merged, threads)
        if found.single == found.sessions:
            raise DataError(
                f"{log.origin}: each of the {found.sessions:,} sessions shows at most one item, "
                "wanted lists of several, which a candidate can order in another way"
            )
        if not found.rewarded:
            raise DataError(
                f"{log.origin}: column {log.name(reward)!r} is 0 for all {found.items:,} items that were "
                "shown, wanted some clicks or rewards"
            )
        return found

    def notes(self) -> Iterator[Note]:
        """What readers must know of the lists."""
        if self.single:
            share = 100.0 * self.single / self.sessions
            text = f"{self.single:,} sessions ({share:.3g} %) show at most one item, which no candidate moves"
            yield Note("single_items", text, {"sessions": float(self.single)})
        if self.unshown:
            share = 100.0 * self.unshown / (self.items + self.unshown)
            text = (
                f"{self.unshown:,} of {self.items + self.unshown:,} candidate items ({share:.3g} %) were not "
                "shown: nobody could click them, and what they would bring is bounded, not known"
            )
            yield Note("unshown_items", text, {"items": float(self.unshown)})


def _counted(sessions: Sessions, reward: str, chance: str | None) -> Lists:
    places = item_positions(sessions)
    shown = ~np.isnan(places)
    lengths = np.add.reduceat(np.append(shown, False), sessions.offsets[:-1]) * (sessions.lengths > 0)
    rewards = np.nan_to_num(as_float64(sessions.column(reward)), nan=0.0)
    rankers: frozenset[Any] = frozenset()
    if "ranker" in sessions:
        named = pc.unique(decoded(sessions.column("ranker"))).drop_null()
        rankers = frozenset(named.slice(0, _SEVERAL).to_pylist())
    shuffled = marked_shuffled(sessions) if "shuffled" in sessions else np.zeros(len(sessions), bool)
    propensities = np.zeros(0)
    if chance is not None:
        propensities = as_float64(sessions.column(chance))[shown & ~np.repeat(shuffled, sessions.lengths)]
    return Lists(
        sessions=len(sessions),
        items=int(np.count_nonzero(shown)),
        unshown=int(np.count_nonzero(~shown)),
        single=int(np.count_nonzero(lengths <= 1)),
        rewarded=int(np.count_nonzero(rewards[shown])),
        shuffled=int(np.count_nonzero(shuffled)),
        rankers=rankers,
        propensity=float(np.nansum(propensities)),
        known=len(propensities),
    )


def _merged(a: Lists, b: Lists) -> Lists:
    return Lists(
        a.sessions + b.sessions,
        a.items + b.items,
        a.unshown + b.unshown,
        a.single + b.single,
        a.rewarded + b.rewarded,
        a.shuffled + b.shuffled,
        frozenset(sorted(a.rankers | b.rankers, key=str)[:_SEVERAL]),
        a.propensity + b.propensity,
        a.known + b.known,
    )
