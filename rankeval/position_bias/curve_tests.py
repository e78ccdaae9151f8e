"""Whether curves of segments are one, and whether a curve is a power of the position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Bools, Floats, Ints
from rankeval.position_bias.curve import Curve


@dataclass(frozen=True)
class SegmentTest:
    """Wald's test that the curves of all segments are the same.

    ``statistic`` is ``d' V^-1 d`` of the differences ``d`` of ``log theta`` to the first segment, as
    chi-square with df = (segments - 1)(positions - 1) degrees. With clusters ``V`` is from ``G`` of them,
    and the p-value is Hotelling's: ``(G - df) / (df (G - 1))`` times the statistic as F with df and G - df.
    What cannot be computed is None, and ``reason`` says why.
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
    """The test over the positions whose examination has an error in all segments."""
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
    clusters = _clusters(curves)
    if clusters is not None and clusters <= degrees:
        reason = f"{clusters} clusters, wanted more than {degrees}"
        return SegmentTest("wald", len(curves), names, None, degrees, None, reason)
    covariance = _of_differences(curves, positions)
    statistic = quadratic_form(covariance, difference)
    if statistic is None:
        return SegmentTest("wald", len(curves), names, None, degrees, None, "their covariance is singular")
    p_value = _p_value(statistic, degrees, clusters)
    return SegmentTest("wald", len(curves), names, statistic, degrees, p_value)


def _length(curves: Sequence[Curve]) -> int:
    return max(len(curve.log_theta) for curve in curves)


def _padded(curve: Curve, length: int) -> Bools:
    known = np.zeros(length, np.bool_)
    known[: len(curve.known)] = curve.known
    return known


def _clusters(curves: Sequence[Curve]) -> int | None:
    """Buckets with clusters of any segment; None where units are sessions."""
    totals = [curve.bucket_totals for curve in curves if curve.bucket_totals is not None]
    if len(totals) < len(curves):
        return None
    return int(np.count_nonzero(np.logical_or.reduce([part.any(axis=1) for part in totals])))


def _of_differences(curves: Sequence[Curve], positions: Ints) -> Floats:
    """Covariance of the differences to the first segment, of all positions of a segment after another."""
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
    """``x' V^-1 x``; None where ``V`` is singular."""
    if not (np.diag(covariance) > 0.0).all():
        return None
    scale = np.sqrt(np.diag(covariance))
    scaled = covariance / np.outer(scale, scale)
    if np.linalg.eigvalsh(scaled)[0] < 1e-10:
        return None
    return float(np.sum(vector / scale * np.linalg.solve(scaled, vector / scale)))


def _p_value(statistic: float, degrees: int, clusters: int | None) -> float:
    from scipy.special import chdtrc, fdtrc

    if clusters is None:
        return float(chdtrc(degrees, statistic))
    freedom = clusters - degrees
    return float(fdtrc(degrees, freedom, statistic * freedom / (degrees * (clusters - 1))))


@dataclass(frozen=True)
class PowerLaw:
    """``theta_k = k^-eta`` by generalised least squares of ``log theta``, and how well it fits.

    ``chi_square`` is ``r' V^-1 r`` of the residuals ``r``, with one degree of freedom fewer than positions
    after the first; a small ``p_value`` says that the curve is no power of the position. With clusters
    ``V`` is from ``G`` of them: the p-value is Hotelling's, and the interval that of Rao (1967), Student's
    with ``G - 1 - degrees``, whose error also allows for the weights that follow from ``V``.
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
        """(K,) the smooth curve."""
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
    """The power that fits a curve best; None where too few positions have errors, or clusters are too few."""
    known = np.flatnonzero(curve.known)[1:]
    x, y = -np.log(known + 1.0), curve.log_theta[known]
    covariance = curve.covariance[np.ix_(known, known)]
    of_x = quadratic_form(covariance, x) if len(known) else None
    clusters, degrees = _clusters([curve]), len(known) - 1
    if of_x is None or (clusters is not None and clusters <= degrees + 1):
        return None
    of_sum, of_y = quadratic_form(covariance, x + y), quadratic_form(covariance, y)
    assert of_sum is not None
    assert of_y is not None
    eta = (of_sum - of_x - of_y) / 2.0 / of_x
    misfit = quadratic_form(covariance, y - eta * x) or 0.0
    inflation, quantile = _of_eta(misfit, degrees, clusters, level)
    error = (inflation / of_x) ** 0.5
    low, high = eta - quantile * error, eta + quantile * error
    p_value = _p_value(misfit, degrees, clusters) if degrees else None
    return PowerLaw(eta, error, low, high, len(curve.log_theta), misfit, degrees, p_value)


def _of_eta(misfit: float, degrees: int, clusters: int | None, level: float) -> tuple[float, float]:
    """What the variance of a generalised least squares estimate is multiplied by, and the quantile to use."""
    from scipy.special import ndtri, stdtrit

    below = 0.5 + level / 2.0
    if clusters is None:
        return 1.0, float(ndtri(below))
    freedom = clusters - 1 - degrees
    return (clusters - 1 + misfit) / freedom, float(stdtrit(freedom, below))
