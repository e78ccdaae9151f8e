"""What conclusions are made of: a range in words, and whether the data can tell.

A sentence never says more than its numbers:

- the ends of an interval are rounded outwards, to three digits;
- a direction is named only where the interval is known, excludes 0, and has a level of at least 90 %;
- where the verdict is ``do not trust``, no number is named;
- under ``caution``, the sentence says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_DIGITS = 3
#: The lowest level of an interval that decides on a direction.
_DECISIVE = 0.9


def outwards(value: float, up: bool) -> str:
    """A number to three digits, never closer to the other end of an interval than it is.

    ``up`` rounds towards larger numbers, else towards smaller ones.
    """
    if value == 0.0 or not math.isfinite(value):
        return "0" if value == 0.0 else "infinity"
    digits = _DIGITS - 1 - math.floor(math.log10(abs(value)))
    scaled = value * 10.0**digits
    # A number that has three digits already, but for the last bits, is as it is.
    near = round(scaled)
    whole = near if abs(scaled - near) < 1e-6 else math.ceil(scaled) if up else math.floor(scaled)
    rounded = whole / 10.0**digits if digits > 0 else float(whole * 10 ** (-digits))
    if 1e-4 <= abs(rounded) < 1e9:
        return f"{rounded:,.{max(digits, 0)}f}".rstrip("0").rstrip(".") if digits > 0 else f"{rounded:,.0f}"
    return f"{rounded:.{_DIGITS - 1}e}"


#: What a sentence that is to be read with caution ends in.
CAUTION = "Read it with caution, for the reasons below."
#: The same where there is no verdict, but a warning about the numbers.
ROUGH = "Read it with caution, for the warnings below."


@dataclass(frozen=True)
class Range:
    """What is known of a number: an interval, perhaps with an open end.

    Attributes:
        low, high: the ends; an end that is None is open, and both are where nothing is known.
        percent: the number is a share, told in percent.
        decides: whether the level of the interval is high enough to name a direction.
    """

    low: float | None
    high: float | None
    percent: bool = False
    decides: bool = True

    @classmethod
    def of(cls, ci: Mapping[str, Any] | None, percent: bool = False) -> Range:
        """The range of an interval in its JSON form; two-sided ones with a missing end tell nothing."""
        if ci is None or (ci.get("side", "two") == "two" and None in (ci["low"], ci["high"])):
            return cls(None, None, percent)
        return cls(ci["low"], ci["high"], percent, ci.get("level", 1.0) >= _DECISIVE)

    @property
    def known(self) -> bool:
        """Whether there is at least one end."""
        return (self.low, self.high) != (None, None)

    @property
    def sign(self) -> int:
        """1 or -1 where all of the range is on that side of 0, else 0."""
        if not self.decides:
            return 0
        if self.low is not None and self.low > 0.0:
            return 1
        return -1 if self.high is not None and self.high < 0.0 else 0

    def more(self, more: str = "more", less: str = "less", noun: str = "") -> str:
        """The range of a change in words: ``3.1 % to 5.2 % more``, ``between 2 % less and 4 % more``."""
        return self._more(more, less) + (f" {noun}" if noun else "")

    def _more(self, more: str, less: str) -> str:
        low, high = self.low, self.high
        if low is not None and high is not None:
            if low > 0.0:
                return f"{self._end(low, False)} to {self._end(high, True)} {more}"
            if high < 0.0:
                return f"{self._end(-high, False)} to {self._end(-low, True)} {less}"
            return f"between {self._end(-low, True)} {less} and {self._end(high, True)} {more}"
        if low is not None:
            return (
                f"at least {self._end(low, False)} {more}"
                if low > 0.0
                else f"at most {self._end(-low, True)} {less}"
            )
        if high is not None:
            return (
                f"at least {self._end(-high, False)} {less}"
                if high < 0.0
                else f"at most {self._end(high, True)} {more}"
            )
        return "an unknown amount more or less"

    def text(self) -> str:
        """The range of a value in words: ``0.31 to 0.35``, ``at least 0.31``."""
        if self.low is not None and self.high is not None:
            return f"{self._end(self.low, False)} to {self._end(self.high, True)}"
        if self.low is not None:
            return f"at least {self._end(self.low, False)}"
        return "not known" if self.high is None else f"at most {self._end(self.high, True)}"

    def _end(self, value: float, up: bool) -> str:
        return f"{outwards(100.0 * value, up)} %" if self.percent else outwards(value, up)


def told(level: str, tells: bool, source: str = "The log") -> str:
    """Whether the data can tell, and how far it is to be trusted."""
    if level == "do not trust":
        return "Do not trust the numbers, for the reasons below."
    if not tells:
        return f"{source} cannot tell."
    return f"{source} can tell." + (f" {CAUTION}" if level == "caution" else "")


def percent_of(ci: Mapping[str, Any] | None) -> str:
    """The level of an interval in its JSON form, in brackets."""
    return "" if ci is None else f" ({100 * ci['level']:g} % interval)"
