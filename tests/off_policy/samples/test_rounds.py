"""One pass over a bandit log: how it is stored, split, filtered and threaded changes no number."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval import DataError, Log, UsageError, ope
from rankeval.estimators.catalogue import parse
from rankeval.estimators.terms import REWARD, RoundBlock, Term
from rankeval.estimators.transforms import Weighting
from rankeval.inference.estimate import Estimate
from rankeval.logs.units import MAX_BUCKETED_SEGMENTS, Grouping
from rankeval.off_policy.accumulate import Sums, accumulate
from rankeval.off_policy.plan import Plan
from rankeval.off_policy.result import OffPolicyEvaluation
from rankeval.off_policy.samples.column_sources import ColumnSources
from rankeval.off_policy.samples.term_list import TermList
from tests import naive_off_policy as naive
from tests.naive_off_policy import NAMES

METHODS = ("normal", "bootstrap", "bootstrap_t")
LOG = naive.random_log(3000, seed=1)
TABLE = pa.table(LOG)


def numbers(result: OffPolicyEvaluation) -> list[float | None]:
    """Every number of a result."""
    found: list[float | None] = []
    for row in result.estimates:
        for estimate in (row.value, row.gain, row.relative, row.logged):
            found += [estimate.value, estimate.std_error, estimate.n]
            found += [bound for interval in estimate.intervals for bound in (interval.low, interval.high)]
        found += [number for name, number in row.diagnostics.items() if name != "tail_index"]
    return found


def assert_same(found: OffPolicyEvaluation, wanted: OffPolicyEvaluation, rel: float) -> None:
    assert [row.segment for row in found.estimates] == [row.segment for row in wanted.estimates]
    assert len(numbers(found)) == len(numbers(wanted))
    for a, b in zip(numbers(found), numbers(wanted), strict=True):
        assert (a is None) == (b is None)
        assert a is None or b is None or a == pytest.approx(b, rel=rel, abs=1e-14)


@pytest.fixture(scope="module")
def wanted() -> OffPolicyEvaluation:
    return ope(TABLE, NAMES, ci=METHODS, replicates=100, by="country")


def test_estimates_are_compared_in_all_their_fields() -> None:
    assert {field.name for field in fields(Estimate)} == {
        "value",
        "std_error",
        "intervals",
        "n",
        "notes",
        "degrees",
        "worth",
    }


# How the log is stored.


@pytest.mark.parametrize("rows", [1, 7, 1000, 2999, 3000, 10_000])
def test_row_groups(tmp_path: Path, wanted: OffPolicyEvaluation, rows: int) -> None:
    pq.write_table(TABLE, tmp_path / "log.parquet", row_group_size=rows)
    found = ope(tmp_path / "log.parquet", NAMES, ci=METHODS, replicates=100, by="country")
    assert_same(found, wanted, 1e-11)


@pytest.mark.parametrize("sizes", [[3000], [1, 2999], [150] * 20, [2000, 0, 1000]])
def test_part_files(tmp_path: Path, wanted: OffPolicyEvaluation, sizes: list[int]) -> None:
    start = 0
    for i, size in enumerate(sizes):
        pq.write_table(TABLE.slice(start, size), tmp_path / f"part-{i:02}.parquet")
        start += size
    for data in (tmp_path, str(tmp_path / "*.parquet"), sorted(tmp_path.iterdir())):
        found = ope(data, NAMES, ci=METHODS, replicates=100, by="country")
        assert_same(found, wanted, 1e-11)


def test_files_of_other_kinds(tmp_path: Path, wanted: OffPolicyEvaluation) -> None:
    pyarrow.csv.write_csv(TABLE, tmp_path / "log.csv")
    pyarrow.feather.write_feather(TABLE, tmp_path / "log.arrow", compression="uncompressed")
    for name in ("log.csv", "log.arrow"):
        found = ope(tmp_path / name, NAMES, ci=METHODS, replicates=100, by="country")
        assert_same(found, wanted, 1e-11)


@pytest.mark.parametrize(
    "of",
    [dict, pa.table, pd.DataFrame, pl.DataFrame],
    ids=["dict", "arrow", "pandas", "polars"],
)
def test_data_in_memory(wanted: OffPolicyEvaluation, of: Callable[[Any], Any]) -> None:
    assert_same(ope(of(LOG), NAMES, ci=METHODS, replicates=100, by="country"), wanted, 1e-11)


def test_chunks_of_a_table(wanted: OffPolicyEvaluation) -> None:
    chunked = pa.Table.from_batches(TABLE.to_batches(max_chunksize=77))
    assert_same(ope(chunked, NAMES, ci=METHODS, replicates=100, by="country"), wanted, 1e-11)


@pytest.mark.parametrize("key", [{}, {"cluster": "user"}], ids=["rows", "clusters"])
def test_threads_give_the_same_bits(tmp_path: Path, key: dict[str, str]) -> None:
    large = pa.concat_tables([TABLE] * 20).drop_columns("round_id")
    for part in range(3):
        pq.write_table(large, tmp_path / f"part-{part}.parquet", row_group_size=5000)
    options: dict[str, Any] = {"ci": METHODS, "replicates": 50, "by": "country"} | key
    one = ope(tmp_path, NAMES, threads=1, **options)
    assert one.logged.n == 180_000
    for threads in (2, 8):
        assert numbers(ope(tmp_path, NAMES, threads=threads, **options)) == numbers(one)


def test_more_rounds_than_a_block() -> None:
    log = naive.random_log(2 * RoundBlock.AT_A_TIME + 17, seed=2)
    found = ope(log, NAMES).estimates
    for row in found:
        assert row.value.value == pytest.approx(naive.value(row.estimator.name, log), rel=1e-12)
        wanted = naive.std_error(naive.residuals(row.estimator.name, log))
        assert row.value.std_error == pytest.approx(wanted, rel=1e-9)


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 1000), st.lists(st.integers(1, 199), max_size=6))
def test_merged_parts_equal_the_whole(seed: int, cuts: list[int]) -> None:
    table = pa.table(naive.random_log(200, seed))
    plan = Plan.of([parse(name) for name in NAMES])

    def of(part: pa.Table) -> Sums:
        return accumulate(ColumnSources.of(Log(part)), plan, grouping=Grouping(True, "country"), threads=1)

    bounds = [0, *sorted(set(cuts)), 200]
    passes = [of(table.slice(a, b - a)) for a, b in pairwise(bounds)]
    merged, whole = passes[0], of(table)
    for other in passes[1:]:
        merged = merged.merge(other)
    assert merged.moments.segments.keys() == whole.moments.segments.keys()
    pairs = [
        (merged.moments.segments[value], whole.moments.segments[value]) for value in whole.moments.segments
    ]
    for found, wanted in [(merged.moments.whole, whole.moments.whole), *pairs]:
        assert found.n == wanted.n
        np.testing.assert_allclose(found.total, wanted.total, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(found.comoment, wanted.comoment, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(found.buckets, wanted.buckets, rtol=1e-12, atol=1e-12)


# Types of columns.

TYPES = [pa.int8(), pa.int64(), pa.uint8(), pa.bool_(), pa.float32(), pa.float64(), pa.decimal128(12, 2)]


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_rewards_of_any_numeric_type(kind: pa.DataType) -> None:
    reward = pa.array(LOG["reward"].astype(np.int32)).cast(kind)
    table = TABLE.set_column(TABLE.schema.get_field_index("reward"), "reward", reward)
    assert numbers(ope(table, NAMES)) == numbers(ope(TABLE, NAMES))


def test_decimals_and_single_precision_are_read_as_they_are() -> None:
    reward = pa.array([0.25, 1.75, 3.5, 0.01], pa.float64())
    log = {
        "reward": reward.cast(pa.decimal128(5, 2)),
        "propensity": pa.array([0.5, 0.25, 0.5, 0.5], pa.float32()),
    }
    log["target_propensity"] = pa.array([1, 1, 1, 0], pa.int8())
    assert ope(log, "ips").estimates[0].value.value == pytest.approx(
        (2 * 0.25 + 4 * 1.75 + 2 * 3.5) / 4, rel=1e-15
    )


# Splitting.


def test_segments_equal_separate_runs() -> None:
    result = ope(TABLE, NAMES, ci=METHODS, by="country", replicates=100)
    assert list(dict.fromkeys(row.segment for row in result.estimates)) == [None, "de", "fr", "jp"]
    for segment in (None, "de", "fr", "jp"):
        alone = ope(TABLE, NAMES, ci=METHODS, replicates=100, where=segment and f"country == '{segment}'")
        rows = [row for row in result.estimates if row.segment == segment]
        for row, own in zip(rows, alone.estimates, strict=True):
            for a, b in ((row.value, own.value), (row.gain, own.gain), (row.relative, own.relative)):
                assert a.value == pytest.approx(b.value, rel=1e-12)
                assert a.std_error == pytest.approx(b.std_error, rel=1e-9)
                assert a.n == b.n
                for x, y in zip(a.intervals, b.intervals, strict=True):
                    assert (x.low, x.high) == (
                        pytest.approx(y.low, rel=1e-8),
                        pytest.approx(y.high, rel=1e-8),
                    )
            for name, number in own.diagnostics.items():
                if name == "tail_index":  # of the whole log only
                    continue
                assert row.diagnostics[name] == (
                    number if number is None else pytest.approx(number, rel=1e-9)
                )


def test_a_filter_equals_the_rows_it_keeps() -> None:
    kept = {name: column[(LOG["user"] >= 10) & (LOG["country"] != "jp")] for name, column in LOG.items()}
    wanted = ope(kept, NAMES, ci=METHODS, replicates=50)
    found = ope(TABLE, NAMES, ci=METHODS, replicates=50, where="user >= 10 and country != 'jp'")
    assert_same(found, wanted, 1e-11)


def test_rounds_without_a_segment_are_counted_and_left_out() -> None:
    country = pa.array([None if value == "jp" else value for value in LOG["country"]])
    table = TABLE.set_column(TABLE.schema.get_field_index("country"), "country", country)
    result = ope(table, "ips", by="country")
    assert [row.segment for row in result.estimates] == [None, "de", "fr"]
    assert result.estimates[0].value.n == 3000
    missing = country.null_count
    assert f"{missing} rounds have no value in column 'country' and are in no segment" in result.warnings


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        (pa.array([2, 10, 1, 2]), [1, 2, 10]),
        (pa.array([True, False, True, True]), [False, True]),
        (pa.array([0.5, math.nan, 0.5, 2.0]), [0.5, 2.0, "nan"]),
        (pa.array([1, 1, 2, 0], pa.date32()), ["1970-01-01", "1970-01-02", "1970-01-03"]),
        (pa.array(["a|b", "[red]", "a|b", ""]), ["", "[red]", "a|b"]),
        (pa.array(["x", "y", "x", "x"]).dictionary_encode(), ["x", "y"]),
        (pa.array(["1.50", "10.00", "2.00", "2.00"]).cast(pa.decimal128(6, 2)), [1.5, 2.0, 10.0]),
    ],
)
def test_segments_of_any_type_are_ordered_and_shown(column: pa.Array, wanted: list[Any]) -> None:
    log = {name: values[:4] for name, values in LOG.items()} | {"part": column}
    result = ope(log, "ips", by="part")
    assert [row["segment"] for row in result.to_dict()["results"]] == [None, *wanted]
    for form in ("json", "csv", "table", "markdown"):
        assert result.render(form)  # type: ignore[arg-type]


def test_a_column_may_split_and_be_read() -> None:
    result = ope(LOG, "ips", by="reward")
    assert [row.segment for row in result.estimates] == [None, 0.0, 1.0]
    assert [row.logged.value for row in result.estimates[1:]] == [0.0, 1.0]
    both = ope(LOG, "ips", by="user", cluster="user", where="user < 3")
    assert [row.segment for row in both.estimates] == [None, 0, 1, 2]


def test_too_many_segments_are_refused_where_each_keeps_buckets() -> None:
    n = MAX_BUCKETED_SEGMENTS + 1
    log = naive.random_log(n, seed=3)
    assert len(ope(log, "ips", by="round_id").estimates) == n + 1
    with pytest.raises(UsageError, match=r"by: column .round_id. of <dict> has more than 1,000 values"):
        ope(log, "ips", by="round_id", ci="bootstrap")


# What is resampled.


def test_round_ids_say_what_is_resampled_whatever_the_order() -> None:
    order = np.random.default_rng(0).permutation(3000)
    shuffled = {name: column[order] for name, column in LOG.items()}
    assert_same(ope(shuffled, "snips", ci="bootstrap"), ope(LOG, "snips", ci="bootstrap"), 1e-9)
    as_text = LOG | {"round_id": [f"r{i}" for i in range(3000)]}
    other = ope(as_text, "snips", ci="bootstrap").estimates[0].value.intervals[0]
    assert other != ope(LOG, "snips", ci="bootstrap").estimates[0].value.intervals[0]


def test_without_ids_rows_are_resampled_whatever_the_files(tmp_path: Path) -> None:
    table = TABLE.drop_columns("round_id")
    wanted = ope(table, "snips", ci=METHODS)
    for i, (start, size) in enumerate([(0, 1100), (1100, 400), (1500, 1500)]):
        pq.write_table(table.slice(start, size), tmp_path / f"{i}.parquet", row_group_size=333)
    assert_same(ope(tmp_path, "snips", ci=METHODS), wanted, 1e-11)


def test_clusters_widen_errors_of_rounds_that_go_together() -> None:
    log = {name: np.repeat(column, 4) for name, column in naive.random_log(2000, seed=4).items()}
    plain = ope(log, "snips").estimates[0].value
    for column in ("round_id", "user"):
        clustered = ope(log, "snips", cluster=column, ci=METHODS).estimates[0].value
        assert clustered.value == pytest.approx(plain.value, rel=1e-12)
        assert clustered.std_error == pytest.approx(2 * plain.std_error, rel=0.15)  # type: ignore[operator]


def test_clusters_of_one_round_are_the_rounds() -> None:
    log = naive.random_log(1000, seed=5)
    log["user"] = np.arange(1000)
    one, other = ope(log, NAMES, ci=METHODS), ope(log, NAMES, ci=METHODS, cluster="user")
    for a, b in zip(one.estimates, other.estimates, strict=True):
        assert a.value.std_error == pytest.approx(b.value.std_error, rel=0.1)
        assert a.value.intervals[1:] == b.value.intervals[1:]


def test_rounds_that_count_often_are_like_repeated_ones(tmp_path: Path) -> None:
    counts = np.random.default_rng(3).integers(0, 4, 3000)
    repeated = {name: np.repeat(column, counts) for name, column in LOG.items()}
    pq.write_table(
        TABLE.append_column("weight", pa.array(counts)), tmp_path / "log.parquet", row_group_size=700
    )
    options: dict[str, Any] = {"ci": METHODS, "replicates": 50, "by": "country"}
    found, wanted = ope(tmp_path / "log.parquet", NAMES, **options), ope(repeated, NAMES, **options)
    assert_same(found, wanted, 1e-10)
    assert found.warnings[0] == "every row counts as many times as column 'weight' says"
    clustered = [ope(log, "snips", cluster="user") for log in (tmp_path / "log.parquet", repeated)]
    assert_same(*clustered, 1e-10)


def test_resampling_keeps_copies_together_and_says_so() -> None:
    often = LOG | {"weight": np.full(3000, 100)}
    one, many = (ope(log, "ips", ci=METHODS, replicates=50) for log in (LOG, often))
    for before, after in zip(
        one.estimates[0].value.intervals, many.estimates[0].value.intervals, strict=True
    ):
        shrunk = 10.0 if before.method == "normal" else 1.0
        width = (before.high - before.low) / shrunk  # type: ignore[operator]
        assert after.high - after.low == pytest.approx(width, rel=1e-3)  # type: ignore[operator]
    said = "copies of a row stay together in the bootstrap, and tell no more than one of them does"
    assert said in many.warnings
    assert said not in ope(often, "ips").warnings
    assert any("together in errors by cluster" in note for note in ope(often, "ips", cluster="user").warnings)


def test_counts_must_be_known_and_not_negative() -> None:
    counts = np.ones(3000)
    for value, message in (
        (-1.0, "is -1.0, wanted a number of at least 0"),
        (math.nan, "is nan, wanted a finite"),
    ):
        counts[4] = value
        with pytest.raises(DataError, match=f"row 5: column 'weight' {message}"):
            ope(LOG | {"weight": counts}, "ips")


# The plan.


def test_a_plan_shares_terms_and_keeps_the_pairs_of_each_estimator() -> None:
    plan = Plan.of([parse(name) for name in ("ips", "snips", "cips:max_weight=3", "dm")])
    clipped = Weighting("clipped", 3.0)
    wanted = (
        REWARD,
        Term("weight"),
        Term("weighted_reward"),
        Term("weighted_reward", clipped),
        Term("model"),
        Term("weight", clipped),
    )
    assert plan.terms.terms == wanted
    together = {tuple(pair) for pair in plan.pairs.tolist()}
    assert {(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (0, 3), (0, 4)} <= together
    assert (3, 4) not in together


def test_a_plan_without_weights_reads_no_propensities() -> None:
    assert TermList.of([parse("dm")]).terms == (REWARD, Term("model"))
    result = ope({"reward": [1.0, 0.0], "q_target": [0.5, 0.25]}, "dm")
    assert result.estimates[0].value.value == 0.375
    assert set(result.estimates[0].diagnostics.values()) == {None}


# Bad data.


def bad(column: str, value: Any, row: int = 4) -> dict[str, Any]:
    """The log with one bad value."""
    values: list[Any] = [float(v) for v in LOG[column]]
    values[row] = value
    return LOG | {column: pa.array(values, pa.float64())}


@pytest.mark.parametrize("column", ["reward", "propensity", "target_propensity", "q_logged", "q_target"])
@pytest.mark.parametrize(
    ("value", "shown"), [(None, "null"), (math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")], ids=str
)
def test_a_value_that_is_no_number_is_named(column: str, value: float | None, shown: str) -> None:
    with pytest.raises(DataError) as caught:
        ope(bad(column, value), NAMES)
    probability = column.endswith("propensity") and shown in ("inf", "-inf")
    bracket = "(" if column == "propensity" else "["
    wanted = f"a probability in {bracket}0, 1]" if probability else "a finite number"
    wanted += ", or --null-reward zero" if column == "reward" and value is None else ""
    assert str(caught.value) == f"<dict>, row 5: column '{column}' is {shown}, wanted {wanted}"


@pytest.mark.parametrize("value", [0.0, -0.0, -0.1, 1.000002, 3.0, 5e-324])
def test_propensities_out_of_range(value: float) -> None:
    with pytest.raises(DataError) as caught:
        ope(bad("propensity", value), "snips")
    assert (
        str(caught.value) == f"<dict>, row 5: column 'propensity' is {value}, wanted a probability in (0, 1]"
    )


@pytest.mark.parametrize("value", [-0.1, 1.000002, 3.0])
def test_target_propensities_out_of_range(value: float) -> None:
    with pytest.raises(DataError) as caught:
        ope(bad("target_propensity", value), "snips")
    assert (
        str(caught.value)
        == f"<dict>, row 5: column 'target_propensity' is {value}, wanted a probability in [0, 1]"
    )


@pytest.mark.parametrize("column", ["propensity", "target_propensity"])
def test_probabilities_that_rounding_put_above_1_are_1(column: str) -> None:
    rounded, one = (ope(bad(column, value), ["ips", "snips"]) for value in (1.0 + 1e-7, 1.0))
    assert [row.value for row in rounded.estimates] == [row.value for row in one.estimates]


def test_propensities_at_the_ends_of_their_range_are_fine() -> None:
    log = LOG | {"propensity": np.ones(3000), "target_propensity": np.resize([0.0, 1.0], 3000)}
    assert ope(log, "ips").estimates[0].diagnostics["max_weight"] == 1.0


@pytest.mark.parametrize("column", ["reward", "q_target"])
def test_a_null_among_equal_values_is_found(column: str) -> None:
    constant = pa.array([1.0] * 1500 + [None] + [1.0] * 1499)
    with pytest.raises(DataError, match=f"row 1501: column '{column}' is null, wanted a finite number"):
        ope(LOG | {column: constant}, "dm")


def test_infinity_at_weight_zero_is_found() -> None:
    log = bad("reward", math.inf)
    log["target_propensity"] = np.zeros(3000)
    with pytest.raises(DataError, match="row 5: column 'reward' is inf, wanted a finite number"):
        ope(log, "ips")


def test_rewards_too_large_to_add_up_are_named() -> None:
    with pytest.raises(DataError, match=r"row 5: column 'reward' is 1e\+308, wanted numbers whose products"):
        ope(bad("reward", 1e308) | {"target_propensity": np.ones(3000)}, "ips")


@pytest.mark.parametrize("value", [1e-200, 1e-307])
def test_weights_whose_squares_are_infinite_are_named(value: float) -> None:
    wanted = rf"row 5: column 'propensity' is {value}, wanted numbers whose products"
    with pytest.raises(DataError, match=wanted):
        ope(bad("propensity", value) | {"target_propensity": np.ones(3000)}, "ips")


@pytest.mark.parametrize("column", ["reward", "propensity", "target_propensity", "q_logged", "q_target"])
def test_missing_columns_are_named(column: str) -> None:
    log = {name: values for name, values in LOG.items() if name != column}
    with pytest.raises(DataError, match=f"<dict>: no column '{column}'"):
        ope(log, NAMES)


WRONG_TYPES = {
    "text": pa.array(["1"] * 3000),
    "a list": pa.array([[1.0]] * 3000),
    "a date": pa.array([1] * 3000, pa.date32()),
    "a struct": pa.array([{"a": 1.0}] * 3000),
    "text in a dictionary": pa.array(["1"] * 3000).dictionary_encode(),
}


@pytest.mark.parametrize("kind", WRONG_TYPES)
@pytest.mark.parametrize("column", ["reward", "propensity", "q_target"])
def test_columns_of_the_wrong_type_are_named(kind: str, column: str) -> None:
    with pytest.raises(DataError) as caught:
        ope(LOG | {column: WRONG_TYPES[kind]}, NAMES)
    assert f"<dict>: column '{column}' holds " in str(caught.value)
    assert "wanted numbers" in str(caught.value)


@pytest.mark.parametrize("option", ["by", "cluster"])
def test_columns_that_split_must_be_there_and_plain(option: str) -> None:
    with pytest.raises(DataError, match="<dict>: no column 'nobody'"):
        ope(LOG, "ips", **{option: "nobody"})  # type: ignore[arg-type]
    with pytest.raises(
        DataError, match="<dict>: column 'user' holds list<item: int64>, wanted one value a row"
    ):
        ope(LOG | {"user": pa.array([[1]] * 3000)}, "ips", **{option: "user"})  # type: ignore[arg-type]


def test_ids_must_be_known() -> None:
    users = pa.array([None, *LOG["user"][1:].tolist()])
    with pytest.raises(DataError, match="row 1: column 'user' is null, wanted an id"):
        ope(LOG | {"user": users}, "ips", cluster="user")
    assert ope(LOG | {"round_id": users}, "ips").logged.n == 3000


def test_a_round_without_an_id_is_one_of_its_own() -> None:
    rounds = np.arange(3000)
    unknown = pa.array([None, None, *rounds[2:].tolist()])
    found, wanted = (ope(LOG | {"round_id": ids}, "ips", ci="bootstrap") for ids in (unknown, rounds))
    a, b = found.estimates[0].value, wanted.estimates[0].value
    assert a.std_error == b.std_error
    assert a.bounds("ci") == pytest.approx(b.bounds("ci"), rel=0.01)
    assert a.bounds("ci") != b.bounds("ci")


def test_ranking_logs_and_empty_logs_are_refused() -> None:
    with pytest.raises(
        DataError, match="has a column 'session_id' and so is a ranking log; wanted a bandit log"
    ):
        ope(LOG | {"session_id": LOG["user"]}, "ips")
    with pytest.raises(DataError, match="no rows"):
        ope({name: column[:0] for name, column in LOG.items()}, "ips")
    with pytest.raises(DataError, match="no rows match 'user > 99999', wanted at least one"):
        ope(LOG, "ips", where="user > 99999")


def test_the_row_of_a_bad_value_is_that_of_the_file(tmp_path: Path) -> None:
    good = pa.table(bad("reward", 0.0))
    poisoned = pa.table(bad("reward", math.nan, row=2222))
    pq.write_table(good, tmp_path / "a.parquet", row_group_size=500)
    pq.write_table(poisoned, tmp_path / "b.parquet", row_group_size=500)
    message = f"{tmp_path}/b.parquet, row 2223: column 'reward' is nan, wanted a finite number"
    country = LOG["country"][2222]
    for where in (None, f"country == '{country}'", "round_id > 2000"):
        with pytest.raises(DataError) as caught:
            ope(tmp_path, "ips", where=where)
        assert str(caught.value) == message
    assert ope(tmp_path, "ips", where=f"country != '{country}'").logged.n > 0
