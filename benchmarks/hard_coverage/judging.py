"""From counts to a table: the coverage of each cell, and whether it holds, is warned of, or fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.hard_coverage.outcomes import Side, Tally
from rankeval.inference import holm

#: The least coverage of an interval that stands without a warning.
LEAST = 0.93
ERROR = 0.05
SIDES: tuple[Side, ...] = ("held", "above", "below", "null")
#: With fewer logs than this without a warning, a cell counts as always warned of.
FEW_SILENT = 20


@dataclass(frozen=True)
class Cell:
    """The counts of one cell of one row, over the logs whose interval is known.

    Attributes:
        row, name: the row; estimator, quantity and method.
        held, above, below: in how many logs the truth was inside, above or below.
        null: number of logs without an interval.
        silent, silent_held: number of logs with an interval and no warning, and those that held.
    """

    row: str
    name: str
    held: int
    above: int
    below: int
    null: int
    silent: int
    silent_held: int

    @property
    def known(self) -> int:
        """Number of logs with an interval."""
        return self.held + self.above + self.below

    @property
    def coverage(self) -> float | None:
        """Share of the known intervals that held."""
        return self.held / self.known if self.known else None


def cells(row: str, counts: Tally) -> Iterator[Cell]:
    """The cells of a row in the order of its counts."""
    for name in dict.fromkeys(key[0] for key in counts):
        quiet, loud = ([counts[name, side, doubt] for side in SIDES] for doubt in (False, True))
        held, above, below, null = (a + b for a, b in zip(quiet, loud, strict=True))
        yield Cell(row, name, held, above, below, null, silent=sum(quiet[:3]), silent_held=quiet[0])


def verdicts(found: Sequence[Cell]) -> list[str]:
    """For each cell ``holds``, ``said`` or ``FAILS``.

    A cell fails if an exact binomial test, adjusted by Holm over all cells, rejects a coverage of at least
    ``LEAST``, both in all logs and in those without a warning, and these are not few. A cell under ``LEAST``
    is said if its logs almost always have a warning, or if the test rejects it in all logs alone.
    """
    holding = _not_rejected([(cell.held, cell.known) for cell in found])
    silent = _not_rejected([(cell.silent_held, cell.silent) for cell in found])
    return [_verdict(*each) for each in zip(found, holding, silent, strict=True)]


def _verdict(cell: Cell, holding: bool, quiet: bool) -> str:
    if cell.silent < FEW_SILENT:
        return "said" if cell.coverage is not None and cell.coverage < LEAST else "holds"
    return "holds" if holding else "said" if quiet else "FAILS"


def _not_rejected(counts: Sequence[tuple[int, int]]) -> list[bool]:
    from scipy.stats import binom

    p_values = [float(binom.cdf(held, known, LEAST)) if known else None for held, known in counts]
    return [p is None or p >= ERROR for p in holm(p_values)]


def table(found: Sequence[Cell]) -> Iterator[str]:
    """The lines of a Markdown table with a line for each cell."""
    yield "| row | interval | held | truth above | truth below | null | warned | |"
    yield "|---|---|---:|---:|---:|---:|---:|---|"
    for cell, verdict in zip(found, verdicts(found), strict=True):
        shares = [_share(n, cell.known) for n in (cell.held, cell.above, cell.below)]
        shares += [_share(cell.null, cell.known + cell.null), _share(cell.known - cell.silent, cell.known)]
        yield f"| {cell.row} | {cell.name} | {' | '.join(shares)} | {verdict} |"


def summary(found: Sequence[Cell]) -> Iterator[str]:
    """The lines of a Markdown table with a line for each row and method: the worst of its cells.

    ``warned`` is the share of intervals in a log with a warning, or on a row whose verdict is not ``trust``.
    """
    yield "| row | method | logs | cells | least held | null | warned | |"
    yield "|---|---|---:|---:|---|---:|---:|---|"
    lines: dict[tuple[str, str], list[tuple[Cell, str]]] = {}
    for cell, verdict in zip(found, verdicts(found), strict=True):
        lines.setdefault((cell.row, cell.name.rpartition(" ")[2]), []).append((cell, verdict))
    for (row, method), judged in lines.items():
        each = [cell for cell, _ in judged]
        known, null = sum(cell.known for cell in each), sum(cell.null for cell in each)
        warned = known - sum(cell.silent for cell in each)
        worst = min(each, key=lambda cell: 2.0 if cell.coverage is None else cell.coverage)
        least = f"{_share(worst.held, worst.known)} ({worst.name.rpartition(' ')[0]})"
        counts = Counter(verdict for _, verdict in judged)
        said = ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
        shares = f"{_share(null, known + null)} | {_share(warned, known)}"
        logs = (known + null) // len(each)
        yield f"| {row} | {method} | {logs:,} | {len(each)} | {least} | {shares} | {said} |"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"
