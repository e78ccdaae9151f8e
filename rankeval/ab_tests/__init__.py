"""A/B tests: their analysis, their planning, and how past ones agree with offline estimates.

May import: ``inference``, ``logs``, ``readers``, ``arrays`` and the top modules of ``rankeval``.
To add a test or interval of a difference: a branch of ``Contrast`` (``contrasts.py``) and its name in
``INTERVALS``. To add a boundary for planned looks: its spending function in ``looks.py``.
"""

from __future__ import annotations

from rankeval.ab_tests.ab import ab
from rankeval.ab_tests.agreement import agreement
from rankeval.ab_tests.agreement_result import Agreement
from rankeval.ab_tests.plan_ab import plan_ab
from rankeval.ab_tests.plan_result import AbPlan
from rankeval.ab_tests.result import AbAnalysis

__all__ = ["AbAnalysis", "AbPlan", "Agreement", "ab", "agreement", "plan_ab"]
