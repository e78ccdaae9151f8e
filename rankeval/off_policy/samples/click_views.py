"""What estimators from clicks read of a ranking log: where candidates go, and who examines them there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import as_float64, kernel, read_only
from rankeval.errors import DataError
from rankeval.estimators import RankingBlock
from rankeval.logs import (
    LONGEST_TOP,
    Candidates,
    Log,
    Sessions,
    at_ranks,
    item_positions,
    overlaps,
    own,
    position_roles,
)
from rankeval.off_policy.samples.setting import LOGGED, Setting
from rankeval.position_bias import FIELDS, PositionBias

#: Columns of the log that need no derivation.
AS_LOGGED = frozenset({"reward", "q_logged"})


def examination_of(log: Log, setting: Setting) -> tuple[Callable[[Sessions], Floats], list[str]]:
    """What gives the examination of each item's logged position, 0 where it has none; the columns it reads.

    Raises:
        DataError: a list longer than the curve.
    """
    bias = setting.position_bias
    if bias is None or "examination" not in bias:
        return lambda sessions: as_float64(sessions.column("examination")), ["examination"]
    curve = np.concatenate([[0.0], bias.curve("examination")])

    def examination(sessions: Sessions) -> Floats:
        places = np.nan_to_num(item_positions(sessions), nan=0.0)
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
