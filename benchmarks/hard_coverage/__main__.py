"""The command line of the benchmark: see the package."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.hard_coverage.catalogue import ROWS
from benchmarks.hard_coverage.judging import cells, summary, table
from benchmarks.hard_coverage.running import run


def main() -> None:
    """Run the rows that the command line asks for, and print their table."""
    parser = argparse.ArgumentParser(description="Coverage of intervals where it is hard to hold.")
    parser.add_argument("--rows", default="", help="names or their beginnings, by commas; default: all")
    parser.add_argument("--methods", default="auto,normal", help="interval methods of ope")
    parser.add_argument("--worlds", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path(".bench/hard_coverage"))
    parser.add_argument("--cells", action="store_true", help="a line for each cell, not only the worst")
    asked = parser.parse_args()
    starts = tuple(asked.rows.split(","))
    rows = [name for name in ROWS if name.startswith(starts)]
    found = run(rows, asked.methods.split(","), asked.worlds, asked.jobs, asked.folder)
    judged = [cell for row, counts in found.items() for cell in cells(row, counts)]
    print("\n".join(table(judged) if asked.cells else summary(judged)))


if __name__ == "__main__":
    main()
