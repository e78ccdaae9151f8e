"""What is computed for each unit and averaged: weights, rewards and the model's predictions, combined.

Here for the rounds of a bandit log; ``ranking_terms.py`` has the same for sessions.

Symbols: reward ``r``, weight ``w = target_propensity / propensity``, ``q`` the model's prediction for the
logged action, ``q_pi`` its expectation under the target policy, ``u`` the weight as an estimator has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Protocol

import numpy as np

from rankeval.array_types import Floats, Ints

Transform = Literal["plain", "clipped", "switched", "shrunk", "harmonic"]
Kind = Literal[
    "reward", "weight", "weighted_reward", "model", "weighted_residual", "doubly_robust", "logged_by",
    "shown", "weight_sum", "click_affine", "click_doubly_robust", "overlap", "unshown", "unshown_model",
]  # fmt: skip
Ratio = Literal[
    "action", "mixture", "embedding", "list", "item", "prefix", "exposure", "slate", "subset",
    "examination", "rho", "trust", "dcg", "precision", "rank", "match",
]  # fmt: skip


@dataclass(frozen=True)
class Weighting:
    """A transform of the importance weight, with its parameter."""

    transform: Transform = "plain"
    parameter: float = 0.0


@dataclass(frozen=True)
class Term:
    """One number per unit, whose mean over units estimators are made of.

    Attributes:
        ratio: what the weight is the ratio of probabilities of.
        position: of a ranking the term is of, 0 for all of them.
        target: name of the target policy, where there are several.
        logger: number of the logging policy whose rounds alone count, all others being 0; 0 for all.
        cutoff: places that count, 0 for all.
    """

    kind: Kind
    weighting: Weighting = Weighting()
    ratio: Ratio = "action"
    position: int = 0
    target: str = ""
    logger: int = 0
    cutoff: int = 0

    @property
    def plain(self) -> Term:
        """The weight in it as it is, of all units, whatever becomes of it."""
        return replace(self, kind="weight", weighting=Weighting(), position=0, logger=0)


#: Weights as they are.
PLAIN = Weighting()
#: The logged reward itself, against which every gain is measured.
REWARD = Term("reward")
#: The importance weight of a bandit log as it is, for the diagnostics.
WEIGHT = Term("weight")


def _harmonic(weight: Floats, curvature: float) -> Floats:
    """``w / (1 - lambda + lambda w)``, the harmonic mean of ``w`` and 1; with lambda 1 every weight is 1."""
    denominator = (1.0 - curvature) + curvature * weight
    return np.divide(weight, denominator, out=np.ones_like(weight), where=denominator > 0.0)


#: ``(w, parameter) -> u``.
TRANSFORMS: dict[Transform, Callable[[Floats, float], Floats]] = {
    "plain": lambda weight, _: weight,
    "clipped": lambda weight, bound: np.minimum(weight, bound),
    "switched": lambda weight, bound: np.where(weight <= bound, weight, 0.0),
    "shrunk": lambda weight, shrinkage: weight / (weight * weight / shrinkage + 1.0),
    "harmonic": _harmonic,
}
#: Transforms that take weight away and never add any.
REDUCING: frozenset[Transform] = frozenset({"clipped", "switched", "shrunk"})


class RoundBlock:
    """Columns of some rounds, each (m,) float64 and checked; what several terms share is computed once."""

    #: Rounds that are worked on at a time: their terms stay in the second-level cache.
    AT_A_TIME = 1 << 14
    #: Rounds have no positions.
    positions = 0

    def __init__(self, columns: Mapping[str, Floats]) -> None:
        self.columns = columns
        self._weights: dict[tuple[Ratio, Weighting], Floats] = {}
        self._residuals: dict[tuple[Ratio, Weighting], Floats] = {}

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def taken(self, rows: slice | Ints) -> RoundBlock:
        """Some of the rounds."""
        return RoundBlock({name: column[rows] for name, column in self.columns.items()})

    def write(self, term: Term, row: Floats) -> None:
        """Write a term of each round into ``row`` (m,)."""
        WRITERS[term.kind](self, term, row)
        if term.logger:
            row *= self.columns["logger"] == term.logger

    @cached_property
    def residual(self) -> Floats:
        return self.columns["reward"] - self.columns["q_logged"]

    def weights(self, term: Term) -> Floats:
        """``u``, the weights as an estimator uses them."""
        return self._transformed(term.ratio, term.weighting)

    def _transformed(self, ratio: Ratio, weighting: Weighting) -> Floats:
        key = ratio, weighting
        if key not in self._weights:
            if weighting == PLAIN:
                logging, target = RATIO_COLUMNS[ratio]
                self._weights[key] = self.columns[target] / self.columns[logging]
            else:
                plain = self._transformed(ratio, PLAIN)
                self._weights[key] = TRANSFORMS[weighting.transform](plain, weighting.parameter)
        return self._weights[key]

    def weighted_residual(self, term: Term) -> Floats:
        """``u (r - q)``."""
        key = term.ratio, term.weighting
        if key not in self._residuals:
            self._residuals[key] = self.weights(term) * self.residual
        return self._residuals[key]


#: The columns that each kind of weight is computed from.
RATIO_COLUMNS: dict[Ratio, tuple[str, ...]] = {
    "action": ("propensity", "target_propensity"),
    "mixture": ("mixture_propensity", "target_propensity"),
    "embedding": ("marginal_propensity", "target_marginal_propensity"),
    "list": ("propensity_list", "target_propensity_list"),
    "item": ("propensity", "target_propensity"),
    "prefix": ("propensity_prefix", "target_propensity_prefix"),
    "exposure": ("exposure", "target_exposure"),
    "slate": ("slate_weight",),
    "subset": ("subset_weight",),
    "examination": ("examination", "target_examination"),
    "rho": ("rho", "target_examination"),
    "trust": ("alpha", "target_alpha"),
    "dcg": ("examination", "target_rank"),
    "precision": ("examination", "target_rank"),
    "rank": ("examination", "target_rank"),
    "match": ("examination", "rank", "target_rank"),
}
#: Those of the weights of bandit logs.
OF_ACTIONS: frozenset[Ratio] = frozenset({"action", "mixture", "embedding"})
#: Weights of clicks by where a candidate ranker puts items.
CLICK_RATIOS: frozenset[Ratio] = frozenset(
    {"examination", "rho", "trust", "dcg", "precision", "rank", "match"}
)
#: The kinds of terms that have a weight in them.
WEIGHTED: frozenset[Kind] = frozenset(
    {
        "weight",
        "weighted_reward",
        "weighted_residual",
        "doubly_robust",
        "weight_sum",
        "click_affine",
        "click_doubly_robust",
        "unshown",
    }
)
#: The columns that each kind of term is computed from, beside those of its weight.
COLUMNS: dict[Kind, tuple[str, ...]] = {
    "reward": ("reward",),
    "weight": (),
    "weighted_reward": ("reward",),
    "model": ("q_target",),
    "weighted_residual": ("reward", "q_logged"),
    "doubly_robust": ("reward", "q_logged", "q_target"),
    "shown": (),
    "logged_by": (),
    "weight_sum": (),
    "click_affine": ("reward", "beta", "target_beta"),
    "click_doubly_robust": ("reward", "q_logged", "examination"),
    "overlap": ("overlap",),
    "unshown": (),
    "unshown_model": ("target_examination", "q_logged"),
}


def needed_columns(terms: Iterable[Term]) -> list[str]:
    """Columns of a log that these terms are computed from, each once."""
    columns: dict[str, None] = {}
    for term in terms:
        weights = RATIO_COLUMNS[term.ratio] if term.kind in WEIGHTED else ()
        loggers = ("logger",) if term.logger else ()
        columns.update(dict.fromkeys((*weights, *COLUMNS[term.kind], *loggers)))
    return list(columns)


class SampleBlock(Protocol):
    """Some units of a log, whose terms can be written: rounds or sessions."""

    @property
    def AT_A_TIME(self) -> int: ...

    @property
    def positions(self) -> int: ...

    def __len__(self) -> int: ...

    def taken(self, rows: slice | Ints) -> SampleBlock: ...

    def write(self, term: Term, row: Floats) -> None: ...


class TargetViews:
    """The same units under each of several target policies."""

    def __init__(self, of_target: Mapping[str, SampleBlock]) -> None:
        self.of_target = of_target
        self._any = next(iter(of_target.values()))

    @property
    def AT_A_TIME(self) -> int:
        return self._any.AT_A_TIME

    @property
    def positions(self) -> int:
        return self._any.positions

    def __len__(self) -> int:
        return len(self._any)

    def taken(self, rows: slice | Ints) -> TargetViews:
        """Some of the units."""
        return TargetViews({target: units.taken(rows) for target, units in self.of_target.items()})

    def write(self, term: Term, row: Floats) -> None:
        """Write a term of each unit into ``row`` (m,)."""
        self.of_target.get(term.target, self._any).write(term, row)


def write_terms(terms: Sequence[Term], units: SampleBlock, out: Floats) -> None:
    """Write each term of some units into its row of ``out`` (p, m)."""
    for row, term in zip(out, terms, strict=True):
        units.write(term, row)


def _write_reward(block: RoundBlock, _: Term, row: Floats) -> None:
    row[:] = block.columns["reward"]


def _write_weight(block: RoundBlock, term: Term, row: Floats) -> None:
    row[:] = block.weights(term)


def _write_weighted_reward(block: RoundBlock, term: Term, row: Floats) -> None:
    np.multiply(block.weights(term), block.columns["reward"], out=row)


def _write_model(block: RoundBlock, _: Term, row: Floats) -> None:
    row[:] = block.columns["q_target"]


def _write_weighted_residual(block: RoundBlock, term: Term, row: Floats) -> None:
    row[:] = block.weighted_residual(term)


def _write_doubly_robust(block: RoundBlock, term: Term, row: Floats) -> None:
    np.add(block.columns["q_target"], block.weighted_residual(term), out=row)


def _write_logged_by(_: RoundBlock, __: Term, row: Floats) -> None:
    row[:] = 1.0


WRITERS: dict[Kind, Callable[[RoundBlock, Term, Floats], None]] = {
    "reward": _write_reward,
    "weight": _write_weight,
    "weighted_reward": _write_weighted_reward,
    "model": _write_model,
    "weighted_residual": _write_weighted_residual,
    "doubly_robust": _write_doubly_robust,
    "logged_by": _write_logged_by,
}
