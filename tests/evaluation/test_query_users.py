"""Queries that repeat a user, in the judgements or the runs, where no cluster is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rankeval import evaluate

USERS, EACH = 60, 8


def data(alike: bool, seed: int = 1) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """A run and judgements of queries of 2 items, the relevant one first as often as their user has it."""
    rng, n = np.random.default_rng(seed), USERS * EACH
    share = np.repeat(rng.random(USERS) < 0.5, EACH) * 0.8 + 0.1 if alike else np.full(n, 0.5)
    first = rng.random(n) < share
    queries = np.repeat(np.arange(n), 2)
    run = {"query_id": queries, "item_id": np.tile([1, 2], n), "score": np.tile([1.0, 0.0], n)}
    relevance = np.stack([first, ~first], axis=1).astype(int).ravel()
    users = [f"u{user}" for user in np.repeat(np.arange(USERS), 2 * EACH)]
    return run, {"query_id": queries, "item_id": run["item_id"], "relevance": relevance}, users


def told(run: dict[str, Any], judgements: dict[str, Any], **options: Any) -> list[str]:
    found = evaluate(run, judgements, ["mrr"], permutations=100, **options)
    return [text for text in found.warnings if "visitor_id" in text]


@pytest.mark.parametrize("where", ["run", "judgements"])
def test_users_are_found_and_their_effect_told(where: str) -> None:
    run, judgements, users = data(alike=True)
    (run if where == "run" else judgements)["visitor_id"] = users
    (warning,) = told(run, judgements)
    assert warning.startswith("queries of one 'visitor_id' are alike (about 6")
    assert "mrr of run by a factor of" in warning
    plain = evaluate(run, judgements, ["mrr"]).metric_rows[0].estimate.std_error
    by_user = evaluate(run, judgements, ["mrr"], cluster="visitor_id").metric_rows[0].estimate.std_error
    assert plain is not None
    assert by_user is not None
    assert f"(design effect {(by_user / plain) ** 2:.3g})" in warning
    assert not told(run, judgements, cluster="visitor_id")


def test_users_that_are_not_alike_give_no_warning() -> None:
    run, judgements, users = data(alike=False)
    assert not told({**run, "visitor_id": users}, judgements)


def test_a_column_that_changes_within_queries_is_not_that_of_their_users() -> None:
    """As that of the persons who judged the items."""
    run, judgements, _ = data(alike=True)
    assert not told(run, {**judgements, "visitor_id": np.arange(2 * USERS * EACH) % 7})


def test_queries_without_a_user_are_units_of_their_own() -> None:
    run, judgements, users = data(alike=True)
    unknown = [None if i % 32 < 2 else user for i, user in enumerate(users)]
    assert told({**run, "visitor_id": unknown}, judgements)
    assert not told({**run, "visitor_id": [None] * len(users)}, judgements)


def test_ids_of_other_types_join() -> None:
    run, judgements, users = data(alike=True)
    judgements = {**judgements, "query_id": [str(i) for i in judgements["query_id"]]}
    assert told({**run, "visitor_id": users}, judgements)
