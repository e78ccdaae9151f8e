"""The command line of the study: see the package."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.verdict_study.catalogue import FAMILIES
from benchmarks.verdict_study.fitting import GRID, PRESENT, Numbers, fit
from benchmarks.verdict_study.gates import trusted
from benchmarks.verdict_study.judging import confusion, gates_table, split_table, swept_table
from benchmarks.verdict_study.records import Record
from benchmarks.verdict_study.running import run

#: Families whose propensities and models of users are right, and whose support is full.
RIGHT = ("bandits", "tails")


def main() -> None:
    """Run the worlds that the command line asks for, and print their tables."""
    parser = argparse.ArgumentParser(description="The verdict against the truth, in random worlds.")
    parser.add_argument("--families", default="", help="names or their beginnings, by commas; default: all")
    parser.add_argument("--first", type=int, default=200, help="number of the first world")
    parser.add_argument("--worlds", type=int, default=1000, help="worlds of each family")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path(".bench/verdict_study"))
    parser.add_argument("--fit", action="store_true", help="fit thresholds, and try each of them alone")
    asked = parser.parse_args()
    starts = tuple(asked.families.split(","))
    families = [name for name in FAMILIES if name.startswith(starts)]
    found = run(families, range(asked.first, asked.first + asked.worlds), asked.jobs, asked.folder)
    print("\n".join(report(found)))
    if asked.fit:
        print("\n".join(fitted([record for record in found if record["level"] != "error"])))


def report(found: Sequence[Record]) -> Iterator[str]:
    """All tables, over the worlds of odd number."""
    judged = [record for record in found if record["world"] % 2]
    errors = Counter(record["family"] for record in judged if record["level"] == "error")
    records = [record for record in judged if record["level"] != "error"]
    logs = len({(record["family"], record["world"]) for record in judged})
    yield f"{len(records):,} estimates from {logs:,} logs; errors: {dict(errors)}"
    right = [record for record in records if record["family"] in RIGHT]
    named = {"": records, "propensities and support right": right}
    for name, some in named.items():
        for lines in (confusion(some), gates_table(some), swept_table(some)):
            yield from ("", name)
            yield from lines
    splits = {
        "family": lambda record: record["family"],
        "kind": lambda record: f"{record['family']} {record['kind']}",
        "estimator": lambda record: record["name"],
    }
    for first, key in splits.items():
        yield ""
        yield from split_table(records, key, trusted, first)


def fitted(records: Sequence[Record]) -> Iterator[str]:
    """The fitted thresholds beside those of the product, and each threshold changed alone."""
    even, odd = (Numbers.read([r for r in records if r["world"] % 2 == part]) for part in (0, 1))
    limits = fit(even, PRESENT)
    for name, setting in {"present": PRESENT, "fitted": limits}.items():
        yield f"{name}: {dict(setting)}"
        yield f"  fitted to {_score(even, setting)}; judged on {_score(odd, setting)}"
    for name, values in GRID.items():
        yield f"{name} (present {PRESENT[name]:g}), fitted to:"
        yield from (f"  {value:g}: {_score(even, {**PRESENT, name: value})}" for value in values)


def _score(numbers: Numbers, limits: Mapping[str, float]) -> str:
    n, shares = numbers.score(limits)
    return f"{n:,} trusted, {', '.join(f'{100.0 * share:.1f} %' for share in shares)}"


if __name__ == "__main__":
    main()
