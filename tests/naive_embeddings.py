"""Marginal propensities of embeddings the slow, obvious way: loops over rounds and candidates."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Rounds = Sequence[Mapping[str, Any]]
Marginals = list[tuple[float, float]]

LISTS = ("candidate_propensities", "candidate_target_propensities")


def known(rounds: Rounds, columns: Sequence[str]) -> Marginals:
    """From a list of the embeddings of every candidate."""
    found = []
    for row in rounds:
        each = list(zip(*(row[name] for name in columns), strict=True))
        same = [a for a in range(len(each)) if each[a] == each[row["action"]]]
        logging, target = (math.fsum(row[name][a] for a in same) for name in LISTS)
        found.append((logging, target))
    return found


def counted(rounds: Rounds, columns: Sequence[str]) -> Marginals:
    """From one embedding a round, its frequency by action counted over all rounds."""
    embeddings = [tuple(row[name] for name in columns) for row in rounds]
    actions: Counter[int] = Counter()
    pairs: Counter[tuple[int, tuple[Any, ...]]] = Counter()
    for row, embedding in zip(rounds, embeddings, strict=True):
        actions[row["action"]] += row.get("weight", 1)
        pairs[row["action"], embedding] += row.get("weight", 1)
    found = []
    for row, e in zip(rounds, embeddings, strict=True):
        logging, target = (
            math.fsum(pairs[a, e] / actions[a] * p for a, p in enumerate(row[name]) if actions[a])
            for name in LISTS
        )
        found.append((logging, target))
    return found


def unseen(rounds: Rounds) -> tuple[float, float]:
    """Mean probability of the actions that never occur."""
    actions = {row["action"] for row in rounds if row.get("weight", 1)}
    total = math.fsum(row.get("weight", 1) for row in rounds)
    logging, target = (
        math.fsum(
            row.get("weight", 1) * p for row in rounds for a, p in enumerate(row[name]) if a not in actions
        )
        / total
        for name in LISTS
    )
    return logging, target
