"""Warnings that go with the analysis of an interleaved log."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rankeval.arrays import SMALL_SEGMENT
from rankeval.interleaving.analysis_result import Part
from rankeval.interleaving.log_ranks import LENGTHS, names_of
from rankeval.interleaving.session_credit import Crediting, RankCrediting, Tally
from rankeval.logs import unused_weights
from rankeval.notes import Note, distinct, listing

#: With fewer sessions that have a winner, the normal approximation is rough.
FEW_DECIDED = 30
#: Teams count as unequal if their sizes differ by more than this share of all items, and by more than this
#: many standard deviations of a random split.
UNEQUAL_SHARE, UNEQUAL_ERRORS = 0.01, 4.0


def notes(crediting: Crediting, tally: Tally, parts: Sequence[Part]) -> Iterator[Note]:
    """The warnings, one line each; the first of ``parts`` holds all sessions, the others are segments."""
    whole, n = parts[0], parts[0].sessions
    log = crediting.log
    if log.has("weight"):
        text = f"every session counts as many times as column {log.name('weight')!r} says"
        yield Note("rows_counted", text)
    yield from unused_weights(log)
    if tally.clicks == 0:
        yield Note("no_clicks", "no item was clicked: every session is a tie")
    elif whole.wins_a + whole.wins_b < FEW_DECIDED:
        decided = whole.wins_a + whole.wins_b
        text = (
            f"only {decided:g} of {n:g} sessions have a winner: fewer than {FEW_DECIDED}, "
            "intervals and tests are rough"
        )
        yield Note(
            "few_decided",
            text,
            {"decided": decided, "threshold": FEW_DECIDED},
            level="caution",
            value=decided,
        )
    yield from _of_teams(tally)
    if isinstance(crediting, RankCrediting):
        yield from _of_lengths(crediting)
        yield from _of_random_clicks(crediting)
    if whole.tests.sign_p is None:
        yield Note("not_computed", "no sign test: sessions do not count a whole number of times")
    small = [f"{part.segment} ({part.sessions:g})" for part in parts[1:] if part.sessions < SMALL_SEGMENT]
    if small:
        text = f"segments with fewer than {SMALL_SEGMENT} sessions have rough intervals: {listing(small)}"
        yield Note("small_segments", text, {"segments": len(small), "threshold": SMALL_SEGMENT})
    if len(parts) > 1:
        yield Note("many_tests", "segments are tested one by one: some of many differ by chance")
    yield from distinct(note for part in parts for e in (part.delta, part.credit) for note in e.notes)
    yield from _missing(parts)


def _of_teams(tally: Tally) -> Iterator[Note]:
    if tally.items_without_team:
        share = f"{tally.items_without_team} of {tally.items} items"
        text = f"{share} have no team: {tally.clicks_without_team} clicks on them give no credit"
        yield Note("no_team", text, {"items": tally.items_without_team, "clicks": tally.clicks_without_team})
    a, b = tally.items_of_a, tally.items_of_b
    if abs(a - b) > max(UNEQUAL_SHARE * (a + b), UNEQUAL_ERRORS * math.sqrt(a + b)):
        text = (
            f"{a} items are of team A and {b} of B: the larger team gets more of the clicks that are random"
        )
        yield Note("unequal_teams", text, {"a": a, "b": b})


def _of_lengths(crediting: RankCrediting) -> Iterator[Note]:
    """A warning if the credit depends on the lengths of the rankings, and these are unknown."""
    if crediting.reader.lengths_known or crediting.method.credit == "balanced":
        return
    wanted = f"{names_of(LENGTHS, crediting.log)} or ranking_length would tell"
    if crediting.method.name == "team_draft":
        text = f"rankings are taken to have items left wherever that explains a list: {wanted}"
    else:
        text = f"rankings are taken to end with the lowest of their items shown in a session: {wanted}"
    yield Note("unknown_lengths", text)


def _of_random_clicks(crediting: RankCrediting) -> Iterator[Note]:
    """A warning on the quantities that may differ from 0 if users click at random."""
    if crediting.method.credit == "balanced":
        text = (
            "balanced lists may favour a ranking under clicks at random, as where the other is it moved "
            "by a place: wins, tests and verdict do not allow for it, those of team_draft do"
        )
        yield Note("random_clicks", text)
    elif crediting.method.name != "team_draft":
        text = (
            "the mean credit of clicks at random is 0, as the verdict takes it; their wins may favour a "
            "ranking, which delta_AB and the sign test do not allow for"
        )
        yield Note("random_clicks", text)


def _missing(parts: Sequence[Part]) -> Iterator[Note]:
    """The reason for each number that could not be computed."""
    for part in parts:
        place = "" if part.segment is None else f" in {part.segment}"
        for name, estimate in (("delta_AB", part.delta), ("mean_credit", part.credit)):
            for interval in estimate.intervals:
                if estimate.std_error is not None and interval.reason is not None:
                    text = f"{interval.method} interval of {name}{place}: {interval.reason}"
                    yield Note("not_computed", text)
        needed = part.tests.needed
        if needed.sessions is None and part.credit.std_error is not None:
            why = "the mean credit is 0" if needed.effect == 0.0 else "it has no error, or is too small"
            yield Note("not_computed", f"sessions needed{place}: none is told, {why}")
    yield from _noisy(parts)


def _noisy(parts: Sequence[Part]) -> Iterator[Note]:
    """A warning if the sessions needed follow from an effect that may be 0."""
    whole = parts[0].tests.needed
    if whole.sessions is not None and whole.fewest is not None and whole.most is None:
        text = (
            f"sessions needed: the effect as seen is noisy; its interval holds 0, so that from "
            f"{whole.fewest:,} to any number may be needed; a stated effect gives a plan"
        )
        yield Note("sessions_needed_unbounded", text, {"sessions": whole.sessions, "low": whole.fewest})
