"""What is known of an estimate beside its moments: true ranges, which no sample can show."""

from __future__ import annotations

from dataclasses import dataclass

from rankeval.inference.functionals import Functional

#: The reason why there are no bounds where nothing is known.
NOT_KNOWN = "the range of its terms is not known"


@dataclass(frozen=True)
class Weighted:
    """An estimate that is the mean of ``x = (w - baseline) r`` with ``E[w] = 1``.

    The baseline is 0 for the value of a policy by IPS, and 1 for its gain over the logged policy.

    Attributes:
        weight: index of the term ``w``; None: every weight is 1.
        reward: least and largest possible reward.
        weights: least and largest possible weight; the largest may be infinite.
        stated: whether ``weights`` is stated; if not, it says only that no weight is negative.
        baseline: 0 or 1.
    """

    weight: int | None
    reward: tuple[float, float]
    weights: tuple[float, float]
    stated: bool
    baseline: int = 0


@dataclass(frozen=True)
class Facts:
    """What is known of a functional.

    Attributes:
        bounds: range of the term of a unit whose mean the functional is; None if it is none or unknown.
        unbounded: why there are no bounds.
        weighted: the weights and rewards behind it; None if it is no such mean or their ranges are unknown.
        unweighted: why they are not known.
        ratio: whether it is a ratio of means, whose likelihood is that of its linearised terms.
        rewards: the mean reward, for an estimate with predictions: these vary from unit to unit, and hide
            that rewards are few; None for an estimate whose own terms show it.
        unseen: terms of which a sample may lack rare values, each with the least and the largest value that
            one more unit may have: its largest weight times its least and largest reward.
        exact: whether it is known where its error is 0; if not, that is a chance of this sample.
    """

    bounds: tuple[float, float] | None = None
    unbounded: str = NOT_KNOWN
    weighted: Weighted | None = None
    unweighted: str = NOT_KNOWN
    ratio: bool = False
    rewards: Functional | None = None
    unseen: tuple[tuple[int, float, float], ...] = ()
    exact: bool = True


NOTHING = Facts()
