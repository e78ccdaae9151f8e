"""Errors of held-out likelihoods, by session and by cluster, and splits that keep clusters together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rankeval import fit
from rankeval.simulators.click_models.fitting.results import ClickModelFits

USERS, EACH, K = 80, 10, 3


def log_of(seed: int, alike: bool = True) -> dict[str, Any]:
    """Users click in nearly all positions of their sessions or in few of them."""
    rng, n = np.random.default_rng(seed), USERS * EACH
    eager = np.where(rng.random(USERS) < 0.5, 0.1, 0.8) if alike else np.full(USERS, 0.4)
    users = np.repeat(np.arange(USERS), EACH)
    clicks = rng.random((n, K)) < eager[users][:, np.newaxis] / np.arange(1, K + 1)
    return {
        "session_id": np.repeat(np.arange(n), K),
        "item_id": np.argsort(rng.random((n, K)), axis=1).ravel(),
        "position": np.tile(np.arange(1, K + 1), n),
        "click": clicks.ravel().astype(int),
        "user_id": np.repeat(users, K),
    }


def warned(found: ClickModelFits) -> list[str]:
    return [text for text in found.warnings if "are alike (about" in text]


def test_baseline_by_hand() -> None:
    """``global_ctr``: a session with c clicks of 3 has log-likelihood ``c log p + (3 - c) log(1 - p)``."""
    log = log_of(1)
    found = fit(log, "pbm", test_where="session_id >= 400")
    clicks = np.reshape(log["click"], (-1, K)).sum(axis=1)
    rate = clicks[:400].sum() / (400 * K)
    each = clicks[400:] * np.log(rate) + (K - clicks[400:]) * np.log(1.0 - rate)
    model = next(model for model in found.held_out if model.name == "global_ctr")
    assert model.each.value == pytest.approx(each.mean(), rel=1e-12)
    assert model.each.std_error == pytest.approx(each.std(ddof=1) / 20.0, rel=1e-12)
    best = max(found.held_out, key=lambda one: one.each.value or -np.inf)
    assert best.behind is None
    assert model.behind is not None
    assert best.each.value is not None
    assert model.behind.value == pytest.approx(each.mean() - best.each.value, rel=1e-9)
    assert warned(found)


def test_errors_by_cluster_by_hand() -> None:
    """Half of the users are held out; their totals about the mean give the error (CR2, 40 even clusters)."""
    log = log_of(2)
    found = fit(log, "pbm", test_where="user_id >= 40", cluster="user_id")
    clicks = np.reshape(log["click"], (-1, K)).sum(axis=1)
    rate = clicks[:400].sum() / (400 * K)
    each = clicks[400:] * np.log(rate) + (K - clicks[400:]) * np.log(1.0 - rate)
    totals = (each - each.mean()).reshape(40, EACH).sum(axis=1)
    model = next(model for model in found.held_out if model.name == "global_ctr")
    assert model.each.std_error == pytest.approx(np.sqrt((totals**2).sum() * 40 / 39) / 400, rel=1e-9)
    assert model.each.degrees == pytest.approx(39)
    assert not warned(found)
    assert any("those of parameters are not" in text for text in found.warnings)


def test_a_cluster_is_held_out_as_a_whole() -> None:
    found = fit(log_of(3), "pbm", test=0.5, cluster="user_id")
    assert found.test_sessions % EACH == 0
    assert found.sessions + found.test_sessions == USERS * EACH
    assert fit(log_of(3), "pbm", test=0.5).test_sessions % EACH != 0


def test_users_give_a_warning_without_held_out_sessions_too() -> None:
    (warning,) = warned(fit(log_of(4), "pbm"))
    assert "that of the clicks of a session by a factor of" in warning
    assert not warned(fit(log_of(4, alike=False), "pbm"))


def test_threads_change_no_bit() -> None:
    one, two = (fit(log_of(5), "pbm", test=0.3, cluster="user_id", threads=n) for n in (1, 2))
    assert one.to_dict() == two.to_dict()
