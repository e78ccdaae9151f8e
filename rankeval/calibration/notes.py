"""Warnings about a fitted map."""

from __future__ import annotations

from collections.abc import Iterator

from rankeval.calibration.calibration_file import Calibration
from rankeval.calibration.score_maps import Isotonic, Platt
from rankeval.notes import Note
from rankeval.results import number

#: With fewer relevant items than this, an isotonic map follows the noise.
FEW_RELEVANT = 1000


def notes_of(calibration: Calibration) -> Iterator[Note]:
    """All warnings about a map."""
    mapping = calibration.mapping
    if calibration.scores == "raw":
        text = "the scores are not probabilities, so there are no losses before calibration"
        yield Note("raw_scores", text)
    if isinstance(mapping, Platt) and mapping.slope <= 0.0:
        text = f"the slope is {number(mapping.slope)}: higher scores are less often relevant"
        yield Note("negative_slope", text, {"slope": mapping.slope, "threshold": 0.0})
    relevant = calibration.fitted_on.get("relevant", FEW_RELEVANT)
    if isinstance(mapping, Isotonic) and relevant < FEW_RELEVANT:
        text = f"only {relevant} relevant items: with fewer than {FEW_RELEVANT}, isotonic maps follow noise"
        yield Note("few_relevant", text, {"relevant": relevant, "threshold": FEW_RELEVANT})
