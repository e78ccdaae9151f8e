"""What is asked of ``uplift``: the candidates, and the estimators, chosen from what the log has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rankeval.candidates.lists import Lists
from rankeval.errors import UsageError
from rankeval.estimators import parse
from rankeval.logs import Log
from rankeval.notes import Note
from rankeval.options import listed
from rankeval.position_bias import PositionBias
from rankeval.rankers import Ranker
from rankeval.rankers.kinds import open_ranker

_NAME = re.compile(r"[\w.+-]+")
#: Name of the logging ranker in comparisons.
_LOGGED = "logged"
#: Estimators for random rankers -> the column of propensities that each needs; the first that a log can
#: feed is taken. Those further down assume less of users, and hardly ever have enough sessions for a
#: candidate that ranks in one order.
BY_PROPENSITY = {"iips": "propensity", "rips": "propensity_prefix", "sips": "propensity_list"}
#: The metrics by clicks that are estimated beside the clicks themselves.
METRICS = ("click_dcg@10", "click_precision@5", "click_arp")


def parse_candidates(
    candidate: Mapping[str, Any] | Sequence[str], trust: str | Sequence[str]
) -> tuple[dict[str, Ranker], dict[str, str]]:
    """The candidates by name, opened, and the text of each for the record.

    Raises:
        UsageError: there is none; a text is not NAME=SPEC; a name is used twice, is ``logged``, or has
            characters other than letters, digits and ``_.+-``; or as ``open_ranker``.
        DataError: as ``open_ranker``.
    """
    given = [candidate] if isinstance(candidate, str) else candidate
    named = list(given.items()) if isinstance(given, Mapping) else [_split(text) for text in given]
    if not named:
        raise UsageError("candidate: found none, wanted NAME=SPEC, such as new=lightgbm:model.txt")
    for name, _ in named:
        if not _NAME.fullmatch(name):
            raise UsageError(f"candidate: found the name {name!r}, wanted letters, digits and _ . + -")
        if name == _LOGGED or [other for other, _ in named].count(name) > 1:
            raise UsageError(f"candidate: the name {name!r} is taken, wanted another")
    rankers = {name: open_ranker(spec, trust=trust) for name, spec in named}
    texts = {name: spec if isinstance(spec, str) else type(spec).__name__ for name, spec in named}
    return rankers, texts


def _split(text: str) -> tuple[str, str]:
    name, equals, spec = text.partition("=")
    if not (name and equals and spec):
        raise UsageError(f"candidate: found {text!r}, wanted NAME=SPEC, such as new=lightgbm:model.txt")
    return name, spec


@dataclass(frozen=True)
class Chosen:
    """The estimators and the estimand.

    Attributes:
        estimators: in the order of the result.
        estimand: ``rerank`` or ``full``.
        notes: why these, where the caller did not say.
    """

    estimators: tuple[str, ...]
    estimand: str
    notes: tuple[Note, ...]

    @classmethod
    def of(
        cls,
        log: Log,
        lists: Lists,
        asked: str | Sequence[str] | None,
        estimand: str,
        curve: Any,
        *,
        modelled: bool,
    ) -> Chosen:
        """Choose what the caller leaves open.

        Args:
            log: the log.
            lists: what it shows.
            asked: estimators; None or empty: they are chosen.
            estimand: ``rerank``, ``full``, or ``auto``: ``full`` where the log has candidates that were not
                shown.
            curve: the position-bias curve; None: there is none, or columns of the log are the curve.
            modelled: whether a relevance model is fitted.
        """
        if estimand == "auto":
            estimand = "full" if lists.unshown else "rerank"
        if asked:
            return cls(tuple(listed(asked)), estimand, ())
        if lists.random:
            names = [name for name, column in BY_PROPENSITY.items() if log.has(column)][:1]
            why = "the ranker of the log is random, and its propensities are logged"
        elif isinstance(curve, PositionBias) and "examination" not in curve:
            names, why = ["click_affine"], "the curve is one of trust bias"
        else:
            dr = ["click_dr"] if modelled or log.has("q_logged") else []
            names = ["click_ips", *dr, *METRICS]
            why = "the ranker of the log is not random, so clicks are weighted by the curve"
        return cls(tuple(names), estimand, (_choice(names, why),))


def needs_curve(asked: str | Sequence[str] | None, lists: Lists) -> bool:
    """Whether the estimators need a position-bias curve: those from clicks do."""
    if not asked:
        return not lists.random
    return any(parse(name).definition.of_clicks for name in listed(asked))


def _choice(names: Sequence[str], why: str) -> Note:
    return Note("estimators_chosen", f"estimated by {', '.join(names)}: {why} (--estimator overrules)")
