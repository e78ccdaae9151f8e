from __future__ import annotations

import math
import operator
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.errors import UsageError
from rankeval.readers.arithmetic import parse_arithmetic
from tests.readers.helpers import error_of, examples

ROWS: dict[str, list[Any]] = {
    "click": [1, 0, 1, None],
    "x": [0.5, -2.0, 0.1, 3.0],
    "return": [2.0, 0.0, 1.0, 1.0],
    "add to cart": [1.0, 2.0, 3.0, 4.0],
    "a`b": [1.0, 10.0, 100.0, 1000.0],
    "größe": [1.0, 2.0, 3.0, 4.0],
    "e5": [7.0, 7.0, 7.0, 7.0],
}
CLICK, X, RETURN, CART, TICK, SIZE, E5 = ROWS.values()


def over(text: str, **columns: Any) -> list[float | None]:
    expression = parse_arithmetic(text, "reward")
    table = {name: pa.array(values) for name, values in {**ROWS, **columns}.items()}
    found = expression.over({name: table[name] for name in expression.columns})
    assert found.type == pa.float64()
    found.validate(full=True)
    values: list[float | None] = found.to_pylist()
    return values


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x", X),
        ("-x", [-x for x in X]),
        ("+x", X),
        ("- - x", X),
        ("-x*x", [-x * x for x in X]),
        ("x - -x", [x + x for x in X]),
        ("1 - x - 2", [1 - x - 2 for x in X]),
        ("1 - (x - 2)", [1 - (x - 2) for x in X]),
        ("12 / x / 2", [12 / x / 2 for x in X]),
        ("12 / (x / 2)", [12 / (x / 2) for x in X]),
        ("1 + 2*x", [1 + 2 * x for x in X]),
        ("(1 + 2)*x", [3 * x for x in X]),
        ("x*2+1", [x * 2 + 1 for x in X]),
        ("5*return - 0.1*x", [5 * r - 0.1 * x for r, x in zip(RETURN, X, strict=True)]),
        ("return", RETURN),
        ("`return`", RETURN),
        ("2*`add to cart` - x", [2 * c - x for c, x in zip(CART, X, strict=True)]),
        ("`a``b`*2", [2 * t for t in TICK]),
        ("größe/2", [s / 2 for s in SIZE]),
        ("1e5 + e5", [1e5 + e for e in E5]),
        (".5*x + 1.*x + 1.5E-1*x", [0.5 * x + 1.0 * x + 1.5e-1 * x for x in X]),
        (" \n x\t+ 1 ", [x + 1 for x in X]),
        ("click + x", [1.5, -2.0, 1.1, None]),
        ("0*click", [0.0, 0.0, 0.0, None]),
        ("x + click*0 + click", [1.5, -2.0, 1.1, None]),
    ],
)
def test_values(text: str, wanted: list[float | None]) -> None:
    assert over(text) == wanted


def test_columns_in_order_of_appearance_each_once() -> None:
    assert parse_arithmetic("b + 2*(`a b` - b) / return", "reward").columns == ("b", "a b", "return")


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.int8(), [100, -100]),
        (pa.uint8(), [255, 0]),
        (pa.uint64(), [2**64 - 2**12, 1]),
        (pa.int64(), [-(2**62), 3]),
        (pa.float16(), [0.5, 2.0]),
        (pa.float32(), [0.5, 2.0]),
        (pa.decimal128(6, 2), [Decimal("1.25"), Decimal("-7.25")]),
        (pa.decimal256(50, 3), [Decimal("1.125"), Decimal("2")]),
        (pa.bool_(), [True, False]),
    ],
)
def test_every_kind_of_number_becomes_float64_first(kind: pa.DataType, values: list[Any]) -> None:
    a, b = map(float, values)
    for nulls in ([], [None]):
        column = pa.array(values + nulls, kind)
        assert over("c*3 - 1", c=column) == [a * 3 - 1, b * 3 - 1, *nulls]
        assert over("c/2", c=column) == [a / 2, b / 2, *nulls]


def test_what_is_not_finite_is_neither_null_nor_an_error() -> None:
    found = over("1/c", c=pa.array([0.0, None, math.inf]))
    assert found == [math.inf, None, 0.0]
    assert math.isnan(over("c/c", c=pa.array([0.0]))[0] or 0.0)
    assert over("c*1e308*10", c=pa.array([1.0])) == [math.inf]
    assert over("c + 1/0", c=pa.array([1.0])) == [math.inf]


def test_no_values_and_no_rows() -> None:
    assert over("c + 1", c=pa.nulls(3)) == [None, None, None]
    assert over("c + 1", c=pa.array([], pa.float64())) == []


def test_a_slice_of_a_column() -> None:
    column = pa.array([9, None, 1, 2, None], pa.int32()).slice(1, 3)
    assert over("c + 1", c=column) == [None, 2.0, 3.0]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("click +", ["nothing", "character 8", "a column name"]),
        ("", ["''", "nothing", "character 1"]),
        ("   ", ["nothing", "character 1"]),
        ("click purchase", ["'purchase'", "character 7", "an operator"]),
        ("5click", ["'click'", "character 2"]),
        ("click ** 2", ["'*'", "character 8", "a column name"]),
        ("click // 2", ["'/'", "character 8"]),
        ("click % 2", ["'%'", "character 7"]),
        ("click > 2", ["'>'", "character 7"]),
        ("(click", ["nothing", "character 7", "')'"]),
        ("click)", ["')'", "character 6", "the end"]),
        ("()", ["')'", "character 2"]),
        ("return + (größe - ", ["nothing", "character 18"]),
        ("größe + return return", ["'return'", "character 16"]),
        ("`add to cart` `x`", ["'`x`'", "character 15"]),
        ("f(click)", ["'('", "character 2"]),
        ("click[0]", ["'['", "character 6"]),
        ("click.real", ["'.'", "character 6", "back-quotes"]),
        ("`click", ["'`'", "character 1", "back-quotes"]),
        ("click``", ["'`'", "character 6", "back-quotes"]),
        ("'click'", ['"\'"', "character 1", "back-quotes"]),
        ("click; x", ["';'", "character 6"]),
        ("click if x else y", ["'if'", "character 7"]),
        ("lambda: click", ["':'", "character 7"]),
        ("0x10*click", ["'x10'", "character 2"]),
        ("1_000*click", ["'_000'", "character 2"]),
        ("1j*click", ["'j'", "character 2"]),
        ("click + 1e999", ["'1e999'", "character 9", "float64"]),
        ("click\x00", ["character 6"]),
        ("1 + 2", ["no column"]),
        ("(" * 60 + "click" + ")" * 60, ["'('", "character 51", "at most 50"]),
        ("-" * 60 + "click", ["'-'", "at most 50"]),
        ("click" + " + click" * 5000, ["40,005 characters", "at most 10,000"]),
    ],
)
def test_what_is_not_understood(text: str, parts: list[str]) -> None:
    error_of(lambda: parse_arithmetic(text, "reward"), "reward", *parts, kind=UsageError)


@pytest.mark.parametrize("text", [5, None, True, ["click"]])
def test_what_is_no_text(text: Any) -> None:
    error_of(lambda: parse_arithmetic(text, "reward"), repr(text), "wanted an expression", kind=UsageError)


def test_long_sums_and_deep_ones_within_the_limits() -> None:
    assert over("x" + " + x" * 2000)[0] == pytest.approx(2001 * 0.5, rel=1e-15)
    assert over("(" * 49 + "x" + ")" * 49) == X


SCHEMA = pa.schema(
    [
        ("n", pa.int8()),
        ("b", pa.bool_()),
        ("s", pa.string()),
        ("t", pa.timestamp("s")),
        ("l", pa.list_(pa.float32())),
        ("m", pa.list_(pa.string())),
        ("nothing", pa.null()),
    ]
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("n + m", ["'m'", "lists of strings", "numbers"]),
        ("n*s", ["'s'", "strings"]),
        ("t", ["'t'", "timestamps"]),
        ("n + `add to cart`", ["no column 'add to cart'", "n, b, s, t, l, m, nothing"]),
        ("n - clicks", ["'n - clicks'", "no column 'clicks'"]),
    ],
)
def test_what_does_not_fit_the_columns(text: str, parts: list[str]) -> None:
    expression = parse_arithmetic(text, "reward")
    error_of(lambda: expression.require(SCHEMA, "FILE", lists=True), "FILE: reward", *parts)


def test_lists_fit_where_they_may_be() -> None:
    expression = parse_arithmetic("n + b*l - nothing", "reward")
    expression.require(SCHEMA, "FILE", lists=True)
    error_of(lambda: expression.require(SCHEMA, "FILE"), "'l'", "lists of floats", "numbers")


# The same by recursion over trees, one row at a time.

APPLY = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
RANK = {"+": 1, "-": 1, "*": 2, "/": 2, "sign": 3}
NAMES = {"i": "i", "f": "f", "b": "b", "if": "if", "m n": "`m n`", "o`p": "`o``p`"}


def naive(tree: Any, row: dict[str, Any]) -> np.float64 | None:
    kind, *parts = tree
    if kind == "column":
        return None if row[parts[0]] is None else np.float64(row[parts[0]])
    if kind == "number":
        return np.float64(parts[0])
    values = [naive(part, row) for part in parts]
    if None in values:
        return None
    known = [value for value in values if value is not None]
    found: np.float64 = -known[0] if kind == "sign" else APPLY[kind](*known)
    return found


def spelled(tree: Any, rank: int = 0) -> str:
    """With no more parentheses than Python needs."""
    kind, *parts = tree
    if kind == "column":
        return NAMES[parts[0]]
    if kind == "number":
        return repr(parts[0])
    own = RANK[kind]
    if kind == "sign":
        text = "-" + spelled(parts[0], own)
    else:
        text = f"{spelled(parts[0], own)} {kind} {spelled(parts[1], own + 1)}"
    return f"({text})" if own < rank else text


def columns_of(tree: Any) -> set[str]:
    kind, *parts = tree
    if kind in ("column", "number"):
        return set(parts) if kind == "column" else set()
    return set().union(*map(columns_of, parts))


leaves = st.one_of(
    st.tuples(st.just("column"), st.sampled_from([*NAMES])),
    st.tuples(st.just("number"), st.integers(0, 9) | st.floats(0, 1e3)),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.just("sign"), inner), st.tuples(st.sampled_from([*APPLY]), inner, inner)
    ),
    max_leaves=12,
).filter(columns_of)
floats = st.none() | st.floats(-100, 100)
rows_of = st.fixed_dictionaries(
    {
        "i": st.none() | st.integers(-128, 127),
        "f": floats,
        "b": st.none() | st.booleans(),
        "if": floats,
        "m n": floats,
        "o`p": floats,
    }
)
KINDS = {"i": pa.int8(), "b": pa.bool_()}


@examples
@given(trees, st.lists(rows_of, min_size=1, max_size=8))
def test_same_as_python_row_by_row(tree: Any, rows: list[dict[str, Any]]) -> None:
    table = {name: pa.array([row[name] for row in rows], KINDS.get(name, pa.float64())) for name in NAMES}
    expression = parse_arithmetic(spelled(tree), "reward")
    assert set(expression.columns) == columns_of(tree)
    found = expression.over(table).to_pylist()
    with np.errstate(all="ignore"):
        for value, row in zip(found, rows, strict=True):
            wanted = naive(tree, row)
            assert (value is None) == (wanted is None)
            if value is not None and wanted is not None:
                assert np.float64(value).tobytes() == wanted.tobytes() or (
                    np.isnan(value) and np.isnan(wanted)
                )
