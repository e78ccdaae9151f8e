"""What callers hand over as options, brought into one form."""

from __future__ import annotations

from collections.abc import Sequence


def listed(values: str | Sequence[str]) -> list[str]:
    """``"a,b"``, ``["a", "b"]`` and ``["a,b"]`` as one list."""
    parts = [values] if isinstance(values, str) else values
    return [part.strip() for value in parts for part in value.split(",") if part.strip()]
