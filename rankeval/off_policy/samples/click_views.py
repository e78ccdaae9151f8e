"""Columns of estimators from clicks: positions under a candidate ranker, and the examination there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import as_float64, kernel, read_only, stretch_of
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

#: Columns that estimators from clicks read directly from the log.
AS_LOGGED = frozenset({"reward", "q_logged"})


def examination_of(log: Log, setting: Setting) -> tuple[Callable[[Sessions], Floats], list[str]]:
    """A function that returns the examination of each item, and the roles of the columns that it reads.

    The function returns (items,) float64: the probability that users examine the logged position of the item,
    by the given curve, else by the column ``examination``. With a curve, it is 0 for an item without a
    position.

    Raises:
        DataError: from the function, a position that is not a whole number within the curve.
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
    """Sessions with the positions of items under each target policy, and with their logged positions.

    Args:
        columns: the columns from which terms are computed.
        block: the logged columns of the shown items, by position, under their roles.
        candidates: the items of the same sessions.
        bias: the given position-bias curve; None: the columns of the log are the curve.
        positions: (items,) the logged positions of the shown items; None: 1, 2, ... in each session. A
            candidate moves items among the positions that were logged.

    Raises:
        DataError: a position below the end of the curve; from :meth:`seen`, an invalid score or item id, see
            :meth:`Candidates.ranks`.
    """

    def __init__(
        self,
        columns: Sequence[str],
        block: RankingBlock,
        candidates: Candidates,
        bias: PositionBias | None,
        positions: Floats | None = None,
    ) -> None:
        self._columns = frozenset(columns)
        self._offsets = block.offsets
        self._candidates = candidates
        self._positions = positions
        self._curves = dict(self._at_logged(block, bias))
        if "rho" in self._columns:
            self._curves["rho"] = block.items.get("exposure", self._curves["examination"])
        self._rank = by_position(block.offsets, np.arange(1.0, block.positions + 1.0))

    def _at_logged(self, block: RankingBlock, bias: PositionBias | None) -> Iterator[tuple[str, Floats]]:
        """Name and (items,) values of each curve, at the logged positions."""
        if bias is not None:
            self._require_within(block, bias)
        for name in FIELDS:
            if bias is not None and name in bias:
                yield name, read_only(self._of_positions(bias.curve(name)))
            elif name in block.items:
                yield name, block.items[name]

    def _of_positions(self, curve: Floats) -> Floats:
        """(items,) the value of a curve at the logged position of each item."""
        if self._positions is None:
            return by_position(self._offsets, curve)
        return np.asarray(curve[self._positions.astype(np.int64) - 1])

    def _require_within(self, block: RankingBlock, bias: PositionBias) -> None:
        """Check that the curve has all positions.

        Raises:
            DataError: a session shows a position below its end.
        """
        last = block.positions if self._positions is None else int(self._positions.max(initial=0.0))
        if last <= len(bias):
            return
        beyond = int(np.argmax(block.lengths > len(bias)))
        if self._positions is not None:
            beyond = stretch_of(block.offsets, int(np.argmax(self._positions > len(bias))))
        shows = f"{block.lengths[beyond]} positions" if self._positions is None else f"position {last}"
        place = self._candidates.shown.place(int(block.offsets[beyond]))
        raise DataError(
            f"{place}: shows {shows}, wanted at most {len(bias)}, as many as the curve {bias.origin} has"
        )

    def seen(self, target: str, logged: RankingBlock) -> RankingBlock:
        """The columns of the sessions ranked by a target policy, or as logged for the target ``LOGGED``.

        ``logged`` holds the logged columns of the target policy.
        """
        if target == LOGGED:
            stayed = {f"target_{name}": values for name, values in self._curves.items()}
            items = {**logged.items, **self._curves, **stayed, "rank": self._rank, "target_rank": self._rank}
            if "rho" in items:
                # rho is for candidate positions that do not depend on the logged order. The logged position
                # does, so its weight needs theta_k.
                items["rho"] = items["examination"]
            return RankingBlock(logged.offsets, items, logged.sessions)
        shown, others = self._candidates.ranks(own("score", target))
        overlap = {"overlap": overlaps(self._offsets, shown, LONGEST_TOP)}
        return RankingBlock(
            logged.offsets, self._items(logged, shown), {**logged.sessions, **overlap}, self._unshown(others)
        )

    def _items(self, logged: RankingBlock, ranks: Floats) -> dict[str, Floats]:
        """Columns of the shown items, given their ranks (items,) under a target policy."""
        return {**logged.items, **self._curves, "rank": self._rank, **self._moved(self._offsets, ranks)}

    def _unshown(self, ranks: Floats) -> RankingBlock | None:
        """Columns of the items that were not shown, given their ranks; None if there are no such items."""
        unshown = self._candidates.unshown
        if unshown is None:
            return None
        model = {"q_logged": unshown.numbers("q_logged")} if "q_logged" in self._columns else {}
        return RankingBlock(unshown.offsets, self._moved(unshown.offsets, ranks) | model, {})

    def _moved(self, offsets: Ints, ranks: Floats) -> dict[str, Floats]:
        """The ``target_`` columns of items, given their ranks under a target policy."""
        names = [name for name in FIELDS if f"target_{name}" in self._columns]
        curves = {
            f"target_{name}": at_ranks(self._offsets, self._curves[name], offsets, ranks) for name in names
        }
        return curves | {"target_rank": ranks}


@kernel
def by_position(offsets: Ints, curve: Floats) -> Floats:
    """(items,) the value of a curve at the position of each item within its session."""
    found = np.empty(offsets[-1])
    for row in range(offsets.size - 1):
        for i in range(offsets[row], offsets[row + 1]):
            found[i] = curve[i - offsets[row]]
    return found
