"""Charts of lines with bands: curves by position, estimates over a parameter or over time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from rankeval.charts.chart import Chart, segment, words
from rankeval.charts.lettering import shortened, text_width
from rankeval.charts.markup import Markup, element
from rankeval.charts.rows import horizontal_axis
from rankeval.charts.scales import Axis, Scale
from rankeval.table_texts import Table, interval_text, number

#: Lines that differ in colour and dashes; further ones begin anew.
_COLOURS = 4
_HEIGHT = 270.0
_LEGEND = 20.0
_KEY = 30.0
#: Pixels of a name in the head of a table.
_HEAD = 190.0


@dataclass(frozen=True)
class Series:
    """A line of a chart.

    Attributes:
        name: its name in the legend.
        x, y: its points; a ``y`` that is None is a gap.
        low, high: the ends of the intervals at its points; empty: there are none.
        marked: whether points have markers; a fitted law has none.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()
    marked: bool = True

    @classmethod
    def of(cls, name: str, x: Sequence[float], y: Sequence[float | None], ends: Iterable[Any]) -> Series:
        """The line whose intervals are pairs of ends; without bands where all ends are missing."""
        pairs = [(low, high) for low, high in ends]
        if all(end is None for pair in pairs for end in pair):
            return cls(name, x, y)
        return cls(name, x, y, [low for low, _ in pairs], [high for _, high in pairs])


@dataclass(frozen=True)
class Lines(Chart):
    """Lines over a common axis, with bands of their intervals.

    Attributes:
        series: the lines.
        x_axis, y_axis: the axes.
        reference: a value to compare with, drawn as a level line; None: none.
    """

    series: Sequence[Series] = ()
    x_axis: Axis = field(default_factory=lambda: Axis(""))
    y_axis: Axis = field(default_factory=lambda: Axis(""))
    reference: float | None = None

    def table(self) -> Table:
        """A row for each ``x``, with the value and the interval of every line."""
        header = [self.x_axis.title]
        for line in self.series:
            header += [f">{shortened(line.name, _HEAD)}", *([">interval"] if line.low else [])]
        at = sorted({x for line in self.series for x in line.x})
        return Table(self.title, header, [[self._name(x), *self._cells(x)] for x in at])

    def _name(self, x: float) -> str:
        if self.x_axis.names:
            return self.x_axis.names[round(x)]
        return f"{x:,.0f}" if x == round(x) or abs(x) >= 1000.0 else number(x)

    def _cells(self, x: float) -> Iterator[str]:
        for line in self.series:
            k = line.x.index(x) if x in line.x else None
            yield "-" if k is None else number(line.y[k])
            if line.low:
                yield "-" if k is None else interval_text({"low": line.low[k], "high": line.high[k]})

    def draw(self, width: int) -> tuple[float, list[Markup]]:
        legend, rows = self._legend(width)
        top = rows * _LEGEND + 28.0
        bottom = top + _HEIGHT
        y_values = [v for line in self.series for v in (*line.y, *line.low, *line.high)]
        y = Scale.of(self.y_axis, [*y_values, self.reference], bottom, top)
        ticks = y.ticks(8 if self.y_axis.log else 6)
        left = max((text_width(text) for _, text in ticks), default=0.0) + 10.0
        x = Scale.of(self.x_axis, [v for line in self.series for v in line.x], left + 12.0, width - 20.0)
        drawn = [*legend, words(shortened(self.y_axis.title, width - 8.0), 0.0, top - 12.0)]
        for value, text in ticks:
            drawn.append(segment(left, y(value), width, y(value), "grid"))
            drawn.append(words(text, left - 6.0, y(value) + 4.5, "end", "m"))
        drawn += horizontal_axis(x, top, bottom, left, width)
        if self.reference is not None:
            drawn.append(segment(left, y(self.reference), width, y(self.reference), "zero"))
        drawn += [mark for k, line in enumerate(self.series) for mark in _bands(line, k, x, y)]
        drawn += [mark for k, line in enumerate(self.series) for mark in _line(line, k, x, y)]
        return bottom + (47.0 if self.x_axis.title else 30.0), drawn

    def _legend(self, width: float) -> tuple[list[Markup], int]:
        """The names of several lines, in as many rows as they need."""
        if len(self.series) < 2:
            return [], 0
        drawn, at, row = [], 0.0, 0
        for k, line in enumerate(self.series):
            name = shortened(line.name, width - _KEY)
            needed = _KEY + text_width(name) + 16.0
            if at and at + needed > width:
                at, row = 0.0, row + 1
            y = row * _LEGEND + 14.0
            drawn.append(segment(at, y - 4.5, at + 22.0, y - 4.5, f"line {_style(k)}"))
            if line.marked:
                drawn.append(_marker(k, at + 11.0, y - 4.5))
            drawn.append(words(name, at + _KEY - 2.0, y))
            at += needed
        return drawn, row + 1


def _style(k: int) -> str:
    return f"s{k % _COLOURS} d{k // _COLOURS % 4}" if k >= _COLOURS else f"s{k} d{k}"


def _marker(k: int, x: float, y: float) -> Markup:
    """Circle, square, diamond or triangle, by the number of the line."""
    colour = f"f{k % _COLOURS}"
    if k % _COLOURS == 0:
        return element("circle", cx=x, cy=y, r=3.8, class_=colour)
    outlines = ["-3.5,-3.5 3.5,-3.5 3.5,3.5 -3.5,3.5", "0,-5 5,0 0,5 -5,0", "0,-4.8 4.6,3.6 -4.6,3.6"]
    place = f"translate({x:.1f} {y:.1f})"
    return element("polygon", points=outlines[k % _COLOURS - 1], transform=place, class_=colour)


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _runs(points: Sequence[tuple[float, ...]], known: Sequence[bool]) -> Iterator[list[tuple[float, ...]]]:
    """The pieces of a line between its gaps."""
    for whole, piece in groupby(zip(points, known, strict=True), key=lambda each: each[1]):
        if whole:
            yield [point for point, _ in piece]


def _bands(line: Series, k: int, x: Scale, y: Scale) -> Iterator[Markup]:
    ends = list(zip(line.x, line.low, line.high, strict=True)) if line.low else []
    known = [_finite(low) and _finite(high) for _, low, high in ends]
    for piece in _runs([(a, b or 0.0, c or 0.0) for a, b, c in ends], known):
        if len(piece) == 1:
            at, low, high = piece[0]
            yield segment(x(at), y(low), x(at), y(high), f"ci s{k % _COLOURS}")
            continue
        there = [f"{x(at):.1f},{y(high):.1f}" for at, _, high in piece]
        back = [f"{x(at):.1f},{y(low):.1f}" for at, low, _ in reversed(piece)]
        yield element("polygon", points=" ".join(there + back), class_=f"band f{k % _COLOURS}")


def _line(line: Series, k: int, x: Scale, y: Scale) -> Iterator[Markup]:
    points = [(at, value or 0.0) for at, value in zip(line.x, line.y, strict=True)]
    for piece in _runs(points, [_finite(value) for value in line.y]):
        place = [(x(at), y(value)) for at, value in piece]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in place)
        yield element("polyline", points=path, class_=f"line {_style(k)}")
        if line.marked and len(line.x) <= 60:
            yield from (_marker(k, a, b) for a, b in place)
