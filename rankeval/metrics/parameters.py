"""Parameters of metrics, ``NAME[@K]:PARAMETER=VALUE``: their defaults, and how their text is read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rankeval.errors import UsageError

#: The value of a parameter: a number, or a table of gains.
Value = float | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a metric.

    Attributes:
        default: the value where the caller gives none.
        read: converts the text of a value; raises ``ValueError`` if it is out of range.
        wanted: the allowed values in words, for error messages.
    """

    default: Value
    read: Callable[[str], Value]
    wanted: str


def read_parameters(
    text: str, name: str, known: Mapping[str, Parameter], settings: Sequence[str]
) -> dict[str, Value]:
    """Parameter -> value, from settings such as ``p=0.95``.

    Args:
        text: the text that holds them, for messages.
        name: the name of the metric.
        known: the parameters of the metric.
        settings: the texts ``PARAMETER=VALUE``.

    Raises:
        UsageError: a parameter is unknown, given twice or out of range.
    """
    params: dict[str, Value] = {}
    for setting in settings:
        parameter, _, value = setting.partition("=")
        if parameter not in known:
            names = ", ".join(known) or "none"
            raise UsageError(f"metric '{text}': '{name}' has no parameter '{parameter}', known: {names}")
        if parameter in params:
            raise UsageError(f"metric '{text}': parameter '{parameter}' is given twice, wanted once")
        try:
            params[parameter] = known[parameter].read(value)
        except ValueError:
            wanted = known[parameter].wanted
            raise UsageError(f"metric '{text}': {parameter} is '{value}', wanted {wanted}") from None
    return params


def open_unit_interval(text: str) -> float:
    """A number above 0 and below 1; raises ``ValueError`` for another text."""
    value = float(text)
    if not 0.0 < value < 1.0:
        raise ValueError(text)
    return value


def positive_number(text: str) -> float:
    """A finite number above 0, an integer where it is whole; raises ``ValueError`` for another text."""
    value = float(text)
    if not 0.0 < value < math.inf:
        raise ValueError(text)
    return _plain(value)


def gain_table(text: str) -> tuple[float, ...]:
    """The gains of the grades 0, 1, 2 ... from a text such as ``0/1/3/7``.

    They begin with 0, do not fall and end above 0, so that the ideal order is that of the grades. Raises
    ``ValueError`` for another text.
    """
    gains = tuple(_plain(float(part)) for part in text.split("/"))
    rising = all(low <= high for low, high in pairwise(gains))
    if not rising or gains[0] != 0 or not 0.0 < gains[-1] < math.inf:
        raise ValueError(text)
    return gains


def setting_text(value: Value) -> str:
    """The text from which a value of a parameter is read."""
    return "/".join(map(repr, value)) if isinstance(value, tuple) else repr(value)


def _plain(value: float) -> float:
    return int(value) if value.is_integer() else value


def whole_parameter(default: int, most: int) -> Parameter:
    """A parameter that takes the integers from 1 to ``most``."""

    def read(text: str) -> int:
        value = int(text)
        if not 1 <= value <= most:
            raise ValueError(text)
        return value

    return Parameter(default, read, f"an integer from 1 to {most}")
