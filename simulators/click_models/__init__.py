"""Click models: how users go through a list, and what they click."""

from rankeval.simulators.click_models.base import ClickModel, ListTruth
from rankeval.simulators.click_models.catalogue import CLICK_MODELS, parse_click_model

__all__ = ["CLICK_MODELS", "ClickModel", "ListTruth", "parse_click_model"]
