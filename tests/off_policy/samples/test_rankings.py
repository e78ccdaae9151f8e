"""One pass over a ranking log: how it is stored, split, filtered and threaded changes no number."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval import DataError, Log, UsageError, ope
from rankeval.estimators.catalogue import parse
from rankeval.logs.units import Grouping
from rankeval.off_policy.accumulate import Sums, accumulate
from rankeval.off_policy.plan import Plan
from rankeval.off_policy.result import OffPolicyEvaluation
from rankeval.off_policy.samples.column_sources import ColumnSources
from tests import naive_rankings as naive
from tests.log_files import nested, write_parts
from tests.naive_rankings import NAMES
from tests.off_policy.samples.test_rounds import assert_same, numbers

METHODS = ("normal", "bootstrap", "bootstrap_t")
LOG = naive.random_log(700, seed=1)
TABLE = pa.table(LOG)
ESTIMATORS = [*NAMES, "iips:max_weight=1.5", "snrips:max_weight=1.5"]
OPTIONS: dict[str, Any] = {"ci": METHODS, "replicates": 60, "by": "country"}


@pytest.fixture(scope="module")
def wanted() -> OffPolicyEvaluation:
    return ope(TABLE, ESTIMATORS, **OPTIONS)


def replaced(name: str, values: Any, table: pa.Table = TABLE) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, pa.array(values))


# How the log is stored.


@pytest.mark.parametrize("rows", [1, 7, 500, 10_000])
def test_row_groups(tmp_path: Path, wanted: OffPolicyEvaluation, rows: int) -> None:
    pq.write_table(TABLE, tmp_path / "log.parquet", row_group_size=rows)
    assert_same(ope(tmp_path / "log.parquet", ESTIMATORS, **OPTIONS), wanted, 1e-10)


def test_part_files_that_sessions_cross(tmp_path: Path, wanted: OffPolicyEvaluation) -> None:
    folder = write_parts(tmp_path / "log", TABLE, row_group_size=101, files=7, empty=[2])
    assert_same(ope(folder, ESTIMATORS, **OPTIONS), wanted, 1e-10)


@pytest.mark.parametrize("once", [naive.ONCE, ("country", "user")], ids=["numbers", "lists"])
@pytest.mark.parametrize("positions", [True, False], ids=["positions", "order"])
def test_nested_layout(
    tmp_path: Path, wanted: OffPolicyEvaluation, once: tuple[str, ...], positions: bool
) -> None:
    table = nested(TABLE, "session_id", once)
    table = table if positions else table.drop_columns("position")
    pq.write_table(table, tmp_path / "log.parquet", row_group_size=90)
    assert_same(ope(tmp_path / "log.parquet", ESTIMATORS, **OPTIONS), wanted, 1e-10)


@pytest.mark.parametrize("lists", [False, True], ids=["long", "nested"])
def test_items_in_any_order_go_by_position(wanted: OffPolicyEvaluation, lists: bool) -> None:
    order = np.lexsort((np.random.default_rng(0).random(len(LOG["position"])), LOG["session_id"]))
    table = TABLE.take(order)
    table = nested(table, "session_id", ("country", "user")) if lists else table
    assert_same(ope(table, ESTIMATORS, **OPTIONS), wanted, 1e-10)


def test_rows_that_are_not_grouped_are_sorted(tmp_path: Path, wanted: OffPolicyEvaluation) -> None:
    order = np.random.default_rng(0).permutation(len(LOG["position"]))
    pq.write_table(TABLE.take(order), tmp_path / "log.parquet", row_group_size=500)
    assert_same(ope(tmp_path / "log.parquet", ESTIMATORS, **OPTIONS), wanted, 1e-9)


@pytest.mark.parametrize("key", [{}, {"cluster": "user"}], ids=["sessions", "clusters"])
def test_threads_give_the_same_bits(tmp_path: Path, key: dict[str, str]) -> None:
    size = len(LOG["position"])
    large = [replaced("session_id", LOG["session_id"] + 1000 * i) for i in range(60)]
    folder = write_parts(tmp_path / "log", pa.concat_tables(large), row_group_size=9000, files=5)
    one = ope(folder, ESTIMATORS, threads=1, **OPTIONS, **key)
    assert one.logged.n == 60 * 700
    assert 60 * size > 100_000
    for threads in (2, 8):
        assert numbers(ope(folder, ESTIMATORS, threads=threads, **OPTIONS, **key)) == numbers(one)


def test_empty_lists_are_sessions_without_reward() -> None:
    table = nested(TABLE.slice(0, 300), "session_id", ("country", "user"))
    none = {
        field.name: [[]] if pa.types.is_list(field.type) else ["fr" if field.name == "country" else 10_000]
        for field in table.schema
    }
    with_empty = pa.concat_tables([table, pa.table(none, table.schema)])
    found, without = ope(with_empty, ESTIMATORS), ope(table, ESTIMATORS)
    n = without.logged.n
    assert found.logged.n == n + 1
    for a, b in zip(found.estimates, without.estimates, strict=True):
        assert a.logged.value == pytest.approx(b.logged.value * n / (n + 1))  # type: ignore[operator]
        name = a.estimator.name
        ratio = 1.0 if name in naive.BY_POSITION else n / (n + 1)
        if name != "snsips":
            assert a.value.value == pytest.approx(b.value.value * (n / (n + 1)))  # type: ignore[operator]
        assert ratio <= 1.0
        weight = b.diagnostics["mean_weight"] or 0.0
        assert a.diagnostics["mean_weight"] == pytest.approx((weight * n + 1) / (n + 1))


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 1000), st.lists(st.integers(1, 59), max_size=5))
def test_merged_parts_equal_the_whole(seed: int, cuts: list[int]) -> None:
    log = naive.random_log(60, seed)
    table = pa.table(log)
    plan = Plan.of([parse(name) for name in ESTIMATORS])

    def of(part: pa.Table) -> Sums:
        return accumulate(ColumnSources.of(Log(part)), plan, grouping=Grouping(True, "country"), threads=1)

    bounds = np.searchsorted(log["session_id"], [0, *sorted(set(cuts)), 60])
    passes = [of(table.slice(a, b - a)) for a, b in pairwise(bounds)]
    merged, whole = passes[0], of(table)
    for other in passes[1:]:
        merged = merged.merge(other)
    assert merged.plan == whole.plan
    assert merged.moments.segments.keys() == whole.moments.segments.keys()
    pairs = [
        (merged.moments.segments[value], whole.moments.segments[value]) for value in whole.moments.segments
    ]
    for found, wanted in [(merged.moments.whole, whole.moments.whole), *pairs]:
        assert found.n == wanted.n
        np.testing.assert_allclose(found.total, wanted.total, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(found.comoment, wanted.comoment, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(found.low, wanted.low)
        np.testing.assert_allclose(found.high, wanted.high)
        np.testing.assert_allclose(found.buckets, wanted.buckets, rtol=1e-12, atol=1e-12)


def test_sessions_that_count_often_are_like_repeated_ones() -> None:
    log = naive.random_log(200, seed=2)
    counts = np.random.default_rng(3).integers(0, 3, 200)
    weighted = log | {"weight": counts[log["session_id"]]}
    rows = np.concatenate(
        [np.flatnonzero(log["session_id"] == i) for i in range(200) for _ in range(counts[i])]
    )
    again = {name: column[rows] for name, column in log.items()}
    again["session_id"] = np.cumsum(again["position"] == 1)
    found, wanted = (ope(each, ESTIMATORS, by="country", ci="normal") for each in (weighted, again))
    assert_same(found, wanted, 1e-10)
    assert_same(
        ope(nested(pa.table(weighted), "session_id", ("weight", "country")), NAMES),
        ope(weighted, NAMES),
        1e-11,
    )
    changing = replaced("user", LOG["user"]).append_column("weight", TABLE["position"])
    with pytest.raises(DataError, match="column 'weight' is 2, wanted one value throughout a session"):
        ope(changing, "iips")


# Splitting.


def test_segments_and_filters_equal_separate_runs(wanted: OffPolicyEvaluation) -> None:
    assert list(dict.fromkeys(row.segment for row in wanted.estimates)) == [None, "de", "fr", "jp"]
    alone = ope(TABLE.filter(pa.array(LOG["country"] == "fr")), ESTIMATORS, ci=METHODS, replicates=60)
    filtered = ope(TABLE, ESTIMATORS, ci=METHODS, replicates=60, where="country == 'fr'")
    assert numbers(filtered) == numbers(alone)
    rows = [row for row in wanted.estimates if row.segment == "fr"]
    for row, own in zip(rows, alone.estimates, strict=True):
        for a, b in ((row.value, own.value), (row.gain, own.gain), (row.relative, own.relative)):
            assert (a.value, a.std_error) == (pytest.approx(b.value), pytest.approx(b.std_error))
            for x, y in zip(a.intervals, b.intervals, strict=True):
                assert (x.low, x.high) == (pytest.approx(y.low), pytest.approx(y.high))


def test_segments_with_shorter_lists_than_others() -> None:
    part = np.array(["short", "long"])[(np.bincount(LOG["session_id"]) > 2).astype(int)][LOG["session_id"]]
    result = ope(TABLE.append_column("part", pa.array(part)), ["sniips", "snrips"], by="part", ci=METHODS)
    for segment in ("short", "long"):
        sessions = [s for s in naive.sessions_of(LOG | {"part": part}) if s["part"][0] == segment]
        for row in (row for row in result.estimates if row.segment == segment):
            assert row.value.value == pytest.approx(naive.value(row.estimator.name, sessions), rel=1e-12)
            assert all(interval.low is not None for interval in row.value.intervals)


def test_a_filter_by_position_keeps_the_top_of_lists() -> None:
    top = TABLE.filter(pa.array(LOG["position"] <= 2))
    assert numbers(ope(TABLE, "iips", where="position <= 2")) == numbers(ope(top, "iips"))


def test_a_segment_must_not_change_within_a_session() -> None:
    with pytest.raises(DataError, match=r"session_id \d+: column 'item_id' is .*wanted one value throughout"):
        ope(TABLE, "iips", by="item_id")


# Columns.


def test_clicks_are_rewards_and_rewards_come_first() -> None:
    clicks = TABLE.rename_columns(["click" if name == "reward" else name for name in TABLE.schema.names])
    assert numbers(ope(clicks, NAMES)) == numbers(ope(TABLE, NAMES))
    both = TABLE.append_column("click", pa.array(np.zeros(len(LOG["position"]))))
    assert numbers(ope(both, NAMES)) == numbers(ope(TABLE, NAMES))


def test_estimators_by_default() -> None:
    def names(log: Any) -> list[str]:
        return [row.estimator.name for row in ope(log).estimates]

    assert names(TABLE) == ["sips", "iips", "rips", "policy_aware", "cascade_dr"]
    assert names(TABLE.drop_columns(["propensity_list", "q_target"])) == ["iips", "rips", "policy_aware"]
    weighted = TABLE.select(["session_id", "position", "reward"]).append_column(
        "slate_weight", pa.array(np.ones(len(LOG["position"])))
    )
    assert names(weighted) == ["pi"]


CAN = {
    "propensity_list": "iips, rips, policy_aware, pi, aips, cascade_dr, sniips, snrips",
    "propensity": "sips, rips, policy_aware, cascade_dr, snsips, snrips",
    "q_target": "sips, iips, rips, policy_aware, pi, aips, snsips, sniips, snrips",
}


@pytest.mark.parametrize(
    ("column", "estimator", "lacks"),
    [
        ("propensity_list", "sips", "no column 'propensity_list', which sips needs"),
        ("q_target", "cascade_dr", "no column 'q_target', which cascade_dr needs"),
        (
            "propensity",
            "pi",
            "no column 'slate_weight' (nor 'propensity' and 'target_propensity' that it follows from), "
            "which pi needs",
        ),
    ],
)
def test_an_estimator_whose_columns_are_missing(column: str, estimator: str, lacks: str) -> None:
    with pytest.raises(DataError) as caught:
        ope(TABLE.drop_columns(column), estimator)
    assert str(caught.value).startswith(f"<table>: {lacks}; it can feed {CAN[column]}; it has session_id, ")
    assert "\n" not in str(caught.value)


def test_estimators_of_the_other_kind_of_log() -> None:
    with pytest.raises(DataError) as caught:
        ope(TABLE.drop_columns(["propensity", "exposure"]), ["sips", "snips"])
    assert str(caught.value) == (
        "<table>: has a column 'session_id' and so is a ranking log; wanted a bandit log, one row a round, "
        "for snips; it can feed sips, rips, cascade_dr, snsips, snrips"
    )
    with pytest.raises(DataError) as caught:
        ope({"reward": [1.0], "propensity": [0.5], "target_propensity": [0.5]}, "iips:max_weight=2")
    assert str(caught.value).startswith(
        "<dict>: no column 'session_id' and so a bandit log; wanted a ranking log for iips; "
        "it can feed ips, cips, snips, csnips, sg_ips"
    )


def test_a_log_that_feeds_nothing() -> None:
    with pytest.raises(DataError) as caught:
        ope(TABLE.select(["session_id", "position", "reward"]))
    assert "it can feed no estimator; it has session_id, position, reward" in str(caught.value)


# Bad data.


def bad(column: str, value: Any, row: int) -> pa.Table:
    values: list[Any] = [float(v) for v in LOG[column]]
    values[row] = value
    return replaced(column, values)


ROW = 9
SESSION, POSITION = int(LOG["session_id"][ROW]), int(LOG["position"][ROW])
PLACE = f"<table>, row {ROW + 1}, session_id {SESSION}"
PROPENSITY, TARGET = "a probability in (0, 1]", "a probability in [0, 1]"


@pytest.mark.parametrize(
    ("column", "value", "wanted"),
    [
        ("propensity", 0.0, PROPENSITY),
        ("propensity", 1.5, PROPENSITY),
        ("propensity_prefix", -0.5, PROPENSITY),
        ("target_propensity", -0.5, TARGET),
        ("target_propensity_prefix", 1.01, TARGET),
        ("exposure", 0.0, "a number above 0"),
        ("target_exposure", -1.0, "a number of at least 0"),
    ],
)
def test_numbers_out_of_range_are_named(column: str, value: float, wanted: str) -> None:
    with pytest.raises(DataError) as caught:
        ope(bad(column, value, ROW), NAMES)
    assert str(caught.value) == (
        f"{PLACE}: column '{column}' is {value} at position {POSITION}, wanted {wanted}"
    )
    lists = nested(bad(column, value, ROW), "session_id", naive.ONCE).drop_columns("position")
    with pytest.raises(DataError) as caught:
        ope(lists, NAMES)
    assert str(caught.value) == (
        f"<table>, row {SESSION + 1}, session_id {SESSION}: "
        f"column '{column}' is {value} at position {POSITION}, wanted {wanted}"
    )


@pytest.mark.parametrize(("value", "shown"), [(None, "null"), (math.nan, "nan"), (math.inf, "inf")], ids=str)
@pytest.mark.parametrize("column", ["reward", "propensity", "exposure", "q_logged", "q_target", "position"])
def test_a_value_that_is_no_number_is_named(column: str, value: float | None, shown: str) -> None:
    with pytest.raises(DataError) as caught:
        ope(bad(column, value, ROW), NAMES)
    hint = ", or --null-reward zero" if column == "reward" and value is None else ""
    assert str(caught.value) == f"{PLACE}: column '{column}' is {shown}, wanted a finite number{hint}"


def test_probabilities_of_lists_out_of_range_or_unknown() -> None:
    first = int(np.argmax(LOG["session_id"] == SESSION))
    of = LOG["session_id"] == SESSION
    for value, wanted in ((0.0, PROPENSITY), (2.0, PROPENSITY), (math.nan, "a finite number")):
        table = replaced("propensity_list", np.where(of, value, LOG["propensity_list"]))
        with pytest.raises(DataError) as caught:
            ope(table, "sips")
        message = f"<table>, row {first + 1}, session_id {SESSION}: column 'propensity_list' is {value}"
        assert str(caught.value) == f"{message}, wanted {wanted}"
        with pytest.raises(DataError) as caught:
            ope(nested(table, "session_id", naive.ONCE), "sips")
        assert f"row {SESSION + 1}, session_id {SESSION}: column 'propensity_list' is" in str(caught.value)


def test_a_probability_of_a_list_is_one() -> None:
    two = int(np.argmax(LOG["position"] == 2))
    for column in ("propensity_list", "target_propensity_list"):
        with pytest.raises(DataError, match=f"column '{column}' is 0.5, wanted one value throughout"):
            ope(bad(column, 0.5, two), "sips")


@pytest.mark.parametrize("value", [0.0, -1.0, 1.5, 10_001.0, 1e300])
def test_positions_are_whole_numbers_once_each(value: float) -> None:
    start = int(np.argmax(np.bincount(LOG["session_id"])[LOG["session_id"]] == 4))
    session = int(LOG["session_id"][start])
    with pytest.raises(DataError) as caught:
        ope(bad("position", value, start + 2), "iips")
    place, wanted = f"<table>, row {start + 3}, session_id {session}", "a whole number from 1 to 10000"
    assert (
        str(caught.value)
        == f"{place}: column 'position' is {value}, wanted {wanted}, each once in the session"
    )
    with pytest.raises(
        DataError, match=f"row {start + 3}, .* column 'position' is 2.0, wanted a whole number"
    ):
        ope(bad("position", 2.0, start + 2), "iips")


def test_gaps_change_no_value_by_propensities() -> None:
    names = ["sips", "iips", "rips", "sniips", "snrips"]
    plain, apart = (ope(log, names) for log in (LOG, LOG | {"position": 3 * LOG["position"] - 1}))
    assert [row.value.value for row in apart.estimates] == [row.value.value for row in plain.estimates]


def test_long_logs_need_positions() -> None:
    with pytest.raises(DataError, match="no column 'position'"):
        ope(TABLE.drop_columns("position"), "iips")


def test_lists_and_numbers_do_not_mix() -> None:
    once = nested(TABLE, "session_id", ("reward",))
    with pytest.raises(
        DataError,
        match="iips needs rewards by position, and column 'reward' holds one a session; wanted sips",
    ):
        ope(once, "iips")
    uneven = nested(TABLE, "session_id").to_pylist()
    uneven[3]["propensity"].append(0.5)
    with pytest.raises(DataError, match="row 4: the list in column 'propensity' has"):
        ope(pa.Table.from_pylist(uneven), "iips")


def test_rewards_too_large_to_add_up_are_named() -> None:
    weighty = replaced("target_propensity", np.ones(len(LOG["position"])), bad("reward", 1.7e308, ROW))
    wanted = rf"session_id {SESSION}: column 'reward' is 1.7e\+308, wanted numbers whose products"
    with pytest.raises(DataError, match=wanted):
        ope(weighty, "iips")


def test_weights_whose_squares_are_infinite_are_named() -> None:
    weighty = replaced("target_propensity", np.ones(len(LOG["position"])), bad("propensity", 1e-200, ROW))
    wanted = rf"session_id {SESSION}: column 'propensity' is 1e-200, wanted numbers whose products"
    with pytest.raises(DataError, match=wanted):
        ope(weighty, "iips")


def test_wrong_parameters_of_rankings() -> None:
    with pytest.raises(UsageError, match="max_weight is '0', wanted a number above 0"):
        ope(TABLE, "sips:max_weight=0")


# What is shown.


def test_sessions_are_called_sessions() -> None:
    result = ope(TABLE, ["sips", "iips", "sniips", "cascade_dr"], by="country")
    assert "sessions" in repr(result)
    assert "rounds" not in repr(result)
    weights = result.tables()[-1]
    assert weights.header[:2] == ["weight of", "country"]
    assert [row[0] for row in weights.rows] == ["list", "item", "prefix"] * 4
    small = ope(TABLE.slice(0, 100), "iips", by="country").warnings
    assert any("fewer than 100 sessions" in note for note in small)
    country = replaced("country", [None if c == "jp" else c for c in LOG["country"]])
    assert any(
        "sessions have no value in column 'country'" in note
        for note in ope(country, "iips", by="country").warnings
    )
    few = ope(TABLE.slice(0, 100), ["sips", "iips"]).warnings
    assert any("the effective sample size of the list weights is" in note for note in few)


def test_a_part_whose_lists_are_all_empty() -> None:
    columns = ("click", "propensity", "target_propensity")
    some = pa.table(
        {"session_id": [1, 2]} | {name: [[1.0], [0.5]] for name in columns[1:]} | {"click": [[1], [0]]}
    )
    none = pa.table({"session_id": [3]} | {name: [[]] for name in columns})
    (row,) = ope([some, none], "iips").estimates
    assert (row.value.value, row.value.n) == (pytest.approx(1 / 3), 3)
    assert ope([none, some], "iips").estimates[0].value == row.value
