"""Policies that turn a query's items into a list, with exact probabilities of what they show."""

from rankeval.simulators.list_policies.base import ListPolicy
from rankeval.simulators.list_policies.fixed import FixedOrder

__all__ = ["FixedOrder", "ListPolicy"]
