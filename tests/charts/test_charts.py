"""Charts: what is drawn where, texts that never meet, tables of the same numbers, and files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval import UsageError
from rankeval.charts import NARROW, WIDE, Axis, Bars, Chart, Intervals, Lines, Row, Series
from rankeval.charts.lettering import FONT, shortened, text_width

SVG = "{http://www.w3.org/2000/svg}"
ROWS = [
    Row("certain", 0.03, 0.02, 0.04),
    Row("open", 0.01, -0.02, 0.04),
    Row("at least", 0.02, 0.01, None, "lower"),
    Row("alone", 0.02),
    Row("nothing", None),
]


def intervals(rows: list[Row] = ROWS, **options: Any) -> Intervals:
    options = {"axis": Axis("gain", percent=True, holds=(0.0,)), "reference": 0.0, **options}
    return Intervals("gains", "Gains", "How to read it.", rows=rows, **options)


def curve(**options: Any) -> Lines:
    line = Series.of("shuffle", [1, 2, 3], [1.0, 0.5, None], [(1.0, 1.0), (0.4, 0.6), (None, None)])
    return Lines(
        "curve", "Curve", "How to read it.", series=[line], x_axis=Axis("position", whole=True), **options
    )


def drawn(chart: Chart, width: int = WIDE) -> ElementTree.Element:
    return ElementTree.fromstring(chart.svg(width))


def boxes(root: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    """Estimated boxes of all texts."""
    found = []
    for text in root.iter(f"{SVG}text"):
        width, x, y = text_width(text.text or ""), float(text.get("x", 0)), float(text.get("y", 0))
        x -= {"start": 0.0, "middle": width / 2, "end": width}[text.get("text-anchor", "start")]
        found.append((x, y - 0.8 * FONT, x + width, y + 0.2 * FONT))
    return found


def meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def require_room(chart: Chart, width: int) -> None:
    """No text meets another one or leaves the picture."""
    found = boxes(drawn(chart, width))
    assert not [(a, b) for i, a in enumerate(found) for b in found[:i] if meet(a, b)]
    assert all(box[0] >= -0.5 and box[2] <= width + 0.5 for box in found)


def test_full_circles_are_those_whose_interval_excludes_the_reference() -> None:
    circles = [circle.get("class") for circle in drawn(intervals()).iter(f"{SVG}circle")]
    assert circles == ["f0 s0", "hollow s0", "f0 s0", "hollow s0"]
    assert "not known" in [text.text for text in drawn(intervals()).iter(f"{SVG}text")]


def test_values_stand_in_their_order_and_0_below_the_line() -> None:
    chart = intervals([Row("a", -0.01), Row("b", 0.0), Row("c", 0.03)])
    at = [float(circle.get("cx", 0)) for circle in drawn(chart).iter(f"{SVG}circle")]
    assert at[0] < at[1] < at[2]
    assert (at[2] - at[1]) == pytest.approx(3 * (at[1] - at[0]), abs=0.05)
    (zero,) = [line for line in drawn(chart).iter(f"{SVG}line") if line.get("class") == "zero"]
    assert float(zero.get("x1", 0)) == pytest.approx(at[1], abs=0.02)


def test_an_open_end_is_an_arrow() -> None:
    assert len(list(drawn(intervals()).iter(f"{SVG}polygon"))) == 1


def test_the_table_has_the_numbers() -> None:
    assert intervals().table().rows == [
        ["certain", "3.000 %", "2.000 .. 4.000 %"],
        ["open", "1.000 %", "-2.000 .. 4.000 %"],
        ["at least", "2.000 %", ">= 1.000 %"],
        ["alone", "2.000 %", "-"],
        ["nothing", "-", "-"],
    ]
    counts = Bars("n", "Wins", "", rows=[Row("a", 1234.0)], axis=Axis("n", whole=True, holds=(0.0,)))
    assert counts.table().rows == [["a", "1,234"]]
    assert curve().table().rows == [
        ["1", "1.000", "1.000 .. 1.000"],
        ["2", "0.5000", "0.4000 .. 0.6000"],
        ["3", "-", "-"],
    ]


def test_bars_begin_at_0() -> None:
    chart = Bars("n", "N", "", rows=[Row("a", 2.0), Row("b", -1.0)], axis=Axis("n", holds=(0.0,)))
    a, b = list(drawn(chart).iter(f"{SVG}rect"))
    assert float(a.get("x", 0)) == pytest.approx(float(b.get("x", 0)) + float(b.get("width", 0)), abs=0.02)
    assert float(a.get("width", 0)) == pytest.approx(2 * float(b.get("width", 0)), abs=0.05)


def test_a_gap_divides_the_line_and_its_band() -> None:
    line = Series.of("x", [1, 2, 3, 4, 5], [1, 2, None, 3, 4], [(0, 2), (1, 3), (None, None), (2, 4), (3, 5)])
    chart = Lines("x", "X", "", series=[line])
    assert len(list(drawn(chart).iter(f"{SVG}polyline"))) == 2
    assert len([p for p in drawn(chart).iter(f"{SVG}polygon") if "band" in p.get("class", "")]) == 2


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_texts_do_not_meet(width: int) -> None:
    names = [f"model {i} with a name" for i in range(9)]
    lines = [Series(name, [1, 2, 3], [i, i + 1, i + 2]) for i, name in enumerate(names)]
    require_room(
        Lines("x", "X", "", series=lines, x_axis=Axis("position", whole=True), y_axis=Axis("y")), width
    )
    days = [f"2026-01-{d:02}" for d in range(1, 29)]
    over = Series("gain", range(28), [0.1] * 28)
    require_room(Lines("x", "X", "", series=[over], x_axis=Axis("day", names=days)), width)
    require_room(intervals([Row("x" * 400, 1e-9, -1e9, 1e9), *ROWS]), width)


@given(
    st.lists(
        st.tuples(st.text(max_size=60), st.floats(-1e9, 1e9), st.floats(0, 1e6)), min_size=1, max_size=12
    ),
    st.sampled_from([WIDE, NARROW]),
    st.booleans(),
)
def test_any_numbers_and_names(rows: list[tuple[str, float, float]], width: int, percent: bool) -> None:
    found = [Row(name, value, value - half, value + half) for name, value, half in rows]
    require_room(intervals(found, axis=Axis("gain", percent=percent)), width)


@given(st.lists(st.tuples(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6)), min_size=1, max_size=9), st.booleans())
def test_any_lines(points: list[tuple[float, float]], log: bool) -> None:
    line = Series("x", [x for x, _ in points], [y for _, y in points])
    chart = Lines("x", "X", "", series=[line], x_axis=Axis("x", log=log), y_axis=Axis("y", log=log))
    for width in (WIDE, NARROW):
        require_room(chart, width)


def test_shortened_names_keep_both_ends() -> None:
    assert shortened("short", 200) == "short"
    cut = shortened("the beginning and the end", 100)
    assert re.fullmatch(r"the.*…. *.*end", cut)
    assert text_width(cut) <= 100


def test_pictures_are_saved(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py", reason="PNG needs the extra png")
    curve().save(tmp_path / "curve.svg")
    curve().save(tmp_path / "curve.png")
    root = ElementTree.fromstring((tmp_path / "curve.svg").read_text())
    assert root.find(f"{SVG}style") is not None
    assert root.find(f"{SVG}title") is not None
    image = (tmp_path / "curve.png").read_bytes()
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(image[16:20], "big") == 2 * WIDE


def test_other_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"wanted a name that ends in .svg or .png"):
        curve().save(tmp_path / "curve.pdf")


def test_png_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "resvg_py", None)
    with pytest.raises(UsageError, match=r"pip install 'rankeval-ope\[png\]'"):
        curve().save(tmp_path / "curve.png")
