"""The exponential of a functional."""

from __future__ import annotations

import numpy as np
import pytest

from rankeval.inference import Exponential, Mean, Moments, pairs_needed
from rankeval.inference.inference import InferenceOptions


def test_value_and_gradient():
    functional = Exponential(Mean(0) / Mean(1))
    means, step = np.array([0.6, 1.5]), 1e-6
    assert functional.value(means) == pytest.approx(np.exp(0.4))
    for term, by in functional.gradient(means).items():
        moved = means + step * np.eye(2)[term]
        assert by == pytest.approx((functional.value(moved) - functional.value(means)) / step, rel=1e-5)
    assert functional.by_curve(means) == 0.0


def test_the_error_of_a_geometric_mean_is_that_of_the_delta_method():
    logs = np.log(np.array([0.5, 0.25, 0.1, 0.9]))
    functional = Exponential(Mean(0))
    moments = Moments.of(logs[np.newaxis], pairs_needed([functional]), None)
    options = InferenceOptions(("normal",), 0.95, 10, 0, False, True)
    estimate = options.of(moments).estimate(functional)
    value = np.exp(logs.mean())
    assert estimate.value == pytest.approx(value, rel=1e-12)
    assert estimate.std_error == pytest.approx(value * logs.std(ddof=1) / 2, rel=1e-12)
