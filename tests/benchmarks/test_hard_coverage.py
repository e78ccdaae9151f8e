"""The benchmark of coverage counts what it says, and its rows give outcomes."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks.hard_coverage.catalogue import ROWS
from benchmarks.hard_coverage.judging import Cell, cells, summary, table, verdicts
from benchmarks.hard_coverage.metric_rows import truths
from benchmarks.hard_coverage.outcomes import Outcome, doubted, side, tally
from benchmarks.hard_coverage.reward_rows import RareRewards, Weights
from benchmarks.hard_coverage.running import CHUNK, chunk, run
from rankeval.notes import Note

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
    assert verdicts([cell(180, 20, 0, 0)]) == ["said"]  # under 93 %, though 200 logs do not show it for sure
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
        == "| row | normal | 500 | 2 | 80.0 % (ips value) | 0.0 % | 0.0 % | 1 holds, 1 FAILS |"
    )


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    first = run([SMALL], ["normal"], CHUNK, 1, tmp_path)
    (kept,) = tmp_path.iterdir()
    text = kept.read_text()
    assert run([SMALL], ["normal"], CHUNK, 1, tmp_path) == first
    assert kept.read_text() == text
    assert first[SMALL] == chunk((SMALL, 0), ["normal"])
    assert sum(n for (name, _, _), n in first[SMALL].items() if name == "ips value normal") == CHUNK


#: One of the rows of each kind, and all of the kinds that are few.
OF_EACH = [
    name
    for name in ROWS
    if not name.startswith(("rate", "models", "curve: s", "queries: 3", "queries: 5"))
    and not name.endswith(("n 1000", "20000"))
]


@pytest.mark.parametrize("name", OF_EACH)
def test_every_row_gives_outcomes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.hard_coverage.metric_rows.POPULATION", 300)
    truths.cache_clear()
    first, again = (list(ROWS[name](np.random.default_rng(1), ["normal"])) for _ in range(2))
    assert first == again
    assert max(Counter(outcome.cell for outcome in first).values()) == 1


def test_intervals_have_the_name_of_the_method_that_was_asked_for() -> None:
    """``auto`` takes ``normal`` here, and is not counted with it."""
    found = list(ROWS["thinned: 7 % in sampling_weight"](np.random.default_rng(0), ["auto", "normal"]))
    by_method = {method: [o.side for o in found if o.cell.endswith(method)] for method in ("auto", "normal")}
    assert by_method["auto"] == by_method["normal"]
    assert len(found) == 2 * len(by_method["auto"])


def test_what_is_said_of_a_row_is_its_own() -> None:
    mine, other = (Note(code, code, level="caution") for code in ("few_rewards", "top_share"))
    whole, remark = Note("few_clusters", "", level="caution"), Note("skipped", "")
    assert doubted([mine, other], [mine], [mine, other])
    assert not doubted([mine, other, remark], [], [mine, other])
    assert doubted([whole], [], [mine])


def test_limits_of_reduced_weights_by_hand() -> None:
    """Weights 0.5 and 1.5, clipped at 1: the mean of min(w, 1) times the chance of a reward."""
    row = RareRewards(
        100, 0.1, Weights(np.array([0.5, 1.5]), np.array([0.5, 0.5])), ("ips", "cips:max_weight=1")
    )
    low, high = (0.1 * (1.0 + 0.5 * math.tanh(math.log(w))) for w in (0.5, 1.5))
    assert row.truth["cips:max_weight=1"] == pytest.approx(0.5 * (0.5 * low + 1.0 * high), rel=1e-12)
    assert row.truth["ips"] == row.truth["value"] == pytest.approx(0.5 * (0.5 * low + 1.5 * high), rel=1e-12)


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
