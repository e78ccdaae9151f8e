"""Tests of the propensities of logs that hold those of logged actions alone."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rankeval.inference import t_test
from rankeval.propensity_tests.logged_actions import LoggedActions
from rankeval.propensity_tests.propensity_test import PropensityTest
from rankeval.propensity_tests.tails import clustered_p

#: An action that was taken in fewer rounds, or in rounds whose weights are worth fewer, is not tested: it is
#: too rare for an error that is estimated.
FEW = 30
#: So many rounds of one propensity must be expected for their absence to be sure.
SURE = 30.0


def logged_tests(sums: LoggedActions) -> Iterator[PropensityTest]:
    """The tests ``harmonic``: the mean of ``1{A = a} / p`` is 1, by action, over rounds with ``p < 1``.

    They hold for actions that were possible in all rounds of their stratum; a mean below 1 may also say that
    an action was not. The variance ``sum (1/p)(1/p - 1)`` is estimated, so that actions taken in fewer than
    30 rounds are left out. Rounds in which an action was still less likely than in any round that took it
    would leave no trace; a mean below 1 therefore counts only as far as such rounds cannot explain it.

    Args:
        sums: the sums of all rounds. There are no tests where actions or strata share groups.
    """
    if sums.cells.shared or sums.strata.shared:
        return
    place = {int(key): row for row, key in enumerate(sums.strata.keys.tolist())}
    for row, (stratum, action) in enumerate(sums.cells.names):
        count, total, squares, cubes = sums.cells.sums[row].tolist()
        n = float(sums.strata.sums[place[stratum], 1])
        effective = total * total / squares
        if min(count, effective) < FEW or count == n:
            continue
        # Jensen's inequality: the mean of 1/p is at least 1 over the mean of p, which the log estimates well
        # even if the rounds with the smallest propensities have not come up.
        variance = max(squares - total, n * n / count - n)
        unseen = min(n, SURE * cubes / squares)
        deviation = total - n if total > n else min(total - n + unseen, 0.0)
        error = math.sqrt(variance)
        p = t_test(deviation, error, effective - 1.0) or 0.0
        if sums.cells.totals is not None and sums.strata.totals is not None:
            totals = sums.cells.totals[row, 0] - sums.strata.totals[place[stratum], 0]
            clustered, other = clustered_p(deviation, totals)
            error, p = max(error, clustered), max(p, other)
        name = action if sums.strata.names[place[stratum]] is None else _named(sums, place[stratum], action)
        z = deviation / error if error > 0.0 else None
        yield PropensityTest("harmonic", name, total / n, 1.0, n, z, p)


def _named(sums: LoggedActions, row: int, action: object) -> str:
    return f"{sums.strata.names[row]}, {action}"
