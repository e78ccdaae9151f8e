"""Tests of logged propensities: do they say how often actions were really taken?

``ListedActions`` sums a log with candidate lists and ``LoggedActions`` one with the propensity of the logged
action alone, in one pass; ``PropensitySums`` holds both, and sums of parts of a log merge. ``judged`` turns
the sums into tests, adjusts them for their number and names the faults that they suggest.

May import: ``inference``, ``arrays`` and the top modules of ``rankeval``.
To add a test: sum what it needs in ``listed_actions.py`` or ``logged_actions.py``, and yield it from
``list_tests.py`` or ``logged_tests.py``. To add a fault: add it to ``FAULTS`` (``faults.py``), with its rule.
"""

from __future__ import annotations

from rankeval.propensity_tests.faults import FAULTS
from rankeval.propensity_tests.group_sums import MOST_GROUPS
from rankeval.propensity_tests.judged import (
    MOST_SLICES,
    PropensitySums,
    PropensityTests,
    SlicedSums,
    judged,
)
from rankeval.propensity_tests.listed_actions import ListedActions
from rankeval.propensity_tests.listed_rounds import ListedRounds
from rankeval.propensity_tests.logged_actions import LoggedActions
from rankeval.propensity_tests.mean_weights import MeanWeights
from rankeval.propensity_tests.propensity_test import PropensityTest

__all__ = [
    "FAULTS",
    "MOST_GROUPS",
    "MOST_SLICES",
    "ListedActions",
    "ListedRounds",
    "LoggedActions",
    "MeanWeights",
    "PropensitySums",
    "PropensityTest",
    "PropensityTests",
    "SlicedSums",
    "judged",
]
