"""Worlds made from options: a complete description with every number, in the form of world files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.errors import UsageError
from rankeval.logs import Log, made_up_notes, reader_notes
from rankeval.notes import Note
from rankeval.options import listed, require_types
from rankeval.simulators import MOST_POSITIONS, real, whole
from rankeval.simulators.worlds.judged_world import judged_queries
from rankeval.simulators.worlds.model_options import click_model_options
from rankeval.simulators.worlds.query_options import (
    GRADES,
    ITEMS,
    POSITIONS,
    QUERIES,
    GradeScale,
    drawn_queries,
    popularity_weights,
)
from rankeval.simulators.worlds.ranker_options import CANDIDATE_SKILL, LOGGING_SKILL, Rankers
from rankeval.simulators.worlds.specs import parse_value
from rankeval.simulators.worlds.traffic_options import (
    arm_section,
    context_section,
    day_section,
    largest_factor,
    shuffle_section,
    user_section,
)


@dataclass(frozen=True)
class WorldOptions:
    """The options that a world is made from.

    Attributes:
        click_model: name of the click model.
        eta: decay of examination ``k^-eta``, for models that have it; default 1.
        param: other parameters of the click model, by name or as ``NAME=VALUE``.
        queries: number of queries; default 1000.
        items: number of items of each query; default 10, or ``positions`` if that is more.
        positions: length of lists; default 10, or ``items`` if that is fewer.
        grades: probabilities of grades 0, 1, ... of an item, as numbers or as ``P0,P1,...``.
        judgements: real queries, items and grades, instead of ``queries``, ``items`` and ``grades``.
        columns: role -> column name of the judgements.
        where: row filter of the judgements.
        epsilon: attractiveness of grade 0.
        max_grade: the grade that has attractiveness 1; default 4, or the last grade of ``grades``.
        popularity: ``zipf:EXPONENT``: the r-th most popular query has weight ``r^-EXPONENT``; or ``uniform``.
        logging: the logging policy, as ``NAME[:PARAMETER=VALUE,...]``.
        candidate: other policies, by name or as ``NAME=POLICY``; default: one candidate ``new``, which is
            the logging policy with better scores.
        shuffle: ``DESIGN[:share=SHARE,top=N]``; by default the share is 0.01 and N is all positions.
        arms: ``NAME[=SHARE],...``: an A/B test between ``logging`` and candidates.
        users: number of users.
        user_spread: s: the attractiveness for a user is ``1 - s`` or ``1 + s`` times that of the items;
            default 0.3.
        context: ``NAME[=WEIGHT][:PARAMETER=VALUE,...]`` for each context. The parameters are those of the
            click model in the sessions of this context.
        days: number of days.
        drift: d: over the days the attractiveness goes from ``1 - d / 2`` to ``1 + d / 2`` times that of
            the items.
    """

    click_model: str = "pbm"
    eta: float | None = None
    param: Mapping[str, Any] | Sequence[str] = ()
    queries: int | None = None
    items: int | None = None
    positions: int | None = None
    grades: str | Sequence[float] | None = None
    judgements: Any = None
    columns: Mapping[str, str] | None = None
    where: str | None = None
    epsilon: float = 0.1
    max_grade: float | None = None
    popularity: str = "zipf:1"
    logging: str = "plackett_luce"
    candidate: Mapping[str, str] | Sequence[str] = ()
    shuffle: str | None = None
    arms: str | Sequence[str] = ()
    users: int | None = None
    user_spread: float | None = None
    context: str | Sequence[str] = ()
    days: int | None = None
    drift: float = 0.0

    def __post_init__(self) -> None:
        require_types(vars(self))

    def describe(self, seed: int) -> tuple[dict[str, Any], list[Note]]:
        """The world in the form of world files, and notes about it.

        Args:
            seed: seed of all that is drawn: grades, popularity and scores.

        Raises:
            UsageError: an option has a wrong form, or is out of range.
            DataError: the judgements cannot be read, or are wrong.
        """
        scale, positions = self._scale(), self._positions()
        model = click_model_options(
            self.click_model, self.eta, _named("param", self.param, parse_value), positions
        )
        judged = self.judgements is not None
        queries, notes = self._judged(scale) if judged else (self._drawn(scale, seed), [])
        liked = [scale.attractiveness(np.array(query["relevance"], np.float64)) for query in queries]
        traffic = self._traffic()
        weights = popularity_weights(self.popularity, len(queries), seed, judged)
        world = {
            "click_model": model,
            "positions": positions,
            **({"short_lists": True} if judged else {}),
            **traffic,
            **self._policies(Rankers([query["query_id"] for query in queries], liked, seed)),
            "queries": [
                _query(query, weight, values, largest_factor(traffic))
                for query, weight, values in zip(queries, weights, liked, strict=True)
            ],
        }
        factor = largest_factor(traffic)
        divided = f"attractiveness is divided by {factor:g}, to stay in [0, 1] for all users and days"
        if factor > 1.0:
            notes.append(Note("attractiveness_divided", divided, {"factor": factor}))
        return world, notes

    def _positions(self) -> int:
        usual = POSITIONS if self.items is None else min(POSITIONS, self.items)
        return whole("positions", usual if self.positions is None else self.positions, 1, MOST_POSITIONS)

    def _scale(self) -> GradeScale:
        usual = 4 if self.judgements is not None else max(len(self._grades()) - 1, 1)
        highest = usual if self.max_grade is None else self.max_grade
        return GradeScale(real("epsilon", self.epsilon, 0.0, 1.0), real("max_grade", highest, 1e-3, 100.0))

    def _grades(self) -> Sequence[float]:
        if isinstance(self.grades, str):
            given = [parse_value("grades", text) for text in listed(self.grades)]
            return [real("grades", share, 0.0, 1.0) for share in given]
        return GRADES if self.grades is None else self.grades

    def _judged(self, scale: GradeScale) -> tuple[list[dict[str, Any]], list[Note]]:
        for name in ("queries", "items", "grades"):
            if getattr(self, name) is not None:
                raise UsageError(f"{name}: found {getattr(self, name)}, wanted none: judgements have them")
        from rankeval.evaluation import judgements_in  # worlds without judgements do not need its kernels

        log = Log(judgements_in(self.judgements), "judgements", dict(self.columns or {}), self.where)
        queries = judged_queries(log, scale.max_grade)
        return queries, [*reader_notes(log), *made_up_notes(log, "the log")]

    def _drawn(self, scale: GradeScale, seed: int) -> list[dict[str, Any]]:
        if self.columns or self.where:
            raise UsageError("found columns or where without judgements, wanted both or neither")
        items = max(ITEMS, self._positions()) if self.items is None else self.items
        if items < self._positions():
            raise UsageError(f"positions: found {self.positions}, wanted at most the {items} items")
        queries = QUERIES if self.queries is None else self.queries
        return drawn_queries(queries, items, self._grades(), scale, seed)

    def _policies(self, rankers: Rankers) -> dict[str, Any]:
        candidates = _named("candidate", self.candidate, lambda _, text: text) or {"new": self.logging}
        return {
            "logging": rankers.policy("logging", self.logging, LOGGING_SKILL),
            "candidates": {
                name: rankers.policy(f"candidate {name}", text, CANDIDATE_SKILL)
                for name, text in candidates.items()
            },
        }

    def _traffic(self) -> dict[str, Any]:
        return {
            **shuffle_section(self.shuffle),
            **user_section(self.users, self.user_spread),
            **context_section(self.context),
            **day_section(self.days, self.drift),
            **arm_section(self.arms),
        }


def _query(query: dict[str, Any], weight: float, liked: Floats, factor: float) -> dict[str, Any]:
    """One query in the form of world files.

    Satisfaction grows with attractiveness: a click on an attractive item satisfies more often. ``liked`` is
    the attractiveness before its division by ``factor``.
    """
    return {
        "query_id": query["query_id"],
        "weight": weight,
        "items": query["items"],
        "attractiveness": (liked / factor).tolist(),
        "satisfaction": (0.2 + 0.6 * liked).tolist(),
        "relevance": query["relevance"],
    }


def _named(option: str, given: Mapping[str, Any] | Sequence[str], read: Any) -> dict[str, Any]:
    """Values by name, from a mapping or from texts ``NAME=VALUE``; ``read`` parses the value of a text."""
    if isinstance(given, Mapping):
        return dict(given)
    found: dict[str, Any] = {}
    for text in [given] if isinstance(given, str) else given:
        name, equals, value = text.partition("=")
        if not (name and equals and value) or name in found:
            raise UsageError(f"{option}: found {text!r}, wanted NAME=VALUE with each name once")
        found[name] = read(f"{option} {name}", value)
    return found
