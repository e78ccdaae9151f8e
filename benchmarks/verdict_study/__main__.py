"""The command line of the study: see the package."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.verdict_study.catalogue import FAMILIES
from benchmarks.verdict_study.running import run


def main() -> None:
    """Run the worlds that the command line asks for, and print their tables."""
    parser = argparse.ArgumentParser(description="The verdict against the truth, in random worlds.")
    parser.add_argument("--families", default="", help="names or their beginnings, by commas; default: all")
    parser.add_argument("--first", type=int, default=200, help="number of the first world")
    parser.add_argument("--worlds", type=int, default=1000, help="worlds of each family")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path(".bench/verdict_study"))
    asked = parser.parse_args()
    starts = tuple(asked.families.split(","))
    families = [name for name in FAMILIES if name.startswith(starts)]
    found = run(families, range(asked.first, asked.first + asked.worlds), asked.jobs, asked.folder)
    print(len(found))


if __name__ == "__main__":
    main()
