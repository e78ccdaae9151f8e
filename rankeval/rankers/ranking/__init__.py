"""``rank``: score data with a ranker, and turn the scores into a random policy with exact propensities.

May import: ``rankers``, ``rankers.kinds``, ``calibration``, ``simulators.list_policies``, ``logs``,
``readers``, ``arrays`` and the top modules of ``rankeval``.
To add a policy: its parameter in ``POLICIES``, its probabilities and draws in ``Policy``.
"""

from __future__ import annotations

from rankeval.rankers.ranking.rank import rank
from rankeval.rankers.ranking.result import Ranking

__all__ = ["Ranking", "rank"]
