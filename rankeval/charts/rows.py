"""Charts of one row for each name: intervals (forest plots), and bars with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from rankeval.charts.chart import NARROW, Chart, segment, words
from rankeval.charts.lettering import FONT, shortened, text_width
from rankeval.charts.markup import Markup, element
from rankeval.charts.scales import Axis, Scale
from rankeval.table_texts import Table, interval_text, number

#: Rows that a picture shows; the table has all of them.
SHOWN_ROWS = 40
_PAD = 8.0
_RADIUS = 4.5


@dataclass(frozen=True)
class Row:
    """A value with its interval.

    Attributes:
        label: its name.
        value: None where it is not known.
        low, high: the ends; an end that is None is open, both are where there is no interval.
        side: which ends the interval has: ``two``, ``lower`` or ``upper``.
        cells: further texts for the table.
    """

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    side: str = "two"
    cells: Sequence[str] = ()

    @property
    def known(self) -> bool:
        """Whether there is an interval."""
        ends = {"two": (self.low, self.high), "lower": (self.low,), "upper": (self.high,)}[self.side]
        return all(end is not None and math.isfinite(end) for end in ends)

    def tells(self, reference: float | None) -> bool:
        """Whether the interval excludes the reference."""
        if reference is None or not self.known:
            return False
        return (self.low is not None and self.low > reference) or (
            self.high is not None and self.high < reference
        )


@dataclass(frozen=True)
class Intervals(Chart):
    """Values with intervals, one below the other, on a common axis (a forest plot).

    A marker is full where the interval excludes the reference, else hollow; without a reference all are full.

    Attributes:
        rows: the values.
        axis: the common axis.
        reference: a value to compare with, drawn as a line, such as 0 for differences.
        header: the heads of the table: of the names, of the values, of the intervals, of further cells.
    """

    rows: Sequence[Row] = ()
    axis: Axis = field(default_factory=lambda: Axis(""))
    reference: float | None = None
    header: Sequence[str] = ("", ">value", ">interval")

    def table(self) -> Table:
        factor, unit = (100.0, " %") if self.axis.percent else (1.0, "")
        shown = _counted if self.axis.whole else number
        rows, some = [], any(row.known for row in self.rows)
        for row in self.rows:
            value = "-" if row.value is None else shown(row.value * factor) + unit
            ends = {
                end: None if at is None else at * factor for end, at in (("low", row.low), ("high", row.high))
            }
            told = interval_text({**ends, "side": row.side}) if row.known else "-"
            told += unit if told != "-" else ""
            rows.append([row.label, value, *([told] if some else []), *row.cells])
        header = self.header if some else [*self.header[:2], *self.header[3:]]
        return Table(self.title, header, rows)

    @property
    def caption(self) -> str:
        if len(self.rows) <= SHOWN_ROWS:
            return self.description
        return f"{self.description} The first {SHOWN_ROWS} of {len(self.rows):,} rows are drawn."

    def draw(self, width: int) -> tuple[float, list[Markup]]:
        rows, above = self.rows[:SHOWN_ROWS], width <= NARROW
        widest = max((text_width(row.label) for row in rows), default=0.0)
        left = 0.0 if above else min(widest, 0.38 * width) + 2 * _PAD + 1.0
        step, top = (44.0 if above else 28.0), 6.0
        bottom = top + step * len(rows)
        values = [v for row in rows for v in (row.value, row.low, row.high, self.reference)]
        scale = Scale.of(self.axis, values, left + _PAD, width - 3 * _PAD)
        drawn = horizontal_axis(scale, top, bottom, left, width)
        if self.reference is not None:
            drawn.append(segment(scale(self.reference), top, scale(self.reference), bottom, "zero"))
        for k, row in enumerate(rows):
            middle = top + step * (k + (0.7 if above else 0.5))
            room = width - 2 * _PAD if above else left - 2 * _PAD
            at = (_PAD, middle - 12.0) if above else (left - _PAD, middle + 4.5)
            drawn.append(
                words(shortened(row.label, room), *at, *(("start", "t halo") if above else ("end",)))
            )
            drawn += self._mark(row, scale, middle)
        return bottom + (47.0 if self.axis.title else 30.0), drawn

    def _mark(self, row: Row, scale: Scale, y: float) -> list[Markup]:
        """The marker, and the interval with ends across; an open end has an arrow."""
        full = self.reference is None or row.tells(self.reference)
        drawn = _interval(row, scale, y)
        if row.value is None or not math.isfinite(row.value):
            return drawn or [words("not known", scale.start, y + 4.5, class_="m")]
        style = "f0 s0" if full else "hollow s0"
        return [*drawn, element("circle", cx=scale(row.value), cy=y, r=_RADIUS, class_=style)]


@dataclass(frozen=True)
class Bars(Intervals):
    """Values as bars from 0, with intervals where there are some."""

    def _mark(self, row: Row, scale: Scale, y: float) -> list[Markup]:
        if row.value is None or not math.isfinite(row.value):
            return [words("not known", scale.start, y + 4.5, class_="m")]
        origin, end = sorted((scale(0.0), scale(row.value)))
        bar = element("rect", x=origin, y=y - 8.0, width=end - origin, height=16.0, class_="bar f0")
        edge = segment(scale(row.value), y - 8.0, scale(row.value), y + 8.0, "end s0")
        return [bar, edge, *_interval(row, scale, y)]


def _counted(value: float) -> str:
    return f"{value:,.0f}"


def _interval(row: Row, scale: Scale, y: float) -> list[Markup]:
    if not row.known:
        return []
    low, high = (None if end is None else scale(end) for end in (row.low, row.high))
    start, end = scale.start if low is None else low, scale.end if high is None else high
    drawn = [segment(start, y, end, y, "ci s0")]
    for at, is_open, way in ((start, low is None, 1.0), (end, high is None, -1.0)):
        if is_open:
            points = f"{at:.1f},{y} {at + 7 * way:.1f},{y - 4.5} {at + 7 * way:.1f},{y + 4.5}"
            drawn.append(element("polygon", points=points, class_="f0"))
        else:
            drawn.append(segment(at, y - 4.5, at, y + 4.5, "end s0"))
    return drawn


def horizontal_axis(scale: Scale, top: float, bottom: float, left: float, right: float) -> list[Markup]:
    """Grid, ticks and title of the axis below."""
    drawn = [segment(left, bottom, right, bottom, "axis")]
    for value, text in scale.spaced_ticks(FONT):
        x, half = scale(value), text_width(text) / 2
        drawn.append(segment(x, top, x, bottom, "grid"))
        drawn.append(words(text, min(max(x, half), right - half), bottom + 21.0, "middle", "m"))
    if scale.axis.title:
        title = shortened(scale.axis.title, right - left)
        half = text_width(title) / 2
        x = min(max((scale.start + scale.end) / 2, half), right - half)
        drawn.append(words(title, x, bottom + 40.0, "middle"))
    return drawn
