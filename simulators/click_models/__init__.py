"""Click models of lists: exact examination and click probabilities, sampled clicks and likelihoods.

May import: ``arrays``, the top modules of ``simulators`` and of ``rankeval``.
To add a click model: a class in ``models.py`` and a line in ``CLICK_MODELS`` (``catalogue.py``).
"""

from __future__ import annotations

from rankeval.simulators.click_models.base import BrowsingModel, ClickModel
from rankeval.simulators.click_models.browsing import Browsing
from rankeval.simulators.click_models.catalogue import CLICK_MODELS, parse_click_model
from rankeval.simulators.click_models.models import (
    Cascade,
    ClickChain,
    DependentClick,
    DynamicBayesian,
    Mixture,
    PositionBased,
    SimplifiedDynamicBayesian,
    TrustBias,
    UserBrowsing,
)

__all__ = [
    "CLICK_MODELS",
    "Browsing",
    "BrowsingModel",
    "Cascade",
    "ClickChain",
    "ClickModel",
    "DependentClick",
    "DynamicBayesian",
    "Mixture",
    "PositionBased",
    "SimplifiedDynamicBayesian",
    "TrustBias",
    "UserBrowsing",
    "parse_click_model",
]
