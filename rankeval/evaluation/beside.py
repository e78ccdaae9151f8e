"""What an evaluation takes beside runs and judgements: properties of items, and items that are left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.arrays import Keys, hashes_of, is_null, kernel
from rankeval.errors import UsageError
from rankeval.evaluation.excluded import Excluded
from rankeval.evaluation.item_table import ItemTable
from rankeval.evaluation.judgements import Judgements
from rankeval.evaluation.placement import rank_items
from rankeval.evaluation.rules import Rules
from rankeval.logs import Sessions
from rankeval.metrics import ShownLists


@dataclass(frozen=True)
class Beside:
    """Properties of items, and items that are left out.

    Attributes:
        category: the column of the runs that holds the category of each item, or None.
        embedding, popularity: the tables of items, or None.
        excluded: the items that are left out, or None.
    """

    category: str | None = None
    embedding: ItemTable | None = None
    popularity: ItemTable | None = None
    excluded: Excluded | None = None

    @classmethod
    def read(
        cls, rules: Rules, category: str | None, embedding: Any, popularity: Any, exclude: Any
    ) -> Beside:
        """Read the files.

        Raises:
            DataError: a file is not valid.
            UsageError: a metric lacks what it needs.
        """
        given = {"category": category, "embedding": embedding, "popularity": popularity}
        for name, options in rules.wanted_beside:
            if all(given[option] is None for option in options):
                wanted = " or ".join(f"--{option}" for option in options)
                raise UsageError(f"metrics: {name} needs {wanted}, found none")
        tables = {
            name: None if given[name] is None else ItemTable.read(given[name], name)
            for name in ("embedding", "popularity")
        }
        if tables["popularity"] is not None:
            tables["popularity"].require_shares()
        return cls(category, **tables, excluded=None if exclude is None else Excluded.read(exclude))

    @property
    def catalogue(self) -> ItemTable | None:
        """The table whose items are the catalogue: that of popularity, else that of embeddings."""
        return self.popularity or self.embedding

    def judged(self, judgements: Judgements | None) -> Judgements | None:
        """The judgements without the items that are left out."""
        if judgements is None or self.excluded is None:
            return judgements
        return judgements.without(self.excluded.in_judgements(judgements))

    def left_out(self, sessions: Sessions) -> Bools | None:
        """Whether each item of a batch is left out; None where nothing is."""
        return None if self.excluded is None else self.excluded.in_batch(sessions)

    def shown(
        self, sessions: Sessions, scores: Floats, items: Keys, rules: Rules
    ) -> tuple[ShownLists, Ints] | None:
        """The top of the lists of a batch, and the row in the catalogue of each of their items.

        None where no metric asks for them. An item whose score is minus infinity is left out.
        """
        if not rules.shown_depth:
            return None
        expected, falling = rules.ties == "expected", rules.ties != "item"
        offsets, rows, above, tied = top_rows(
            sessions.offsets, scores, items, falling, expected, rules.shown_depth
        )
        rows = rows[: offsets[-1]]
        category = None if self.category is None else self._categories(sessions, rows, self.category)
        vector = None if self.embedding is None else self.embedding.rows(sessions, rows)
        known = None if self.popularity is None else self.popularity.rows(sessions, rows)
        lists = ShownLists(
            offsets,
            above[: len(rows)],
            tied[: len(rows)],
            category,
            vector,
            None if self.embedding is None else self.embedding.directions,
            None if self.popularity is None else self.popularity.shares[known],
        )
        in_catalogue = known if known is not None else vector
        return lists, np.zeros(0, np.int64) if in_catalogue is None else in_catalogue

    @staticmethod
    def _categories(sessions: Sessions, rows: Ints, column: str) -> Ints:
        values = sessions.column(column).take(rows)
        missing = is_null(values)
        if missing.any():
            raise sessions.error(column, int(rows[np.argmax(missing)]), None, "the category of the item")
        return hashes_of(values.cast("string")).view(np.int64)


NOTHING = Beside()


@kernel
def top_rows(
    offsets: Ints, scores: Floats, items: Keys, falling: bool, grouped: bool, depth: int
) -> tuple[Ints, Ints, Ints, Ints]:
    """The first ``depth`` rows of each query, best first: offsets, rows, ``above`` and ``tied``.

    If ``grouped``, items of equal scores share their ranks, and a list goes on to the end of its last group.
    Only the first ``offsets[-1]`` entries of the other arrays are set.
    """
    kept = np.zeros(offsets.size, np.int64)
    rows = np.empty(scores.size, np.int64)
    above = np.empty(scores.size, np.int64)
    tied = np.ones(scores.size, np.int64)
    position = np.empty(scores.size, np.int64)
    count = 0
    for query in range(offsets.size - 1):
        begin, end = offsets[query], offsets[query + 1]
        rank_items(begin, end, scores, items, falling, position)
        order = np.empty(end - begin, np.int64)
        for row in range(begin, end):
            order[position[row]] = row
        rank = 0
        while rank < end - begin and rank < depth and scores[order[rank]] > -np.inf:
            stop = rank + 1
            while grouped and stop < end - begin and scores[order[stop]] == scores[order[rank]]:
                stop += 1
            for place in range(rank, stop):
                rows[count], above[count], tied[count] = order[place], rank, stop - rank
                count += 1
            rank = stop
        kept[query + 1] = count
    return kept, rows, above, tied
