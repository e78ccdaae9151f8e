"""``interleave_lists``: the interleaved lists of two rankings, all with probabilities, or random ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rankeval.interleaving.drawer import interleave
from rankeval.interleaving.enumeration import list_distribution
from rankeval.interleaving.methods import Method
from rankeval.notes import Note
from rankeval.results import Result, Table, number

#: Largest number of lists in a table.
SHOWN = 50


@dataclass(frozen=True, repr=False)
class InterleavedLists(Result):
    """Interleaved lists of two rankings.

    Attributes:
        inputs: the rankings and the options.
        lists: one mapping for each list, with ``items``, ``teams`` and ``probability``, which is None for
            random lists.
        notes: warnings.
    """

    inputs: Mapping[str, Any]
    lists: tuple[Mapping[str, Any], ...]
    notes: tuple[Note, ...] = ()
    command = "interleave lists"

    def content(self) -> dict[str, Any]:
        return {
            "n": len(self.lists),
            "results": [dict(one) for one in self.lists],
        }

    def rows(self) -> list[dict[str, Any]]:
        """One record for each list; items and teams are joined to strings."""
        return [
            {
                "items": ">".join(map(str, one["items"])),
                "teams": None if one["teams"] is None else "".join(one["teams"]),
                "probability": one["probability"],
            }
            for one in self.lists
        ]

    def tables(self) -> list[Table]:
        rows = [
            [record["items"].replace(">", " "), record["teams"] or "-", number(record["probability"])]
            for record in self.rows()[:SHOWN]
        ]
        more = f", the first {SHOWN} of {len(self.lists):,}" if len(self.lists) > SHOWN else ""
        kind = "exact distribution" if self.inputs["draw"] is None else "random lists"
        return [Table(f"{self.inputs['method']}: {kind}{more}", ["list", "teams", ">probability"], rows)]


def interleave_lists(
    a: Any,
    b: Any,
    method: str | Method = "team_draft",
    length: int | None = None,
    *,
    draw: int | None = None,
    seed: int = 0,
) -> InterleavedLists:
    """All interleaved lists of two rankings with their exact probabilities, or random lists.

    Args:
        a, b, method, length: as in :func:`rankeval.interleave`.
        draw: number of random lists; None: all possible lists, the most probable first. With ``team_draft``
            each assignment of a list to teams is a list of its own.
        seed: seed of random lists.

    Returns:
        :class:`InterleavedLists`, with ``to_dict()``, ``to_pandas()`` and a readable repr.

    Raises:
        UsageError: an argument is wrong. For exact lists: there are more than 30 positions with
            ``team_draft``, 9 with ``probabilistic`` (or more than 400,000 lists), or 12 with ``optimised``.
        DataError: no distribution of lists is unbiased (``optimised``).

    Example:
        >>> import rankeval
        >>> found = rankeval.interleave_lists(["a", "b"], ["b", "a"], "team_draft").to_dict()["results"]
        >>> [(each["items"], each["probability"]) for each in found]
        [(['a', 'b'], 0.5), (['b', 'a'], 0.5)]
    """
    chosen = Method.parse(method)
    if draw is None:
        pair, found = list_distribution(a, b, chosen, length)
        rows = found.rows(pair)
    else:
        rows = [
            {**one, "probability": None} for one in interleave(a, b, chosen, length, lists=draw, seed=seed)
        ]
    inputs = {
        "a": list(a),
        "b": list(b),
        "method": chosen.label,
        "length": length,
        "draw": draw,
        "seed": seed,
    }
    return InterleavedLists(inputs, tuple(rows))
