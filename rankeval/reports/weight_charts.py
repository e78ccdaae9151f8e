"""The chart of the importance weights: how many rows have which weight, and what part of all they carry."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rankeval.charts import Axis, Bin, Chart, Histogram
from rankeval.reports.documents import Document
from rankeval.table_texts import number

#: Bins that a picture has at most; more are put together to powers of 2.
_SHOWN = 24


def weight_histograms(document: Document) -> Iterator[Chart]:
    """A histogram of each kind of weight and target policy."""
    found = document.get("weights") or []
    for one in found:
        of = f"{one['weight_of']} weights"
        name = of if one["target"] is None else f"{of}, {one['target']}"
        n, ess = one["n"], one["ess"]
        size = "-" if ess is None else f"{ess:,.0f}"
        yield Histogram(
            "weights" if len(found) == 1 else f"weights of {name}",
            f"Importance weights ({name})",
            f"Effective sample size {size} of {n:,}"
            + ("" if ess is None else f" ({100.0 * ess / n:.3g} %)")
            + ". Bars: the share of rows with such a weight; lines: the share of all weight that they carry. "
            "Far to the right, few rows decide.",
            bins=list(_bins(one["bins"], n)),
            names=("share of rows", "share of all weight"),
            x_axis=Axis("weight", log=True),
            header=("weight", ">rows", ">share of rows", ">share of weight"),
        )


def _bins(bins: Sequence[Document], n: float) -> Iterator[Bin]:
    total = math.fsum(abs(one["weight"]) for one in bins)
    drawn: dict[tuple[float, float], list[Document]] = {}
    for one in bins:
        ends = _ends(one)
        if ends is None:
            label = "0" if one["high"] == one["low"] else "below 0"
            yield _shown(label, None, None, [one], (n, total))
        else:
            drawn.setdefault(ends, []).append(one)
    for (low, high), group in _together(drawn).items():
        yield _shown(f"{number(low, 3)} .. {number(high, 3)}", low, high, group, (n, total))


def _ends(one: Document) -> tuple[float, float] | None:
    """The ends on a logarithmic axis; None for what lies at 0 or below."""
    low, high = one["low"], one["high"]
    if low is None or (low == 0.0 and high == 0.0):
        return None
    return (low if low > 0.0 else high / 2.0, 2.0 * low if high is None else high)


def _together(
    bins: dict[tuple[float, float], list[Document]],
) -> dict[tuple[float, float], list[Document]]:
    """The bins as they are, or so many powers of 2 together that a picture has room for them."""
    if len(bins) <= _SHOWN:
        return bins
    powers = [math.frexp(low)[1] - 1 for low, _ in bins]
    step = max(1, math.ceil((max(powers) - min(powers) + 1) / _SHOWN))
    found: dict[tuple[float, float], list[Document]] = {}
    for power, group in zip(powers, bins.values(), strict=True):
        first = (power - min(powers)) // step * step + min(powers)
        found.setdefault((2.0**first, 2.0 ** (first + step)), []).extend(group)
    return found


def _shown(
    label: str, low: float | None, high: float | None, group: Sequence[Document], of: tuple[float, float]
) -> Bin:
    n, total = of
    rows, weight = sum(one["n"] for one in group), math.fsum(one["weight"] for one in group)
    return Bin(label, low, high, (rows / n, weight / total if total else 0.0), (f"{rows:,}",))
