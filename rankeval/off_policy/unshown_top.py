"""How much of a candidate's top was not shown, where estimates are of the order of the shown items alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from rankeval.array_types import Floats
from rankeval.arrays import as_float64
from rankeval.logs import Candidates, Log, Sessions, own, parted
from rankeval.notes import Note
from rankeval.off_policy.plan import Plan

#: A larger share of the candidate's top is another ranking than the one that is estimated.
MUCH = 0.1


@dataclass(frozen=True)
class UnshownTop:
    """Sums over sessions.

    Attributes:
        shown: sum of the numbers of shown items.
        missing: target policy -> sum of the numbers of other candidates that it ranks among its first k,
            where k items were shown.
        known: whether there are candidates that were not shown.
    """

    shown: float = 0.0
    missing: Mapping[str, float] = field(default_factory=dict)
    known: bool = False

    @classmethod
    def of(cls, plan: Plan, sessions: Sessions, weights: Floats | None) -> UnshownTop:
        """The sums of some sessions, each weighted; empty without estimators from clicks that rerank."""
        of_clicks = any(each.definition.of_clicks for each in plan.asked)
        clicks = "reward" if "reward" in sessions else "click"
        if not of_clicks or plan.terms.setting.estimand != "rerank" or clicks not in sessions:
            return cls()
        shown, unshown = parted(sessions, clicks)
        each = np.ones(len(sessions)) if weights is None else weights
        total = float((shown.lengths * each).sum())
        if unshown is None:
            return cls(total)
        missing = {}
        for target in plan.targets:
            role = own("score", target)
            scored = unshown.having(np.isfinite(as_float64(unshown.column(role))))
            ranks = Candidates(shown, None, scored).ranks(role)[1]
            owner = np.repeat(np.arange(len(scored)), scored.lengths)
            missing[target] = float(each[owner[ranks <= shown.lengths[owner]]].sum())
        return cls(total, missing, known=bool(unshown.lengths.any()))

    def merge(self, other: UnshownTop) -> UnshownTop:
        """The sums of both parts."""
        targets = self.missing.keys() | other.missing.keys()
        missing = {name: self.missing.get(name, 0.0) + other.missing.get(name, 0.0) for name in targets}
        return UnshownTop(self.shown + other.shown, missing, self.known or other.known)

    def notes(self, log: Log) -> Iterator[Note]:
        """The share of the candidate's top that was not shown, or that nobody knows it."""
        if not self.shown:
            return
        if not self.known:
            text = (
                "estimand rerank: the candidate orders the items that were shown; how much of its own top "
                f"was not shown is not known, as the log has no items with a null {log.name('position')!r}"
            )
            yield Note("unshown_top_unknown", text)
            return
        for target in sorted(self.missing):
            share = self.missing[target] / self.shown
            whose = f"of {target}" if target else "of the candidate"
            text = (
                f"{100.0 * share:.3g} % of the top {whose} was not shown, and is left out of its ranking "
                "(--estimand full ranks all candidates, with bounds)"
            )
            if share > MUCH:
                yield Note(
                    "top_not_shown", text, {"threshold": MUCH, "share": share}, level="caution", value=share
                )
            else:
                yield Note("unshown_top", text, {"share": share})
