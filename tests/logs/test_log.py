"""A log on disk or in memory: its columns, its layout, its leaves."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval.errors import DataError, UsageError
from rankeval.logs.layout import first_rows
from rankeval.logs.log import Log
from rankeval.logs.roles import ROLES
from tests.log_files import nested, write_parts
from tests.readers.helpers import error_of

RANKING = pa.table(
    {"session_id": ["a", "a", "b"], "item_id": [1, 2, 1], "position": [1, 2, 1], "click": [0, 1, 0]}
)
BANDIT = pa.table({"reward": [1.0, 0.0], "propensity": [0.5, 0.25], "position": [1, 1]})


def test_layouts_are_told_from_the_columns():
    assert (Log(RANKING).session, Log(RANKING).nested) == ("session_id", False)
    lists = Log(nested(RANKING, "session_id"))
    assert (lists.session, lists.nested) == ("session_id", True)
    assert (Log(BANDIT).session, Log(BANDIT).nested) == (None, False)
    run = RANKING.rename_columns({"session_id": "query_id", "click": "score"})
    assert (Log(run, "run").session, Log(run, "run").nested) == ("query_id", False)
    judgements = nested(run, "query_id")
    assert (Log(judgements, "judgements").session, Log(judgements, "judgements").nested) == (None, True)


def test_columns_have_other_names():
    log = Log(
        RANKING.rename_columns({"session_id": "visit", "click": "c"}),
        columns={"session_id": "visit", "click": "c"},
    )
    assert (log.name("click"), log.name("position"), log.session) == ("c", "position", "session_id")
    assert log.has("click")
    assert not log.has("reward")
    stretch = next(log.batches(log.leaves()[0], ["session_id", "click"]))
    assert stretch.rows.to_pydict() == {"session_id": ["a", "a", "b"], "click": [0, 1, 0]}


@pytest.mark.parametrize("role", ROLES)
def test_an_unknown_role(role):
    error_of(
        lambda: Log(RANKING, role, {"clicks": "c"}),
        "--column clicks=...: no such role; there are ",
        *ROLES[role],
        kind=UsageError,
    )


def test_a_column_that_is_named_must_be_there():
    error_of(lambda: Log(RANKING, columns={"click": "clicks"}), "<table>: no column 'clicks'")


def test_a_filter_that_is_not_understood():
    error_of(lambda: Log(RANKING, where="click ="), "where 'click ='", kind=UsageError)


def test_two_roles_may_be_one_column():
    log = Log(BANDIT, columns={"target_propensity": "propensity"})
    stretch = next(log.batches(log.leaves()[0], ["propensity", "target_propensity"]))
    assert stretch.rows.to_pydict() == {"propensity": [0.5, 0.25], "target_propensity": [0.5, 0.25]}


def test_a_column_asked_for_twice_comes_once():
    log = Log(BANDIT)
    assert next(log.batches(log.leaves()[0], ["reward", "reward"])).rows.schema.names == ["reward"]


def test_a_name_that_two_columns_have():
    table = pa.Table.from_arrays([pa.array([1.0]), pa.array([2.0])], names=["reward", "reward"])
    for ask in (lambda log: log.require(["reward"]), lambda log: log.kind("reward")):
        error_of(lambda ask=ask: ask(Log(table)), "<table>: found 2 columns named 'reward', wanted one")


@pytest.mark.parametrize(
    ("column", "values", "wanted"),
    [
        ("reward", ["x", "y"], "holds string, wanted numbers"),
        ("propensity", [[0.5], [0.5]], "holds list<item: double>, wanted numbers"),
        ("round_id", [0.5, 1.5], "holds double, wanted integers or strings"),
        ("country", [["de"], ["fr"]], "holds list<item: string>, wanted one value a row"),
        ("country", [{"a": 1}, {"a": 2}], "holds struct<a: int64>, wanted one value a row"),
    ],
)
def test_types_must_fit_roles(column, values, wanted):
    table = BANDIT.drop_columns(column) if column in BANDIT.schema.names else BANDIT
    log = Log(table.append_column(column, pa.array(values)))
    error_of(lambda: log.require([column]), f"<table>: column '{column}' {wanted}")


def test_candidate_sets_are_lists():
    table = pa.table({"action": [0], "candidate_propensities": [[0.5, 0.5]]})
    Log(table).require(["action", "candidate_propensities"])


def test_other_columns_may_hold_anything_plain():
    table = BANDIT.append_column("country", pa.array(["de", "fr"])).append_column(
        "day", pa.array([1, 2], pa.date32())
    )
    Log(table).require(["country", "day"])


@pytest.mark.parametrize("role", ["run", "judgements"])
def test_only_the_roles_of_its_own_kind_ask_for_types(role):
    """A run may have a column "ranker" or "click" of any kind to split by."""
    table = pa.table({"query_id": ["q"], "item_id": ["d"], "click": ["often"], "propensity": ["low"]})
    Log(table, role).require(["query_id", "click", "propensity"])


def test_files_without_rows_have_columns_of_no_type():
    empty = pa.table({"reward": pa.nulls(0), "propensity": pa.nulls(0)})
    log = Log([empty, BANDIT.select(["reward", "propensity"])])
    log.require(["reward", "propensity"])
    assert log.kind("reward") == pa.float64()


def test_the_widest_type_of_all_files():
    parts = [pa.table({"n": pa.array([1, 2], kind)}) for kind in (pa.int8(), pa.int32(), pa.uint16())]
    log = Log(parts)
    assert log.kind("n") == pa.int32()
    stretches = [stretch for leaf in log.leaves() for stretch in log.batches(leaf, ["n"])]
    assert {stretch.rows.column("n").type for stretch in stretches} == {pa.int32()}


def test_numbers_that_fit_no_common_type():
    parts = [pa.table({"n": pa.array([-1])}), pa.table({"n": pa.array([2**64 - 1], pa.uint64())})]
    log = Log(parts)
    with pytest.raises(DataError, match="holds uint64, another file int64"):
        list(log.batches(log.leaves()[1], ["n"]))


def test_first_rows_of_files(tmp_path):
    table = pa.table({"reward": [float(i) for i in range(10)]})
    assert first_rows(Log(write_parts(tmp_path / "log", table, 2, 4)).sources) == [0, 2, 5, 8]
    for part in range(2):
        (tmp_path / f"{part}.csv").write_text("reward\n" + "1\n" * (part + 3))
    assert first_rows(Log([str(tmp_path / "0.csv"), str(tmp_path / "1.csv")]).sources) == [0, 3]


def test_rows_are_counted_from_the_start_of_their_leaf(tmp_path):
    table = pa.table({"reward": [float(i) for i in range(10)], "keep": [i % 3 == 0 for i in range(10)]})
    path = write_parts(tmp_path / "log", table, 5, 1)
    log = Log(path, where="keep")
    (leaf,) = log.leaves()
    rewards = [
        (stretch.index + i, reward)
        for stretch in log.batches(leaf, ["reward"])
        for i, reward in enumerate(stretch.rows.column("reward").to_pylist())
    ]
    assert rewards == [(0, 0.0), (1, 3.0), (2, 6.0), (3, 9.0)]
    assert [log.place(leaf, i) for i in range(4)] == [
        f"{path}/part-000.parquet, row {row}" for row in (1, 4, 7, 10)
    ]


def test_columns_and_filter_can_change_without_reading_again():
    log = Log(BANDIT.to_reader())
    adapted = log.adapted({"reward": "propensity"}, "position == 1")
    assert [s.rows.to_pydict() for s in adapted.batches(adapted.leaves()[0], ["reward"])] == [
        {"reward": [0.5, 0.25]}
    ]
    assert log.name("reward") == "reward"
    assert log.where is None
    assert log.adapted({}, "country == 'de'").where is None
    error_of(lambda: log.adapted({"reward": "x"}, None), "<table>: no column 'x'")
    error_of(lambda: log.adapted({"x": "reward"}, None), "--column x=...", kind=UsageError)


def test_a_log_over_other_rows():
    log = Log(BANDIT, where="reward > 0")
    other = log.over(Log(BANDIT).sources[0])
    assert other.where is None
    assert len(next(other.batches(other.leaves()[0], ["reward"]))) == 2
    assert log.where == "reward > 0"


def test_origin_and_schema_are_those_of_the_first_file(tmp_path):
    path = tmp_path / "log.parquet"
    pq.write_table(BANDIT, path)
    log = Log([str(path), BANDIT])
    assert log.origin == str(path)
    assert log.schema.names == BANDIT.schema.names
    assert "data" not in repr(log)


def test_a_column_of_embeddings_may_hold_lists() -> None:
    assert Log({"genres": [["a", "b"]]}, columns={"embedding": "genres"}).has("embedding")


def test_lists_without_any_value_are_of_no_type() -> None:
    log = Log({"session_id": [1, 2], "position": [[], []], "click": [[], []]})
    log.require(["position", "click"])


@pytest.mark.parametrize("where", ["", "  ", "\t"])
def test_a_blank_filter_is_no_filter_by_mistake(where: str) -> None:
    message = f"where: found {where!r}, wanted a filter such as 'position <= 3', or none at all"
    with pytest.raises(UsageError) as caught:
        Log({"x": [1]}, where=where)
    assert str(caught.value) == message
