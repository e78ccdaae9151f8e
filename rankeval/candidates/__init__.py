"""``uplift``: what candidate rankers would gain, from a click log and their models, before any A/B test.

The stages are ``request`` (candidates and estimators), ``lists`` (what the log shows), ``curves`` (the
position bias: given, or learned from the log), ``scored_log`` (the scores of all candidates in one pass),
those of ``ope``, ``alternatives`` (other users than the estimators assume) and ``result``.

May import: ``off_policy``, ``estimators``, ``rankers.kinds``, ``rankers``, ``position_bias``,
``simulators.click_models.fitting``, ``simulators.click_models``, ``inference``, ``logs``, ``readers``,
``arrays`` and the top modules of ``rankeval``.
To add an estimator that is chosen by itself: ``Chosen.of`` (``request.py``).
"""

from __future__ import annotations

from rankeval.candidates.result import Uplift
from rankeval.candidates.uplift import uplift

__all__ = [
    "Uplift",
    "uplift",
]
