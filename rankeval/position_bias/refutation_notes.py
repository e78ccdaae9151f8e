"""Reasons for doubt from the test of a user model by the clicks of shuffled sessions."""

from __future__ import annotations

from collections.abc import Iterator

from rankeval.notes import Level, Note
from rankeval.position_bias.shuffled_arm import Refutation

#: |z| from which a user model is doubtful, and refuted: exceeded by 1 % and 0.3 % of right ones.
DOUBTFUL, REFUTED = 2.58, 3.0
#: A test that would miss an error of this share of the clicks is too weak to rely on.
WEAK = 0.1
#: Curve -> the model of users that has it.
_MODELS = {"examination": "the position-based model", "alpha": "the model of trust bias"}


def refutation_notes(curve: str, test: Refutation) -> Iterator[Note]:
    """A reason where the test fails, or where it could not have failed.

    Args:
        curve: ``examination``, or ``alpha`` for trust bias.
        test: the test.
    """
    model, share = _MODELS[curve], 100.0 * test.relative
    if abs(test.z) >= DOUBTFUL:
        text = (
            f"{model} with this curve predicts {test.predicted:.4g} clicks a shuffled session, observed were "
            f"{test.observed:.4g} ({share:+.1f} %, z {test.z:.1f}): users click in another way, the curve is "
            "wrong, or shuffled sessions are other traffic"
        )
        level: Level = "do not trust" if abs(test.z) >= REFUTED else "caution"
        numbers = {"threshold": DOUBTFUL, "relative": test.relative}
        yield Note("user_model_refuted", text, numbers, level=level, value=test.z)
    elif 1.96 * test.std_error > WEAK * test.observed:
        missed = 1.96 * test.std_error / test.observed
        text = (
            f"{test.shuffled:,.0f} shuffled sessions test {model} only roughly: an error of "
            f"{100.0 * missed:.2g} % of the clicks would not be seen"
        )
        yield Note("user_model_weakly_tested", text, {"threshold": WEAK}, level="caution", value=missed)
