"""A simulated log with its truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """A log, how it is evaluated, and what is true in its world.

    Attributes:
        log: the log.
        names: the estimators.
        value: the exact value of the target policy.
        logged: the exact value of the logging policy.
        kind: what is special about the log, such as the fault of its propensities; empty if nothing is.
        options: further options of ``ope``.
    """

    log: Any
    names: tuple[str, ...]
    value: float
    logged: float
    kind: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
