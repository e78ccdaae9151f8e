from __future__ import annotations

import datetime
import operator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.errors import UsageError
from rankeval.readers.where import MOST_OPERANDS, parse_where
from tests.readers.helpers import error_of, examples, read

ROWS = pa.table(
    {
        "i": pa.array([1, 2, 3, None], pa.int8()),
        "u": pa.array([2**64 - 1, 5, 0, None], pa.uint64()),
        "x": [0.5, 2.0, float("nan"), None],
        "s": ["de", "us", "de", None],
        "b": [True, False, None, True],
        "t": pa.array([0, 86400, 172800, None], pa.timestamp("s")),
        "z": pa.array([0, 86400, 172800, None], pa.timestamp("s", tz="UTC")),
        "d": pa.array([0, 1, 2, None], pa.date32()),
        "l": [[1], [2], [3], None],
        "n": pa.nulls(4),
        "row": [0, 1, 2, 3],
        "big": [10**17, 2**62, -1, None],
    }
)


def kept(text: str) -> list[int]:
    return read(ROWS, ["row"], parse_where(text))["row"].to_pylist()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("i == 1", [0]),
        ("i != 1", [1, 2]),
        ("i < 2", [0]),
        ("i <= 2", [0, 1]),
        ("2 < i", [2]),
        ("i >= 2 and s == 'de'", [2]),
        ("i == 1 or s == 'us'", [0, 1]),
        ("(i == 1 or i == 2) and not s == 'de'", [1]),
        ("1 < i <= 3", [1, 2]),
        ("i in [1, 3]", [0, 2]),
        ("i not in (1, 3)", [1]),
        ("not i in [1, 3]", [1]),
        ("i < 300", [0, 1, 2]),
        ("i > 1.5", [1, 2]),
        ("i > -1", [0, 1, 2]),
        ("i > +1", [1, 2]),
        ("u == 18446744073709551615", [0]),
        ("u > -1", [0, 1, 2]),
        ("i < 18446744073709551615", [0, 1, 2]),
        ("x <= 2.0", [0, 1]),
        ("x < 36028797018963969", [0, 1]),
        ("big > 0.5", [0, 1]),
        ("0.5 < big", [0, 1]),
        ("big == 1e17", [0]),
        ("big > 100000000000000000", [1]),
        ("big == 4611686018427387903", []),
        ("u > 4.5", [0, 1]),
        ("i < 1e300", [0, 1, 2]),
        ("i < 1e999", [0, 1, 2]),
        ("s < 'e'", [0, 2]),
        ("s is None", [3]),
        ("s is not None", [0, 1, 2]),
        ("b", [0, 3]),
        ("not b", [1]),
        ("b == False", [1]),
        ("t >= '1970-01-02'", [1, 2]),
        ("z >= '1970-01-02T12:00Z'", [2]),
        ("d == '1970-01-02'", [1]),
        ("n == 1", []),
        ("n", []),
        ("n is None", [0, 1, 2, 3]),
        ("i == row", []),
        ("i > row", [0, 1, 2]),
        ("  i == 1  ", [0]),
    ],
)
def test_rows_that_are_kept(text: str, rows: list[int]) -> None:
    assert kept(text) == rows


def test_columns_in_order_of_appearance() -> None:
    assert parse_where("b and (a < 1 or c == 'b') and a > 0").columns == ("b", "a", "c")


def test_columns_of_the_filter_alone_are_not_in_the_output() -> None:
    assert read(ROWS, ["x"], parse_where("i == 1")).schema.names == ["x"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("f(i)", ["'f(i)'", "character 1", "condition"]),
        ("i == 1 and len(s) > 2", ["'len(s)'", "character 12"]),
        ("é == 1 and f(1)", ["'f(1)'", "character 12"]),
        ("   i + 1 == 2", ["'i + 1'", "character 4"]),
        ("i == 10 ** 3", ["'10 ** 3'", "character 6"]),
        ("i.real == 1", ["'i.real'"]),
        ("i[0] == 1", ["'i[0]'"]),
        ("i == 1j", ["'1j'"]),
        ("i == b'x'", ["b'x'"]),
        ("i == -True", ["'-True'"]),
        ("i == None", ["'None'", "is None"]),
        ("i is 3", ["'3'", "is None"]),
        ("i in []", ["'[]'", "list"]),
        ("i in s", ["'s'", "list"]),
        ("1 == 1", ["'1'", "column"]),
        ("True", ["'True'", "condition"]),
        ("lambda: 1", ["condition"]),
        ("i = 3", ["character 3", "equality is =="]),
        ("i <= 3 and i = 3", ["equality is =="]),
        ("i <== 3", ["character"]),
        ("(i == 1", ["character 1"]),
        ("", ["''"]),
        ("i > 99999999999999999999", ["64 bits"]),
        ("i == '\x00'", []),
        ("not " * 5000 + "i", ["too deep"]),
        ("(" * 300 + "i", []),
    ],
)
def test_what_is_not_understood(text: str, parts: list[str]) -> None:
    error_of(lambda: parse_where(text), "where", *parts, kind=UsageError)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("s == 3", ["'s'", "strings", "number 3"]),
        ("i == 'de'", ["'i'", "integers", "string 'de'"]),
        ("b == 1", ["'b'", "booleans", "number 1"]),
        ("i == True", ["integers", "True"]),
        ("l == 1", ["lists of integers"]),
        ("s == i", ["strings", "integers"]),
        ("i", ["integers", "comparison"]),
        ("t == 'soon'", ["timestamps", "2024-01-31 12:00", "'soon'"]),
        ("z > '1970-01-01'", ["timestamps", "2024-01-31T12:00Z"]),
        ("t > 5", ["timestamps", "number 5"]),
        ("country == 'de'", ["'country'", "i, u, x, s, b"]),
    ],
)
def test_what_does_not_fit_the_columns(text: str, parts: list[str]) -> None:
    error_of(lambda: kept(text), "<table>", *parts)


def test_bind_names_a_missing_column_and_those_there_are() -> None:
    schema = pa.schema([("a", pa.int64()), ("b", pa.string())])
    error_of(lambda: parse_where("c == 1").bind(schema, "F"), "F:", "'c == 1'", "'c'", "a, b")


# Slow three-valued logic, one row at a time: None is unknown.

COMPARE = {"==": operator.eq, "!=": operator.ne, "<": operator.lt, ">=": operator.ge}


def naive(tree: Any, row: dict[str, Any]) -> bool | None:
    kind, *parts = tree
    if kind == "not":
        inner = naive(parts[0], row)
        return None if inner is None else not inner
    if kind in ("and", "or"):
        values = [naive(part, row) for part in parts]
        decisive = kind == "or"
        return decisive if decisive in values else None if None in values else not decisive
    column, value = parts
    if kind == "is None":
        return row[column] is None
    if row[column] is None:
        return None
    return row[column] in value if kind == "in" else COMPARE[kind](row[column], value)


def spelled(tree: Any) -> str:
    kind, *parts = tree
    if kind == "not":
        return f"not ({spelled(parts[0])})"
    if kind in ("and", "or"):
        return f" {kind} ".join(f"({spelled(part)})" for part in parts)
    column, value = parts
    return f"{column} is None" if kind == "is None" else f"{column} {kind} {value!r}"


leaf = st.one_of(
    st.tuples(st.sampled_from([*COMPARE]), st.just("i"), st.integers(-3, 3)),
    st.tuples(st.sampled_from([*COMPARE]), st.just("s"), st.sampled_from("abc")),
    st.tuples(st.just("in"), st.just("i"), st.lists(st.integers(-3, 3), min_size=1)),
    st.tuples(st.just("is None"), st.sampled_from("is"), st.none()),
)
trees = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), inner, inner),
    ),
    max_leaves=6,
)
cells = st.tuples(st.none() | st.integers(-3, 3), st.none() | st.sampled_from("abc"))


@examples
@given(trees, st.lists(cells, min_size=1, max_size=8))
def test_same_as_three_valued_logic_row_by_row(tree: Any, rows: list[Any]) -> None:
    table = pa.table(
        {
            "i": pa.array([row[0] for row in rows], pa.int64()),
            "s": pa.array([row[1] for row in rows], pa.string()),
            "row": range(len(rows)),
        }
    )
    wanted = [at for at, row in enumerate(rows) if naive(tree, {"i": row[0], "s": row[1]})]
    assert read(table, ["row"], parse_where(spelled(tree)))["row"].to_pylist() == wanted


def test_a_date_column_compares_with_a_date() -> None:
    table = pa.table({"d": [datetime.date(2024, 1, 31), datetime.date(2024, 2, 1)]})
    assert read(table, ["d"], parse_where("d > '2024-01-31'"))["d"].to_pylist() == [datetime.date(2024, 2, 1)]


def test_a_comparison_that_ends_early_is_no_equality() -> None:
    with pytest.raises(UsageError) as caught:
        parse_where("i <=")
    assert "equality" not in str(caught.value)


WIDE_TYPES = [
    pa.int8(), pa.int32(), pa.int64(), pa.uint8(), pa.uint64(), pa.float32(), pa.float64(), pa.string(),
]  # fmt: skip


@pytest.mark.parametrize("kind", WIDE_TYPES, ids=str)
@pytest.mark.parametrize("negated", [False, True])
def test_a_long_list_is_as_many_comparisons(kind: pa.DataType, negated: bool) -> None:
    cells = pa.array([3, 40, None, 0, 7]).cast(kind)
    table = pa.table({"c": cells, "row": range(5)})
    values = [f"'{value}'" if kind == pa.string() else str(value) for value in [*range(30), 39.5][:-1]]
    texts = [f"c in [{', '.join(values)}]", " or ".join(f"c == {value}" for value in values)]
    wanted = [1] if negated else [0, 3, 4]
    for text in texts:
        text = f"not ({text})" if negated else text
        assert read(table, ["row"], parse_where(text))["row"].to_pylist() == wanted


def test_a_long_list_compares_in_the_type_of_the_column_and_the_number() -> None:
    table = pa.table({"c": pa.array([0.5, 0.1], pa.float32()), "row": [0, 1]})
    values = ", ".join(["0.1", "0.5", *map(str, range(1, 20))])
    assert read(table, ["row"], parse_where(f"c in [{values}]"))["row"].to_pylist() == [0]
    whole = pa.table({"c": pa.array([1, 2], pa.int64()), "row": [0, 1]})
    values = ", ".join(["1.5", "2", *map(str, range(5, 25))])
    assert read(whole, ["row"], parse_where(f"c in [{values}]"))["row"].to_pylist() == [1]


@pytest.mark.parametrize(
    "text",
    [
        f"i in [{', '.join(map(str, range(10_000)))}]",
        " or ".join(f"i == {value}" for value in range(10_000)),
        " and ".join(f"i != {value}" for value in range(10, 10_010)),
        " < ".join(["0", *["i"] * 3_000]),
    ],
    ids=["in", "or", "and", "chain"],
)
def test_long_filters_take_no_deep_recursion(text: str) -> None:
    table = pa.table({"i": pa.array([5, None], pa.int64())})
    rows = read(table, ["i"], parse_where(text))["i"].to_pylist()
    assert rows == ([] if "<" in text else [5])


def test_a_filter_has_a_limit_and_its_message_is_short() -> None:
    text = f"i in [{', '.join(['1'] * MOST_OPERANDS)}]"
    with pytest.raises(UsageError, match=r"found 100,001 names and values, wanted at most 100,000") as caught:
        parse_where(text)
    assert len(str(caught.value)) < 300
    with pytest.raises(UsageError) as caught:
        parse_where(f"i == [{', '.join(['1'] * 10_000)}]")
    assert len(str(caught.value)) < 300


def test_python_has_nothing_to_say_of_the_text(recwarn: pytest.WarningsRecorder) -> None:
    parse_where("i == 1or i == 2")
    assert not recwarn.list
