"""Plain Arrow types: Arrow has several types for the same values, and readers yield only one of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

ENCODED = pa.dictionary(pa.int32(), pa.string())

_TEXT = (
    pt.is_string,
    pt.is_large_string,
    pt.is_string_view,
    pt.is_binary,
    pt.is_large_binary,
    pt.is_binary_view,
)
_LISTS = (pt.is_list, pt.is_large_list, pt.is_fixed_size_list, pt.is_list_view, pt.is_large_list_view)
_CLASSES = (
    (pt.is_integer, "integers"),
    (pt.is_floating, "floats"),
    (pt.is_string, "strings"),
    (pt.is_boolean, "booleans"),
    (pt.is_decimal, "decimals"),
    (pt.is_timestamp, "timestamps"),
    (pt.is_date, "dates"),
    (pt.is_null, "nulls"),
)


def plain_type(kind: Any) -> pa.DataType:
    """The plain type for values of ``kind``: ``string`` for text, ``list`` for lists, others unchanged.

    Dictionary, run-end encoded and extension types become the plain type of their values.
    """
    if any(test(kind) for test in _TEXT):
        return pa.string()
    if any(test(kind) for test in _LISTS):
        return pa.list_(plain_type(kind.value_type))
    if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        return plain_type(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return plain_type(kind.storage_type)
    return kind


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """``schema`` with every type replaced by its ``plain_type``."""
    return pa.schema([pa.field(field.name, plain_type(field.type)) for field in schema])


def plain(array: Any, *, encode: bool = False) -> Any:
    """``array`` in its plain type, or with ``encode`` (strings only) as a dictionary with int32 indices."""
    if pt.is_run_end_encoded(array.type):
        array = pc.run_end_decode(array)
    if _holds_views(array.type):
        array = _without_views(array)
    wanted = plain_type(array.type)
    if pt.is_dictionary(array.type) and wanted == pa.string():
        # In two steps: Arrow cannot decode a dictionary of string views directly.
        array = array if array.type == ENCODED else array.cast(ENCODED)
        return array if encode else array.cast(wanted)
    array = array if array.type == wanted else array.cast(wanted)
    return array.dictionary_encode() if encode else array


def _holds_views(kind: pa.DataType) -> bool:
    is_view = pt.is_list_view(kind) or pt.is_large_list_view(kind)
    return is_view or (any(test(kind) for test in _LISTS) and _holds_views(kind.value_type))


def _without_views(lists: Any) -> Any:
    """The same lists, not as views: Arrow's own cast leaves out the last offset, and so reads beyond it."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    return pa.ListArray.from_arrays(offsets, plain(lists.flatten()), mask=lists.is_null())


def is_number(kind: pa.DataType) -> bool:
    """Whether values of a plain type are numbers or booleans."""
    return any(test(kind) for test in (pt.is_integer, pt.is_floating, pt.is_decimal, pt.is_boolean))


def type_class(kind: pa.DataType) -> str:
    """The name of values of a plain type in messages: "integers", "strings", "lists of floats"."""
    if pt.is_list(kind):
        return f"lists of {type_class(kind.value_type)}"
    return next((name for test, name in _CLASSES if test(kind)), f"{kind} values")
