"""The exception of an interval that does not exist."""

from __future__ import annotations


class Undefined(Exception):
    """An interval cannot be computed; the message becomes the reason of the interval."""


NO_SPREAD = "every unit adds the same to it, so this sample does not show how much others would vary"
