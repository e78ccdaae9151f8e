"""The position-bias curve that a caller gives: a JSON file, a dict, a result or numbers."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.position_bias.curve_content import (
    checked_covariance,
    checked_curves,
    curve_in,
    order_of,
    read_json,
)
from rankeval.results import Result

#: Fraction of a standard error by which a curve is moved, for numerical derivatives of estimates.
STEP = 1.0 / 64.0
#: Eigenvalues of a covariance below this fraction of the largest one are rounding error.
NO_VARIANCE = 1e-12
_ORIGIN = "<position bias>"


@dataclass(frozen=True)
class Arm:
    """The clicks of shuffled sessions.

    Attributes:
        sessions: their number.
        clicks: mean clicks of a session.
        std_error: its standard error.
    """

    sessions: float
    clicks: float
    std_error: float


@dataclass(frozen=True)
class PositionBias:
    """Examination by position, or the parameters of trust bias, or both.

    With examination ``P(click) = theta_k * relevance``; with trust bias
    ``P(click) = alpha_k * relevance + beta_k``.

    Attributes:
        values: ``examination`` (``theta_k``, on any scale), or ``alpha`` and ``beta``, or all three. Each
            holds the values at positions 1, 2, ...
        origin: name of the source, for messages.
        covariance: covariance of the estimated ``examination``, one row for each position 1, 2, ...; None
            if it is not known.
        alpha_beta_covariance: joint covariance of the estimated ``alpha`` and ``beta``: one row for each
            alpha, then one for each beta; None if it is not known.
        few_impressions: share of the pairs behind ``alpha`` and ``beta`` with so few impressions that their
            errors are too small; 0 if it is not known.
        log: name of the log from which the curve was estimated, as the source states it; None if it does not.
        arm: the clicks of the shuffled sessions of that log; None if the source does not state them.
        of_shuffled: whether it was estimated from shuffled sessions alone.
    """

    values: Mapping[str, tuple[float, ...]]
    origin: str = field(default=_ORIGIN, compare=False)
    covariance: tuple[tuple[float, ...], ...] | None = None
    alpha_beta_covariance: tuple[tuple[float, ...], ...] | None = None
    few_impressions: float = 0.0
    log: str | None = field(default=None, compare=False)
    arm: Arm | None = field(default=None, compare=False)
    of_shuffled: bool = field(default=False, compare=False)

    @classmethod
    def of(cls, source: Any, origin: str = _ORIGIN) -> PositionBias:
        """The curve of a source.

        Args:
            source: the path of a JSON file, the content of such a file as a dict, the result of
                ``propensity``, that of ``fit`` with a ``pbm_trust``, a list of examinations, or a
                ``PositionBias``, which is returned unchanged.
                The content is ``{"positions": [1, 2, ...], "examination": [...]}``, with ``alpha`` and
                ``beta`` in addition to or instead of ``examination``. Without ``positions`` the values are
                those of 1, 2, ... ``covariance`` is that of ``examination``, one row per position, and
                ``alpha_beta_covariance`` that of ``alpha`` and ``beta``, one row for each alpha, then one
                for each beta. Other keys, such as standard errors, are ignored.
            origin: name of the source for messages, unless it is a path.

        ``alpha`` and ``beta`` may be on any scale of relevance, ``alpha_k t`` and ``beta_k + alpha_k s``,
        because ``click_affine`` is the same on all of them. ``beta`` may therefore be negative.

        Raises:
            DataError: the file cannot be read; there is no curve; lists have unequal lengths; ``positions``
                does not hold each of 1 to n once; a value is not a finite number in its range; the
                covariance is not a symmetric (n, n) matrix with a diagonal of at least 0.
        """
        if isinstance(source, PositionBias):
            return source
        content = source.to_dict() if isinstance(source, Result) else source
        if isinstance(source, str | os.PathLike):
            origin = os.fspath(source)
            content = read_json(origin)
        if not isinstance(content, Mapping):
            content = {"examination": content}
        content = curve_in(origin, content)
        curves, covariance, joint = checked_curves(origin, content), None, None
        order = order_of(origin, content.get("positions"), len(next(iter(curves.values()))))
        if "examination" in curves and content.get("covariance") is not None:
            covariance = checked_covariance(origin, content["covariance"], order)
        if {"alpha", "beta"} <= curves.keys() and content.get("alpha_beta_covariance") is not None:
            both = [*order, *(len(order) + index for index in order)]
            name = "alpha_beta_covariance"
            joint = checked_covariance(origin, content[name], both, name)
        found = content.get("share_of_pairs_with_few_impressions")
        few = float(found) if isinstance(found, int | float) else 0.0
        arm = _arm_of(content)
        of_shuffled = arm is not None and content.get("method") == "shuffle"
        return cls(curves, origin, covariance, joint, few, _log_of(content), arm, of_shuffled)

    def __contains__(self, name: object) -> bool:
        return name in self.values

    def __len__(self) -> int:
        """Number of positions."""
        return len(next(iter(self.values.values())))

    def curve(self, name: str) -> Floats:
        """(n,) float64, the values called ``name`` at positions 1 to n."""
        return np.array(self.values[name])

    @property
    def above_one(self) -> list[int]:
        """Positions whose examination is above 1, so that it is not a probability."""
        return [k for k, theta in enumerate(self.values.get("examination", ()), 1) if theta > 1.0]

    @property
    def moved(self) -> tuple[PositionBias, ...]:
        """Copies of the curve, each moved by ``STEP`` standard errors in one independent direction.

        The directions are the eigenvectors of the covariance. Along them the errors are uncorrelated, so the
        squared changes of an estimate, divided by ``STEP^2``, add up to its variance. No copy has a value
        below half of the original one. Empty if the covariance is not known.
        """
        return self._moved(("examination",), self.covariance)

    @property
    def moved_trust(self) -> tuple[PositionBias, ...]:
        """Copies with ``alpha`` and ``beta`` moved together, as :attr:`moved` moves the examination.

        ``beta`` may have any sign and has no bound.
        """
        return self._moved(("alpha", "beta"), self.alpha_beta_covariance)

    def _moved(
        self, names: tuple[str, ...], covariance: tuple[tuple[float, ...], ...] | None
    ) -> tuple[PositionBias, ...]:
        """Copies whose values ``names``, with this joint covariance, are moved in each direction."""
        if covariance is None:
            return ()
        variances, directions = np.linalg.eigh(np.array(covariance))
        used = variances > NO_VARIANCE * variances.max(initial=0.0)
        values = np.concatenate([self.curve(name) for name in names])
        least = np.concatenate(
            [np.full(len(self), -np.inf) if name == "beta" else 0.5 * self.curve(name) for name in names]
        )
        steps = (np.sqrt(variances[used]) * directions[:, used]).T
        return tuple(self._with(names, np.maximum(values + STEP * step, least)) for step in steps)

    def _with(self, names: tuple[str, ...], values: Floats) -> PositionBias:
        """A copy with ``values`` (a row of n for each name) and without covariances."""
        parts = {
            name: tuple(part.tolist()) for name, part in zip(names, np.split(values, len(names)), strict=True)
        }
        return replace(self, values={**self.values, **parts}, covariance=None, alpha_beta_covariance=None)

    @property
    def relative_error(self) -> float:
        """The largest ratio of a standard error to its examination; 0 if the covariance is not known."""
        if self.covariance is None:
            return 0.0
        errors = np.sqrt(np.diag(np.array(self.covariance)))
        return float(np.max(errors / self.curve("examination")))

    @property
    def relative_error_of_alpha(self) -> float:
        """The largest ratio of a standard error to its alpha; 0 if the covariance is not known."""
        if self.alpha_beta_covariance is None:
            return 0.0
        errors = np.sqrt(np.diag(np.array(self.alpha_beta_covariance)))[: len(self)]
        return float(np.max(errors / self.curve("alpha")))


def _log_of(content: Mapping[str, Any]) -> str | None:
    """The name of the log from which ``propensity`` estimated a curve, as its result states it."""
    inputs = content.get("inputs")
    log = inputs.get("log") if isinstance(inputs, Mapping) else None
    return log if isinstance(log, str) else None


def _arm_of(content: Mapping[str, Any]) -> Arm | None:
    """The clicks of shuffled sessions that a result of ``propensity`` states; None if it does not."""
    stated = content.get("shuffled_sessions")
    if not isinstance(stated, Mapping):
        return None
    numbers = [stated.get(name) for name in ("sessions", "clicks", "std_error")]
    if not all(isinstance(number, int | float) and 0.0 < number < math.inf for number in numbers):
        return None
    return Arm(*(float(number) for number in numbers if number is not None))
