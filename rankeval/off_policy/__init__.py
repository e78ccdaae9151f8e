"""``ope``: estimates of the value of target policies from the log of another policy.

The stages are ``request`` (check the call against the columns of the log), ``nuisances`` (count and fit
nuisance models), ``plan`` (write each estimate as a functional of the means of terms), ``accumulate`` (sum
the terms in one pass), ``estimates`` (values, errors and diagnostics) and ``result``.

May import: its own packages, ``position_bias``, ``estimators``, ``inference``, ``logs``, ``arrays`` and
the top modules of ``rankeval``.
To add a warning: yield a ``Note`` from the stage that detects its cause.
"""

from __future__ import annotations

from rankeval.off_policy.feeds import Feeds, feeds
from rankeval.off_policy.ope import ope
from rankeval.off_policy.result import OffPolicyEvaluation
from rankeval.off_policy.rows import EstimateRow

__all__ = [
    "EstimateRow",
    "Feeds",
    "OffPolicyEvaluation",
    "feeds",
    "ope",
]
