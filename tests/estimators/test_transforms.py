from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from rankeval.estimators.transforms import KERNELS, Kernel, Weighting, kernel_weights
from tests.naive_kernels import kernel

#: Kernel -> the integral of ``u^2 K(u)``.
SECOND_MOMENTS: dict[Kernel, float] = {"epanechnikov": 1 / 5, "gaussian": 1.0, "triangular": 1 / 6}


@pytest.mark.parametrize("name", list(KERNELS))
def test_kernels_are_densities_around_0(name: Kernel) -> None:
    def at(u: float) -> float:
        return float(KERNELS[name](np.array([u]))[0])

    edge = 9.0 if name == "gaussian" else 1.0
    assert quad(at, -edge, edge, points=[0.0])[0] == pytest.approx(1.0, abs=1e-9)
    assert quad(lambda u: u * u * at(u), -edge, edge, points=[0.0])[0] == pytest.approx(SECOND_MOMENTS[name])
    for u in (0.0, 0.3, -0.3, 1.0, -1.0, 1.7):
        assert at(u) == at(-u) == pytest.approx(kernel(name, u), abs=1e-15)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("epanechnikov", 0.75 * (1 - 0.5**2) / (2 * 0.1)),
        ("triangular", (1 - 0.5) / (2 * 0.1)),
        ("gaussian", np.exp(-(0.5**2) / 2) / np.sqrt(2 * np.pi) / (2 * 0.1)),
    ],
)
def test_a_weight_by_hand(name: Kernel, wanted: float) -> None:
    # An action of 4 where the target takes 3, with the bandwidth 2 and the density 0.1: u = 1/2.
    found = kernel_weights(Weighting(name, 2.0), np.array([0.1]), np.array([4.0]), np.array([3.0]))
    assert found[0] == pytest.approx(wanted, rel=1e-15)


@pytest.mark.parametrize("name", list(KERNELS))
def test_far_actions_have_no_weight_and_no_warning(name: Kernel) -> None:
    far = kernel_weights(Weighting(name, 1e-12), np.array([1.0]), np.array([1e300]), np.array([0.0]))
    assert far[0] == 0.0
