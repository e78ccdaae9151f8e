"""Estimators from clicks on re-ranked lists the slow, obvious way: loops over sessions and items."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Session = Mapping[str, Any]

#: All of them, cutoffs where they must be; those with a ``max_weight`` come clipped and not.
NAMES = (
    "click_ips",
    "click_cips:max_weight=2",
    "click_dr:max_weight=1000",
    "click_dr:max_weight=2",
    "click_affine",
    "click_dcg",
    "click_dcg@2:max_weight=3",
    "click_precision@3",
    "click_arp",
    "click_arp:max_weight=2",
    "click_snips",
    "replay_ips",
    "replay_ips:max_weight=3",
)
#: Those whose ``logged`` is the mean reward of the log.
LOGGED_IS_REWARD = ("click_ips", "click_affine")


def sessions_of(log: Mapping[str, Any]) -> list[Session]:
    """Long columns as one mapping a session, lists in the order of the rows."""
    rows = pa.table(log).to_pylist()
    grouped = [list(group) for _, group in groupby(rows, key=lambda row: row["session_id"])]
    return [{name: [row[name] for row in group] for name in group[0]} for group in grouped]


class Reranked:
    """One session under a candidate: the items that are ranked, each with its old and its new place."""

    def __init__(self, session: Session, estimand: str, score: str | None) -> None:
        rows = range(len(session["position"]))
        shown = sorted(
            (i for i in rows if session["position"][i] is not None), key=session["position"].__getitem__
        )
        self.shown = shown
        self.unshown = [i for i in rows if session["position"][i] is None] if estimand == "full" else []
        self.session = session
        # An exposure is that of an item whose place is given: where the logger put it is none.
        self.rho = (
            session["exposure"] if "exposure" in session and score is not None else session["examination"]
        )
        self.old = {i: k for k, i in enumerate(shown, 1)}
        ranked = [*shown, *self.unshown]
        if score is not None:
            ranked.sort(key=session["item_id"].__getitem__, reverse=True)
            ranked.sort(key=session[score].__getitem__, reverse=True)
        self.new = {i: k for k, i in enumerate(ranked, 1)}

    def at(self, name: str, place: int) -> float:
        """``theta``, ``alpha`` or ``beta`` at a place, 0 beyond the last that was shown."""
        if place > len(self.shown):
            return 0.0
        return float(self.session[name][self.shown[place - 1]])


def worth(name: str, cutoff: int, list_: Reranked, item: int) -> float:
    """What a click on the item is worth where the candidate puts it."""
    new = list_.new[item]
    if name == "click_dcg":
        return 1 / math.log2(new + 1) if not cutoff or new <= cutoff else 0.0
    if name == "click_precision":
        return 1 / cutoff if new <= cutoff else 0.0
    if name == "click_arp":
        return float(new)
    if name == "replay_ips":
        return float(new == list_.old.get(item))
    return list_.at("alpha" if name == "click_affine" else "examination", new)


def read(label: str) -> tuple[str, int, float]:
    """Name, cutoff and largest weight of an estimator."""
    name, _, bound = label.partition(":max_weight=")
    name, _, cutoff = name.partition("@")
    return name, int(cutoff or 0), float(bound or math.inf)


def weights(label: str, list_: Reranked) -> list[float]:
    """One for each shown item, by position."""
    name, cutoff, bound = read(label)
    column = {"click_affine": "alpha"}.get(name, "examination")
    examined = [(list_.rho if name == "click_dr" else list_.session[column])[i] for i in list_.shown]
    return [
        worth(name, cutoff, list_, i) * min(1 / theta, bound)
        for i, theta in zip(list_.shown, examined, strict=True)
    ]


def term(label: str, list_: Reranked) -> float:
    """What a session adds to the mean of an estimator, or to the numerator of its ratio."""
    name, session, w = read(label)[0], list_.session, weights(label, list_)
    clicks = [session["click"][i] for i in list_.shown]
    if name == "click_affine":
        betas = [session["beta"][i] for i in list_.shown]
        new = [list_.at("beta", list_.new[i]) for i in list_.shown]
        return math.fsum(a * (c - b) + n for a, c, b, n in zip(w, clicks, betas, new, strict=True))
    if name == "click_dr":
        model = [
            list_.at("examination", list_.new[i]) * session["q_logged"][i]
            for i in (*list_.shown, *list_.unshown)
        ]
        corrections = [
            a * (c - session["examination"][i] * session["q_logged"][i])
            for a, c, i in zip(w, clicks, list_.shown, strict=True)
        ]
        return math.fsum([*model, *corrections])
    return math.fsum(a * c for a, c in zip(w, clicks, strict=True))


def lists(
    sessions: Sequence[Session], estimand: str = "rerank", score: str | None = "score"
) -> list[Reranked]:
    """The sessions under a candidate; without a score in the logged order."""
    return [Reranked(session, estimand, score) for session in sessions]


def terms(label: str, reranked: Sequence[Reranked]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n,) numerator and denominator of each session."""
    numerators = np.array([term(label, list_) for list_ in reranked])
    if label == "click_snips":
        return numerators, np.array([math.fsum(weights(label, list_)) for list_ in reranked])
    return numerators, np.ones(len(reranked))


def value(label: str, reranked: Sequence[Reranked]) -> float:
    """The estimate."""
    numerator, denominator = terms(label, reranked)
    return math.fsum(numerator) / math.fsum(denominator)


def residuals(label: str, reranked: Sequence[Reranked]) -> NDArray[np.float64]:
    """What each session moves the estimate by, to first order, times n."""
    numerator, denominator = terms(label, reranked)
    ratio = numerator.sum() / denominator.sum()
    moved: NDArray[np.float64] = (numerator - ratio * denominator) / denominator.mean()
    return moved


def bounds(label: str, reranked: Sequence[Reranked]) -> tuple[float, float] | None:
    """Of the value, over relevances from 0 to 1 of what was not shown."""
    name, cutoff, _ = read(label)
    if name in ("click_snips", "replay_ips") or (name == "click_dr" and "exposure" in reranked[0].session):
        return None
    low, most = value(label, reranked), 0.0
    for list_ in reranked:
        for i in list_.unshown:
            most += worth(name, cutoff, list_, i) / len(reranked)
            if name == "click_affine":
                most += list_.at("beta", list_.new[i]) / len(reranked)
            if name == "click_dr":
                model = list_.at("examination", list_.new[i]) * list_.session["q_logged"][i]
                low -= model / len(reranked)
    return low, low + most


def overlap(list_: Reranked) -> float:
    """Share of the logged top that is in the candidate's."""
    k = min(10, math.ceil(len(list_.shown) / 2))
    return sum(list_.new[i] <= k for i in list_.shown[:k]) / k if k else 1.0


def random_log(n: int, seed: int, *, longest: int = 6, unshown: int = 0) -> dict[str, Any]:
    """Sessions of 1 to ``longest`` shown items and up to ``unshown`` others, scores with many ties."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for session in range(n):
        size, others = int(rng.integers(1, longest + 1)), int(rng.integers(0, unshown + 1))
        items = rng.permutation(50)[: size + others]
        user, country = int(rng.integers(0, max(n // 4, 1))), str(rng.choice(["de", "fr"]))
        for k in range(1, size + others + 1):
            shown = k <= size
            theta, relevance = k**-0.7, float(rng.uniform(0.05, 0.9))
            rows.append(
                {
                    "session_id": session,
                    "item_id": int(items[k - 1]),
                    "position": k if shown else None,
                    "click": float(rng.random() < theta * relevance) if shown else None,
                    "score": float(rng.integers(0, 4)),
                    "other": float(rng.normal()),
                    "q_logged": float(np.clip(relevance + 0.1 * rng.normal(), 0, 1)),
                    "examination": theta * float(rng.uniform(0.8, 1.2)) if shown else None,
                    "alpha": 0.8 * theta if shown else None,
                    "beta": 0.1 * theta if shown else None,
                    "user": user,
                    "country": country,
                }
            )
    return {name: [row[name] for row in rows] for name in rows[0]}
