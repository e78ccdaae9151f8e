from __future__ import annotations

import numpy as np

from benchmarks.behaviours import NAMES, Simulated, errors, estimates, summary


def test_adapting_to_users_errs_least() -> None:
    """As Kiyohara et al. (2023) found, in worlds with three behaviours; seeds are fixed."""
    found = summary(errors(positions=6, sessions=10_000, worlds=6, logs=6))
    bias, deviation, error = (
        dict(zip(found, part, strict=True)) for part in zip(*found.values(), strict=True)
    )
    assert tuple(error) == NAMES
    for name in ("sips", "iips", "rips"):
        assert error["aips, learned"] < error[name]
        assert error["aips, true"] < error[name]
    # What one behaviour for all costs: noise where it is too wide, bias where it is too narrow.
    assert deviation["aips, true"] < deviation["sips"]
    assert bias["aips, true"] < min(bias["iips"], bias["rips"])


def test_summaries_are_root_mean_squares() -> None:
    of_worlds = {"aips": np.array([[1.0, 3.0], [-5.0, -5.0]])}
    bias = np.sqrt((2.0**2 + 5.0**2) / 2)
    deviation = np.sqrt((1.0**2 + 0.0**2) / 2)
    assert summary(of_worlds)["aips"] == (bias, deviation, np.sqrt((1 + 9 + 25 + 25) / 4))


def test_estimates_are_near_the_truth() -> None:
    simulated = Simulated.of(4, 0)
    found = estimates(simulated.log(4_000, 1))
    assert set(found) == set(NAMES)
    assert all(abs(value / simulated.truth - 1.0) < 0.3 for value in found.values())
