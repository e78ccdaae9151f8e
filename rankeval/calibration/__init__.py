"""``calibrate``: maps from scores to probabilities, fitted to judged items and judged on other queries.

The stages are ``request`` (checked options), ``calibrate`` (reads the judged items), ``cross_fitting``
(scores out of fold, and the map of all queries), ``held_out`` (losses before and after) and ``result``.
``calibration_file`` writes a map and reads it back.

May import: ``evaluation``, ``inference``, ``metrics``, ``arrays`` and the top modules of ``rankeval``.
To add a method: a class in ``score_maps.py`` that keeps ``ScoreMap``, its line in ``METHODS``
(``methods.py``), and the function that reads it in ``calibration_file.py``.
"""

from __future__ import annotations

from rankeval.calibration.calibrate import calibrate
from rankeval.calibration.calibration_file import Calibration, read_calibration
from rankeval.calibration.result import FittedCalibration

__all__ = [
    "Calibration",
    "FittedCalibration",
    "calibrate",
    "read_calibration",
]
