"""The benchmark of coverage counts what it says, and its rows give outcomes."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks.hard_coverage.catalogue import ROWS
from benchmarks.hard_coverage.judging import Cell, cells, summary, table, verdicts
from benchmarks.hard_coverage.outcomes import Outcome, side, tally
from benchmarks.hard_coverage.reward_rows import RareRewards, Weights
from benchmarks.hard_coverage.running import CHUNK, chunk, run

SMALL = "rare: rate 0.4 %, n 500, weights 0.2 or 1.8"


def cell(held: int, missed: int, silent: int = 0, silent_held: int = 0) -> Cell:
    return Cell("row", "ips value normal", held, missed, 0, 0, silent, silent_held)


def test_where_the_truth_is() -> None:
    assert (
        side(1.0, 2.0, 1.5) == side(1.0, 2.0, 1.0) == side(1.0, None, 9.0) == side(None, 2.0, -9.0) == "held"
    )
    assert side(1.0, 2.0, 0.5) == side(1.0, None, 0.5) == "below"
    assert side(1.0, 2.0, 2.5) == side(None, 2.0, 2.5) == "above"
    assert side(None, None, 0.0) == "null"


def test_counts_of_a_cell() -> None:
    found = tally([Outcome("a", "held", False), Outcome("a", "held", True), Outcome("a", "above", True)])
    found += tally([Outcome("a", "null", False), Outcome("b", "below", False)])
    assert list(cells("row", found)) == [
        Cell("row", "a", held=2, above=1, below=0, null=1, silent=1, silent_held=1),
        Cell("row", "b", held=0, above=0, below=1, null=0, silent=1, silent_held=0),
    ]


def test_verdicts() -> None:
    # 480 of 500 is above 93 %; 400 of 500 is surely not.
    assert verdicts([cell(480, 20, 500, 480)]) == ["holds"]
    assert verdicts([cell(400, 100, 500, 400)]) == ["FAILS"]
    assert verdicts([cell(400, 100, 300, 290)]) == ["said"]
    assert verdicts([cell(400, 100, 0, 0)]) == ["said"]
    assert verdicts([cell(0, 0)]) == ["holds"]  # no interval was given


def test_verdicts_allow_for_many_cells() -> None:
    from scipy.stats import binom

    border = next(k for k in range(500, 0, -1) if binom.cdf(k, 500, 0.93) < 0.04)
    assert verdicts([cell(border, 500 - border, 500, border)]) == ["FAILS"]
    assert set(verdicts([cell(border, 500 - border, 500, border)] * 3)) == {"holds"}


def test_tables() -> None:
    found = [cell(480, 20, 500, 480), cell(400, 100, 500, 400)]
    assert (
        list(table(found))[2] == "| row | ips value normal | 96.0 % | 4.0 % | 0.0 % | 0.0 % | 0.0 % | holds |"
    )
    assert (
        list(summary(found))[2]
        == "| row | normal | 2 | 80.0 % (ips value) | 0.0 % | 0.0 % | 1 holds, 1 FAILS |"
    )


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    first = run([SMALL], ["normal"], CHUNK, 1, tmp_path)
    (kept,) = tmp_path.iterdir()
    text = kept.read_text()
    assert run([SMALL], ["normal"], CHUNK, 1, tmp_path) == first
    assert kept.read_text() == text
    assert first[SMALL] == chunk((SMALL, 0), ["normal"])
    assert sum(n for (name, _, _), n in first[SMALL].items() if name == "ips value normal") == CHUNK


@pytest.mark.parametrize(
    "name", [name for name in ROWS if "20000" not in name and not name.startswith("models")]
)
def test_every_row_gives_outcomes(name: str) -> None:
    first, again = (list(ROWS[name](np.random.default_rng(1), ["normal"])) for _ in range(2))
    assert first == again
    assert max(Counter(outcome.cell for outcome in first).values()) == 1


def test_lognormal_weights_average_one() -> None:
    weights = Weights.lognormal(1.5)
    assert weights.mean(weights.atoms) == pytest.approx(1.0, rel=1e-12)
    drawn = weights.draw(np.random.default_rng(0), 200_000)
    deviation = math.sqrt((math.exp(1.5**2) - 1.0) / len(drawn))
    assert drawn.mean() == pytest.approx(1.0, abs=5 * deviation)


def test_the_truth_of_rare_rewards_by_hand() -> None:
    row = RareRewards(100, 0.1, Weights(np.array([0.5, 1.5]), np.array([0.5, 0.5])))
    chances = [0.1 * (1.0 + 0.5 * math.tanh(math.log(w))) for w in (0.5, 1.5)]
    assert row.chance(row.weights.atoms) == pytest.approx(chances, rel=1e-12)
