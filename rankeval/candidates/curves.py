"""The position-bias curve of ``uplift``: the caller's, or learned from what the log itself randomised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from rankeval.candidates.lists import Lists
from rankeval.errors import DataError
from rankeval.logs import Log
from rankeval.notes import Note, listing
from rankeval.position_bias import LEARN, PositionBias, method_of, propensity

#: Notes on a curve that come again from the sessions on which it is used.
_TESTED_AGAIN = frozenset({"user_model_refuted", "user_model_weakly_tested"})
#: What a log randomised -> the text that tells of it.
_SOURCES = {
    "swap": "sessions with two exchanged positions, whose clicks the estimates use too: errors are "
    "joint, by refits",
    "allpairs": "the lists of several rankers, whose clicks the estimates use too: errors are joint, by "
    "refits",
}


@dataclass(frozen=True)
class ChosenCurve:
    """The curve, and the sessions on which it is used.

    Attributes:
        given: what :func:`rankeval.ope` takes as ``position_bias``; None: columns of the log are the curve.
        log: the log of the ranker alone: without sessions in random order, unless the curve needs them.
        notes: where the curve comes from, and reasons to doubt it.
        learned: the curve that was learned from other sessions of the log, for JSON; None: none was.
    """

    given: Any
    log: Log
    notes: tuple[Note, ...]
    learned: Mapping[str, Any] | None = None


def choose_curve(
    log: Log,
    position_bias: Any,
    lists: Lists,
    cluster: str | None,
    threads: int | None,
    *,
    needed: bool,
) -> ChosenCurve:
    """Choose the curve and the sessions; ``needed``: whether estimates need a curve at all.

    Sessions in random order are left out of the estimates: they are not what the ranker would show, and an
    A/B test has no arm of them. They give the curve, if the caller gives none; since it comes from other
    sessions than those it is used on, its errors and theirs are independent. They also test a curve that the
    caller gives. Without such sessions, swaps or the lists of several rankers give a curve by the same
    clicks; errors are then joint, by refits.

    Raises:
        DataError: there is no curve, and the log has nothing to learn one from.
    """
    if lists.shuffled == lists.sessions:
        raise DataError(
            f"{log.origin}: all {lists.sessions:,} sessions are in random order, wanted some of the ranker"
        )
    learning = method_of(position_bias)
    if learning not in (None, "shuffle"):
        return ChosenCurve(position_bias, log, ())
    apart = log if not lists.shuffled else _without_shuffled(log)
    notes = [] if not lists.shuffled else [_left_out(lists)]
    if position_bias is not None and learning is None:
        curve = PositionBias.of(position_bias)
        return ChosenCurve(_tested(curve, log, lists, cluster, threads), apart, tuple(notes))
    if learning is None and (log.has("examination") or (log.has("alpha") and log.has("beta"))):
        return ChosenCurve(None, apart, tuple(notes))
    if lists.shuffled and log.has("click"):
        return _from_shuffles(log, apart, lists, cluster, threads)
    method = "swap" if log.has("swap_low") and log.has("swap_high") else "allpairs"
    if method == "swap" or (len(lists.rankers) > 1 and log.has("item_id")):
        return ChosenCurve(LEARN + method, log, (_learned(method),))
    if not needed:
        return ChosenCurve(None, apart, tuple(notes))
    raise _nothing_to_learn_from(log, lists)


def _from_shuffles(
    log: Log, apart: Log, lists: Lists, cluster: str | None, threads: int | None
) -> ChosenCurve:
    """The curve of the shuffled sessions, for all others."""
    found = propensity(log, "shuffle", cluster=cluster, threads=threads)
    content = found.to_dict()
    _require_clicks(log, content)
    curve = PositionBias.of(found, LEARN + "shuffle")
    if _counts_other_rewards(log):
        curve = replace(curve, arm=None)
    learned = {name: content[name] for name in ("method", "positions", "examination", "std_error")}
    doubts = [
        note.under("position bias") for note in found.notes if note.level and note.code not in _TESTED_AGAIN
    ]
    return ChosenCurve(curve, apart, (_learned_apart(lists), *doubts), learned)


def _require_clicks(log: Log, curve: Mapping[str, Any]) -> None:
    """Check that the shuffled sessions have a click at every position.

    Raises:
        DataError: they have not, and are too few to give a curve.
    """
    empty = [k for k, theta in zip(curve["positions"], curve["examination"], strict=True) if not theta]
    if empty:
        raise DataError(
            f"{log.origin}: the sessions in random order have no click at position "
            f"{listing(map(str, empty))}: too few to learn position bias from; wanted more of them, "
            "or --position-bias FILE"
        )


def _counts_other_rewards(log: Log) -> bool:
    """Whether the rewards of the estimates are not the clicks from which a curve is learned."""
    return log.reward is not None or log.has("reward")


def _tested(
    curve: PositionBias, log: Log, lists: Lists, cluster: str | None, threads: int | None
) -> PositionBias:
    """The caller's curve with the clicks of the shuffled sessions of this log, which test it."""
    if not lists.shuffled or not log.has("click") or _counts_other_rewards(log):
        return curve
    try:
        own = PositionBias.of(propensity(log, "shuffle", cluster=cluster, threads=threads))
    except DataError:  # too few clicks to say anything
        return curve
    return replace(curve, arm=own.arm)


def _without_shuffled(log: Log) -> Log:
    name = log.name("shuffled")
    kind = log.kind("shuffled")
    if pa.types.is_nested(kind):
        raise DataError(
            f"{log.origin}: column {name!r} holds {kind}, wanted one value a row, by which sessions in "
            "random order are left out"
        )
    kept = f"not {name}" if pa.types.is_boolean(kind) else f"{name} == 0"
    return log.adapted(log.columns, kept if log.where is None else f"({log.where}) and {kept}")


def _left_out(lists: Lists) -> Note:
    share = 100.0 * lists.shuffled / lists.sessions
    text = (
        f"{lists.shuffled:,} sessions in random order ({share:.3g} %) are left out of the estimates: gains "
        "are over the ranker alone"
    )
    return Note("shuffled_left_out", text, {"sessions": float(lists.shuffled)})


def _learned_apart(lists: Lists) -> Note:
    share = 100.0 * lists.shuffled / lists.sessions
    text = (
        f"position bias was learned from {lists.shuffled:,} sessions in random order ({share:.3g} %), which "
        "are left out of the estimates: gains are over the ranker alone"
    )
    return Note("curve_learned", text, {"sessions": float(lists.shuffled)})


def _learned(method: str) -> Note:
    return Note("curve_learned", f"position bias was learned from {_SOURCES[method]}")


def _nothing_to_learn_from(log: Log, lists: Lists) -> DataError:
    marks = [role for role in ("shuffled", "ranker") if log.has(role)]
    found = {
        (): f"neither a column {log.name('shuffled')!r} nor {log.name('ranker')!r}",
        ("shuffled",): f"no session with {log.name('shuffled')!r} true",
        ("ranker",): f"one ranker in {log.name('ranker')!r}",
        ("shuffled", "ranker"): "no session in random order, and one ranker",
    }[tuple(marks)]
    if lists.shuffled:
        found = "sessions in random order, but no clicks (0 or 1) to learn from"
    return DataError(
        f"{log.origin}: no position bias is given, and the log cannot tell it: found {found}; wanted "
        "--position-bias FILE, a column 'examination', sessions in random order, or several rankers"
    )
