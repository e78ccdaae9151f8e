"""A world of continuous actions whose values, also smoothed by a kernel, are known exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Floats


@dataclass(frozen=True)
class ContinuousWorld:
    """Actions are normal around the context ``x``; the best one is ``x + 1``.

    With ``z = a - x`` of variance 1, the expected reward of ``a`` is ``2 - (z - 1)^2 / 2``. The target policy
    takes ``x + shift``. The reward model errs: it predicts ``1.8 - 0.4 (z - 1)^2``.

    Attributes:
        shift: how far from the context the target policy acts.
        noise: standard deviation of rewards around their expectation.
    """

    shift: float = 0.5
    noise: float = 0.3

    @property
    def value(self) -> float:
        """The value of the target policy."""
        return 2.0 - (self.shift - 1.0) ** 2 / 2.0

    @property
    def logged(self) -> float:
        """The value of the logging policy: ``2 - (1 + 1) / 2``."""
        return 1.0

    def smoothed(self, bandwidth: float, second_moment: float, *, robust: bool = False) -> float:
        """The limit of an estimate by a kernel.

        The reward is quadratic, so that smoothing takes ``m h^2 / 2`` times its curvature, which is 1 for
        rewards and 0.2 for the residuals of the reward model.

        Args:
            bandwidth: ``h``.
            second_moment: ``m``, the integral of ``u^2 K(u)``.
            robust: whether it is doubly robust, so that only residuals are smoothed.
        """
        return self.value - (0.2 if robust else 1.0) * second_moment * bandwidth**2 / 2.0

    def log(self, n: int, rng: np.random.Generator) -> dict[str, Floats]:
        """The columns of a log of ``n`` rounds, each (n,)."""
        x, z = rng.standard_normal(n), rng.standard_normal(n)
        return {
            "action_value": x + z,
            "target_action_value": x + self.shift,
            "propensity": np.exp(-(z**2) / 2.0) / math.sqrt(2.0 * math.pi),
            "reward": 2.0 - (z - 1.0) ** 2 / 2.0 + self.noise * rng.standard_normal(n),
            "q_logged": 1.8 - 0.4 * (z - 1.0) ** 2,
            "q_target": np.full(n, 1.8 - 0.4 * (self.shift - 1.0) ** 2),
        }
