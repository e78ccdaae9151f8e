"""Faults of logged propensities, and which of them the tests of a log suggest."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rankeval.array_types import Floats
from rankeval.propensity_tests.listed_actions import SHIFTS, ListedActions
from rankeval.propensity_tests.logged_actions import LoggedActions
from rankeval.propensity_tests.logged_tests import FEW
from rankeval.propensity_tests.propensity_test import PropensityTest

#: Code -> what is probably wrong, in words.
FAULTS: dict[str, str] = {
    "argmax_as_one": "the best action is logged with probability 1, though others were drawn in its place",
    "index_shifted": "the number of the action is off by one",
    "scaled": "all propensities are multiplied by about the same factor",
    "normalisation_lost": "the propensities of the candidates no longer sum to 1",
    "rows_lost": "rows of some actions are missing from the log",
    "rows_lost_or_impossible": "rows of some actions are missing, or the actions were not always possible",
    "softened": "the policy that acted was sharper than its propensities (temperature or exploration)",
    "target": "the target policy's propensities are wrong, or it takes actions that were not possible",
    "other_policy": "the propensities are those of another policy or version, or sharper than what acted",
}
#: Level of adjusted p-values at which a test fails.
LEVEL = 0.05
#: Lists whose mean sum is further from 1 are not normalised; rounding moves single sums alone.
MASS = 0.001
#: A shift of actions explains the log if the rest of the mismatch is below this share of it.
EXPLAINED = 0.2
#: Lost rows of an action are so many times clearer than a mismatch of all propensities, in standard errors.
CLEARER = 2.0
#: The other actions are taken more often, beyond chance, from so many standard errors on.
CLEARLY = 3.0
#: Largest share of the actions that lose rows; if more seem to, propensities are wrong instead.
FEW_LOST = 0.25


def fault_of_lists(sums: ListedActions, failed: Sequence[PropensityTest]) -> str | None:
    """The fault that the failed tests of a log with candidate lists suggest; None if nothing failed."""
    n, found, expected, _, *beside = sums.match.sums.tolist()
    if abs(sums.mass / n - 1.0) > MASS:
        return "normalisation_lost"
    if all(test.test == "weight" for test in failed):
        return "target" if failed else None
    if any(test.test == "certain" for test in failed):
        return "argmax_as_one"
    rest = {shift: abs(value - expected) for shift, value in zip(SHIFTS, beside, strict=True)}
    matched = [test for test in failed if test.test == "match"]
    if matched and found < expected and min(rest.values()) < EXPLAINED * (expected - found):
        return "index_shifted"
    taken, p, variance = sums.actions.sums[:, 1], sums.actions.sums[:, 2], sums.actions.sums[:, 3]
    mismatch = max((abs(test.z or 0.0) for test in matched), default=0.0)
    rarest = max((-(test.z or 0.0) for test in failed if test.test == "arithmetic"), default=0.0)
    if rarest > CLEARER * mismatch and _lost(taken, p, variance):
        return "rows_lost"
    return "softened" if matched and found > expected else "other_policy"


def fault_of_logged(sums: LoggedActions, failed: Sequence[PropensityTest]) -> str | None:
    """The fault that the failed tests of a log without candidate lists suggest; None if nothing failed."""
    harmonic = [test for test in failed if test.test == "harmonic"]
    if not harmonic:
        return "other_policy" if failed else None
    high = [test for test in harmonic if test.observed > test.expected]
    if sums.certain and high and len(high) == len(harmonic):
        return "argmax_as_one"
    if not high and len(sums.strata.keys) > 1:
        return "rows_lost_or_impossible"
    low = {test.group for test in harmonic} - {test.group for test in high}
    if len(high) in (0, len(harmonic)) and 2 * len(harmonic) > len(sums.cells.keys) and _agree(sums, set()):
        return "scaled"
    if low and len(low) <= FEW_LOST * len(sums.cells.keys) and _agree(sums, low):
        return "rows_lost" if _others_more_often(sums, low) else "rows_lost_or_impossible"
    return "other_policy"


def _agree(sums: LoggedActions, without: set[object]) -> bool:
    """Whether the harmonic means of all actions but some are equal within their errors."""
    rows = [
        row
        for row, (_, name) in enumerate(sums.cells.names)
        if name not in without and sums.cells.sums[row, 0] >= FEW
    ]
    if len(sums.strata.keys) > 1:
        return False
    n = float(sums.strata.sums[0, 1])
    _, total, squares, _ = sums.cells.sums[rows].T
    return _homogeneous(total / n, (squares - total) / n**2)


def _others_more_often(sums: LoggedActions, without: set[object]) -> bool:
    """Whether all actions but some are taken more often than their propensities say.

    They are where rows of these are lost, as the others are then a larger share of the log. They are not
    where these were not always possible.
    """
    n = float(sums.strata.sums[0, 1])
    rows = [row for row, (_, name) in enumerate(sums.cells.names) if name not in without]
    _, total, squares, _ = sums.cells.sums[rows].sum(axis=0)
    excess = float(total) - n * len(rows)
    variance = float(squares) - n * len(rows) ** 2
    return excess > CLEARLY * math.sqrt(max(variance, n))


def _lost(taken: Floats, expected: Floats, variance: Floats) -> bool:
    """Whether a few actions were taken too rarely, and all others too often by about the same factor.

    The factors differ, as the other actions are more frequent where no rows were lost.
    """
    known = expected > 0.0
    rate = taken[known] / expected[known]
    error = variance[known] / expected[known] ** 2
    low = (rate < 1.0) & (np.square(rate - 1.0) > 16.0 * error)
    if not low.any() or low.mean() > FEW_LOST:
        return False
    excess = float(taken[known][~low].sum() / expected[known][~low].sum()) - 1.0
    noise = 4.0 * np.sqrt(error[~low])
    rest = rate[~low] - 1.0
    return excess > 0.0 and bool(np.all((rest > -noise) & (rest < 2.0 * excess + noise)))


def _homogeneous(rate: Floats, variance: Floats) -> bool:
    """Whether rates are equal within their errors, by a chi-square test at the level 0.001."""
    from scipy.special import chdtrc

    use = variance > 0.0
    if use.sum() < 2:
        return True
    weight = 1.0 / variance[use]
    middle = float((weight * rate[use]).sum() / weight.sum())
    return float(chdtrc(use.sum() - 1, float((weight * np.square(rate[use] - middle)).sum()))) > 0.001
