"""A reward computed from columns: the same as a column that holds it, however the log is stored."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rankeval import Log, UsageError, ope
from tests import naive_off_policy, naive_rankings
from tests.log_files import nested, with_type, write_parts
from tests.off_policy.samples.test_rounds import assert_same
from tests.readers.helpers import error_of

EXPRESSION = "tier*(click + 5*purchase) - 0.1*return + `add to cart`/4"
ESTIMATORS: dict[str, Any] = {"bandit": naive_off_policy.NAMES, "ranking": naive_rankings.NAMES}
OPTIONS: dict[str, Any] = {"ci": ("normal", "bootstrap"), "replicates": 50, "by": "country"}


def with_parts(log: dict[str, Any], seed: int) -> pa.Table:
    """A log with columns of several types, ``tier`` by user, and as ``wanted`` the reward they give."""
    rng, n = np.random.default_rng(seed), len(log["reward"])
    tier, click = 1 + log["user"] % 3, rng.integers(0, 100, n).astype(np.int8)
    purchase, returned, cart = rng.random(n) < 0.2, rng.random(n).astype(np.float32), rng.integers(0, 9, n)
    columns = {
        "reward": rng.random(n),
        "tier": tier,
        "click": click,
        "purchase": purchase,
        "return": returned,
        "add to cart": pa.array([Decimal(int(value)) for value in cart], pa.decimal128(4, 1)),
        "wanted": tier * (click + 5.0 * purchase) - 0.1 * returned.astype(float) + cart / 4.0,
    }
    return pa.table(log | columns)


BANDIT = with_parts(naive_off_policy.random_log(600, seed=1), seed=2)
RANKING = with_parts(naive_rankings.random_log(300, seed=1), seed=2)
LOGS = {"bandit": BANDIT, "ranking": RANKING}


def from_column(kind: str, **options: Any) -> Any:
    return ope(LOGS[kind], ESTIMATORS[kind], columns={"reward": "wanted"}, **OPTIONS, **options)


def from_parts(kind: str, log: Any, **options: Any) -> Any:
    return ope(log, ESTIMATORS[kind], reward=EXPRESSION, **OPTIONS, **options)


def replaced(table: pa.Table, name: str, values: Any) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, pa.array(values))


def with_one(table: pa.Table, name: str, value: Any, row: int) -> pa.Table:
    values = table[name].to_pylist()
    values[row] = value
    return replaced(table, name, pa.array(values, table.schema.field(name).type))


# How the log is stored.


@pytest.mark.parametrize("kind", LOGS)
def test_in_memory(kind: str) -> None:
    wanted = from_column(kind)
    for table in (LOGS[kind], LOGS[kind].drop_columns(["reward", "wanted"])):
        found = from_parts(kind, table)
        assert_same(found, wanted, 1e-12)
    assert found.inputs["reward"] == EXPRESSION
    assert wanted.inputs["reward"] is None


def test_a_dictionary_of_lists() -> None:
    log = {name: BANDIT[name].to_pylist()[:50] for name in BANDIT.schema.names}
    found = ope(log, "ips", reward=EXPRESSION)
    assert_same(found, ope(BANDIT.slice(0, 50), "ips", columns={"reward": "wanted"}), 1e-12)


@pytest.mark.parametrize("kind", LOGS)
def test_part_files_with_other_widths_and_threads(tmp_path: Path, kind: str) -> None:
    folder = Path(write_parts(tmp_path / "log", LOGS[kind], row_group_size=37, files=3))
    second = pq.read_table(folder / "part-001.parquet")
    for name, width in (
        ("click", pa.int64()),
        ("return", pa.float64()),
        ("add to cart", pa.decimal128(9, 3)),
    ):
        second = with_type(second, name, width)
    pq.write_table(second, folder / "part-001.parquet", row_group_size=20)
    one = from_parts(kind, folder, threads=1)
    assert_same(one, from_column(kind), 1e-10)
    assert from_parts(kind, folder, threads=3).to_dict() == one.to_dict()


@pytest.mark.parametrize("beside", [("tier", *naive_rankings.ONCE), ()], ids=["beside", "lists"])
@pytest.mark.parametrize("positions", [True, False], ids=["positions", "order"])
def test_nested_layout(tmp_path: Path, beside: tuple[str, ...], positions: bool) -> None:
    table = nested(RANKING, "session_id", ("country", "user", *beside))
    table = table if positions else table.drop_columns("position")
    pq.write_table(table, tmp_path / "log.parquet", row_group_size=40)
    assert_same(from_parts("ranking", tmp_path / "log.parquet"), from_column("ranking"), 1e-10)


def test_nested_layout_that_only_the_expression_shows() -> None:
    table = nested(RANKING, "session_id", ("country", "user"))
    bare = table.drop_columns(["position", "item_id", "reward", "click"])
    assert_same(ope(bare, "iips", reward="2*purchase"), ope(RANKING, "iips", reward="2*purchase"), 1e-12)


@pytest.mark.parametrize("files", [1, 3])
def test_rows_that_are_not_grouped_are_sorted(tmp_path: Path, files: int) -> None:
    order = np.random.default_rng(0).permutation(RANKING.num_rows)
    folder = write_parts(tmp_path / "log", RANKING.take(order), row_group_size=200, files=files)
    assert_same(from_parts("ranking", folder), from_column("ranking"), 1e-9)


def test_columns_that_differ_in_case_are_sorted_too(tmp_path: Path) -> None:
    order = np.random.default_rng(0).permutation(RANKING.num_rows)
    table = RANKING.append_column("Click", RANKING["purchase"])
    pq.write_table(table.take(order), tmp_path / "log.parquet")
    found = ope(tmp_path / "log.parquet", "iips", reward="click + 3*Click")
    assert_same(found, ope(RANKING, "iips", reward="click + 3*purchase"), 1e-9)


@pytest.mark.parametrize("kind", LOGS)
def test_csv(tmp_path: Path, kind: str) -> None:
    """Where a column has integers alone in one file, in another not; booleans are true and false."""
    table = with_type(with_type(LOGS[kind], "add to cart", pa.float64()), "return", pa.float64())
    cart = np.where(np.arange(table.num_rows) < 200, 2.0, 2.5)
    wanted = table["wanted"].to_numpy() + (cart - table["add to cart"].to_numpy()) / 4.0
    table = replaced(replaced(table, "add to cart", cart), "wanted", wanted)
    for part, start in enumerate(range(0, table.num_rows, 200)):
        pyarrow.csv.write_csv(table.slice(start, 200), tmp_path / f"{part}.csv")
    text = (tmp_path / "0.csv").read_text()
    assert ",2," in text
    assert "true" in text
    assert_same(
        from_parts(kind, tmp_path),
        ope(table, ESTIMATORS[kind], columns={"reward": "wanted"}, **OPTIONS),
        1e-10,
    )


@pytest.mark.parametrize("kind", LOGS)
def test_only_rows_that_the_filter_keeps_count(kind: str) -> None:
    where = "country == 'de' and user > 3"
    spoiled = with_type(LOGS[kind], "click", pa.float64())
    row = spoiled["country"].to_pylist().index("fr")
    spoiled = with_one(spoiled, "click", None, row)
    assert_same(from_parts(kind, spoiled, where=where), from_column(kind, where=where), 1e-12)


def test_targets_and_clusters() -> None:
    options: dict[str, Any] = {"target": {"new": "target_propensity"}, "cluster": "user"}
    found = ope(BANDIT, ["ips", "dr"], reward=EXPRESSION, **options)
    assert_same(found, ope(BANDIT, ["ips", "dr"], columns={"reward": "wanted"}, **options), 1e-12)


def test_the_expression_may_use_the_column_reward_and_columns_of_other_roles() -> None:
    table = replaced(BANDIT, "wanted", 2.0 * BANDIT["reward"].to_numpy() / BANDIT["propensity"].to_numpy())
    found = ope(table, "ips", reward="2*reward/propensity")
    assert_same(found, ope(table, "ips", columns={"reward": "wanted"}), 1e-12)


def test_clicks_are_not_read_where_the_reward_is_computed() -> None:
    table = replaced(RANKING, "click", [f"none {row}" for row in range(RANKING.num_rows)])
    found = ope(table.drop_columns("reward"), "iips", reward="1*purchase")
    wanted = ope(RANKING.drop_columns(["reward", "click"]), "iips", columns={"reward": "purchase"})
    assert_same(found, wanted, 1e-12)


# Properties.

examples = settings(max_examples=25, deadline=None, derandomize=True, database=None)
factors = st.floats(-100, 100)


@examples
@given(factors, factors)
def test_linear_in_the_columns(a: float, b: float) -> None:
    for kind, names in (("bandit", ["ips", "snips", "cips"]), ("ranking", ["sips", "rips", "sniips"])):

        def values(reward: str, kind: str = kind, names: Sequence[str] = names) -> NDArray[np.float64]:
            rows = ope(LOGS[kind], names, reward=reward, ci="normal").estimates
            return np.array([row.value.value for row in rows])

        click, returned = values("click"), values("return")
        found = values(f"{a!r}*click + {b!r}*return")
        scale = np.max(np.abs(a) * click + np.abs(b) * returned)
        assert found == pytest.approx(a * click + b * returned, rel=1e-12, abs=1e-12 * scale)


# The call.


def test_a_log_has_a_reward_of_its_own() -> None:
    found = ope(Log(BANDIT, reward=EXPRESSION), ESTIMATORS["bandit"], **OPTIONS)
    assert_same(found, from_parts("bandit", BANDIT), 0.0)
    assert found.inputs["reward"] == EXPRESSION


@pytest.mark.parametrize(
    ("call", "parts"),
    [
        (lambda: ope(Log(BANDIT), reward="click"), ["reward", "found a Log"]),
        (lambda: ope(BANDIT, reward="click", columns={"reward": "x"}), ["reward", "column 'x'"]),
        (lambda: ope(BANDIT, reward=""), ["reward ''"]),
        (lambda: ope(BANDIT, reward="1"), ["reward '1'", "no column"]),
        (lambda: Log(BANDIT, "run", reward="click"), ["'run'", "'log'"]),
    ],
)
def test_what_does_not_go_together(call: Any, parts: list[str]) -> None:
    error_of(call, *parts, kind=UsageError)


@pytest.mark.parametrize("kind", LOGS)
@pytest.mark.parametrize(
    ("name", "value", "parts"),
    [
        ("tier", None, [f"column {EXPRESSION!r} is null", "finite number"]),
        ("click", None, [f"column {EXPRESSION!r} is null"]),
        ("return", float("nan"), [f"column {EXPRESSION!r} is nan"]),
        ("return", float("inf"), [f"column {EXPRESSION!r} is -inf"]),
    ],
)
def test_what_is_no_finite_reward_names_its_row(
    tmp_path: Path, kind: str, name: str, value: Any, parts: list[str]
) -> None:
    size = LOGS[kind].num_rows
    table = with_one(LOGS[kind], name, value, size - 30)
    path = write_parts(tmp_path / "log", table, row_group_size=70, files=2)
    row = size - 30 - round(size / 2) + 1
    error_of(lambda: from_parts(kind, path), f"part-001.parquet, row {row}", *parts)
    # Ranking logs are sorted: their last session begins in the first row.
    pq.write_table(table.take(np.roll(np.arange(size), 1)), tmp_path / "rolled.parquet")
    row = size - 30 + 1 + 1
    error_of(lambda: from_parts(kind, tmp_path / "rolled.parquet"), f"rolled.parquet, row {row}", *parts)


@pytest.mark.parametrize("kind", LOGS)
def test_a_division_by_zero_is_not_finite(kind: str) -> None:
    table = replaced(LOGS[kind], "click", np.where(np.arange(LOGS[kind].num_rows) == 7, 0, 1))
    row = "<table>, row 8"
    error_of(lambda: ope(table, ESTIMATORS[kind][0], reward="1/click"), row, "'1/click' is inf", "finite")
    error_of(lambda: ope(table, ESTIMATORS[kind][0], reward="0/click"), row, "'0/click' is nan", "finite")


def test_lists_of_a_row() -> None:
    table = nested(RANKING, "session_id", ("country", "user", "tier"))
    lists = table["purchase"].to_pylist()
    shorter = replaced(table, "purchase", [*lists[:5], lists[5][:-1], *lists[6:]])
    size = len(lists[5])
    error_of(
        lambda: from_parts("ranking", shorter),
        "<table>, row 6",
        "'purchase'",
        f"{size - 1} values",
        f"wanted {size}",
    )
    missing = replaced(table, "purchase", [*lists[:5], None, *lists[6:]])
    error_of(lambda: from_parts("ranking", missing), "<table>, row 6", "'purchase' is null", "a list")
    hole = with_one(table, "purchase", [None] * size, 5)
    error_of(lambda: from_parts("ranking", hole), "<table>, row 6", f"{EXPRESSION!r} is null")
    tier = with_one(table, "tier", None, 5)
    error_of(lambda: from_parts("ranking", tier), "<table>, row 6", f"{EXPRESSION!r} is null")


@pytest.mark.parametrize(
    ("log", "reward", "parts"),
    [
        (BANDIT, "click + clicks", ["<table>: reward 'click + clicks'", "no column 'clicks'", "propensity"]),
        (BANDIT, "2*country", ["'2*country'", "'country'", "strings", "numbers"]),
        (replaced(BANDIT, "click", [[1]] * 600), "2*click", ["'click'", "lists of integers", "numbers"]),
        ([BANDIT, replaced(BANDIT, "click", BANDIT["wanted"])], "click", ["'click'", "floats", "integers"]),
        ([BANDIT, BANDIT.drop_columns("click")], "click + tier", ["no column 'click'"]),
    ],
)
def test_columns_that_do_not_fit(log: Any, reward: str, parts: list[str]) -> None:
    error_of(lambda: ope(log, reward=reward), *parts)
