"""Policies that turn a query's items into a list, with exact probabilities of what they show."""

from rankeval.simulators.list_policies.base import ListPolicy
from rankeval.simulators.list_policies.catalogue import LIST_POLICIES, parse_list_policy
from rankeval.simulators.list_policies.fixed import FixedOrder
from rankeval.simulators.list_policies.mixture import PolicyMixture
from rankeval.simulators.list_policies.random_utility import NoisyScores, PlackettLuce, RandomUtility, Uniform

__all__ = [
    "LIST_POLICIES",
    "FixedOrder",
    "ListPolicy",
    "NoisyScores",
    "PlackettLuce",
    "PolicyMixture",
    "RandomUtility",
    "Uniform",
    "parse_list_policy",
]
