"""A position-bias curve that is learned from the log on which it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rankeval.inference import InferenceOptions
from rankeval.logs import Draw, Log, Sessions
from rankeval.notes import Note
from rankeval.position_bias.known_curve import PositionBias
from rankeval.position_bias.methods import estimate, parse_method
from rankeval.position_bias.notes import of_curves
from rankeval.position_bias.request import Request
from rankeval.position_bias.shuffle_test import ShuffleTest
from rankeval.position_bias.shuffled_arm import arms_of

#: Before the name of a method it stands for the curve of that method, as in ``learn:em``.
LEARN = "learn:"


def method_of(source: Any) -> str | None:
    """The method that a text such as ``learn:em`` names; None for any other source of a curve.

    Raises:
        UsageError: the method is unknown.
    """
    if not (isinstance(source, str) and source.startswith(LEARN)):
        return None
    method = source.removeprefix(LEARN)
    parse_method(method, None, regressed=False)
    return method


@dataclass(frozen=True)
class LearnedCurve:
    """A curve with what the same log says of it.

    Attributes:
        bias: the curve. It has no covariance: its errors go together with those of all that is estimated
            from the same clicks.
        known: the same curve with its covariance, for tests.
        test: the test of the curve by shuffled sessions, with the error of the curve.
        notes: warnings about it.
        apart: whether sessions of the experiment that taught it are not those of the ranker, which are there.
    """

    bias: PositionBias
    known: PositionBias
    test: ShuffleTest = field(default_factory=ShuffleTest)
    notes: tuple[Note, ...] = ()
    apart: bool = False


def learn_curve(log: Log, method: str, threads: int | None, tested: bool = True) -> LearnedCurve:
    """The curve of ``log`` by a method of :func:`rankeval.propensity`.

    Args:
        log: the log.
        method: the method.
        threads: number of threads.
        tested: whether the curve is tested too, in a further pass.

    Raises:
        DataError: the log does not identify a curve; the message says what is wanted.
    """
    chosen, weights = parse_method(method, None, regressed=False)
    infer = InferenceOptions.of_call("normal", 0.95, 2, 0, None)
    request = Request(log, weights, None, None, None, infer, (), threads)
    curves = estimate(chosen, request)
    content: dict[str, Any] = {"examination": curves[None].theta.tolist()}
    covariance = curves[None].theta_covariance
    known = {} if covariance is None else {"covariance": covariance.tolist()}
    notes = [note.under(f"position bias, {method}") for note in of_curves(None, curves)]
    test = ShuffleTest.of(request, curves[None]) if tested else ShuffleTest()
    apart = method == "shuffle" and test.refutation is not None
    if apart and test.arm is not None:
        text = (
            f"position bias, {method}: {test.arm.sessions:,.0f} shuffled sessions taught the curve, and are "
        )
        notes.append(Note("shuffled_left_out", text + "not among those of the estimates"))
    bias, known_bias = (PositionBias.of(each, LEARN + method) for each in (content, content | known))
    return LearnedCurve(bias, known_bias, test, tuple(notes), apart)


@dataclass(frozen=True)
class OfTheRanker:
    """Draws only the sessions in the order of the ranker, each as often as another draw has it.

    Attributes:
        others: the other draw; None: each session once.
        roles: the roles to read.
    """

    others: Draw | None
    roles: Sequence[str]

    @property
    def once(self) -> bool:
        """Whether each session comes at most once."""
        return self.others is None or self.others.once

    def over(self, sessions: Sessions) -> Sessions:
        """The drawn sessions."""
        drawn = sessions if self.others is None else self.others.over(sessions)
        return drawn.chosen(np.flatnonzero(arms_of(drawn)[0]))


def of_the_ranker(log: Log) -> Log:
    """The log without the sessions that were shuffled or swapped."""
    others = () if log.draw is None else log.draw.roles
    marks = [role for role in ("shuffled", "swap_low") if log.has(role)]
    return log.drawn_by(OfTheRanker(log.draw, [*others, *marks]))
