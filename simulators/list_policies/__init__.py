"""List policies: rankers that order the items of a query, with exact probabilities of items and lists.

May import: ``arrays``, the top modules of ``simulators`` and of ``rankeval``.
To add a policy: a subclass of ``ListPolicy`` and a line in ``LIST_POLICIES`` (``catalogue.py``).
"""

from __future__ import annotations

from rankeval.simulators.list_policies.base import ListPolicy
from rankeval.simulators.list_policies.catalogue import LIST_POLICIES, parse_list_policy
from rankeval.simulators.list_policies.fixed import Deterministic, FixedOrder, GivenLists
from rankeval.simulators.list_policies.kernels import Lists
from rankeval.simulators.list_policies.mixture import PolicyMixture
from rankeval.simulators.list_policies.queries import Queries
from rankeval.simulators.list_policies.random_utility import (
    GumbelUtility,
    PlackettLuce,
    RandomUtility,
    Uniform,
)

__all__ = [
    "LIST_POLICIES",
    "Deterministic",
    "FixedOrder",
    "GivenLists",
    "GumbelUtility",
    "ListPolicy",
    "Lists",
    "PlackettLuce",
    "PolicyMixture",
    "Queries",
    "RandomUtility",
    "Uniform",
    "parse_list_policy",
]
