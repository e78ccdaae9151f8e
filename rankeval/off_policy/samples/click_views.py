"""What estimators from clicks read of a ranking log: where candidates go, and who examines them there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rankeval.arrays.arrow import as_float64, is_null
from rankeval.arrays.kernels import kernel, read_only
from rankeval.errors import DataError
from rankeval.estimators import RankingBlock
from rankeval.logs.log import Log
from rankeval.logs.positions import position_roles, positions
from rankeval.logs.reranking import LONGEST_TOP, Candidates, at_ranks, overlaps
from rankeval.logs.roles import own
from rankeval.logs.sessions import Sessions
from rankeval.off_policy.samples.setting import LOGGED, Given
from rankeval.position_bias.known_curve import FIELDS, PositionBias

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Columns of the log that need no derivation.
AS_LOGGED = frozenset({"reward", "q_logged"})


def derivations(log: Log, given: Given) -> dict[str, tuple[str, ...]]:
    """Column that terms are computed from -> the columns of the log from which it is derived.

    ``examination`` (``theta_k``), ``alpha`` and ``beta`` are those of the logged position, of the curve that
    is given, else of the log; ``rho`` is ``exposure`` where the log has it, else ``examination``. ``rank`` is
    the logged position ``k``, ``target_rank`` the candidate's ``k'``, and the other ``target_`` columns are
    those of the item's session at ``k'``, 0 beyond its last position.
    """
    curve = given.position_bias or ()
    at_k = {name: () if name in curve else (name,) for name in FIELDS}
    return {
        **at_k,
        **{f"target_{name}": ("score", *columns) for name, columns in at_k.items()},
        "rho": ("exposure",) if log.has("exposure") else at_k["examination"],
        "rank": (),
        "target_rank": ("score",),
        "overlap": ("score",),
    }


def parted(sessions: Sessions, reward: str) -> tuple[Sessions, Sessions | None]:
    """The sessions with the items that were shown, and with those that have no position, where there are any.

    Raises:
        DataError: a reward on an item without position.
    """
    if "position" not in sessions or not sessions.column("position").null_count:
        return sessions, None
    without = is_null(sessions.column("position"))
    unshown = sessions.having(without)
    rewards = unshown.column(reward)
    bad = ~is_null(rewards) & (as_float64(rewards) != 0.0)
    if bad.any():
        item = int(np.argmax(bad))
        found = f"{rewards[item].as_py()} where {sessions.names['position']!r} is null"
        raise unshown.error(reward, item, found, "0 or null")
    return sessions.having(~without), unshown


def examination_of(log: Log, given: Given) -> tuple[Callable[[Sessions], Floats], list[str]]:
    """What gives the examination of each item's logged position, 0 where it has none; the columns it reads.

    Raises:
        DataError: a list longer than the curve.
    """
    bias = given.position_bias
    if bias is None or "examination" not in bias:
        return lambda sessions: as_float64(sessions.column("examination")), ["examination"]
    curve = np.concatenate([[0.0], bias.curve("examination")])

    def examination(sessions: Sessions) -> Floats:
        places = np.nan_to_num(positions(sessions), nan=0.0)
        bad = (places < 0) | (places >= len(curve)) | (places != np.floor(places))
        if bad.any():
            item = int(np.argmax(bad))
            wanted = f"1 to {len(curve) - 1}, as many as the curve {bias.origin} has"
            raise DataError(f"{sessions.place(item)}: position {places[item]:g}, wanted {wanted}")
        return np.asarray(curve[places.astype(np.int64)])

    return examination, position_roles(log)


class ClickViews:
    """Some sessions as each target policy would show them, and as they were logged.

    Args:
        columns: what terms are computed from.
        block: the logged columns of the shown items, by position, in their roles.
        candidates: the items of the same sessions.
        bias: the curve that is given, if one is.

    Raises:
        DataError: a list longer than the curve; from :meth:`seen`, as :meth:`Candidates.ranks` says.
    """

    def __init__(
        self, columns: Sequence[str], block: RankingBlock, candidates: Candidates, bias: PositionBias | None
    ) -> None:
        self._columns = frozenset(columns)
        self._offsets = block.offsets
        self._candidates = candidates
        self._curves = dict(self._at_logged(block, bias))
        if "rho" in self._columns:
            self._curves["rho"] = block.items.get("exposure", self._curves["examination"])
        self._rank = by_position(block.offsets, np.arange(1.0, block.positions + 1.0))

    def _at_logged(self, block: RankingBlock, bias: PositionBias | None) -> Iterator[tuple[str, Floats]]:
        """Each curve at the logged positions."""
        if bias is not None and block.positions > len(bias):
            raise self._too_long(block, bias)
        for name in FIELDS:
            if bias is not None and name in bias:
                yield name, read_only(by_position(block.offsets, bias.curve(name)))
            elif name in block.items:
                yield name, block.items[name]

    def _too_long(self, block: RankingBlock, bias: PositionBias) -> DataError:
        session = int(np.argmax(block.lengths > len(bias)))
        place = self._candidates.shown.place(int(block.offsets[session]))
        return DataError(
            f"{place}: shows {block.lengths[session]} positions, wanted at most {len(bias)}, "
            f"as many as the curve {bias.origin} has"
        )

    def seen(self, target: str, logged: RankingBlock) -> RankingBlock:
        """The sessions as a target policy would show them, or ``LOGGED`` as they were, with its columns."""
        if target == LOGGED:
            stayed = {f"target_{name}": values for name, values in self._curves.items()}
            items = {**logged.items, **self._curves, **stayed, "rank": self._rank, "target_rank": self._rank}
            if "rho" in items:
                # The logged place is random as theta_k is: rho stands for it at places that are not.
                items["rho"] = items["examination"]
            return RankingBlock(logged.offsets, items, logged.sessions)
        shown, others = self._candidates.ranks(own("score", target))
        overlap = {"overlap": overlaps(self._offsets, shown, LONGEST_TOP)}
        return RankingBlock(
            logged.offsets, self._items(logged, shown), {**logged.sessions, **overlap}, self._unshown(others)
        )

    def _items(self, logged: RankingBlock, ranks: Floats) -> dict[str, Floats]:
        """One number per shown item, whose ranks are given."""
        return {**logged.items, **self._curves, "rank": self._rank, **self._moved(self._offsets, ranks)}

    def _unshown(self, ranks: Floats) -> RankingBlock | None:
        """The items that were not shown."""
        unshown = self._candidates.unshown
        if unshown is None:
            return None
        model = {"q_logged": unshown.numbers("q_logged")} if "q_logged" in self._columns else {}
        return RankingBlock(unshown.offsets, self._moved(unshown.offsets, ranks) | model, {})

    def _moved(self, offsets: Ints, ranks: Floats) -> dict[str, Floats]:
        """The ``target_`` columns of items of these ranks."""
        names = [name for name in FIELDS if f"target_{name}" in self._columns]
        curves = {
            f"target_{name}": at_ranks(self._offsets, self._curves[name], offsets, ranks) for name in names
        }
        return curves | {"target_rank": ranks}


@kernel
def by_position(offsets: Ints, curve: Floats) -> Floats:
    """(n,) the value of a curve at the place that each item has in its stretch."""
    found = np.empty(offsets[-1])
    for row in range(offsets.size - 1):
        for i in range(offsets[row], offsets[row + 1]):
            found[i] = curve[i - offsets[row]]
    return found
