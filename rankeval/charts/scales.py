"""Scales of axes: from numbers to pixels, with round numbers at the ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rankeval.charts.lettering import text_width

#: Steps between ticks, as multiples of a power of ten.
_STEPS = (1.0, 2.0, 5.0, 10.0)
#: Pixels between the texts of two ticks.
_GAP = 14.0
#: The share of its length by which an axis reaches beyond the data.
_MARGIN = 0.04
#: Numbers that differ by a smaller share are one number on an axis, and smaller ones are 0.
_CLOSE, _NOTHING = 1e-9, 1e-290


@dataclass(frozen=True)
class Axis:
    """What an axis shows.

    Attributes:
        title: the quantity, with its unit.
        percent: numbers are shares, shown as percent.
        log: ticks are powers of ten apart, all numbers are above 0.
        whole: ticks are whole numbers, such as positions.
        names: names of the numbers 0, 1, ..., such as days; empty: the numbers themselves are shown.
        holds: numbers that the axis shows whatever the data, such as 0.
    """

    title: str
    percent: bool = False
    log: bool = False
    whole: bool = False
    names: Sequence[str] = ()
    holds: Sequence[float] = ()


@dataclass(frozen=True)
class Scale:
    """The map of an axis from numbers to pixels.

    Attributes:
        axis: what it shows.
        low, high: the numbers at its ends.
        start, end: their pixels.
    """

    axis: Axis
    low: float
    high: float
    start: float
    end: float

    @classmethod
    def of(cls, axis: Axis, values: Iterable[float | None], start: float, end: float) -> Scale:
        """The scale that holds all finite values; without any it goes from 0 to 1."""
        known = [v for v in (*values, *axis.holds) if v is not None and math.isfinite(v)]
        if axis.log:
            known = [v for v in known if v > 0.0]
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        if axis.log:
            low, high = low or 1.0, high or 1.0
            return cls(axis, low / 1.15, high * 1.15, start, end)
        if axis.whole:
            low, high = float(math.floor(low)), float(math.ceil(high))
        size = max(abs(low), abs(high))
        if high - low <= _CLOSE * size or size < _NOTHING:
            least = 0.1 * (size if size >= _NOTHING else 1.0)
            low, high = (low if low in axis.holds else low - least), high + least
        reach = (high - low) * _MARGIN
        # An end that must be held, such as 0, is where the axis ends.
        return cls(
            axis,
            low if low in axis.holds else low - reach,
            high if high in axis.holds else high + reach,
            start,
            end,
        )

    def __call__(self, value: float) -> float:
        """The pixel of a number; numbers beyond the ends are at the ends."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.axis.log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return self.start + (at - low) / (high - low) * (self.end - self.start)

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """At most so many numbers, with their texts, that stand between the ends."""
        if self.axis.names:
            shown = max(1, math.ceil(len(self.axis.names) / most))
            return [(float(i), name) for i, name in enumerate(self.axis.names) if i % shown == 0]
        if self.axis.log:
            return _powers(self.low, self.high, most)
        factor = 100.0 if self.axis.percent else 1.0
        least = (self.high - self.low) * factor / most
        step = _step(max(least, 1.0) if self.axis.whole else least)
        first, last = math.ceil(self.low * factor / step - 1e-9), math.floor(self.high * factor / step + 1e-9)
        return [
            (k * step / factor, _text(k * step, step) + (" %" if self.axis.percent else ""))
            for k in range(first, last + 1)
        ]

    def spaced_ticks(self, font: float) -> list[tuple[float, str]]:
        """As many ticks of a horizontal axis as have room for their texts."""
        for most in (9, 7, 6, 5, 4, 3, 2):
            ticks = self.ticks(most)
            if all(
                abs(self(b) - self(a)) >= (text_width(s, font) + text_width(t, font)) / 2 + _GAP
                for (a, s), (b, t) in pairwise(ticks)
            ):
                return ticks
        return ticks[:1]


def _step(least: float) -> float:
    """The smallest round step that is at least so long."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * step for step in _STEPS if power * step >= least * (1 - 1e-9))


def _text(value: float, step: float) -> str:
    """A tick as text, with as many decimals as its step has."""
    if abs(value) < step / 2:
        value = 0.0
    elif abs(value) >= 1e6 or step < 1e-4:
        return f"{value:.{max(4, math.ceil(math.log10(abs(value) / step)) + 1)}g}"
    if step < 1e-4:
        return "0"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:,.{decimals}f}"


def _powers(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Powers of ten; 2 and 5 times them where the axis is short."""
    powers = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    many = [m * 10.0**k for k in powers for m in (1.0, 2.0, 5.0) if low <= m * 10.0**k <= high]
    ones = [10.0**k for k in powers if low <= 10.0**k <= high]
    chosen = many if len(many) <= most else ones
    step = max(1, math.ceil(len(chosen) / most))
    return [(v, f"{v:,.0f}" if 1 <= v < 1e9 else f"{v:.4g}") for v in chosen[::step]]
