"""Users that nobody named as clusters give a warning where their sessions are alike."""

from __future__ import annotations

from typing import Any

import numpy as np

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


def test_users_who_are_alike_give_a_warning() -> None:
    (warning,) = warned(fit(log_of(4), "pbm"))
    assert "that of the clicks of a session by a factor of" in warning
    assert not warned(fit(log_of(4, alike=False), "pbm"))


def test_a_named_cluster_and_a_log_without_users_give_none() -> None:
    log = log_of(4)
    assert not warned(fit(log, "pbm", cluster="user_id"))
    assert not warned(fit({name: values for name, values in log.items() if name != "user_id"}, "pbm"))
