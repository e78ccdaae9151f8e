"""The study of power and looks analyses its tests as ``ab`` does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from benchmarks.ab_power import (
    ARMS,
    KINDS,
    LOOKS,
    STEP,
    VALUES,
    Kind,
    boundary_rows,
    crossed,
    finds,
    normal_statistics,
    null_test,
    simulated,
)
from rankeval import ab


@pytest.mark.parametrize("values", list(VALUES))
@pytest.mark.parametrize("look", [2, LOOKS])
def test_a_look_crosses_where_ab_has_a_small_p_value(values: str, look: int) -> None:
    asked = {
        "nothing": {"metric": "y=y + 1"},
        "obrien_fleming": {"looks": LOOKS, "look": look},
        "pocock": {"looks": LOOKS, "look": look, "boundary": "pocock"},
        "sequence": {"ci": "sequence", "sequence_at": LOOKS * STEP},
    }
    found = set()
    for seed, effect in ((0, 0.0), (1, 0.15), (2, 0.5), (3, 2.0)):
        table = null_test(VALUES[values], seed)
        table["y"] = table["y"] + effect * (table["arm"] == "new")
        rows = {name: column[: look * STEP] for name, column in table.items()}
        p = {
            name: ab(rows, "arm", **{"metric": "y"} | options).results[0].p_value
            for name, options in asked.items()
        }
        decided = crossed(table, look)
        assert decided == {name: p is not None and p < 0.05 for name, p in p.items()}
        found |= set(decided.values())
    assert found == {False, True}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_large_effect_is_found_and_changes_its_column_alone(kind: Kind) -> None:
    without, with_effect = (simulated(kind, 2_000, absolute, 3) for absolute in (0.0, 0.3))
    assert finds(kind, with_effect)
    for name, values in without.items():
        assert (with_effect[name] == values).all() == (name != kind.column)


def test_statistics_from_sums_are_those_of_ab() -> None:
    """Also with few units, where the t distribution is not normal."""
    values = np.random.default_rng(4).normal(size=(LOOKS * STEP,))
    table = {"y": values, "arm": np.tile(ARMS, LOOKS * STEP // 2)}
    steps = values.reshape(LOOKS, STEP // 2, 2).transpose(2, 0, 1)[::-1, np.newaxis]
    z = normal_statistics(steps.sum(axis=3).cumsum(axis=2), (steps**2).sum(axis=3).cumsum(axis=2))[0]
    for look in (1, 7, LOOKS):
        rows = {name: column[: look * STEP] for name, column in table.items()}
        assert 2.0 * norm.sf(z[look - 1]) == pytest.approx(
            ab(rows, "arm", metric="y").results[0].p_value, rel=1e-9
        )


def test_boundaries_err_as_often_as_they_may() -> None:
    """20,000 tests: the standard error of 5 % is 0.15 %."""
    for _, _, _, found in boundary_rows(20_000):
        assert float(found.split(" +-")[0]) == pytest.approx(5.0, abs=4 * 0.155)
