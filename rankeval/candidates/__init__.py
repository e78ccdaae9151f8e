"""``uplift``: what candidate rankers would gain, from a click log and their models, before any A/B test.

The stages are ``request`` (candidates and estimators), ``lists`` (what the log shows), ``curves`` (the
position bias: given, or learned from the log), ``scored_log`` (the scores of all candidates in one pass), those of
``ope``, ``alternatives`` (other users than the estimators assume) and ``result``.

May import: ``off_policy``, ``rankers.kinds``, ``rankers``, ``position_bias``, ``simulators.click_models.fitting``,
``simulators.click_models``, ``logs``, ``readers``, ``arrays`` and the top modules of ``rankeval``.
To add another model of users: a line in ``alternatives.py``.
"""

from __future__ import annotations

from rankeval.candidates.result import Uplift
from rankeval.candidates.uplift import uplift

__all__ = [
    "Uplift",
    "uplift",
]
