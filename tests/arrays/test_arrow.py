"""Between Arrow and NumPy, without pandas and without a copy where none is needed."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from rankeval.arrays.arrow import (
    as_float64,
    decoded,
    encoded,
    is_null,
    is_unknown,
    take,
    take_or_null,
    to_arrow,
    to_numpy,
)

NUMBERS = [pa.int8(), pa.uint16(), pa.int64(), pa.uint64(), pa.float16(), pa.float32(), pa.float64()]


@pytest.mark.parametrize("kind", NUMBERS)
def test_there_and_back(kind):
    values = pa.array(np.arange(10)).cast(kind)
    for part in (values, values.slice(3, 5), values.slice(10), values.slice(0, 0)):
        numbers = to_numpy(part)
        assert numbers.dtype == part.type.to_pandas_dtype()
        assert to_arrow(numbers).equals(part)


def test_nothing_is_copied():
    numbers = np.arange(100.0)
    assert np.shares_memory(to_numpy(to_arrow(numbers)), numbers)


def test_a_strided_array():
    assert to_arrow(np.arange(10)[::3]).to_pylist() == [0, 3, 6, 9]


@pytest.mark.parametrize("known", [[True, False, True] * 5, [True] * 15, [False] * 15])
def test_null_where_not_known(known):
    array = to_arrow(np.arange(15.0), np.array(known))
    array.validate(full=True)
    assert array.to_pylist() == [float(i) if known[i] else None for i in range(15)]


@pytest.mark.parametrize("offset", [0, 1, 7, 9])
def test_booleans(offset):
    values = pa.array([True, False, True, True, False, False, True, False, True, True]).slice(offset)
    assert to_numpy(values).tolist() == values.to_pylist()
    assert to_numpy(values).dtype == np.bool_


def test_nulls():
    values = pa.array([None, 1, None, 3]).slice(1)
    assert is_null(values).tolist() == [False, True, False]
    assert is_null(pa.array([], pa.int64())).tolist() == []
    assert is_null(
        pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["a", None]))
    ).tolist() == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize("kind", [*NUMBERS, pa.bool_(), pa.decimal128(21, 1), pa.decimal256(40, 2)])
@pytest.mark.parametrize("last", [1, None])
def test_float64_with_and_without_nulls(kind, last):
    values = pa.array([9, 0, 1, last]).cast(kind).slice(1)
    np.testing.assert_array_equal(as_float64(values), [0.0, 1.0, np.nan if last is None else last])


def test_integers_beyond_the_precision_of_float64_are_rounded():
    big = 2**53 + 1
    for values in ([big], [big, None]):
        assert as_float64(pa.array(values))[0] == float(big)
    assert as_float64(pa.array([2**64 - 1, None], pa.uint64()))[0] == 2.0**64


def test_nothing_at_all():
    assert as_float64(pa.array([], pa.null())).tolist() == []
    assert np.isnan(as_float64(pa.nulls(3))).all()


def test_take():
    values = pa.array(["a", None, "c"])
    assert take(values, np.array([2, 0, 1, 2])).to_pylist() == ["c", "a", None, "c"]
    assert take_or_null(values, np.array([2, -1, 0])).to_pylist() == ["c", None, "a"]
    assert take_or_null(values.dictionary_encode(), np.array([-1, 2])).to_pylist() == [None, "c"]
    assert take_or_null(values, np.zeros(0, np.int64)).to_pylist() == []


def test_dictionaries_and_what_they_hold():
    values = pa.array(["b", "a", "b"])
    assert encoded(values).type == values.dictionary_encode().type
    assert encoded(encoded(values)).equals(encoded(values))
    assert decoded(encoded(values)).equals(values)
    assert decoded(values) is values


@pytest.mark.parametrize("values", [[1.0, None, float("nan")], ["a", None, None]])
def test_null_and_nan_are_unknown(values):
    assert is_unknown(pa.array(values)).tolist() == [False, True, True]


def test_pandas_is_not_imported():
    """Arrow's own ``pa.array`` would import it."""
    code = (
        "import sys, numpy as np; from rankeval.arrays.arrow import *; numbers = to_arrow(np.arange(3));"
        "as_float64(take_or_null(numbers, np.array([1, -1]))); is_null(take(numbers, np.array([2])));"
        "print('pandas' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "False\n"
    )
