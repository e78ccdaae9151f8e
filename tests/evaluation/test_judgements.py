"""Judgements read, and joined to runs in any order of either."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.arrays.ids import keys_of
from rankeval.arrays.kernels import read_only
from rankeval.evaluation.judged import Judged, counts_in, judged_in_run, one_relevant
from rankeval.evaluation.judgement_rows import GradeLimit, JudgementRows
from rankeval.evaluation.judgements import Judgements, find_rows, first_duplicate
from rankeval.evaluation.placement import JUDGED, POSITIVE
from rankeval.logs.log import Log
from rankeval.logs.passes import scan
from rankeval.logs.sessions import counting
from tests.arrays.test_ids import colliding_ids
from tests.log_files import nested, write_parts
from tests.naive_evaluation import judgements_table, run_table
from tests.readers.helpers import error_of, examples

names = st.sampled_from(["", "a", "b", "ab", "é", *colliding_ids(3)])


def offsets_of(lengths: list[int]) -> np.ndarray:
    return read_only(np.concatenate(([0], np.cumsum(lengths))).astype(np.int64))


@examples
@given(st.lists(st.lists(names, max_size=6), max_size=5))
def test_the_first_duplicate_within_a_query(lists):
    flat = [name for items in lists for name in items]
    keys = keys_of(pa.array(flat, pa.string()))
    found = first_duplicate(
        offsets_of([len(items) for items in lists]), keys.hashes, counting(len(flat)), keys
    )
    wanted, row = -1, 0
    for items in lists:
        for i, name in enumerate(items):
            if wanted < 0 and name in items[:i]:
                wanted = row + i
        row += len(items)
    assert found == wanted


@examples
@given(st.lists(st.tuples(st.sets(names), st.lists(names, unique=True)), max_size=5))
def test_rows_of_wanted_items(queries):
    items = [name for retrieved, _ in queries for name in sorted(retrieved)]
    judged = [name for _, wanted in queries for name in wanted]
    offsets = offsets_of([len(retrieved) for retrieved, _ in queries])
    wanted_offsets = np.array(offsets_of([len(wanted) for _, wanted in queries]))
    found = find_rows(
        offsets,
        keys_of(pa.array(items, pa.string())),
        wanted_offsets,
        np.arange(len(judged)),
        keys_of(pa.array(judged, pa.string())),
    )
    rows = []
    for (retrieved, wanted), start in zip(queries, offsets, strict=False):
        place = {name: int(start) + i for i, name in enumerate(sorted(retrieved))}
        rows += [place.get(name, -1) for name in wanted]
    assert found.tolist() == rows


def test_counts_in():
    mask = np.array([True, False, True, True, False])
    assert counts_in(np.array([0, 0, 2, 5]), mask).tolist() == [0, 1, 2]
    assert counts_in(np.array([0]), mask[:0]).tolist() == []


def by_query(judged: Judged, i: int) -> list[tuple[float, int]]:
    part = slice(judged.offsets[i], judged.offsets[i + 1])
    return list(zip(judged.grade[part].tolist(), judged.row[part].tolist(), strict=True))


def in_run(relevance: list, lowest: float) -> Judged:
    """Three queries of 3, 1 and 2 items."""
    table = pa.table(
        {
            "query_id": ["a", "a", "a", "b", "c", "c"],
            "item_id": list("xyzxxy"),
            "score": [1.0] * 6,
            "relevance": pa.array(relevance, pa.float64(), from_pandas=False),
        }
    )
    log = Log(table, "run")
    sessions = log.sessions_of(next(log.batches(log.leaves()[0], table.schema.names)))
    return judged_in_run(sessions, lowest)


def test_relevance_in_the_run():
    judged = in_run([0, 2, 1, None, -1, 0], lowest=JUDGED)
    assert [by_query(judged, i) for i in range(3)] == [[(2, 1), (1, 2), (0, 0)], [], [(0, 5)]]
    assert judged.judged.tolist() == judged.retrieved.tolist() == [3, 0, 1]
    assert judged.negative == 1
    assert judged.relevant([1, 2]).tolist() == [[2, 1], [0, 0], [0, 0]]


def test_items_of_grade_0_are_left_out_where_no_metric_asks_for_them_but_counted():
    judged = in_run([0, 2, 1, None, -1, 0], lowest=POSITIVE)
    assert [by_query(judged, i) for i in range(3)] == [[(2, 1), (1, 2)], [], []]
    assert judged.judged.tolist() == [3, 0, 1]


@pytest.mark.parametrize(("bad", "shown"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")])
def test_relevance_in_the_run_must_be_finite(bad, shown):
    error_of(
        lambda: in_run([0, 2, 1, None, bad, 0], lowest=JUDGED),
        "<table>, row 5, query_id 'c': "
        f"column 'relevance' is {shown}, wanted a finite grade, or null where unjudged",
    )


def test_one_relevant_item_that_was_not_retrieved():
    judged = one_relevant(2.0)
    assert by_query(judged, 0) == [(2.0, -1)]
    assert (judged.judged.tolist(), judged.retrieved.tolist(), judged.relevant([2.0])[:, 0].tolist()) == (
        [1],
        [0],
        [1],
    )


ROWS = {"q2": {"b": 1, "a": 0, "c": -1}, "q1": {"a": 3}, "q3": {"x": -1}}


def read(data, *args) -> Judgements:
    return Judgements.read(Log(data, "judgements"), *args)


def grades(judgements: Judgements) -> dict[str, list[float]]:
    bounds = judgements.offsets.tolist()
    queries = judgements.queries.to_pylist()
    return {
        q: judgements.grade[a:b].tolist() for q, a, b in zip(queries, bounds[:-1], bounds[1:], strict=True)
    }


@pytest.mark.parametrize("layout", ["long", "nested", "files"])
def test_read(tmp_path, layout):
    table = judgements_table(ROWS)
    if layout == "nested":
        table = nested(table, "query_id")
    judgements = read(write_parts(tmp_path / "j", table, 1, 3) if layout == "files" else table)
    assert grades(judgements) == {"q2": [1, 0], "q1": [3], "q3": []}
    assert judgements.negative == 2
    assert [ids.to_pylist() for ids in judgements.first] == [["q2"], ["b"]]
    assert judgements.relevant([1])[:, 0].tolist() == [1, 1, 0]
    assert judgements.positions(pa.array(["q3", "zz", "q2"])).tolist() == [2, -1, 0]


def test_queries_in_lists_without_items_are_not_judged():
    table = pa.table({"query_id": ["a", "b"], "item_id": [["x"], []], "relevance": [[1.0], []]})
    assert grades(read(table)) == {"a": [1.0]}


def test_columns_of_queries():
    table = judgements_table(ROWS)
    country = {"q1": "de", "q2": None, "q3": "fr"}
    table = table.append_column("country", pa.array([country[q] for q in table["query_id"].to_pylist()]))
    for data in (table, nested(table, "query_id", ["country"]), nested(table, "query_id")):
        judgements = read(data, ["country", "query_id"])
        assert judgements.fields["country"].to_pylist() == [None, "de", "fr"]
        assert judgements.fields["query_id"].to_pylist() == ["q2", "q1", "q3"]


def matched(run, judgements) -> dict[str, list[tuple[float, str | None]]]:
    """query -> (grade, item) of its judged items, None for items that were not retrieved."""
    read_judgements = read(judgements)
    found = {}

    def work(sessions):
        items = sessions.column("item_id")
        positions = read_judgements.positions(sessions.per_session("query_id"))
        judged = read_judgements.match(positions, sessions.offsets, keys_of(items))
        for i, query in enumerate(sessions.per_session("query_id").to_pylist()):
            pairs = by_query(judged, i)
            found[query] = [(grade, None if row < 0 else items[row].as_py()) for grade, row in pairs]
            assert judged.judged[i] == len(pairs)
            assert judged.retrieved[i] == sum(row >= 0 for _, row in pairs)

    scan(Log(run, "run"), ["query_id", "item_id"], work)
    return found


@examples
@given(st.randoms(use_true_random=False), st.booleans())
def test_matching_in_any_order(rng: random.Random, text):
    def rows(values):
        ids = [f"i{n}" if text else n - 3 for n in range(6)]
        return {
            q: {i: rng.choice(values) for i in rng.sample(ids, rng.randint(1, 6))} for q in rng.sample(ids, 4)
        }

    run, judgements = rows([0.5, 1.0]), rows([-1, 0, 1, 2])
    shuffled = judgements_table(judgements)
    shuffled = shuffled.take(rng.sample(range(shuffled.num_rows), shuffled.num_rows))
    found = matched(run_table(run), shuffled)
    assert found.keys() == run.keys()
    for query, pairs in found.items():
        kept = {item: grade for item, grade in judgements.get(query, {}).items() if grade >= 0}
        assert [grade for grade, _ in pairs] == sorted(kept.values(), reverse=True)
        assert {item: grade for grade, item in pairs if item is not None} == {
            item: grade for item, grade in kept.items() if item in run[query]
        }


def test_items_whose_hashes_collide_are_told_apart():
    one, two, *_ = colliding_ids(1)
    found = matched(run_table({"q": {one: 1.0}}), judgements_table({"q": {two: 1, one: 0}}))
    assert found == {"q": [(1.0, None), (0.0, one)]}


def test_the_limit_of_grades():
    table = JudgementRows.read(
        Log(judgements_table(ROWS), "judgements"), ["query_id", "item_id", "relevance"]
    )
    table.require_at_most(GradeLimit())
    table.require_at_most(GradeLimit(3, "for err"))
    error_of(
        lambda: table.require_at_most(GradeLimit(2.5, "for err")),
        "<table>, row 4, query_id 'q1': column 'relevance' is 3, wanted at most 2.5, for err",
    )


def test_ids_too_many_for_32_bits_get_wide_offsets(monkeypatch):
    from rankeval.evaluation import judgement_rows

    monkeypatch.setattr(judgement_rows, "MOST_STRING_BYTES", 10)
    table = judgements_table(ROWS)
    judgements = read([table.slice(0, 2), table.slice(2)])
    assert grades(judgements) == {"q2": [1, 0], "q1": [3], "q3": []}


def test_places_of_rows_in_lists_and_files(tmp_path):
    lists = nested(judgements_table(ROWS), "query_id")
    path = write_parts(tmp_path / "j", lists, 1, 3)
    rows = JudgementRows.read(Log(path, "judgements"), ["query_id", "item_id", "relevance"])
    assert [rows.place(i) for i in range(5)] == [
        f"{path}/part-00{part}.parquet, row 1, query_id 'q{query}'"
        for part, query in [(0, 2)] * 3 + [(1, 1), (2, 3)]
    ]
