"""Arithmetic over columns, such as ``click + 5*purchase``. It is parsed here and never run as code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from rankeval.arrays import as_float64, is_null, to_arrow
from rankeval.errors import DataError, UsageError
from rankeval.readers.messages import listed, short
from rankeval.readers.plain import is_number, type_class

#: One step of an expression: a column, a number, or an operation on the one or two values before it.
Step = str | float | Callable[..., pa.Array]

_TOKEN = re.compile(
    r"(?P<number>([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)|`(?P<quoted>([^`]|``)+)`|(?P<mark>\S)"
)
_SIGNS: dict[str, Callable[..., pa.Array]] = {"+": lambda value: value, "-": pc.negate}
_SUMS: dict[str, Callable[..., pa.Array]] = {"+": pc.add, "-": pc.subtract}
_PRODUCTS: dict[str, Callable[..., pa.Array]] = {"*": pc.multiply, "/": pc.divide}
#: Characters that are more likely part of a column name than of arithmetic.
_IN_NAMES = frozenset("`.:#$@?'\"")
_CHARACTERS = 10_000
_LEVELS = 50


@dataclass(frozen=True)
class Arithmetic:
    """An expression over columns with ``+ - * /``, signs and parentheses, computed in float64.

    Attributes:
        text: the expression as the user wrote it.
        columns: the columns that it reads, in order of appearance; at least one.
        option: name of the option that the expression is for, for messages.
    """

    text: str
    columns: tuple[str, ...]
    option: str
    _steps: tuple[Step, ...] = field(repr=False, compare=False)

    def require(self, schema: pa.Schema, name: str, *, lists: bool = False) -> None:
        """Check that a file has the columns of the expression, with numbers or booleans in them.

        Args:
            schema: schema of the file.
            name: name of the file, for messages.
            lists: whether columns may also hold lists of numbers or booleans.

        Raises:
            DataError: a column is missing or holds other values.
        """
        for column in self.columns:
            if column not in schema.names:
                self._refuse(name, f"no column {short(column)}; its columns are {listed(schema.names)}")
            kind = schema.field(schema.names.index(column)).type
            value = kind.value_type if lists and pt.is_list(kind) else kind
            # Columns without any value, as in a CSV file without rows, have the null type.
            if not (is_number(value) or pt.is_null(value)):
                self._refuse(name, f"column {column!r} holds {type_class(kind)}, wanted numbers")

    def over(self, columns: Mapping[str, pa.Array]) -> pa.Array:
        """(n,) float64 Arrow array, the value of each row of ``columns``: name -> (n,) Arrow array.

        It is null where a column of the expression is null. Values that are not finite are kept.
        """
        values = {name: _float64(columns[name]) for name in self.columns}
        rows = len(values[self.columns[0]])
        stack: list[pa.Array] = []
        for step in self._steps:
            if isinstance(step, str):
                stack.append(values[step])
            elif isinstance(step, float):
                # An array, not a scalar: creating an Arrow scalar loads pandas.
                stack.append(to_arrow(np.full(rows, step)))
            else:
                count = 1 if step in _SIGNS.values() else 2
                stack[-count:] = [step(*stack[-count:])]
        return stack.pop()

    def _refuse(self, name: str, what: str) -> NoReturn:
        raise DataError(f"{name}: {self.option} {short(self.text)}: {what}")


def _float64(column: pa.Array) -> pa.Array:
    return to_arrow(as_float64(column), ~is_null(column) if column.null_count else None)


def parse_arithmetic(text: str, option: str) -> Arithmetic:
    """Parse an expression over columns.

    A column name with characters other than letters, digits and underscores is written between back-quotes;
    a back-quote in the name is doubled.

    Args:
        text: the expression.
        option: name of the option that the expression is for, for messages.

    Raises:
        UsageError: the expression is not valid, too long or too deep, or reads no column.
    """
    if not isinstance(text, str):
        raise UsageError(f"{option}: found {text!r}, wanted an expression such as 'click + 5*purchase'")
    if len(text) > _CHARACTERS:
        raise UsageError(
            f"{option} {short(text)}: found {len(text):,} characters, wanted at most {_CHARACTERS:,}"
        )
    parser = _Parser(text, option)
    parser.whole()
    columns = tuple(dict.fromkeys(step for step in parser.steps if isinstance(step, str)))
    if not columns:
        raise UsageError(f"{option} {short(text)}: found no column in it, wanted at least one")
    return Arithmetic(text, columns, option, tuple(parser.steps))


class _Parser:
    """Recursive-descent parser; ``steps`` collects each operator after its operands (postfix order)."""

    def __init__(self, text: str, option: str) -> None:
        self.text, self.option = text, option
        self.steps: list[Step] = []
        self._left = list(_TOKEN.finditer(text))[::-1]
        self._levels = 0

    def whole(self) -> None:
        """Parse the whole text."""
        self._sum()
        if self._left:
            self._refuse("wanted an operator (+ - * /) or the end")

    def _sum(self) -> None:
        self._chain(self._product, _SUMS)

    def _product(self) -> None:
        self._chain(self._signed, _PRODUCTS)

    def _chain(self, operand: Callable[[], None], operators: Mapping[str, Callable[..., pa.Array]]) -> None:
        operand()
        while self._mark in operators:
            operator = operators[self._taken()]
            operand()
            self.steps.append(operator)

    def _signed(self) -> None:
        self._levels += 1
        if self._levels > _LEVELS:
            self._refuse(f"wanted at most {_LEVELS} signs and parentheses within one another")
        if self._mark in _SIGNS:
            sign = _SIGNS[self._taken()]
            self._signed()
            self.steps.append(sign)
        else:
            self._operand()
        self._levels -= 1

    def _operand(self) -> None:
        if self._mark == "(":
            self._taken()
            self._sum()
            if self._mark != ")":
                self._refuse("wanted an operator (+ - * /) or ')'")
            self._taken()
        elif self._left and not self._mark:
            self.steps.append(self._value(self._left[-1]))
            self._taken()
        else:
            self._refuse("wanted a column name, a number or '('")

    def _value(self, token: re.Match[str]) -> Step:
        if token["number"] is None:
            return token["name"] or str(token["quoted"]).replace("``", "`")
        if float(token["number"]) == float("inf"):
            self._refuse("wanted a number that float64 holds")
        return float(token["number"])

    @property
    def _mark(self) -> str:
        """The next token if it is neither a name nor a number; else empty."""
        return (self._left[-1]["mark"] or "") if self._left else ""

    def _taken(self) -> str:
        """Remove the next token and return it."""
        return self._left.pop()[0]

    def _refuse(self, wanted: str) -> NoReturn:
        found, character = "nothing", len(self.text.rstrip()) + 1
        if self._left:
            found, character = short(self._left[-1][0]), self._left[-1].start() + 1
        if self._mark in _IN_NAMES:
            wanted += " (a column name that is no plain word goes between back-quotes)"
        raise UsageError(
            f"{self.option} {short(self.text)}: found {found} at character {character}, {wanted}"
        )
