"""Row filters such as ``position <= 3 and country == "de"``. They are parsed, and never evaluated as code."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import and_, eq, ge, gt, le, lt, ne, or_
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from rankeval.errors import DataError, UsageError
from rankeval.readers.messages import listed, short
from rankeval.readers.plain import type_class

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: eq,
    ast.NotEq: ne,
    ast.Lt: lt,
    ast.LtE: le,
    ast.Gt: gt,
    ast.GtE: ge,
}
#: The largest number of names and values in a filter.
MOST_OPERANDS = 100_000
#: Type of a column -> the type in which a set of values is compared with it.
_WIDE = {
    **dict.fromkeys(("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"), pa.int64()),
    **dict.fromkeys(("float", "double"), pa.float64()),
    "string": pa.string(),
}
_CHAIN = 64
#: A list of at least so many values is looked up in a set.
_MANY = 16


def _unknown() -> pc.Expression:
    """A condition that is neither true nor false. Not a module constant: creating it loads pandas."""
    return pc.scalar(pa.scalar(None, pa.bool_()))


@dataclass(frozen=True)
class Where:
    """A row filter.

    It keeps the rows for which its condition is true. A comparison with a missing value is neither true nor
    false, as in SQL, and ``not`` does not make it true.

    Attributes:
        text: the filter as the user wrote it.
        columns: the columns that it reads, in order of appearance.
    """

    text: str
    columns: tuple[str, ...]
    _tree: ast.expr = field(repr=False, compare=False)

    def bind(self, schema: pa.Schema, name: str) -> pc.Expression:
        """The filter as an Arrow expression over ``schema``, the columns of the file ``name``.

        Raises:
            DataError: a column is missing, or is compared with a value of another kind.
        """
        return _Builder(self.text, schema, name).condition(self._tree)


def parse_where(text: str) -> Where:
    """Parse a filter with ``== != < <= > >=``, ``in [..]``, ``is None``, ``and or not`` and parentheses.

    Operands are column names, numbers, strings, True and False. A column of booleans is itself a condition.
    A time column is compared with a string such as "2024-01-31 12:00".

    Raises:
        UsageError: the filter is not valid, or blank.
    """
    if not text.strip():
        raise UsageError(f"where: found {text!r}, wanted a filter such as 'position <= 3', or none at all")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        _require_few(tree, text)
        _Builder(text, None, "").condition(tree)
    except SyntaxError as error:
        hint = " (equality is ==)" if re.search("(?<![=<>!])=(?!=)", text) else ""
        raise UsageError(f"where {short(text)}: {error.msg} at character {error.offset or 1}{hint}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"where {short(text)}: too long, too deep or not text") from None
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    names.sort(key=lambda node: (node.lineno, node.col_offset))
    return Where(text, tuple(dict.fromkeys(node.id for node in names)), tree)


def _require_few(tree: ast.expr, text: str) -> None:
    nodes = sum(isinstance(node, ast.Constant | ast.Name) for node in ast.walk(tree))
    if nodes > MOST_OPERANDS:
        raise UsageError(
            f"where {short(text)}: found {nodes:,} names and values, wanted at most {MOST_OPERANDS:,}; "
            "a column that marks the rows to keep has no limit"
        )


@dataclass(frozen=True)
class _Operand:
    """One side of a comparison. ``words`` names it in messages; ``kind`` is None without a schema."""

    value: Any
    kind: str | None
    words: str
    type: pa.DataType | None = None


@dataclass(frozen=True)
class _Builder:
    """Builds the expression from the syntax tree; without a schema it checks only the syntax."""

    text: str
    schema: pa.Schema | None
    name: str

    def condition(self, node: ast.expr) -> Any:
        """The expression for a node that must be a condition."""
        match node:
            case ast.BoolOp(op, parts):
                join = and_ if isinstance(op, ast.And) else or_
                return _joined(join, [self.condition(part) for part in parts])
            case ast.UnaryOp(ast.Not(), inner):
                return ~self.condition(inner)
            case ast.Compare(left, ops, rights):
                lefts = [left, *rights[:-1]]
                pairs = zip(lefts, ops, rights, strict=True)
                return _joined(and_, [self._comparison(a, op, b) for a, op, b in pairs])
            case ast.Name():
                return self._boolean_column(node)
        self._refuse(node, "wanted a condition")

    def _boolean_column(self, node: ast.Name) -> Any:
        column = self._column(node)
        if column.kind not in (None, "boolean", "nothing"):
            self._clash(f"{column.words} is no condition; wanted a comparison")
        return _unknown() if column.kind == "nothing" else column.value

    def _comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Any:
        if isinstance(op, ast.Is | ast.IsNot):
            return self._missing(left, op, right)
        if isinstance(op, ast.In | ast.NotIn):
            return self._membership(left, op, right)
        return self._compared(left, _COMPARISONS[type(op)], right)

    def _missing(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Any:
        if not (isinstance(left, ast.Name) and isinstance(right, ast.Constant) and right.value is None):
            self._refuse(right, "wanted COLUMN is None or COLUMN is not None")
        value = self._column(left).value
        return value.is_null() if isinstance(op, ast.Is) else value.is_valid()

    def _membership(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Any:
        if not (isinstance(right, ast.List | ast.Tuple | ast.Set) and right.elts):
            self._refuse(right, "wanted a list of values, such as [1, 2]")
        found = self._among(left, right.elts)
        if found is None:
            found = _joined(or_, [self._compared(left, eq, value) for value in right.elts])
        return found if isinstance(op, ast.In) else ~found

    def _among(self, left: ast.expr, values: list[ast.expr]) -> Any:
        """``left in values`` by one look into a set; None unless many values have the type of a column."""
        if self.schema is None or len(values) < _MANY or not isinstance(left, ast.Name):
            return None
        column = self._column(left)
        wide = _WIDE.get(str(column.type))
        scalars = [pa.scalar(self._fitted(self._operand(value), column).value) for value in values]
        if wide is None or any(scalar.type != wide for scalar in scalars):
            return None
        value = column.value if column.type == wide else column.value.cast(wide)
        found = value.isin(pa.array([scalar.as_py() for scalar in scalars], wide))
        # For a missing value isin() gives false, but the comparison must be neither true nor false.
        return found | (value.is_null() & _unknown())

    def _compared(self, left: ast.expr, compare: Callable[[Any, Any], Any], right: ast.expr) -> Any:
        if not any(isinstance(side, ast.Name) for side in (left, right)):
            self._refuse(left, "wanted a column on one side of the comparison")
        a, b = self._operand(left), self._operand(right)
        if self.schema is None:
            return pc.scalar(True)
        a, b = self._fitted(a, b), self._fitted(b, a)
        if "nothing" in (a.kind, b.kind):
            return _unknown()
        if a.kind != b.kind or "other" in (a.kind, b.kind):
            self._clash(f"{a.words} cannot be compared with {b.words}")
        return compare(a.value, b.value)

    def _fitted(self, side: _Operand, other: _Operand) -> _Operand:
        """``side`` in a type that Arrow can compare with ``other`` without loss of values or errors."""
        column, literal = (side, other) if side.type is not None else (other, side)
        if column.type is None or literal.type is not None:
            return side
        if (column.kind, literal.kind) == ("number", "number"):
            return replace(side, value=_in_one_type(column, literal)[side is literal])
        if side is literal and (column.kind, literal.kind) == ("time", "string"):
            return replace(literal, value=self._time(column, literal), kind="time")
        return side

    def _time(self, column: _Operand, literal: _Operand) -> Any:
        try:
            return pa.scalar(literal.value).cast(column.type)
        except pa.ArrowInvalid:
            wanted = "2024-01-31T12:00Z" if getattr(column.type, "tz", None) else "2024-01-31 12:00"
            self._clash(f"{column.words} wants a time such as {wanted}, not {literal.words}")

    def _operand(self, node: ast.expr) -> _Operand:
        match node:
            case ast.Name():
                return self._column(node)
            case ast.Constant(bool() as value):
                return _Operand(value, "boolean", str(value))
            case ast.Constant(int() | float() as value):
                return self._number(node, value)
            case ast.UnaryOp(ast.USub() | ast.UAdd() as sign, ast.Constant(int() | float() as value)):
                if not isinstance(value, bool):
                    return self._number(node, -value if isinstance(sign, ast.USub) else value)
            case ast.Constant(str() as value):
                return _Operand(value, "string", f"the string {value!r}")
            case ast.Constant(None):
                self._refuse(node, "a missing value is found by COLUMN is None")
        self._refuse(node, "wanted a column name, a number, a string, True or False")

    def _number(self, node: ast.expr, value: int | float) -> _Operand:
        if isinstance(value, int) and not -(2**63) <= value < 2**64:
            self._refuse(node, "wanted an integer of 64 bits")
        return _Operand(value, "number", f"the number {value}")

    def _column(self, node: ast.Name) -> _Operand:
        column = pc.field(node.id)
        if self.schema is None:
            return _Operand(column, None, node.id)
        if self.schema.get_field_index(node.id) < 0:
            raise DataError(
                f"{self.name}: where {short(self.text)}: no column {short(node.id)}; "
                f"its columns are {listed(self.schema.names)}"
            )
        kind = self.schema.field(node.id).type
        return _Operand(column, _kind(kind), f"column {node.id!r}, which holds {type_class(kind)},", kind)

    def _clash(self, what: str) -> NoReturn:
        raise DataError(f"{self.name}: where {short(self.text)}: {what.rstrip(',')}")

    def _refuse(self, node: ast.expr, wanted: str) -> NoReturn:
        stripped = self.text.strip()
        before = stripped.splitlines()[node.lineno - 1].encode()[: node.col_offset].decode()
        character = self.text.index(stripped) + len(before) + 1
        found = short(ast.get_source_segment(stripped, node) or "")
        raise UsageError(f"where {short(self.text)}: found {found} at character {character}, {wanted}")


def _joined(join: Callable[[Any, Any], Any], parts: list[Any]) -> Any:
    """The conditions joined, in a tree of small depth: Arrow walks through it by recursion.

    Arrow makes one deep chain of all neighbouring ``or``. A double ``not`` between them keeps it from that.
    """
    while len(parts) > _CHAIN:
        groups = [parts[i : i + _CHAIN] for i in range(0, len(parts), _CHAIN)]
        parts = [~~reduce(join, group) for group in groups]
    return reduce(join, parts)


def _in_one_type(column: _Operand, literal: _Operand) -> tuple[Any, Any]:
    """A number column and a number literal in types that Arrow compares exactly, or else as float64."""
    value = literal.value
    if pt.is_decimal(column.type):
        return column.value, value
    if not pt.is_integer(column.type):
        return column.value, pa.scalar(float(value))
    kind = pa.uint64() if pt.is_uint64(column.type) else pa.int64()
    low, high = (0, 2**64) if pt.is_uint64(kind) else (-(2**63), 2**63)
    if float(value).is_integer() and low <= value < high:
        return column.value, pa.scalar(int(value), kind)
    # No integer of the column's type equals this literal. Arrow alone would try float32, and fail.
    return column.value.cast(pa.float64(), safe=False), pa.scalar(float(value))


def _kind(kind: pa.DataType) -> str:
    """The kind of values of an Arrow type; values of the same kind can be compared, except "other"."""
    if pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind):
        return "number"
    if pt.is_timestamp(kind) or pt.is_date(kind):
        return "time"
    if pt.is_null(kind):
        return "nothing"
    return "string" if pt.is_string(kind) else "boolean" if pt.is_boolean(kind) else "other"
