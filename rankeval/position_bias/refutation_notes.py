"""Reasons for doubt from tests of a user model: by shuffled sessions, between rankers, and held out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rankeval.notes import Level, Note
from rankeval.position_bias.model_tests import ModelTests
from rankeval.position_bias.shuffled_arm import Refutation

#: |z| from which a user model is doubtful, and refuted: exceeded by 1 % and 0.3 % of right ones.
DOUBTFUL, REFUTED = 2.58, 3.0
#: A test that would miss an error of this share of the clicks is too weak to rely on.
WEAK = 0.05
#: p-values, corrected by Holm, of clicks of a ranker below which a user model is doubtful, and refuted.
BETWEEN_RANKERS: tuple[tuple[Level, float], ...] = (("do not trust", 0.001), ("caution", 0.01))
#: z of a held-out likelihood from which another user model fits better.
FITS_BETTER: tuple[tuple[Level, float], ...] = (("do not trust", 4.0), ("caution", 2.58))
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


def model_notes(tests: ModelTests) -> Iterator[Note]:
    """The reason that clicks of a ranker do not follow from those of others, and that another model fits.

    Args:
        tests: the tests of a log.
    """
    worst = min(tests.rankers, key=lambda test: (test.p_value, -abs(test.z)), default=None)
    level = None if worst is None else _first(BETWEEN_RANKERS, lambda limit: worst.p_value < limit)
    if worst is not None and level is not None:
        off = 100.0 * (worst.predicted - worst.observed) / worst.observed
        text = (
            f"{worst.ranker} got {worst.observed:,.0f} clicks on items that it shows {worst.items} than "
            "other sessions do; the position-based model with this curve predicts "
            f"{worst.predicted:,.0f} from these ({off:+.1f} %, z {worst.z:.1f}): users click in another way, "
            "the curve is wrong, or rankers had other users"
        )
        numbers = {"threshold": level[1], "z": worst.z, "relative": off / 100.0}
        yield Note("rankers_disagree", text, numbers, level=level[0], value=worst.p_value)
    cascade = tests.cascade
    level = None if cascade is None else _first(FITS_BETTER, lambda limit: cascade.z >= limit)
    if cascade is not None and level is not None:
        text = (
            "users who read from the top and may leave after a click explain held-out sessions better than "
            f"the position-based model with this curve does (z {cascade.z:.1f}, dependent click model)"
        )
        yield Note("cascade_fits_better", text, {"threshold": level[1]}, level=level[0], value=cascade.z)


def _first(
    limits: tuple[tuple[Level, float], ...], crossed: Callable[[float], bool]
) -> tuple[Level, float] | None:
    return next((one for one in limits if crossed(one[1])), None)
