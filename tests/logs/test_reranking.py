"""Where a candidate ranker puts items, against Python's own sorting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval import DataError, Log
from rankeval.logs.reranking import Candidates, at_ranks, overlaps
from rankeval.logs.sessions import Sessions

examples = settings(max_examples=60, deadline=None, derandomize=True, database=None)
IDS = {
    "integers": st.integers(-(2**63), 2**63 - 1),
    "unsigned": st.integers(0, 2**64 - 1),
    "strings": st.text(alphabet="ab\x00é\U0001f600", max_size=4),
}
SCORES = st.sampled_from([-1.5, -0.0, 0.0, 1e-300, 2.0])


def sessions_of(columns: dict[str, Any]) -> Sessions:
    log = Log(columns)
    (leaf,) = log.leaves()
    return log.sessions_of(*log.batches(leaf, list(columns)))


def ranked(rows: list[tuple[int, float, Any]]) -> list[int]:
    """Rank of each ``(session, score, id)``, rows of a session by position."""
    ranks = [0] * len(rows)
    for session in {row[0] for row in rows}:
        items = [i for i, row in enumerate(rows) if row[0] == session]
        items.sort(
            key=lambda i: rows[i][2].encode() if isinstance(rows[i][2], str) else rows[i][2], reverse=True
        )
        items.sort(key=lambda i: -rows[i][1])
        for rank, item in enumerate(items, 1):
            ranks[item] = rank
    return ranks


@pytest.mark.parametrize("kind", IDS)
def test_ranks_by_score_then_descending_id(kind: str) -> None:
    arrow = {"integers": pa.int64(), "unsigned": pa.uint64(), "strings": pa.string()}[kind]

    @examples
    @given(st.lists(st.lists(st.tuples(SCORES, IDS[kind]), min_size=1, max_size=20), min_size=1, max_size=4))
    def check(lists: list[list[tuple[float, Any]]]) -> None:
        rows = [(i, score, id_) for i, items in enumerate(lists) for score, id_ in items]
        sessions = sessions_of(
            {
                "session_id": [row[0] for row in rows],
                "score": [row[1] for row in rows],
                "item_id": pa.array([row[2] for row in rows], arrow),
            }
        )
        shown, others = Candidates(sessions, None).ranks("score")
        assert shown.tolist() == ranked(rows)
        assert len(others) == 0

    check()


@examples
@given(st.lists(st.lists(SCORES, min_size=1, max_size=40), min_size=1, max_size=4))
def test_without_ids_equals_keep_their_positions(lists: list[list[float]]) -> None:
    rows = [(i, score, -at) for i, scores in enumerate(lists) for at, score in enumerate(scores)]
    sessions = sessions_of({"session_id": [row[0] for row in rows], "score": [row[1] for row in rows]})
    assert Candidates(sessions, None).ranks("score")[0].tolist() == ranked(rows)


@pytest.mark.parametrize("longest", [1, 7, 128, 129, 300])
@pytest.mark.parametrize("tied", [False, True])
def test_short_and_long_sessions_without_and_with_equal_scores(longest: int, tied: bool) -> None:
    rng = np.random.default_rng(longest)
    rows = [(i, score, -at) for i in range(4) for at, score in enumerate(rng.normal(size=longest - i // 3))]
    if tied:
        rows[-1] = (rows[-1][0], rows[-2][1], rows[-1][2])
    sessions = sessions_of({"session_id": [row[0] for row in rows], "score": [row[1] for row in rows]})
    assert Candidates(sessions, None).ranks("score")[0].tolist() == ranked(rows)


@examples
@given(
    st.lists(
        st.lists(
            st.tuples(SCORES, st.integers(0, 99), st.booleans()),
            min_size=1,
            max_size=12,
            unique_by=lambda r: r[1],
        ),
        min_size=1,
        max_size=5,
    )
)
def test_shown_and_other_items_are_ranked_together(lists: list[list[tuple[float, int, bool]]]) -> None:
    rows = [(i, score, id_) for i, items in enumerate(lists) for score, id_, _ in items]
    chosen = np.array([there for items in lists for *_, there in items])
    sessions = sessions_of(
        dict(zip(("session_id", "score", "item_id"), map(list, zip(*rows, strict=True)), strict=True))
    )
    shown = sessions.having(chosen)
    # The shown items by position, which runs against the rows.
    order = np.lexsort((-np.arange(chosen.sum()), np.repeat(np.arange(len(lists)), shown.lengths)))
    found, others = Candidates(shown, order, sessions.having(~chosen)).ranks("score")
    wanted = np.array(ranked(rows))
    assert found.tolist() == wanted[chosen][order].tolist()
    assert others.tolist() == wanted[~chosen].tolist()


@pytest.mark.parametrize(("value", "shown"), [(None, "null"), (float("nan"), "nan"), (float("inf"), "inf")])
def test_scores_that_are_no_numbers_are_named(value: float | None, shown: str) -> None:
    sessions = sessions_of({"session_id": [7, 7], "score": [1.0, value]})
    with pytest.raises(DataError) as caught:
        Candidates(sessions, None).ranks("score")
    wanted = f"<dict>, row 2, session_id 7: column 'score' is {shown}, wanted a finite number"
    assert str(caught.value) == wanted


def test_ids_that_are_null_are_named_where_they_would_decide() -> None:
    columns = {"session_id": [7, 7], "score": [1.0, 1.0], "item_id": pa.array([None, 3], pa.int64())}
    with pytest.raises(DataError, match="row 1, session_id 7: column 'item_id' is null, wanted an id"):
        Candidates(sessions_of(columns), None).ranks("score")


def test_values_at_ranks() -> None:
    offsets = np.array([0, 3, 3, 5])
    values = np.array([10.0, 11.0, 12.0, 20.0, 21.0])
    found = at_ranks(offsets, values, np.array([0, 2, 3, 5]), np.array([3.0, 4.0, 1.0, 2.0, 1.0]))
    # The second session has no positions, whatever its items' ranks.
    assert found.tolist() == [12.0, 0.0, 0.0, 21.0, 20.0]


def test_overlap_is_of_the_top_half_and_no_more_than_ten() -> None:
    offsets = np.array([0, 1, 4, 4, 34])
    ranks = np.array([1.0, 3, 1, 2, *range(30, 0, -1)])
    ranks[4 + 3] = 10.0
    assert overlaps(offsets, ranks, 10).tolist() == [1.0, 1 / 2, 1.0, 1 / 10]
