"""Row filters such as ``position <= 3 and country == "de"``. They are parsed, and never evaluated as code."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from operator import and_, eq, ge, gt, le, lt, ne, or_
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from rankeval.errors import DataError, UsageError
from rankeval.readers.messages import listed, short
from rankeval.readers.plain import type_class
from rankeval.readers.where_operands import Operand, in_one_type, joined, kind_of

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
    _known: Mapping[str, pa.Scalar] = field(repr=False, compare=False, default_factory=dict)

    @property
    def parts(self) -> list[Where]:
        """The conditions that ``and`` joins: a row is kept if each of them keeps it."""
        match self._tree:
            case ast.BoolOp(ast.And(), trees):
                pass
            case tree:
                trees = [tree]
        return [replace(self, columns=_columns(tree), _tree=tree) for tree in trees]

    def given(self, values: Mapping[str, pa.Scalar]) -> Where:
        """The same filter where some columns have one known value; it no longer reads these."""
        left = tuple(name for name in self.columns if name not in values)
        return replace(self, columns=left, _known=values)

    def bind(self, schema: pa.Schema, name: str) -> pc.Expression:
        """The filter as an Arrow expression over ``schema``, the columns of the file ``name``.

        Raises:
            DataError: a column is missing, or is compared with a value of another kind.
        """
        return _Builder(self.text, schema, name, self._known).condition(self._tree)


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
        with warnings.catch_warnings(action="ignore"):  # Python's words on the text, which are none of ours
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
    return Where(text, _columns(tree), tree)


def _columns(tree: ast.expr) -> tuple[str, ...]:
    """The names of the columns in ``tree``, in order of appearance."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    names.sort(key=lambda node: (node.lineno, node.col_offset))
    return tuple(dict.fromkeys(node.id for node in names))


def _require_few(tree: ast.expr, text: str) -> None:
    nodes = sum(isinstance(node, ast.Constant | ast.Name) for node in ast.walk(tree))
    if nodes > MOST_OPERANDS:
        raise UsageError(
            f"where {short(text)}: found {nodes:,} names and values, wanted at most {MOST_OPERANDS:,}; "
            "a column that marks the rows to keep has no limit"
        )


@dataclass(frozen=True)
class _Builder:
    """Builds the expression from the syntax tree; without a schema it checks only the syntax."""

    text: str
    schema: pa.Schema | None
    name: str
    known: Mapping[str, pa.Scalar] = field(default_factory=dict)

    def condition(self, node: ast.expr) -> Any:
        """The expression for a node that must be a condition."""
        match node:
            case ast.BoolOp(op, parts):
                join = and_ if isinstance(op, ast.And) else or_
                return joined(join, [self.condition(part) for part in parts])
            case ast.UnaryOp(ast.Not(), inner):
                return ~self.condition(inner)
            case ast.Compare(left, ops, rights):
                lefts = [left, *rights[:-1]]
                pairs = zip(lefts, ops, rights, strict=True)
                return joined(and_, [self._comparison(a, op, b) for a, op, b in pairs])
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
            found = joined(or_, [self._compared(left, eq, value) for value in right.elts])
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

    def _fitted(self, side: Operand, other: Operand) -> Operand:
        """``side`` in a type that Arrow can compare with ``other`` without loss of values or errors."""
        column, literal = (side, other) if side.type is not None else (other, side)
        if column.type is None or literal.type is not None:
            return side
        if (column.kind, literal.kind) == ("number", "number"):
            return replace(side, value=in_one_type(column, literal)[side is literal])
        if side is literal and (column.kind, literal.kind) == ("time", "string"):
            return replace(literal, value=self._time(column, literal), kind="time")
        return side

    def _time(self, column: Operand, literal: Operand) -> Any:
        try:
            return pa.scalar(literal.value).cast(column.type)
        except pa.ArrowInvalid:
            wanted = "2024-01-31T12:00Z" if getattr(column.type, "tz", None) else "2024-01-31 12:00"
            self._clash(f"{column.words} wants a time such as {wanted}, not {literal.words}")

    def _operand(self, node: ast.expr) -> Operand:
        match node:
            case ast.Name():
                return self._column(node)
            case ast.Constant(bool() as value):
                return Operand(value, "boolean", str(value))
            case ast.Constant(int() | float() as value):
                return self._number(node, value)
            case ast.UnaryOp(ast.USub() | ast.UAdd() as sign, ast.Constant(int() | float() as value)):
                if not isinstance(value, bool):
                    return self._number(node, -value if isinstance(sign, ast.USub) else value)
            case ast.Constant(str() as value):
                return Operand(value, "string", f"the string {value!r}")
            case ast.Constant(None):
                self._refuse(node, "a missing value is found by COLUMN is None")
        self._refuse(node, "wanted a column name, a number, a string, True or False")

    def _number(self, node: ast.expr, value: int | float) -> Operand:
        if isinstance(value, int) and not -(2**63) <= value < 2**64:
            self._refuse(node, "wanted an integer of 64 bits")
        return Operand(value, "number", f"the number {value}")

    def _column(self, node: ast.Name) -> Operand:
        column = pc.field(node.id)
        if self.schema is None:
            return Operand(column, None, node.id)
        if node.id in self.known:
            value = self.known[node.id]
            return self._of_type(node, pc.scalar(value), value.type)
        if node.id not in self.schema.names:
            raise DataError(
                f"{self.name}: where {short(self.text)}: no column {short(node.id)}; "
                f"its columns are {listed(self.schema.names)}"
            )
        return self._of_type(node, column, self.schema.field(node.id).type)

    def _of_type(self, node: ast.Name, column: Any, kind: pa.DataType) -> Operand:
        return Operand(column, kind_of(kind), f"column {node.id!r}, which holds {type_class(kind)},", kind)

    def _clash(self, what: str) -> NoReturn:
        raise DataError(f"{self.name}: where {short(self.text)}: {what.rstrip(',')}")

    def _refuse(self, node: ast.expr, wanted: str) -> NoReturn:
        stripped = self.text.strip()
        before = stripped.splitlines()[node.lineno - 1].encode()[: node.col_offset].decode()
        character = self.text.index(stripped) + len(before) + 1
        found = short(ast.get_source_segment(stripped, node) or "")
        raise UsageError(f"where {short(self.text)}: found {found} at character {character}, {wanted}")
