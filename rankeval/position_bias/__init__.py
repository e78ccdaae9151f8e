"""Position bias: curves that a caller gives, and curves estimated from ranking logs, with their errors.

May import: ``models``, ``inference``, ``logs``, ``arrays`` and the top modules of ``rankeval``.
To add a method: write a function that takes a ``Request`` and returns a ``Curve`` for the whole log and for
each segment, and add a line to ``METHODS`` (``methods.py``).
"""

from __future__ import annotations

from rankeval.position_bias.cells import Cells
from rankeval.position_bias.curve_content import FIELDS
from rankeval.position_bias.known_curve import STEP, Arm, PositionBias
from rankeval.position_bias.learned import LEARN, LearnedCurve, learn_curve, method_of, of_the_ranker
from rankeval.position_bias.methods import lacking
from rankeval.position_bias.model_tests import ModelTests
from rankeval.position_bias.newton_ascent import Climb, starting_point
from rankeval.position_bias.propensity import propensity
from rankeval.position_bias.refutation_notes import model_notes, refutation_notes
from rankeval.position_bias.result import PropensityCurve
from rankeval.position_bias.session_sample import SessionSample, sample_roles
from rankeval.position_bias.shuffled_arm import (
    RANKED,
    RANKED_CLICKS,
    SHUFFLED,
    SHUFFLED_CLICKS,
    Refutation,
    arms_of,
    observed,
    predicted,
    refute,
    session_sums,
    write_prediction,
)

__all__ = [
    "FIELDS",
    "LEARN",
    "RANKED",
    "RANKED_CLICKS",
    "SHUFFLED",
    "SHUFFLED_CLICKS",
    "STEP",
    "Arm",
    "Cells",
    "Climb",
    "LearnedCurve",
    "ModelTests",
    "PositionBias",
    "PropensityCurve",
    "Refutation",
    "SessionSample",
    "arms_of",
    "lacking",
    "learn_curve",
    "method_of",
    "model_notes",
    "observed",
    "of_the_ranker",
    "predicted",
    "propensity",
    "refutation_notes",
    "refute",
    "sample_roles",
    "session_sums",
    "starting_point",
    "write_prediction",
]
