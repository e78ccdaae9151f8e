"""Small seeded files of every kind that a command reads, made by NumPy alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

Floats = NDArray[np.float64]

QUERIES, ITEMS = 60, 12
ROUNDS, ACTIONS = 1500, 5
SESSIONS, POSITIONS = 600, 4


def write_all(folder: Path) -> None:
    """All files, into ``folder``."""
    write_runs(folder)
    write_bandit_log(folder)
    write_candidate_log(folder)
    write_slates(folder)
    write_interleaved_log(folder)


def _softmax(scores: Floats) -> Floats:
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def write_runs(folder: Path) -> None:
    """Two runs with ties and segments, their judgements in Parquet and as TREC qrels."""
    rng = np.random.default_rng(11)
    query = np.repeat(np.arange(QUERIES), ITEMS)
    item = np.tile(np.arange(ITEMS), QUERIES)
    ids = {"query_id": query.astype(str), "item_id": item.astype(str)}
    grade = rng.integers(0, 4, len(query)) * (rng.random(len(query)) < 0.4)
    device = np.array(["phone", "desktop"])[query % 2]
    for name, noise in (("old", 2.0), ("new", 1.0)):
        score = np.round(grade + noise * rng.random(len(query)), 1)
        kept = rng.random(len(query)) < 0.9
        run = {**ids, "score": score, "device": device, "user": query // 3}
        pq.write_table(
            pa.table({key: values[kept] for key, values in run.items()}), folder / f"{name}.parquet"
        )
    judged = rng.random(len(query)) < 0.8
    judgements = {
        "query_id": ids["query_id"][judged],
        "item_id": ids["item_id"][judged],
        "relevance": grade[judged],
    }
    pq.write_table(pa.table(judgements), folder / "judgements.parquet")
    rows = zip(*(values.tolist() for values in judgements.values()), strict=True)
    (folder / "qrels.txt").write_text("".join(f"{q} 0 {i} {r}\n" for q, i, r in rows))
    run_rows = [(q, i, ITEMS - i + q % 3) for q in range(QUERIES) for i in range(ITEMS)]
    (folder / "run.trec").write_text("".join(f"{q} Q0 {i} 1 {s} tag\n" for q, i, s in run_rows))


def write_bandit_log(folder: Path) -> None:
    """Rounds of two loggers in rows, with two target policies."""
    rng = np.random.default_rng(12)
    context = rng.normal(size=(ROUNDS, ACTIONS))
    logger = rng.integers(0, 2, ROUNDS)
    policies = np.stack([_softmax(0.5 * context), _softmax(-0.3 * context)], axis=1)
    target, other = _softmax(1.2 * context), _softmax(np.roll(context, 1, axis=1))
    rows = np.arange(ROUNDS)
    logged = policies[rows, logger]
    action = (rng.random((ROUNDS, 1)) > np.cumsum(logged, axis=1)).sum(axis=1).clip(max=ACTIONS - 1)
    expected = 1.0 / (1.0 + np.exp(1.0 - context))
    model = (expected + 0.1 * rng.normal(size=expected.shape)).clip(0.0, 1.0)
    log = {
        "round_id": rows,
        "reward": (rng.random(ROUNDS) < expected[rows, action]).astype(float),
        "purchase": (rng.random(ROUNDS) < 0.1).astype(float),
        "propensity": logged[rows, action],
        "target_propensity": target[rows, action],
        "p_other": other[rows, action],
        "q_logged": model[rows, action],
        "q_target": (target * model).sum(axis=1),
        "logger": logger,
        "logger_propensities": list(policies[rows, :, action]),
        "country": np.array(["de", "fr", None], dtype=object)[rng.integers(0, 3, ROUNDS)],
        "user": rng.integers(0, 200, ROUNDS),
    }
    pq.write_table(pa.table(log), folder / "bandit.parquet", row_group_size=400)


def write_candidate_log(folder: Path) -> None:
    """Rounds with lists of candidates, features, an embedding, and how often each counts."""
    rng = np.random.default_rng(13)
    age, genre = rng.integers(18, 70, ROUNDS), rng.integers(0, 3, ROUNDS)
    scores = rng.normal(size=(3, ACTIONS))[genre] + 0.02 * age[:, np.newaxis] * np.arange(ACTIONS)
    logging, target = _softmax(0.4 * scores), _softmax(scores)
    rows = np.arange(ROUNDS)
    action = (rng.random((ROUNDS, 1)) > np.cumsum(logging, axis=1)).sum(axis=1).clip(max=ACTIONS - 1)
    expected = _softmax(scores + 1.0)
    log = {
        "round_id": rows,
        "action": action,
        "reward": (rng.random(ROUNDS) < expected[rows, action]).astype(float),
        "candidate_propensities": list(logging),
        "candidate_target_propensities": list(target),
        "p_flat": list(_softmax(0.1 * scores)),
        "candidate_q": list((expected + 0.05 * rng.normal(size=expected.shape)).clip(0.0, 1.0)),
        "embedding": (action % 2) + 2 * (rng.random(ROUNDS) < 0.2),
        "age": age.astype(float),
        "genre": np.array(["rock", "jazz", "folk"])[genre],
        "weight": rng.integers(1, 3, ROUNDS),
    }
    pq.write_table(pa.table(log), folder / "candidates.parquet", row_group_size=500)


def write_slates(folder: Path) -> None:
    """Rankings of a random policy with every propensity, a row an item, and the same a row a session."""
    rng = np.random.default_rng(14)
    shape = (SESSIONS, POSITIONS)
    propensity, target = 0.2 + 0.6 * rng.random(shape), 0.2 + 0.6 * rng.random(shape)
    click = (rng.random(shape) < 0.5 / np.arange(1, POSITIONS + 1)).astype(float)
    device = np.array(["phone", "desktop"])[rng.integers(0, 2, SESSIONS)]
    user = rng.integers(0, 90, SESSIONS)
    once = {"session_id": np.arange(SESSIONS), "device": device, "user": user}
    once["propensity_list"], once["target_propensity_list"] = propensity.prod(axis=1), target.prod(axis=1)
    each = {
        "item_id": rng.permuted(np.tile(np.arange(20), (SESSIONS, 1)), axis=1)[:, :POSITIONS],
        "position": np.tile(np.arange(1, POSITIONS + 1), (SESSIONS, 1)),
        "reward": click * rng.integers(1, 4, shape),
        "click": click,
        "propensity": propensity,
        "target_propensity": target,
        "propensity_prefix": np.cumprod(propensity, axis=1),
        "target_propensity_prefix": np.cumprod(target, axis=1),
        "exposure": 0.3 + 0.5 * rng.random(shape),
        "target_exposure": 0.3 + 0.5 * rng.random(shape),
        "q_logged": 0.1 + rng.random(shape),
        "q_target": 0.1 + rng.random(shape),
    }
    long = {name: np.repeat(values, POSITIONS) for name, values in once.items()}
    long |= {name: values.ravel() for name, values in each.items()}
    pq.write_table(pa.table(long), folder / "slates.parquet", row_group_size=700)
    nested = once | {name: list(values) for name, values in each.items()}
    pq.write_table(pa.table(nested), folder / "slates_nested.parquet")
    curve = {"positions": [1, 2, 3, 4], "alpha": [0.9, 0.6, 0.4, 0.3], "beta": [0.1, 0.08, 0.05, 0.02]}
    curve["examination"] = [1.0, 0.7, 0.45, 0.35]
    (folder / "trust.json").write_text(json.dumps(curve))


def write_interleaved_log(folder: Path) -> None:
    """Sessions of a team draft, with the teams and both ranks of each item."""
    rng = np.random.default_rng(15)
    rows = []
    for session in range(SESSIONS):
        a, b = rng.permutation(6), rng.permutation(6)
        chosen: list[int] = []
        for position in range(1, 5):
            first = "A" if rng.random() < 0.5 else "B"
            turn = first if position % 2 else {"A": "B", "B": "A"}[first]
            ranking = a if turn == "A" else b
            item = next(int(i) for i in ranking if i not in chosen)
            chosen.append(item)
            rows.append(
                {
                    "session_id": session,
                    "position": position,
                    "item_id": item,
                    "team": turn,
                    "rank_a": int(np.flatnonzero(a == item)[0]) + 1,
                    "rank_b": int(np.flatnonzero(b == item)[0]) + 1,
                    "click": int(rng.random() < (0.4 if turn == "B" else 0.3)),
                    "country": ["de", "fr"][session % 2],
                    "user": session // 5,
                }
            )
    pq.write_table(pa.Table.from_pylist(rows), folder / "interleaved.parquet")
