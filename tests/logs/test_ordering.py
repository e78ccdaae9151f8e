"""What orders a run, and queries whose ranks contradict their scores."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.errors import DataError, UsageError
from rankeval.logs import Log, contradicted, has_ranks_too, order_role, scan, scores_of
from tests.readers.helpers import examples

IDS = {"query_id": [1, 1, 2], "item_id": [1, 2, 1]}
ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([1, 2, 3, None]), st.integers(0, 3)), min_size=1, max_size=12
)


def run(columns: dict[str, str] | None = None, **more: Any) -> Log:
    return Log({**IDS, **more}, "run", columns or {})


def test_ranks_order_where_there_is_no_score_or_where_they_are_asked_for() -> None:
    assert order_role(run(score=[1.0, 2.0, 3.0])) == "score"
    assert order_role(run(rank=[1, 2, 1])) == "rank"
    assert order_role(run(rank=[1, 2, 1], score=[1.0, 2.0, 3.0])) == "score"
    assert order_role(run({"rank": "place"}, place=[1, 2, 1], score=[1.0, 2.0, 3.0])) == "rank"
    assert order_role(run()) == "score"
    both = run({"rank": "r", "score": "s"}, r=[1, 2, 1], s=[1.0, 2.0, 3.0])
    with pytest.raises(UsageError, match=r"^--column: found score=s and rank=r, wanted one of them"):
        order_role(both)


def test_a_low_rank_is_a_high_score() -> None:
    ranks = [1, 3, 2]
    (found,) = scan(run(rank=ranks), ["query_id", "rank"], lambda rows: scores_of(rows, "rank"), 1)
    assert found.tolist() == [-1.0, -3.0, -2.0]
    with pytest.raises(DataError, match="row 2, query_id 1: column 'rank' is null, wanted a finite number"):
        scan(run(rank=[1, None, 2]), ["query_id", "rank"], lambda rows: scores_of(rows, "rank"), 1)


@pytest.mark.parametrize("column", ["rank", "Rank", "position"])
@pytest.mark.parametrize("role", ["run", "log"])
def test_ranks_are_no_scores(column: str, role: Any) -> None:
    instead = f"--column rank={column}, or scores" if role == "run" else "scores"
    with pytest.raises(UsageError) as caught:
        Log({**IDS, column: [1, 2, 3]}, role, {"score": column})
    assert str(caught.value) == (
        f"--column score={column}: found ranks, of which the lowest is best; wanted {instead}, "
        "of which the highest is best"
    )


def test_a_column_rank_beside_scores_counts_only_if_all_files_have_numbers_there() -> None:
    scores = {"score": [1.0, 2.0, 3.0]}
    assert has_ranks_too(run(rank=[1, 2, 1], **scores))
    assert has_ranks_too(run(rank=[1.0, None, 1.0], **scores))
    assert not has_ranks_too(run(rank=["1", "2", "1"], **scores))
    assert not has_ranks_too(run(**scores))
    assert not has_ranks_too(run(rank=[1, 2, 1]))
    tables = [pa.table({**IDS, **scores, **more}) for more in ({"rank": [1, 2, 1]}, {}, {"rank": [1.0] * 3})]
    assert not has_ranks_too(Log(tables[:2], "run"))
    assert not has_ranks_too(Log([tables[0], tables[2]], "run"))
    assert has_ranks_too(Log([tables[0], tables[0]], "run"))


@examples
@given(ROWS)
def test_contradicted_queries_are_those_with_a_contradicted_pair(rows: list[tuple[int, Any, int]]) -> None:
    rows.sort(key=lambda row: row[0])
    table = pa.table(
        {
            "query_id": [row[0] for row in rows],
            "rank": pa.array([row[1] for row in rows], pa.int64()),
            "score": [float(row[2]) for row in rows],
        }
    )
    wanted = {
        a[0]
        for a, b in combinations(rows, 2)
        if a[0] == b[0] and None not in (a[1], b[1]) and (a[1] - b[1]) * (a[2] - b[2]) > 0
    }
    found = scan(
        Log(table, "run"),
        ["query_id", "rank", "score"],
        lambda sessions: contradicted(sessions, sessions.numbers("score")),
        1,
    )
    assert sum(found) == len(wanted)


def test_a_run_without_tags_has_ranks(tmp_path: Path) -> None:
    (tmp_path / "x.run").write_text("q Q0 a 1 2\nq Q0 b 2 3\n")
    log = Log(tmp_path / "x.run", "run")
    assert (order_role(log), has_ranks_too(log)) == ("score", True)
