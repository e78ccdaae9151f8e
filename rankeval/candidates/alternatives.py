"""Gains if users behave otherwise than the estimators assume: other click models, fitted to the same log.

A click model gives the expected clicks of any list exactly. The gain of a candidate under it is the mean over
sessions of those of its list, minus those of the list that was shown. It rests on the model alone, and has no
interval; on held-out sessions the models show which of them describes these users best.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Hashes, Ints
from rankeval.arrays import hashes_of, kernel, mix64, read_only
from rankeval.errors import DataError, UsageError
from rankeval.logs import (
    Candidates,
    Log,
    PairIndex,
    Sessions,
    fold,
    own,
    parted,
    placed,
    position_roles,
    sampling_roles,
    unit_weights,
)
from rankeval.notes import Note
from rankeval.simulators.click_models import CLICK_MODELS, ClickModel, parse_click_model
from rankeval.simulators.click_models.fitting import fit
from rankeval.temporary_files import temporary_folder

#: The models that are fitted where a log speaks against position bias alone.
AGAINST_POSITION_BIAS = ("pbm_trust", "dbn")
#: Reasons of a verdict that speak against it.
REFUTING = frozenset({"clicks_stop", "user_model_refuted"})
#: Up to so many sessions, those in random order among them, the models are fitted without being asked for.
MOST_FITTED = 1_000_000
#: z of the log-likelihood of held-out sessions from which another model is better than position bias alone.
BETTER = 2.58
#: The model with which the others are compared.
BASE = "pbm"
#: Share of the sessions that tell which model is better.
_HELD_OUT = 0.2
#: Pseudo-clicks for each item, so that one without clicks may still be clicked.
_SMOOTHING = 0.1


@dataclass(frozen=True)
class Alternative:
    """The gains under one model of users.

    Attributes:
        users: name of the click model.
        logged: expected clicks of a session under the model, with the list that was shown.
        gains: candidate -> the gain under the model.
        log_likelihood: of a held-out session, minus that under the position-based model; None: unknown.
        std_error: of this difference.
    """

    users: str
    logged: float
    gains: Mapping[str, float]
    log_likelihood: float | None
    std_error: float | None

    def to_dict(self) -> dict[str, Any]:
        """The alternative as values for JSON."""
        return {
            "click_model": self.users,
            "logged": self.logged,
            "gains": dict(self.gains),
            "log_likelihood_over_pbm": self.log_likelihood,
            "log_likelihood_std_error": self.std_error,
        }


def parse_user_models(names: Sequence[str]) -> tuple[str, ...]:
    """The click models to fit; ``none`` alone stands for none.

    Raises:
        UsageError: there is no such model.
    """
    chosen = () if list(names) == ["none"] else tuple(names)
    for name in chosen:
        if name.partition(":")[0] not in CLICK_MODELS:
            raise UsageError(
                f"user_models: found {name!r}, wanted some of {', '.join(CLICK_MODELS)}, or none"
            )
    return chosen


def alternatives(
    log: Log,
    used: Log,
    targets: Mapping[str, str],
    models: Sequence[str],
    estimand: str,
    seed: int,
    threads: int,
) -> tuple[list[Alternative], list[Note]]:
    """The gains under click models, and why there are none where they cannot be fitted.

    Args:
        log: the log to which the models are fitted; its sessions in random order help.
        used: the log of the estimates, with the scores of the candidates.
        targets: candidate -> its column of scores.
        models: names of click models; without any nothing is fitted.
        estimand: ``rerank`` or ``full``.
        seed: of the held-out sessions.
        threads: number of threads.
    """
    if not models:
        return [], []
    names = list(dict.fromkeys([BASE, *models]))
    with temporary_folder() as folder:
        path = folder / "items.arrow"
        try:
            found = fit(
                log, names, test=_HELD_OUT, smoothing=_SMOOTHING, seed=seed, parameters=path, threads=threads
            )
        except DataError as error:
            return [], [Note("users_not_fitted", f"other models of users could not be fitted: {error}")]
        with pa.OSFile(str(path), "rb") as file:
            items = pa.ipc.open_file(file).read_all()
    positions = len(found.baselines[0].perplexity_by_position)
    fitted = [_Users.of(row.name, row.parameters, positions, items) for row in found.fits]
    used = used.with_roles({own("score", target): column for target, column in targets.items()})
    totals = fold(
        used,
        _roles(used, targets),
        lambda sessions: _sums(sessions, fitted, targets, estimand),
        np.add,
        threads,
    )
    clicks = totals[1:].reshape(len(names), -1) / totals[0]
    better = {c.b: c.estimate for c in found.comparisons if c.a == BASE and c.metric == "test_log_likelihood"}
    result = [
        Alternative(
            users=name,
            logged=float(row[0]),
            gains={target: float(value - row[0]) for target, value in zip(targets, row[1:], strict=True)},
            log_likelihood=None if name == BASE else _minus(better[name].value),
            std_error=None if name == BASE else better[name].std_error,
        )
        for name, row in zip(names, clicks, strict=True)
    ]
    return result, [note for each in result for note in _doubts(each)]


def _doubts(found: Alternative) -> Iterator[Note]:
    """The reason that another model describes these users better."""
    if found.log_likelihood is None or not found.std_error:
        return
    z = found.log_likelihood / found.std_error
    if z > BETTER:
        gains = ", ".join(f"{name} {gain:+.3g}" for name, gain in found.gains.items())
        text = (
            f"the click model {found.users} predicts held-out sessions better than position bias alone "
            f"(z {z:.1f}); its gains: {gains}"
        )
        yield Note("other_users", text, {"threshold": BETTER}, level="caution", value=z)


def _minus(value: float | None) -> float | None:
    return None if value is None else -value


@dataclass(frozen=True)
class _Users:
    """A fitted click model, and what it says of each pair of query and item.

    Attributes:
        model: the model.
        index: of the keys of the pairs.
        attractiveness, satisfaction: (P + 1,) float64, the last one for pairs without any data: the mean.
    """

    model: ClickModel
    index: PairIndex
    attractiveness: Floats
    satisfaction: Floats

    @classmethod
    def of(cls, name: str, parameters: Mapping[str, Any], positions: int, items: pa.Table) -> _Users:
        mine = items.filter(pa.compute.equal(items["click_model"], name)).combine_chunks()
        ids = [mine[role].combine_chunks() for role in ("query_id", "item_id") if role in mine.schema.names]
        keys = _keys(
            [each.cast(pa.string()) if pa.types.is_large_string(each.type) else each for each in ids]
        )
        model = parse_click_model(parameters, positions)
        return cls(
            model, PairIndex(keys), _with_mean(mine["attractiveness"]), _with_mean(mine["satisfaction"])
        )

    def clicks(self, parts: Sequence[tuple[Sessions, Hashes]], ranks: Sequence[Floats]) -> Floats:
        """(n,) expected clicks of the lists that rank the items of each session so.

        Args:
            parts: the shown items, and the others if they are ranked too, with the keys of their pairs.
            ranks: the ranks of each part. A list has as many items as were shown.
        """
        lengths = parts[0][0].lengths
        lists = np.full((2, len(lengths), int(lengths.max(initial=1))), np.nan)
        for (sessions, keys), places in zip(parts, ranks, strict=True):
            pairs = self.index.of(keys)  # -1 is the last value
            for values, out in zip((self.attractiveness, self.satisfaction), lists, strict=True):
                _place(sessions.offsets, places, read_only(values[pairs]), read_only(lengths), out)
        return np.asarray(np.nansum(self.model.click_probabilities(*lists), axis=1))


@kernel
def _place(offsets: Ints, ranks: Floats, values: Floats, lengths: Ints, out: Floats) -> None:
    """Write the value of each item at its rank, if the list is so long."""
    for row in range(lengths.size):
        for i in range(offsets[row], offsets[row + 1]):
            rank = np.int64(ranks[i])
            if rank <= lengths[row]:
                out[row, rank - 1] = values[i]


def _with_mean(column: pa.ChunkedArray) -> Floats:
    """The values, then their mean, which also stands for missing ones; 0 if all are missing."""
    values = column.cast(pa.float64()).to_numpy()
    known = values[~np.isnan(values)]
    mean = float(known.mean()) if len(known) else 0.0
    return read_only(np.append(np.where(np.isnan(values), mean, values), mean))


def _keys(ids: Sequence[pa.Array]) -> Hashes:
    """(n,) uint64, the key of each pair of query and item, or of each item."""
    *queries, items = map(hashes_of, ids)
    return mix64(items ^ mix64(queries[0])) if queries else items


def _roles(log: Log, targets: Mapping[str, str]) -> list[str]:
    ids = [role for role in ("query_id", "item_id") if log.has(role)]
    reward = "reward" if log.has("reward") else "click"
    return [
        "session_id",
        *position_roles(log),
        reward,
        *ids,
        *sampling_roles(log),
        *(own("score", target) for target in targets),
    ]


def _sums(sessions: Sessions, fitted: Sequence[_Users], targets: Mapping[str, str], estimand: str) -> Floats:
    """The sum of weights; for each model the expected clicks of the logged and of each candidate's lists."""
    weights = unit_weights(sessions)
    shown, others = parted(sessions, "reward" if "reward" in sessions else "click")
    order = placed(shown).order
    unshown = others if estimand == "full" else None
    candidates = Candidates(shown, order, unshown)
    keys = _keys_of(shown) if order is None else _keys_of(shown)[order]
    parts = [(shown, keys), *([] if unshown is None else [(unshown, _keys_of(unshown))])]
    first = np.repeat(shown.offsets[:-1], shown.lengths)
    logged = (np.arange(len(first)) - first + 1).astype(np.float64)
    ranked = [[logged], *(candidates.ranks(own("score", target))[: len(parts)] for target in targets)]
    found = [
        users.clicks(parts[: len(ranks)], [read_only(each) for each in ranks])
        for users in fitted
        for ranks in ranked
    ]
    return np.array([weights.sum(), *(weights @ clicks for clicks in found)])


def _keys_of(sessions: Sessions) -> Hashes:
    return _keys([sessions.column(role) for role in ("query_id", "item_id") if role in sessions])
