"""Folds, and that no query is calibrated by a map that saw it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from rankeval.arrays import hashes_of, to_arrow
from rankeval.calibration.cross_fitting import cross_fit, folds_of
from rankeval.calibration.methods import METHODS, Settings
from rankeval.errors import DataError
from rankeval.metrics import JudgedItems

KEYS = hashes_of(to_arrow(np.arange(300)))
FOLDS = folds_of(KEYS, 4, seed=0)
SETTINGS = Settings(probability=True)


def items_of(seed=0):
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 6, 300)
    score = rng.random(counts.sum())
    return JudgedItems(np.cumsum([0, *counts]), score, rng.random(len(score)) < score**2)


def test_folds_are_hashes():
    """300 queries over 4 folds: each within 4 standard deviations (30) of 75; the seed moves queries."""
    assert set(FOLDS.tolist()) == {0, 1, 2, 3}
    assert np.abs(np.bincount(FOLDS) - 75).max() <= 30
    assert (folds_of(KEYS[::-1], 4, 0) == FOLDS[::-1]).all()
    assert (folds_of(KEYS, 4, 1) != FOLDS).any()
    assert len(set(folds_of(np.repeat(KEYS[:1], 9), 4, 0).tolist())) == 1


def test_held_out_probabilities_are_those_of_a_loop():
    items = items_of()
    found = cross_fit("run", items, FOLDS, 4, METHODS["isotonic"], SETTINGS)
    for query in range(300):
        others = FOLDS[items.query] != FOLDS[query]
        model = IsotonicRegression(out_of_bounds="clip").fit(items.score[others], items.relevant[others])
        mine = items.query == query
        assert found.held_out[mine] == pytest.approx(model.predict(items.score[mine]), abs=1e-9)
    everything = IsotonicRegression(out_of_bounds="clip").fit(items.score, items.relevant)
    assert found.mapping.apply(items.score) == pytest.approx(everything.predict(items.score), abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_the_labels_of_a_fold_do_not_reach_its_own_probabilities(method):
    items, inside = items_of(), FOLDS == 2
    changed = np.where(inside[items.query], ~items.relevant, items.relevant)
    before, after = (
        cross_fit("run", JudgedItems(items.offsets, items.score, labels), FOLDS, 4, METHODS[method], SETTINGS)
        for labels in (items.relevant, changed)
    )
    same = before.held_out == after.held_out
    assert same[inside[items.query]].all()
    assert method == "prior" or not same[~inside[items.query]].all()


def test_errors_name_the_fold():
    relevant = np.zeros(8, bool)
    relevant[0] = True
    items = JudgedItems(np.arange(9), np.linspace(0.1, 0.9, 8), relevant)
    folds = np.array([1, 0, 0, 1, 2, 2, 1, 0])
    with pytest.raises(DataError) as caught:
        cross_fit("run.txt", items, folds, 3, METHODS["isotonic"], SETTINGS)
    assert str(caught.value) == (
        "run.txt, without fold 2 of 3: found no relevant item among 5, wanted relevant and other ones"
    )
    with pytest.raises(DataError) as caught:
        cross_fit("run.txt", items, np.zeros(8, int), 3, METHODS["isotonic"], SETTINGS)
    assert str(caught.value) == (
        "run.txt, without fold 1 of 3: no query is left, wanted queries (or clusters) in several folds"
    )


def test_a_fold_without_queries_is_no_error():
    items = items_of()
    found = cross_fit("run", items, FOLDS % 2, 9, METHODS["platt"], SETTINGS)
    assert np.isfinite(found.held_out).all()
