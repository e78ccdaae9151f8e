"""TODO"""

from __future__ import annotations

from rankeval.off_policy.ope import ope
from rankeval.off_policy.result import OffPolicyEvaluation

__all__ = [
    "OffPolicyEvaluation",
    "ope",
]
