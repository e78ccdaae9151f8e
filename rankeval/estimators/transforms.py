"""What estimators do to importance weights: transforms of a weight, and kernels that make one.

A transform changes the weight ``w``. A kernel makes the weight of a continuous action ``a`` for a target
policy that takes ``t``: ``K((a - t) / h) / (h p)`` with the bandwidth ``h`` and the density ``p`` of ``a``
under the logging policy (Kallus & Zhou 2018).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rankeval.array_types import Floats

Kernel = Literal["epanechnikov", "gaussian", "triangular"]
Transform = Literal["plain", "clipped", "switched", "shrunk", "harmonic"] | Kernel


@dataclass(frozen=True)
class Weighting:
    """A transform of the importance weight (:data:`TRANSFORMS`), or a kernel, with its parameter."""

    transform: Transform = "plain"
    parameter: float = 0.0


PLAIN = Weighting()


def _harmonic(weight: Floats, curvature: float) -> Floats:
    """``w / (1 - lambda + lambda w)``, a weighted harmonic mean of ``w`` and 1; for lambda 1 it is 1."""
    denominator = (1.0 - curvature) + curvature * weight
    return np.divide(weight, denominator, out=np.ones_like(weight), where=denominator > 0.0)


#: Name -> the transform ``(w, parameter) -> u``.
TRANSFORMS: dict[Transform, Callable[[Floats, float], Floats]] = {
    "plain": lambda weight, _: weight,
    "clipped": lambda weight, bound: np.minimum(weight, bound),
    "switched": lambda weight, bound: np.where(weight <= bound, weight, 0.0),
    "shrunk": lambda weight, shrinkage: weight / (weight * weight / shrinkage + 1.0),
    "harmonic": _harmonic,
}
#: Transforms that may make a weight smaller, but never larger.
REDUCING: frozenset[Transform] = frozenset({"clipped", "switched", "shrunk"})

#: Beyond this many bandwidths every kernel is 0 in float64.
_FAR = 40.0
#: Name -> the kernel ``u -> K(u)``: symmetric around 0, with integral 1.
KERNELS: dict[Kernel, Callable[[Floats], Floats]] = {
    "epanechnikov": lambda u: 0.75 * np.maximum(1.0 - u * u, 0.0),
    "gaussian": lambda u: np.exp(-0.5 * u * u) / math.sqrt(2.0 * math.pi),
    "triangular": lambda u: np.maximum(1.0 - np.abs(u), 0.0),
}


def kernel_weights(weighting: Weighting, density: Floats, taken: Floats, target: Floats) -> Floats:
    """(n,) ``K((a - t) / h) / (h p)``.

    Args:
        weighting: the kernel, and the bandwidth ``h``, in the units of actions.
        density: (n,) ``p``, of the logged actions under the logging policy.
        taken, target: (n,) ``a`` and ``t``, the logged actions and those of the target policy.
    """
    kernel = KERNELS[next(name for name in KERNELS if name == weighting.transform)]
    bandwidth = weighting.parameter
    with np.errstate(over="ignore"):  # what overflows is far
        far = np.clip((taken - target) / bandwidth, -_FAR, _FAR)
    return np.asarray(kernel(far) / (bandwidth * density))
