"""``ope``: the value of target policies from the log of another policy.

The stages are ``request`` (what is asked, and what the log holds), ``nuisances`` (what is counted or
fitted first), ``plan`` (functionals of the means of terms), ``accumulate`` (one pass), ``estimates`` and
``result``.

May import: its own packages, ``position_bias``, ``estimators``, ``inference``, ``logs``, ``arrays`` and
the top modules of ``rankeval``.
To add a warning: a ``Note`` made by the stage that knows it.
"""

from __future__ import annotations

from rankeval.off_policy.ope import ope
from rankeval.off_policy.result import OffPolicyEvaluation

__all__ = [
    "OffPolicyEvaluation",
    "ope",
]
