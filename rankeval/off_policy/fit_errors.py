"""Which estimates lean on what was fitted to the same log, so that the errors of terms do not count the fit.

The terms of an estimate take its models as given. Where their expectation depends on a model, the estimate
moves with the model's error, which the spread of the terms does not show. Doubly robust forms with plain
weights do not lean on a cross-fitted model of rewards: their expectation is the same under any model that was
fitted without the unit (Chernozhukov et al. 2018).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rankeval.estimators import REDUCING, Estimator
from rankeval.notes import Note
from rankeval.off_policy.nuisances import Nuisances
from rankeval.off_policy.samples import Setting

#: Code of the note of an estimate that leans on a fitted model, which may be wrong on average too.
OF_MODEL = "model_not_counted"
#: Codes of the notes of estimates whose errors do not count a fit.
NOT_COUNTED = frozenset({OF_MODEL, "fit_not_counted"})


@dataclass(frozen=True)
class FitErrors:
    """What was fitted to the log.

    Attributes:
        rewards: whether rewards of actions are predicted by a model fitted to the log.
        relevance: whether the relevance of items is.
        behaviours: whether user behaviours were learned from the log.
        curve: whether the position-bias curve was.
        full: whether a candidate ranks items that were not shown.
    """

    rewards: bool = False
    relevance: bool = False
    behaviours: bool = False
    curve: bool = False
    full: bool = False

    @classmethod
    def of(cls, setting: Setting, nuisances: Nuisances, *, learned: bool) -> FitErrors:
        """From the nuisance models, and whether the curve was ``learned`` from the log."""
        return cls(
            rewards=nuisances.rewards is not None,
            relevance=nuisances.relevance is not None,
            behaviours=bool(nuisances.behaviours),
            curve=learned,
            full=setting.estimand == "full",
        )

    def uncounted(self, estimator: Estimator, reduces: Callable[[], bool]) -> Note | None:
        """Why the errors of an estimator's terms do not count a fit; None if they do, or nothing was fitted.

        Args:
            estimator: the estimator.
            reduces: whether its transform makes a weight smaller.
        """
        of = estimator.definition
        if self.curve and of.of_clicks:
            return _uncounted("the position-bias curve was learned from this log")
        if self.rewards and of.mean == "model" and of.numerator is None:
            return _uncounted("the reward model was fitted to this log", OF_MODEL)
        if self.rewards and of.mean == "doubly_robust" and _changed(estimator, reduces):
            what = "where weights are reduced, the reward model counts, which was fitted to this log"
            return _uncounted(what, OF_MODEL)
        if self.relevance and of.mean == "click_doubly_robust":
            if self.full:
                what = "the relevance of items that were not shown was fitted to this log"
                return _uncounted(what, OF_MODEL)
            if _changed(estimator, reduces):
                what = "where weights are clipped, relevance counts, which was fitted to this log"
                return _uncounted(what, OF_MODEL)
        if self.behaviours and of.ratio == "subset":
            return _uncounted("behaviours were learned from this log")
        return None


def _uncounted(what: str, code: str = "fit_not_counted") -> Note:
    return Note(code, f"{what}, and the error of that is not counted: --ci refit counts it")


def _changed(estimator: Estimator, reduces: Callable[[], bool]) -> bool:
    """Whether the transform of an estimator changes weights in these data."""
    transform = estimator.weighting.transform
    return reduces() if transform in REDUCING else transform != "plain"
