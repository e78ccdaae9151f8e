"""Charts as SVG: intervals, bars, histograms, and lines with bands, each with the table of its numbers.

May import: the top of the library.
To add a kind of chart, add a class that keeps ``Chart`` in a module of its own, and its name below.
"""

from rankeval.charts.chart import NARROW, STYLE, WIDE, Chart
from rankeval.charts.histogram import Bin, Histogram
from rankeval.charts.lines import Lines, Series
from rankeval.charts.markup import Markup, plain_text
from rankeval.charts.rows import Bars, Intervals, Row
from rankeval.charts.scales import Axis

__all__ = [
    "NARROW",
    "STYLE",
    "WIDE",
    "Axis",
    "Bars",
    "Bin",
    "Chart",
    "Histogram",
    "Intervals",
    "Lines",
    "Markup",
    "Row",
    "Series",
    "plain_text",
]
