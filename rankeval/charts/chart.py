"""What a chart is: a picture as SVG at any width, with the table of its numbers."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from rankeval.charts.markup import Markup, element, escaped
from rankeval.errors import UsageError
from rankeval.table_texts import Table

#: Widths at which charts are drawn, in pixels: for a page, and for the screen of a phone.
WIDE, NARROW = 720, 340
#: Colours of letters and lines, light and dark. Series differ in hue and lightness for all kinds of colour
#: vision (after Okabe & Ito 2008), and also in their dashes and markers.
STYLE = Path(__file__).with_name("chart.css")


@dataclass(frozen=True)
class Chart(ABC):
    """A chart.

    Attributes:
        key: its name for ``plot``.
        title: what it shows.
        description: how to read it, for people and for screen readers.
    """

    key: str
    title: str
    description: str

    @abstractmethod
    def table(self) -> Table:
        """The numbers that the chart shows."""

    @abstractmethod
    def draw(self, width: int) -> tuple[float, list[Markup]]:
        """The height at this width, and the elements."""

    @property
    def caption(self) -> str:
        """The description, and what of the numbers is not drawn."""
        return self.description

    def svg(self, width: int, style: str = "", class_: str = "") -> Markup:
        """The chart as an SVG element, with title and description for those who do not see it."""
        height, elements = self.draw(width)
        told = [element("title", self.title), element("desc", self.caption)]
        styled = [element("style", Markup(style))] if style else []
        return element(
            "svg",
            *told,
            *styled,
            *elements,
            xmlns="http://www.w3.org/2000/svg",
            class_=f"chart {class_}".rstrip(),
            role="img",
            viewBox=f"0 0 {width} {round(height)}",
            width=width,
            height=round(height),
        )

    def _repr_svg_(self) -> str:
        return self.svg(WIDE, STYLE.read_text())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the chart to a file: ``.svg``, or ``.png`` in light colours (extra ``png``).

        Raises:
            UsageError: the name ends otherwise, or the extra is not installed.
            DataError: the file cannot be written.
        """
        from rankeval.atomic_files import replacing

        file = Path(path)
        if file.suffix not in (".svg", ".png"):
            raise UsageError(f"path: found {str(path)!r}, wanted a name that ends in .svg or .png")
        image = self._png() if file.suffix == ".png" else self._repr_svg_().encode()
        with replacing(file) as beside:
            beside.write_bytes(image)

    def _png(self) -> bytes:
        """The picture with two pixels for one, on white."""
        try:
            from resvg_py import svg_to_bytes
        except ImportError:
            raise UsageError(
                "PNG needs the extra png: pip install 'rankeval-ope[png]'; or save as .svg"
            ) from None
        # The renderer knows no media queries, so that the light colours are taken.
        light = STYLE.read_text().partition("@media")[0]
        return bytes(svg_to_bytes(svg_string=self.svg(WIDE, light), background="#ffffff", zoom=2))


def words(text: str, x: float, y: float, anchor: str = "start", class_: str = "t") -> Markup:
    """A line of text."""
    return element("text", escaped(text), x=x, y=y, text_anchor=anchor, class_=class_)


def segment(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)
