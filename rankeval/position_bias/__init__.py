"""Position bias: the curve that a caller gives, and curves learned from ranking logs, with their errors.

May import: ``models``, ``inference``, ``logs``, ``arrays`` and the top modules of ``rankeval``.
To add a method: a function of a ``Request`` that gives a ``Curve`` for the log and each segment, and a
line in ``METHODS`` (``methods.py``).
"""

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
