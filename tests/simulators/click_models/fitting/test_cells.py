from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from rankeval.simulators.click_models.fitting import cells as module
from rankeval.simulators.click_models.fitting.cells import count_cells, expected_cells
from tests.simulators.click_models.fitting.logs import simulated

LISTS = simulated("ubm", 300).lists


def naive(by_last: bool) -> dict[tuple[int, int], list[float]]:
    counts: dict[tuple[int, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for row in range(len(LISTS)):
        last = 0
        for k, word in enumerate(LISTS.words[LISTS.offsets[row] : LISTS.offsets[row + 1]].tolist()):
            cell = counts[word >> 1, k * (k + 1) // 2 + last if by_last else k]
            cell[0] += 1.0
            cell[1] += word & 1
            last = k + 1 if word & 1 else last
    return counts


@pytest.mark.parametrize("by_last", [False, True])
@pytest.mark.parametrize("dense", [1, 1 << 24])
def test_impressions_and_clicks_are_counted(
    by_last: bool, dense: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DENSE", dense)
    cells = count_cells(LISTS, LISTS.counts, by_last)
    found = dict(
        zip(
            zip(cells.pair.tolist(), cells.places.tolist(), strict=True),
            np.stack([cells.impressions, cells.clicks], axis=1).tolist(),
            strict=True,
        )
    )
    assert found == naive(by_last)
    assert cells.length == (10 if by_last else 4)


def test_expectations_are_those_of_relevance_known_or_not() -> None:
    """Bayes' rule in each cell, as loops."""
    rng = np.random.default_rng(1)
    a, high, low = rng.uniform(0.1, 0.9, LISTS.pairs), rng.uniform(0.5, 0.9, 4), rng.uniform(0.0, 0.4, 4)
    found = expected_cells(count_cells(LISTS, LISTS.counts, False), a, high, low)
    relevant, of_relevant, clicked_relevant = np.zeros(LISTS.pairs), np.zeros(4), np.zeros(4)
    likelihood = 0.0
    for (pair, k), (shown, clicks) in naive(False).items():
        for clicked, count in ((True, clicks), (False, shown - clicks)):
            if_relevant = high[k] if clicked else 1 - high[k]
            if_not = low[k] if clicked else 1 - low[k]
            chance = a[pair] * if_relevant + (1 - a[pair]) * if_not
            posterior = a[pair] * if_relevant / chance
            relevant[pair] += count * posterior
            of_relevant[k] += count * posterior
            clicked_relevant[k] += count * posterior * clicked
            likelihood += count * np.log(chance)
    np.testing.assert_allclose(found.relevant, relevant, rtol=1e-12)
    np.testing.assert_allclose(found.of_relevant, of_relevant, rtol=1e-12)
    np.testing.assert_allclose(found.clicked_relevant, clicked_relevant, rtol=1e-12)
    totals = np.bincount(LISTS.words >> 1, minlength=LISTS.pairs)
    np.testing.assert_array_equal(found.shown, totals)
    assert found.of_relevant.sum() + found.others.sum() == pytest.approx(totals.sum(), rel=1e-12)
    assert found.clicked_relevant.sum() + found.clicked_others.sum() == pytest.approx((LISTS.words & 1).sum())
    assert found.log_likelihood == pytest.approx(likelihood, rel=1e-12)
