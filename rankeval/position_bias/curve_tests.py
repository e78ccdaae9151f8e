"""Test that all segments have the same curve, and fit of a power law ``theta_k = k^-eta`` to a curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.position_bias.curve import Curve


@dataclass(frozen=True)
class SegmentTest:
    """Wald's test of the hypothesis that all segments have the same curve.

    ``statistic`` is ``d' V^-1 d``: ``d`` are the differences of ``log theta`` to the first segment, and ``V``
    is their covariance. The p-value is that of chi-square with df degrees of freedom, the number of
    differences. If ``V`` is estimated from clusters with ``f`` degrees of freedom, the p-value is that of
    Hotelling: the statistic times ``(f + 1 - df) / (df f)`` has the F distribution with df and f + 1 - df
    degrees of freedom. For even clusters f is their number minus 1, for few or uneven ones that of CR2; it
    is the least of all segments and positions.

    Attributes:
        test: ``wald``.
        segments: number of segments.
        positions: the positions compared: those after the first whose theta has a standard error in all
            segments.
        statistic: the statistic; None if it cannot be computed.
        degrees: df, ``(segments - 1) * len(positions)``.
        p_value: the p-value; None if it cannot be computed.
        reason: why statistic and p-value are None; else None.
    """

    test: str
    segments: int
    positions: tuple[int, ...]
    statistic: float | None
    degrees: int
    p_value: float | None
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"positions": list(self.positions)}


def same_curve(curves: Sequence[Curve]) -> SegmentTest:
    """Test that ``curves`` are equal at the positions whose theta has a standard error in all of them."""
    shared = np.logical_and.reduce([_padded(curve, _length(curves)) for curve in curves]) if curves else []
    positions = np.flatnonzero(shared)[1:]
    degrees = (len(curves) - 1) * len(positions)
    names = tuple((positions + 1).tolist())
    if degrees <= 0:
        reason = "fewer than two segments have curves with errors"
        return SegmentTest("wald", len(curves), names, None, max(degrees, 0), None, reason)
    difference = np.concatenate(
        [curve.log_theta[positions] - curves[0].log_theta[positions] for curve in curves[1:]]
    )
    freedom = _freedom(curves)
    if freedom is not None and freedom + 1.0 <= degrees:
        reason = f"clusters give {freedom:.3g} degrees of freedom, wanted more than {degrees - 1}"
        return SegmentTest("wald", len(curves), names, None, degrees, None, reason)
    covariance = _of_differences(curves, positions)
    statistic = quadratic_form(covariance, difference)
    if statistic is None:
        return SegmentTest("wald", len(curves), names, None, degrees, None, "their covariance is singular")
    p_value = _p_value(statistic, degrees, freedom)
    return SegmentTest("wald", len(curves), names, statistic, degrees, p_value)


def _length(curves: Sequence[Curve]) -> int:
    return max(len(curve.log_theta) for curve in curves)


def _padded(curve: Curve, length: int) -> Bools:
    known = np.zeros(length, np.bool_)
    known[: len(curve.known)] = curve.known
    return known


def _freedom(curves: Sequence[Curve]) -> float | None:
    """Degrees of freedom of the covariance, the least of all curves; None if the units are sessions."""
    known = [curve.degrees for curve in curves if curve.degrees is not None]
    return min(known) if len(known) == len(curves) else None


def _of_differences(curves: Sequence[Curve], positions: Ints) -> Floats:
    """Covariance of the differences to the first segment, ordered by segment, then by position."""
    totals = [curve.bucket_totals for curve in curves if curve.bucket_totals is not None]
    if len(totals) == len(curves):
        columns = [part[:, positions] - totals[0][:, positions] for part in totals[1:]]
        stacked = np.concatenate(columns, axis=1)
        return np.asarray(np.einsum("bi,bj->ij", stacked, stacked))
    m = len(positions)
    index = np.ix_(positions, positions)
    covariance = np.tile(curves[0].covariance[index], (len(curves) - 1, len(curves) - 1))
    for s, curve in enumerate(curves[1:]):
        covariance[s * m : (s + 1) * m, s * m : (s + 1) * m] += curve.covariance[index]
    return covariance


def quadratic_form(covariance: Floats, vector: Floats) -> float | None:
    """``x' V^-1 x`` of a covariance ``V`` and a vector ``x``; None if ``V`` is singular."""
    if not (np.diag(covariance) > 0.0).all():
        return None
    scale = np.sqrt(np.diag(covariance))
    scaled = covariance / np.outer(scale, scale)
    if np.linalg.eigvalsh(scaled)[0] < 1e-10:
        return None
    return float(np.sum(vector / scale * np.linalg.solve(scaled, vector / scale)))


def _p_value(statistic: float, degrees: int, freedom: float | None) -> float:
    from scipy.special import chdtrc, fdtrc

    if freedom is None:
        return float(chdtrc(degrees, statistic))
    rest = freedom + 1.0 - degrees
    return float(fdtrc(degrees, rest, statistic * rest / (degrees * freedom)))


@dataclass(frozen=True)
class PowerLaw:
    """The fit of ``theta_k = k^-eta`` by generalised least squares of ``log theta``, with its misfit.

    If the covariance ``V`` of ``log theta`` is estimated from clusters with ``f`` degrees of freedom (as in
    :class:`SegmentTest`), the p-value is Hotelling's, and the interval is that of Rao (1967): Student's t
    with ``f - degrees`` degrees of freedom, and a standard error that allows for the estimation of the
    weights ``V^-1``.

    Attributes:
        eta: the estimate.
        std_error: standard error of ``eta``.
        low, high: confidence interval of ``eta``.
        positions: number of positions of the curve, ``K``.
        chi_square: ``r' V^-1 r`` of the residuals ``r``.
        degrees: degrees of freedom of ``chi_square``: the number of positions after the first that have a
            standard error, minus 1.
        p_value: p-value of ``chi_square``. A small value is evidence against a power law. None if
            ``degrees`` is 0.
    """

    eta: float
    std_error: float
    low: float
    high: float
    positions: int
    chi_square: float
    degrees: int
    p_value: float | None

    def theta(self) -> Floats:
        """(K,) the fitted curve ``k^-eta``."""
        return np.arange(1.0, self.positions + 1.0) ** -self.eta

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": "power",
            "eta": self.eta,
            "std_error": self.std_error,
            "ci": [self.low, self.high],
            "examination": self.theta().tolist(),
            "chi_square": self.chi_square,
            "degrees": self.degrees,
            "p_value": self.p_value,
        }


def power_law(curve: Curve, level: float) -> PowerLaw | None:
    """Fit a power law to a curve, with an interval of confidence ``level``.

    Returns:
        The fit; None if no position after the first has a standard error, if their covariance is singular,
        or if there are too few clusters.
    """
    known = np.flatnonzero(curve.known)[1:]
    x, y = -np.log(known + 1.0), curve.log_theta[known]
    covariance = curve.covariance[np.ix_(known, known)]
    of_x = quadratic_form(covariance, x) if len(known) else None
    freedom, degrees = _freedom([curve]), len(known) - 1
    if of_x is None or (freedom is not None and freedom <= degrees):
        return None
    of_sum, of_y = quadratic_form(covariance, x + y), quadratic_form(covariance, y)
    assert of_sum is not None
    assert of_y is not None
    eta = (of_sum - of_x - of_y) / 2.0 / of_x
    misfit = quadratic_form(covariance, y - eta * x) or 0.0
    inflation, quantile = _of_eta(misfit, degrees, freedom, level)
    error = (inflation / of_x) ** 0.5
    low, high = eta - quantile * error, eta + quantile * error
    p_value = _p_value(misfit, degrees, freedom) if degrees else None
    return PowerLaw(eta, error, low, high, len(curve.log_theta), misfit, degrees, p_value)


def _of_eta(misfit: float, degrees: int, freedom: float | None, level: float) -> tuple[float, float]:
    """The factor on the variance of ``eta``, and the quantile for its interval.

    Without clusters they are 1 and the normal quantile; with clusters they follow Rao (1967).
    """
    from scipy.special import ndtri, stdtrit

    below = 0.5 + level / 2.0
    if freedom is None:
        return 1.0, float(ndtri(below))
    rest = freedom - degrees
    return (freedom + misfit) / rest, float(stdtrit(rest, below))
