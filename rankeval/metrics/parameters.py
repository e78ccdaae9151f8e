"""Parameters of metrics, ``NAME[@K]:PARAMETER=VALUE``: their defaults, and how their text is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rankeval.errors import UsageError


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a metric.

    Attributes:
        default: the value where the caller gives none.
        read: converts the text of a value; raises ``ValueError`` if it is out of range.
        wanted: the allowed values in words, for error messages.
    """

    default: float
    read: Callable[[str], float]
    wanted: str


def read_parameters(
    text: str, name: str, known: Mapping[str, Parameter], settings: Sequence[str]
) -> dict[str, float]:
    """Parameter -> value, from settings such as ``p=0.95``.

    Args:
        text: the text that holds them, for messages.
        name: the name of the metric.
        known: the parameters of the metric.
        settings: the texts ``PARAMETER=VALUE``.

    Raises:
        UsageError: a parameter is unknown, given twice or out of range.
    """
    params: dict[str, float] = {}
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


def whole_parameter(default: int, most: int) -> Parameter:
    """A parameter that takes the integers from 1 to ``most``."""

    def read(text: str) -> int:
        value = int(text)
        if not 1 <= value <= most:
            raise ValueError(text)
        return value

    return Parameter(default, read, f"an integer from 1 to {most}")
