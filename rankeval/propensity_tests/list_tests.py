"""Tests of the propensities of logs with candidate lists (Li et al. 2014; Lefortier et al. 2016)."""

from __future__ import annotations

from collections.abc import Iterator

from rankeval.propensity_tests.listed_actions import BINS, WEIGHT_BOUND, ListedActions
from rankeval.propensity_tests.propensity_test import PropensityTest, of_sum


def list_tests(sums: ListedActions) -> Iterator[PropensityTest]:
    """The tests of a log with candidate lists.

    ``arithmetic``: the mean of ``1{A = a}`` is that of ``p(a)``, by action. ``harmonic``: the mean of
    ``1{A = a} / p(a)`` is 1 over the rounds in which ``a`` was possible, by action, with ``min(1 / p, 100)``
    for ``1 / p``. ``calibration``: the action lies in a bin of propensities as often as they say.
    ``certain``: so it does where a propensity is 1. ``match``: the mean of ``p(A)`` is that of
    ``sum_a p(a)^2``.

    Args:
        sums: the sums of all rounds.
    """
    yield from _of_actions(sums)
    yield from _of_bins(sums)
    n, found, expected, variance, *_ = sums.match.sums
    yield of_sum("match", None, (found, expected, n), variance, 1.0, sums.match.totals)


def _of_actions(sums: ListedActions) -> Iterator[PropensityTest]:
    groups = sums.actions
    rounds = float(sums.match.sums[0])
    for row, name in enumerate(groups.names):
        possible, taken, p, spread, *weighted = groups.sums[row].tolist()
        totals = (None, None) if groups.totals is None else (groups.totals[row, 0], groups.totals[row, 1])
        yield of_sum("arithmetic", name, (taken, p, rounds), spread, 1.0, totals[0])
        if possible:
            observed, expected, variance = weighted
            yield of_sum("harmonic", name, (observed, expected, possible), variance, WEIGHT_BOUND, totals[1])


def _of_bins(sums: ListedActions) -> Iterator[PropensityTest]:
    rounds = float(sums.match.sums[0])
    for row, (found, expected, variance) in enumerate(sums.bins.tolist()):
        if not found and not expected:
            continue
        totals = None if sums.bin_totals is None else sums.bin_totals[row]
        if row == len(BINS) - 1:
            yield of_sum("certain", "p = 1", (found, expected, rounds), variance, 1.0, totals)
        else:
            name = f"p in [{BINS[row]:g}, {BINS[row + 1]:g})"
            yield of_sum("calibration", name, (found, expected, rounds), variance, 1.0, totals)
