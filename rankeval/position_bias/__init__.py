"""TODO"""

from __future__ import annotations

from rankeval.position_bias.cells import Cells
from rankeval.position_bias.known_curve import FIELDS, STEP, PositionBias
from rankeval.position_bias.newton_ascent import Climb, starting_point
from rankeval.position_bias.propensity import propensity
from rankeval.position_bias.result import PropensityCurve

__all__ = [
    "FIELDS",
    "STEP",
    "Cells",
    "Climb",
    "PositionBias",
    "PropensityCurve",
    "propensity",
    "starting_point",
]
