"""Logs that estimators from clicks read: how they are stored changes nothing; what is wrong gets one line."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
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
from rankeval.off_policy.samples.setting import Setting
from rankeval.off_policy.samples.targets import with_targets
from tests import naive_clicks as naive
from tests.log_files import nested, write_parts
from tests.naive_clicks import NAMES
from tests.off_policy.samples.test_rounds import assert_same, numbers

METHODS = ("normal", "bootstrap", "bootstrap_t")
LOG = naive.random_log(300, seed=1, unshown=3)
TABLE = pa.table(LOG)
OPTIONS: dict[str, Any] = {
    "ci": METHODS,
    "replicates": 50,
    "by": "country",
    "estimand": "full",
    "target": {"a": "score", "b": "other"},
}
THETA = [k**-0.7 for k in range(1, 7)]


@pytest.fixture(scope="module")
def wanted() -> OffPolicyEvaluation:
    return ope(TABLE, NAMES, **OPTIONS)


def replaced(name: str, values: Any, table: pa.Table = TABLE) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, pa.array(values))


# How the log is stored.


@pytest.mark.parametrize("rows", [3, 500, 10_000])
def test_row_groups(tmp_path: Path, wanted: OffPolicyEvaluation, rows: int) -> None:
    pq.write_table(TABLE, tmp_path / "log.parquet", row_group_size=rows)
    assert_same(ope(tmp_path / "log.parquet", NAMES, **OPTIONS), wanted, 1e-9)


@pytest.mark.parametrize("estimand", ["rerank", "full"])
def test_nested_layout(tmp_path: Path, estimand: str) -> None:
    options = OPTIONS | {"estimand": estimand}
    pq.write_table(
        nested(TABLE, "session_id", ("country", "user")), tmp_path / "log.parquet", row_group_size=90
    )
    assert_same(ope(tmp_path / "log.parquet", NAMES, **options), ope(TABLE, NAMES, **options), 1e-9)


def test_nested_layout_without_positions() -> None:
    shown = TABLE.filter(TABLE["position"].is_valid())
    lists = nested(shown, "session_id", ("country", "user")).drop_columns("position")
    options = OPTIONS | {"estimand": "rerank"}
    assert_same(ope(lists, NAMES, **options), ope(shown, NAMES, **options), 1e-10)


def test_rows_that_are_not_grouped_are_sorted(tmp_path: Path, wanted: OffPolicyEvaluation) -> None:
    order = np.random.default_rng(0).permutation(TABLE.num_rows)
    pq.write_table(TABLE.take(order), tmp_path / "log.parquet", row_group_size=500)
    assert_same(ope(tmp_path / "log.parquet", NAMES, **OPTIONS), wanted, 1e-8)


def test_csv_and_pandas_leave_positions_empty(tmp_path: Path, wanted: OffPolicyEvaluation) -> None:
    pyarrow.csv.write_csv(TABLE, tmp_path / "log.csv")
    assert_same(ope(tmp_path / "log.csv", NAMES, **OPTIONS), wanted, 1e-9)
    assert_same(ope(pd.DataFrame(LOG), NAMES, **OPTIONS), wanted, 1e-9)


def test_ids_may_be_strings(wanted: OffPolicyEvaluation) -> None:
    assert_same(
        ope(replaced("item_id", [f"{i:03}" for i in LOG["item_id"]]), NAMES, **OPTIONS), wanted, 1e-10
    )


def test_threads_give_the_same_bits(tmp_path: Path) -> None:
    large = [replaced("session_id", np.array(LOG["session_id"]) + 1000 * i) for i in range(80)]
    folder = write_parts(tmp_path / "log", pa.concat_tables(large), row_group_size=9000, files=5)
    one = ope(folder, NAMES, threads=1, **OPTIONS)
    assert one.logged.n == 80 * 300
    for threads in (2, 5):
        assert numbers(ope(folder, NAMES, threads=threads, **OPTIONS)) == numbers(one)


@settings(max_examples=10, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 1000), st.lists(st.integers(1, 39), max_size=4))
def test_merged_parts_equal_the_whole(seed: int, cuts: list[int]) -> None:
    log = naive.random_log(40, seed, unshown=2)
    table, chosen = pa.table(log), [parse(name) for name in NAMES]
    targets = {"a": "score", "b": "other"}
    setting = Setting(tuple(targets), None, "full")
    plan = Plan.of(chosen, setting)

    def of(part: pa.Table) -> Sums:
        source = with_targets(Log(part), targets, chosen)
        sources = ColumnSources.of(source, setting)
        return accumulate(sources, plan, grouping=Grouping(True, "country"), threads=1)

    bounds = np.searchsorted(log["session_id"], [0, *sorted(set(cuts)), 40])
    first, *rest = [of(table.slice(a, b - a)) for a, b in pairwise(bounds)]
    whole = of(table)
    for other in rest:
        first = first.merge(other)
    assert first.moments.whole.n == whole.moments.whole.n
    for name in ("total", "comoment", "low", "high", "buckets"):
        np.testing.assert_allclose(
            getattr(first.moments.whole, name), getattr(whole.moments.whole, name), rtol=1e-9, atol=1e-9
        )


def test_segments_filters_and_weights(wanted: OffPolicyEvaluation) -> None:
    french = TABLE.filter(pa.array([country == "fr" for country in LOG["country"]]))
    rows = [row for row in wanted.estimates if row.segment == "fr"]
    for row, own in zip(rows, ope(french, NAMES, **(OPTIONS | {"by": None})).estimates, strict=True):
        assert row.value.value == pytest.approx(own.value.value)
        assert row.gain.std_error == pytest.approx(own.gain.std_error)
        assert row.bounds == (None if own.bounds is None else pytest.approx(own.bounds))
    once, twice = (TABLE.append_column("weight", pa.array([n] * TABLE.num_rows)) for n in (1, 2))
    for a, b in zip(ope(once, NAMES).estimates, ope(twice, NAMES).estimates, strict=True):
        assert a.value.value == pytest.approx(b.value.value, rel=1e-13)
        assert b.value.n == 2 * a.value.n


def test_sessions_without_items_shown_bring_nothing() -> None:
    hidden = {name: [*column, column[0]] for name, column in LOG.items()}
    hidden["session_id"][-1] = 10_000
    for name in ("position", "click", "examination", "alpha", "beta"):
        hidden[name][-1] = None
    for estimand in ("rerank", "full"):
        found, before = (ope(log, NAMES, estimand=estimand).estimates for log in (hidden, LOG))
        for row, other in zip(found, before, strict=True):
            assert row.value.n == other.value.n + 1
            if row.estimator.name != "click_snips":
                shrunk = other.value.value * 300 / 301  # type: ignore[operator]
                assert row.value.value == pytest.approx(shrunk, rel=1e-12)


# The curve.


def test_a_curve_gives_what_columns_do(tmp_path: Path) -> None:
    position = LOG["position"]
    columns = {
        "examination": [None if k is None else THETA[k - 1] for k in position],
        "alpha": [None if k is None else 0.9 * THETA[k - 1] for k in position],
        "beta": [None if k is None else 0.1 * THETA[k - 1] for k in position],
    }
    alpha, beta = ([share * theta for theta in THETA] for share in (0.9, 0.1))
    path = tmp_path / "bias.json"
    path.write_text(json.dumps({"examination": THETA, "alpha": alpha, "beta": beta, "method": "em"}))
    found = ope(TABLE.drop_columns([*columns]), NAMES, position_bias=path, **OPTIONS)
    assert_same(found, ope(LOG | columns, NAMES, **OPTIONS), 1e-13)
    assert found.inputs["position_bias"] == str(path)
    beside = ope(TABLE, NAMES, position_bias=str(path), **OPTIONS)
    assert numbers(beside) == numbers(found)
    for name in columns:
        assert f"column {name!r} is not used: the curve {path} stands for it" in beside.warnings
        assert not any(f"column {name!r} is not used" in note for note in found.warnings)


def test_a_curve_of_one_kind_leaves_the_other_to_the_columns() -> None:
    mixed = ope(TABLE, ["click_ips", "click_affine"], position_bias=THETA)
    ips, affine = (ope(TABLE, "click_ips", position_bias=THETA), ope(TABLE, "click_affine"))
    assert mixed.estimates[0].value == ips.estimates[0].value
    assert mixed.estimates[1].value == affine.estimates[0].value


def test_lists_longer_than_the_curve() -> None:
    first = int(
        np.argmax(np.bincount([s for s, k in zip(LOG["session_id"], LOG["position"], strict=True) if k]) > 3)
    )
    length = sum(1 for s, k in zip(LOG["session_id"], LOG["position"], strict=True) if s == first and k)
    row = LOG["session_id"].index(first) + 1
    with pytest.raises(DataError) as caught:
        ope(TABLE, "click_ips", position_bias=THETA[:3])
    assert str(caught.value) == (
        f"<table>, row {row}, session_id {first}: shows {length} positions, wanted at most 3, "
        "as many as the curve <position bias> has"
    )
    assert ope(TABLE, "click_ips", position_bias=THETA[:3], where="position <= 3").logged.n == 300


def test_what_a_curve_is_warned_of() -> None:
    above = ope(TABLE, "click_ips", position_bias=[1.0, 1.1, 0.5, 1.2, 0.1, 0.1])
    assert "position bias: examination is above 1 at 2, 4, which no probability is" in above.warnings
    errors = (0.01 * np.eye(len(THETA))).tolist()
    uncertain = ope(TABLE, "click_ips", position_bias={"examination": THETA, "covariance": errors})
    error = f"{100.0 * 0.1 / min(THETA):.2g} % of the examination where it is largest"
    wanted = f"position bias: errors include that of the curve, {error}, as if from other sessions"
    assert wanted in uncertain.warnings
    many = ope(TABLE, "click_ips", position_bias=[2.0] * 9)
    assert (
        "position bias: examination is above 1 at 1, 2, 3, 4, 5, ..., which no probability is"
        in many.warnings
    )
    log = {"reward": [1.0, 0.0], "propensity": [0.5, 0.5], "target_propensity": [0.5, 0.5]}
    unused = ope(log, "ips", position_bias=THETA).warnings
    assert "position bias: none of the estimators uses <position bias>" in unused


# Columns.


def test_estimators_by_default() -> None:
    def names(log: Any, **options: Any) -> list[str]:
        return [row.estimator.name for row in ope(log, **options).estimates]

    assert names(TABLE) == ["click_ips"]
    assert names(TABLE.drop_columns("examination"), position_bias=THETA) == ["click_ips"]
    shown = TABLE.filter(TABLE["position"].is_valid())
    ones = pa.array(np.ones(shown.num_rows))
    random = shown.append_column("propensity", ones).append_column("target_propensity", ones)
    assert names(random) == ["iips"]
    assert names(random, position_bias=THETA) == ["click_ips"]
    with pytest.raises(DataError, match=r"no column 'examination' \(nor a position-bias curve that has it\)"):
        ope(TABLE.drop_columns("examination"))
    unscored = TABLE.rename_columns(["s" if name == "score" else name for name in TABLE.schema.names])
    assert names(unscored, target={"new": "s"}) == ["click_ips"]


def test_with_propensities_every_item_was_shown() -> None:
    shown = TABLE.filter(TABLE["position"].is_valid())
    ones = pa.array(np.full(shown.num_rows, 0.5))
    random = shown.append_column("propensity", ones).append_column("target_propensity", ones)
    together = ope(random, ["click_ips", "iips"], ci="normal").estimates
    for row, name in zip(together, ("click_ips", "iips"), strict=True):
        alone = ope(random, name, ci="normal").estimates[0]
        assert replace(row, diagnostics={}) == replace(alone, diagnostics={})
    assert [row.estimand for row in together] == ["rerank", None]
    assert together[1].diagnostics["overlap"] is None
    every = pa.array(np.full(TABLE.num_rows, 0.5))
    hidden = TABLE.append_column("propensity", every).append_column("target_propensity", every)
    with pytest.raises(DataError, match="column 'position' is null, wanted a finite number"):
        ope(hidden, ["click_ips", "iips"])
    with pytest.raises(DataError, match="column 'position' is null, wanted a finite number"):
        ope(hidden, "iips")


@pytest.mark.parametrize(
    ("dropped", "label", "lacks"),
    [
        ("score", "click_ips", "no column 'score', which click_ips needs; it can feed no estimator"),
        (
            "examination",
            "click_dcg@5",
            "no column 'examination' (nor a position-bias curve that has it), which click_dcg@5 needs; "
            "it can feed click_affine",
        ),
        (
            "beta",
            "click_affine",
            "no column 'beta' (nor a position-bias curve that has it), which click_affine needs; it can feed "
            "click_ips, click_cips, click_dr, click_dcg, click_precision@K, click_arp, click_snips, "
            "replay_ips",
        ),
        (
            "q_logged",
            "click_dr",
            "no column 'q_logged' (nor a reward model), which click_dr:max_weight=10 needs",
        ),
    ],
)
def test_an_estimator_whose_columns_are_missing(dropped: str, label: str, lacks: str) -> None:
    with pytest.raises(DataError) as caught:
        ope(TABLE.drop_columns(dropped), label)
    assert str(caught.value).startswith(f"<table>: {lacks}; it ")
    assert "\n" not in str(caught.value)


def test_columns_that_are_named_like_derived_ones_are_not_read() -> None:
    taken = TABLE
    for name in (
        "target_examination",
        "target_rank",
        "rank",
        "rho",
        "overlap",
        "target_alpha",
        "target_beta",
    ):
        taken = taken.append_column(name, pa.array([7.0] * TABLE.num_rows))
    assert numbers(ope(taken, NAMES, **OPTIONS)) == numbers(ope(TABLE, NAMES, **OPTIONS))


def test_targets_of_propensities_and_of_scores_do_not_mix() -> None:
    with pytest.raises(
        UsageError, match="click_ips wants the score of each target, iips the target_propensity"
    ):
        ope(TABLE, ["click_ips", "iips"], target={"a": "score"})


def test_without_ids_nothing_but_shown_items_can_be_ranked() -> None:
    without = TABLE.drop_columns("item_id")
    assert ope(without, "click_ips", target={"b": "other"}).logged.n == 300
    with pytest.raises(DataError, match="no column 'item_id'"):
        ope(without, "click_ips", estimand="full")


def test_what_changes_nothing_is_said() -> None:
    shown = TABLE.filter(TABLE["position"].is_valid())
    random = shown.append_column("exposure", pa.array(np.full(shown.num_rows, 0.5)))
    random = random.append_column("target_exposure", random["exposure"])
    note = "estimand: none of the estimators is from clicks, 'full' changes nothing"
    assert note in ope(random, "policy_aware", estimand="full").warnings
    assert note not in ope(random, "click_ips", estimand="full").warnings
    stands = "click_dr: column 'exposure' stands for theta_k in weights, as it may with a random logger"
    assert stands in ope(random, ["click_ips", "click_dr"], estimand="full").warnings
    only = stands + " that shows the same items in any order; with another only the estimand full is right"
    assert only in ope(random, ["click_ips", "click_dr"]).warnings
    for log, label in ((random, "click_ips"), (shown, "click_dr")):
        assert not any(note.startswith(stands) for note in ope(log, label).warnings)


def test_unknown_estimands() -> None:
    with pytest.raises(UsageError, match="estimand: found 'all', wanted rerank or full"):
        ope(TABLE, "click_ips", estimand="all")


# Bad data.


def bad(column: str, value: Any, row: int) -> pa.Table:
    values = list(LOG[column])
    values[row] = value
    return replaced(column, values)


ROW = next(i for i, k in enumerate(LOG["position"]) if k == 2)
HIDDEN = next(i for i, k in enumerate(LOG["position"]) if k is None and i > 10)


def place(row: int) -> str:
    return f"<table>, row {row + 1}, session_id {LOG['session_id'][row]}"


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("score", None, "column 'score' is null, wanted a finite number"),
        ("score", math.nan, "column 'score' is nan, wanted a finite number"),
        ("score", -math.inf, "column 'score' is -inf, wanted a finite number"),
        ("examination", 0.0, "column 'examination' is 0.0 at position 2, wanted a number above 0"),
        ("examination", -0.5, "column 'examination' is -0.5 at position 2, wanted a number above 0"),
        ("examination", None, "column 'examination' is null, wanted a finite number"),
        ("alpha", 0.0, "column 'alpha' is 0.0 at position 2, wanted a number above 0"),
        ("beta", math.inf, "column 'beta' is inf, wanted a finite number"),
        ("q_logged", math.nan, "column 'q_logged' is nan, wanted a finite number"),
        ("click", None, "column 'click' is null, wanted a finite number"),
        ("position", 9.5, "column 'position' is 9.5, wanted a whole number from 1 to 10000"),
    ],
)
def test_wrong_values_of_shown_items_are_named(column: str, value: Any, message: str) -> None:
    for estimand in ("rerank", "full"):
        with pytest.raises(DataError) as caught:
            ope(bad(column, value, ROW), NAMES, estimand=estimand)
        assert str(caught.value).startswith(f"{place(ROW)}: {message}")
        lists = nested(bad(column, value, ROW), "session_id")
        with pytest.raises(DataError) as caught:
            ope(lists, NAMES, estimand=estimand)
        session = LOG["session_id"][ROW]
        assert str(caught.value).startswith(f"<table>, row {session + 1}, session_id {session}: {message}")


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("score", None, "column 'score' is null, wanted a finite number"),
        ("q_logged", None, "column 'q_logged' is null, wanted a finite number"),
    ],
)
def test_wrong_values_of_unshown_items_are_named_where_they_matter(
    column: str, value: Any, message: str
) -> None:
    assert numbers(ope(bad(column, value, HIDDEN), NAMES)) == numbers(ope(TABLE, NAMES))
    with pytest.raises(DataError) as caught:
        ope(bad(column, value, HIDDEN), NAMES, estimand="full")
    assert str(caught.value) == f"{place(HIDDEN)}: {message}"


@pytest.mark.parametrize("estimand", ["rerank", "full"])
def test_clicks_on_items_that_were_not_shown_are_named(estimand: str) -> None:
    assert numbers(ope(bad("click", 0.0, HIDDEN), NAMES)) == numbers(ope(TABLE, NAMES))
    with pytest.raises(DataError) as caught:
        ope(bad("click", 1.0, HIDDEN), "click_ips", estimand=estimand)
    assert (
        str(caught.value)
        == f"{place(HIDDEN)}: column 'click' is 1.0 where 'position' is null, wanted 0 or null"
    )


def test_positions_that_are_not_numbers_are_no_unshown_items() -> None:
    values = np.array([math.nan if k is None else k for k in LOG["position"]], dtype=float)
    with pytest.raises(DataError, match="column 'position' is nan, wanted a finite number"):
        ope(replaced("position", values), "click_ips")


def test_rewards_too_large_to_add_up_are_named() -> None:
    with pytest.raises(DataError) as caught:
        ope(bad("click", 1.7e308, ROW), "click_arp")
    wanted = "column 'click' is 1.7e+308, wanted numbers whose products and sums are finite"
    assert str(caught.value) == f"{place(ROW)}: {wanted}"


# What is shown.


def test_cautions_stand_in_every_result() -> None:
    notes = ope(TABLE, NAMES).warnings
    scale = "on the scale of 1 / theta_1, so that values compare only under one position-bias curve"
    assert f"click_dcg, click_dcg@2:max_weight=3, click_precision@3: {scale}" in notes
    assert f"click_arp, click_arp:max_weight=2: a sum of ranks, lower is better; {scale}" in notes
    agree = "relevance where both rankings agree, not clicks"
    assert f"replay_ips, replay_ips:max_weight=3: {agree}; {scale}" in notes
    index = "a bounded index for comparing candidates, not a consistent estimate of clicks"
    assert f"click_snips: {index}" in notes
    assert not any("theta_1" in note or "index" in note for note in ope(TABLE, "click_ips").warnings)


def test_json_names_estimand_cutoff_and_bounds() -> None:
    found = json.loads(ope(TABLE, NAMES, estimand="full").render("json"))
    names = [row["name"] for row in found["results"]]
    assert "click_dcg@2" in names
    assert {row["estimand"] for row in found["results"]} == {"full"}
    assert found["inputs"]["estimand"] == "full"
    for row in found["results"]:
        unknown = row["name"] in ("click_snips", "replay_ips")
        assert (row["bounds"] is None) == unknown
        assert unknown or row["bounds"].keys() == {"low", "high", "ci"}
        assert 0.0 <= row["diagnostics"]["overlap"] <= 1.0
    assert found["logged"]["value"] == pytest.approx(found["results"][0]["logged"]["value"])
    rerank = json.loads(ope(TABLE, NAMES).render("json"))
    assert {row["estimand"] for row in rerank["results"]} == {"rerank"}
    assert {row["bounds"] for row in rerank["results"]} == {None}


def test_tables_and_records_name_estimand_own_logged_value_and_bounds() -> None:
    result = ope(TABLE, ["click_ips", "click_dcg@2"], estimand="full")
    _, values, gains, weights = result.tables()
    assert values.header[1] == "estimand"
    assert values.header[-1] == ">with unshown"
    assert gains.header[1:3] == ["estimand", ">logged"]
    assert [row[0] for row in values.rows] == ["click_ips", "click_dcg@2"]
    assert {row[0] for row in weights.rows} == {"examination", "dcg@2"}
    assert weights.header[-1] == ">overlap"
    for record, row in zip(result.rows(), result.estimates, strict=True):
        assert row.bounds == (record["bounds_low"], record["bounds_high"])
        assert (record["estimand"], record["logged"]) == ("full", row.logged.value)
    plain = ope(TABLE, "click_ips").tables()
    assert plain[2].header[1:3] == ["estimand", ">gain"]
    assert plain[1].header[-1] == "method"


@pytest.mark.parametrize(
    "options", [{"target": {"new": "position"}}, {"target": {"a": "score", "b": "position"}}]
)
def test_positions_are_no_scores_of_a_target(options: dict[str, Any]) -> None:
    with pytest.raises(
        UsageError, match=r"^target \w+=position: found ranks, of which the lowest is best; wan"
    ):
        ope(TABLE, "click_ips", **options)
    with pytest.raises(UsageError, match=r"^--column score=position: found ranks"):
        ope(TABLE, "click_ips", columns={"score": "position"})


#: Slot 2 of the first session is empty; the second shows its only item in slot 3.
GAPS = {
    "session_id": [1, 1, 2],
    "position": [3, 1, 3],
    "item_id": [7, 8, 7],
    "click": [1, 1, 1],
    "score": [2.0, 1.0, 0.0],
}
CURVE = [1.0, 0.8, 0.5]


def test_a_gap_keeps_the_examination_of_each_slot() -> None:
    # The candidate swaps the items of session 1 between slots 1 and 3: 1 * 0.5 / 1 + 1 * 1 / 0.5 + 1.
    value = ope(GAPS, "click_ips", position_bias=CURVE).estimates[0].value.value
    assert value == pytest.approx((0.5 + 2.0 + 1.0) / 2, rel=1e-15)


def test_metrics_count_ranks_and_not_slots() -> None:
    # Item 7 has rank 1 and theta_3, item 8 rank 2 and theta_1; alone in its list, item 7 has rank 1.
    value = ope(GAPS, "click_dcg@10", position_bias=CURVE).estimates[0].value.value
    assert value == pytest.approx((2.0 + 1.0 / math.log2(3.0) + 2.0) / 2, rel=1e-15)


def test_an_empty_slot_does_not_change_what_matches() -> None:
    # The candidate leaves only session 2 as it is.
    assert ope(GAPS, "replay_ips", position_bias=CURVE).estimates[0].value.value == 1.0


def test_slots_count_from_0_if_the_call_says_so() -> None:
    zero = GAPS | {"position": [2, 0, 2]}
    plain = ope(GAPS, ["click_ips", "click_dcg@10"], position_bias=CURVE)
    found = ope(zero, ["click_ips", "click_dcg@10"], position_bias=CURVE, first_position=0)
    assert [row.value for row in found.estimates] == [row.value for row in plain.estimates]
    with pytest.raises(DataError, match="row 2, session_id 1: column 'position' is 0, wanted a whole number"):
        ope(zero, "click_ips", position_bias=CURVE)


def test_a_curve_needs_the_slots_that_were_shown() -> None:
    with pytest.raises(DataError, match="session_id 1: shows position 3, wanted at most 2, as many as"):
        ope(GAPS, "click_ips", position_bias=CURVE[:2])


def test_rewards_to_go_count_the_items_below_a_gap() -> None:
    log = {
        "session_id": [1, 1], "position": [9, 4], "reward": [1.0, 0.0],
        "propensity_prefix": [0.5, 0.5], "target_propensity_prefix": [0.5, 0.5],
        "q_logged": [1.0, 2.0], "q_target": [1.0, 2.5],
    }  # fmt: skip
    found = ope(log, "cascade_dr", reward_range=(0, 1)).warnings
    assert [w for w in found if "outside" in w] == [w for w in found if "'q_target'" in w]
    assert any("1 of 2 values in column 'q_target'" in warning for warning in found)
