"""Histograms: shares by bin, of one or two quantities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rankeval.charts.chart import Chart, segment, words
from rankeval.charts.lettering import shortened, text_width
from rankeval.charts.markup import Markup, element
from rankeval.charts.rows import horizontal_axis
from rankeval.charts.scales import Axis, Scale
from rankeval.table_texts import Table

_HEIGHT = 230.0
_LEGEND = 20.0
_KEY = 30.0


@dataclass(frozen=True)
class Bin:
    """A bin of a histogram.

    Attributes:
        label: its range, for the table.
        low, high: its ends on the axis; both are None for a bin that only the table shows.
        shares: of each quantity, in [0, 1].
        cells: further texts for the table.
    """

    label: str
    low: float | None
    high: float | None
    shares: Sequence[float]
    cells: Sequence[str] = ()


@dataclass(frozen=True)
class Histogram(Chart):
    """Shares by bin: the first quantity as bars, further ones as outlines over them.

    Attributes:
        bins: in ascending order; the axis has gaps where there is none.
        names: of the quantities.
        x_axis: the axis of the bins.
        header: the heads of the table: of the bins, of the shares, of further cells.
    """

    bins: Sequence[Bin] = ()
    names: Sequence[str] = ()
    x_axis: Axis = field(default_factory=lambda: Axis(""))
    header: Sequence[str] = ()

    def table(self) -> Table:
        """A row for each bin, those that are not drawn too."""
        rows = [[each.label, *each.cells, *map(_percent, each.shares)] for each in self.bins]
        return Table(self.title, self.header, rows)

    def draw(self, width: int) -> tuple[float, list[Markup]]:
        drawn = [each for each in self.bins if each.low is not None and each.high is not None]
        legend, rows = self._legend(width)
        top = rows * _LEGEND + 10.0
        bottom = top + _HEIGHT
        heights = [share for each in drawn for share in each.shares]
        y = Scale.of(Axis("", percent=True, holds=(0.0,)), heights, bottom, top)
        ticks = y.ticks(5)
        left = max((text_width(text) for _, text in ticks), default=0.0) + 10.0
        x = Scale.of(self.x_axis, [v for each in drawn for v in (each.low, each.high)], left, width - 12.0)
        marks = list(legend)
        for value, text in ticks:
            marks.append(segment(left, y(value), width, y(value), "grid"))
            marks.append(words(text, left - 6.0, y(value) + 4.5, "end", "m"))
        marks += horizontal_axis(x, top, bottom, left, width)
        marks += [mark for each in drawn for mark in _bars(each, x, y)]
        return bottom + (47.0 if self.x_axis.title else 30.0), marks

    def _legend(self, width: float) -> tuple[list[Markup], int]:
        """The names of the quantities, one below the other."""
        drawn = []
        for k, name in enumerate(self.names):
            at = k * _LEGEND + 14.0
            key = (
                segment(0.0, at - 4.5, 22.0, at - 4.5, f"line s{k}")
                if k
                else element("rect", x=0.0, y=at - 11.0, width=22.0, height=12.0, class_="bar f0")
            )
            drawn += [key, words(shortened(name, width - _KEY), _KEY, at)]
        return drawn, len(self.names)


def _bars(each: Bin, x: Scale, y: Scale) -> Iterator[Markup]:
    left, right = x(each.low or 0.0), x(each.high or 0.0)
    for k, share in enumerate(each.shares):
        height = y(0.0) - y(share)
        if k == 0:
            yield element("rect", x=left, y=y(share), width=right - left, height=height, class_="bar f0")
        else:
            yield segment(left, y(share), right, y(share), f"end s{k}")


def _percent(share: float) -> str:
    return f"{100.0 * share:.3g} %"
