"""Off-policy estimators of ranking policies the slow, obvious way: loops over sessions and positions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Session = Mapping[str, Any]

NAMES = (
    "sips",
    "iips",
    "rips",
    "policy_aware",
    "pi",
    "aips",
    "cascade_dr",
    "snsips",
    "sniips",
    "snrips",
)
BY_POSITION = ("sniips", "snrips")
#: Columns that a session has once; in nested layout no lists.
ONCE = ("propensity_list", "target_propensity_list", "slate_weight", "country", "user", "behaviour")
#: Name of a behaviour -> whether the reward at ``k`` depends on the item at the other position.
DEPENDS: dict[str, Callable[[int, int], bool]] = {
    "independent": lambda k, other: other == k,
    "neighbours": lambda k, other: abs(k - other) <= 1,
    "cascade": lambda k, other: other <= k,
    "cascade_neighbours": lambda k, other: other <= k + 1,
    "standard": lambda _, __: True,
}


def sessions_of(log: Mapping[str, Any]) -> list[Session]:
    """Long columns as one mapping a session, lists in the order of the rows."""
    rows = pa.table(log).to_pylist()
    grouped = [list(group) for _, group in groupby(rows, key=lambda row: row["session_id"])]
    return [{name: [row[name] for row in group] for name in group[0]} for group in grouped]


def weights(name: str, session: Session, max_weight: float = math.inf) -> list[float]:
    """``u_k`` of each position."""
    size = len(session["reward"])
    if name in ("sips", "snsips"):
        w = [
            a / b for a, b in zip(session["target_propensity_list"], session["propensity_list"], strict=True)
        ]
    elif name == "pi" and "slate_weight" in session:
        w = list(session["slate_weight"])
    elif name == "aips" and "subset_weight" in session:
        w = list(session["subset_weight"])
    elif name == "aips":
        each = np.divide(session["target_propensity"], session["propensity"])
        depends = DEPENDS[session["behaviour"][0]]
        w = [math.prod(each[j] for j in range(size) if depends(k, j)) for k in range(size)]
    elif name == "pi":
        ratios = zip(session["target_propensity"], session["propensity"], strict=True)
        w = [1.0 + math.fsum(a / b - 1.0 for a, b in ratios)] * size
    else:
        column = {"iips": "propensity", "sniips": "propensity", "policy_aware": "exposure"}.get(
            name, "propensity_prefix"
        )
        w = [a / b for a, b in zip(session[f"target_{column}"], session[column], strict=True)]
    return [min(each, max_weight) for each in w]


def term(name: str, session: Session, max_weight: float = math.inf) -> float:
    """What a session adds to the mean of an estimator, or to the numerator of its ratio."""
    u, c = weights(name, session, max_weight), session["reward"]
    if name != "cascade_dr":
        return math.fsum(w * r for w, r in zip(u, c, strict=True))
    return math.fsum(
        u[k] * (c[k] - session["q_logged"][k]) + (u[k - 1] if k else 1.0) * session["q_target"][k]
        for k in range(len(c))
    )


def mean_weight(name: str, session: Session, max_weight: float = math.inf) -> float:
    """The session's weight: its mean over positions."""
    u = weights(name, session, max_weight)
    return math.fsum(u) / len(u)


def by_position(name: str, sessions: Sequence[Session], max_weight: float) -> tuple[NDArray[np.float64], ...]:
    """(n, K) of each session and position: ``u c``, ``u`` and whether it is there."""
    longest = max(len(session["reward"]) for session in sessions)
    numerator, denominator, there = (np.zeros((len(sessions), longest)) for _ in range(3))
    for i, session in enumerate(sessions):
        u = weights(name, session, max_weight)
        numerator[i, : len(u)] = np.multiply(u, session["reward"])
        denominator[i, : len(u)] = u
        there[i, : len(u)] = 1.0
    return numerator, denominator, there


def value(name: str, sessions: Sequence[Session], max_weight: float = math.inf) -> float:
    """The estimate."""
    if name in BY_POSITION:
        numerator, denominator, there = by_position(name, sessions, max_weight)
        mean_weight_where_there = denominator.sum(axis=0) / there.sum(axis=0)
        return float(np.sum(numerator.mean(axis=0) / mean_weight_where_there))
    terms = math.fsum(term(name, session, max_weight) for session in sessions)
    if name == "snsips":
        return terms / math.fsum(mean_weight(name, session, max_weight) for session in sessions)
    return terms / len(sessions)


def residuals(name: str, sessions: Sequence[Session], max_weight: float = math.inf) -> NDArray[np.float64]:
    """What each session moves the estimate by, to first order, times n."""
    if name in BY_POSITION:
        columns = by_position(name, sessions, max_weight)
        (a, b, c), (A, B, C) = columns, [column.mean(axis=0) for column in columns]
        moved: NDArray[np.float64] = (C / B * (a - A) - A * C / B**2 * (b - B) + A / B * (c - C)).sum(axis=1)
        return moved
    terms = np.array([term(name, session, max_weight) for session in sessions])
    if name == "snsips":
        w = np.array([mean_weight(name, session, max_weight) for session in sessions])
        ratio: NDArray[np.float64] = (terms - terms.sum() / w.sum() * w) / w.mean()
        return ratio
    centred: NDArray[np.float64] = terms - terms.mean()
    return centred


def totals(sessions: Sequence[Session]) -> NDArray[np.float64]:
    """Reward of each session."""
    return np.array([math.fsum(session["reward"]) for session in sessions])


def random_log(n: int, seed: int, *, longest: int = 5, spread: float = 0.4) -> dict[str, NDArray[Any]]:
    """Sessions of 1 to ``longest`` positions in long layout, weights that average about 1."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, longest + 1, n)
    items, starts = int(lengths.sum()), np.cumsum(lengths) - lengths
    of = np.repeat(np.arange(n), lengths)
    position = np.arange(items) - starts[of] + 1
    propensity = rng.uniform(0.1, 0.6, items)
    target = np.minimum(propensity * rng.lognormal(-(spread**2) / 2, spread, items), 1.0)

    def prefix(each: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([np.cumprod(part) for part in np.split(each, starts[1:])])

    logged, targeted = prefix(propensity), prefix(target)
    last = (starts + lengths - 1)[of]
    exposure = rng.uniform(0.1, 1.0, items)
    predicted = rng.uniform(0.1, 0.5, items)
    return {
        "session_id": of,
        "item_id": rng.integers(0, 50, items),
        "position": position,
        "reward": (rng.random(items) < predicted).astype(float),
        "propensity": propensity,
        "target_propensity": target,
        "propensity_prefix": logged,
        "target_propensity_prefix": targeted,
        "propensity_list": logged[last],
        "target_propensity_list": targeted[last],
        "exposure": exposure,
        "target_exposure": np.minimum(exposure * rng.lognormal(-0.05, 0.3, items), 1.0),
        "q_logged": predicted,
        "q_target": np.clip(predicted + 0.05 * rng.standard_normal(items), 0.0, 1.0),
        "country": rng.choice(["de", "fr", "jp"], n, p=[0.5, 0.3, 0.2])[of],
        "user": rng.integers(0, max(n // 4, 1), n)[of],
        "behaviour": rng.choice(list(DEPENDS), n)[of],
    }
