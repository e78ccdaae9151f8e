"""Terms: one number per unit, computed from weights, rewards and predictions, that estimators average.

The units are rounds or sessions. This module computes the terms of the rounds of a bandit log, and
``ranking_terms.py`` the terms of sessions.

Symbols: reward ``r``, importance weight ``w = target_propensity / propensity``, prediction ``q`` for the
logged action, its expectation ``q_pi`` under the target policy, and the transformed weight ``u``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Protocol

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.estimators.transforms import PLAIN, TRANSFORMS, Weighting, kernel_weights

Kind = Literal[
    "reward", "weight", "weighted_reward", "model", "weighted_residual", "doubly_robust", "logged_by",
    "shown", "weight_sum", "click_affine", "click_doubly_robust", "overlap", "unshown", "unshown_model",
    "support_gap", "near_support", "gap_model",
]  # fmt: skip
Ratio = Literal[
    "action", "ready", "mixture", "embedding", "kernel", "list", "item", "prefix", "exposure", "slate",
    "subset", "examination", "rho", "trust", "dcg", "precision", "rank", "match",
]  # fmt: skip


@dataclass(frozen=True)
class Term:
    """One number per unit; estimators are functions of the means of terms over units.

    Attributes:
        kind: the formula.
        weighting: transform of the importance weight.
        ratio: kind of importance weight (:data:`RATIO_COLUMNS`).
        position: position of the ranking that the term covers; 0 for all.
        target: name of the target policy; empty if it has none.
        logger: number of a logging policy: the term is 0 for the rounds of all others; 0 for all rounds.
        cutoff: number of top positions that count; 0 for all. Of ``near_support`` a power of ten.
    """

    kind: Kind
    weighting: Weighting = PLAIN
    ratio: Ratio = "action"
    position: int = 0
    target: str = ""
    logger: int = 0
    cutoff: int = 0

    @property
    def plain(self) -> Term:
        """The term of the untransformed weight in this term, over all positions and all units.

        A weight by a kernel is none without its bandwidth.
        """
        weighting = self.weighting if self.ratio == "kernel" else PLAIN
        return replace(self, kind="weight", weighting=weighting, position=0, logger=0)


#: The logged reward, with which gains compare.
REWARD = Term("reward")


class RoundBlock:
    """Checked columns of ``m`` rounds, each (m,) float64. Weights that terms share are computed once."""

    #: Number of rounds per block: their terms fit into the second-level cache.
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
        """The block of some of the rounds."""
        return RoundBlock({name: column[rows] for name, column in self.columns.items()})

    def write(self, term: Term, row: Floats) -> None:
        """Write the term of each round into ``row`` (m,)."""
        WRITERS[term.kind](self, term, row)
        if term.logger:
            row *= self.columns["logger"] == term.logger

    @cached_property
    def residual(self) -> Floats:
        """(m,) ``r - q``."""
        return self.columns["reward"] - self.columns["q_logged"]

    def weights(self, term: Term) -> Floats:
        """(m,) ``u``, the transformed weights."""
        return self._transformed(term.ratio, term.weighting)

    def _transformed(self, ratio: Ratio, weighting: Weighting) -> Floats:
        key = ratio, weighting
        if key not in self._weights:
            if ratio == "kernel":
                columns = (self.columns[name] for name in RATIO_COLUMNS[ratio])
                self._weights[key] = kernel_weights(weighting, *columns)
            elif weighting == PLAIN:
                *logging, target = (self.columns[name] for name in RATIO_COLUMNS[ratio])
                self._weights[key] = target / logging[0] if logging else target
            else:
                plain = self._transformed(ratio, PLAIN)
                self._weights[key] = TRANSFORMS[weighting.transform](plain, weighting.parameter)
        return self._weights[key]

    def weighted_residual(self, term: Term) -> Floats:
        """(m,) ``u (r - q)``."""
        key = term.ratio, term.weighting
        if key not in self._residuals:
            self._residuals[key] = self.weights(term) * self.residual
        return self._residuals[key]


#: Kind of weight -> its columns: the divisor first and the target policy's last, or the weight itself.
RATIO_COLUMNS: dict[Ratio, tuple[str, ...]] = {
    "action": ("propensity", "target_propensity"),
    "ready": ("importance_weight",),
    "mixture": ("mixture_propensity", "target_propensity"),
    "embedding": ("marginal_propensity", "target_marginal_propensity"),
    "kernel": ("density", "action_value", "target_action_value"),
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
#: Kinds of weights of bandit logs.
OF_ACTIONS: frozenset[Ratio] = frozenset({"action", "ready", "mixture", "embedding", "kernel"})
#: Kinds of weights of rankings with one value per session, not one per position.
OF_SESSIONS: frozenset[Ratio] = frozenset({"list", "slate"})
#: Kinds of weights of clicks, which follow from the positions under a candidate ranker.
CLICK_RATIOS: frozenset[Ratio] = frozenset(
    {"examination", "rho", "trust", "dcg", "precision", "rank", "match"}
)
#: Kinds of terms that contain a weight.
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
#: Kinds of terms of support, each with a column of its own.
_OF_SUPPORT: tuple[Kind, ...] = ("support_gap", "near_support", "gap_model")
#: Kind of term -> its columns, without the columns of its weight.
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
    **dict.fromkeys(_OF_SUPPORT, ()),
}


def needed_columns(terms: Iterable[Term]) -> list[str]:
    """The columns of a log from which these terms are computed, each once."""
    columns: dict[str, None] = {}
    for term in terms:
        weights = RATIO_COLUMNS[term.ratio] if term.kind in WEIGHTED else ()
        loggers = ("logger",) if term.logger else ()
        near = (_near(term),) if term.kind in _OF_SUPPORT else ()
        columns.update(dict.fromkeys((*weights, *COLUMNS[term.kind], *loggers, *near)))
    return list(columns)


def _near(term: Term) -> str:  # its column
    return f"near_support_{term.cutoff}" if term.kind == "near_support" else term.kind


class SampleBlock(Protocol):
    """Some rounds or sessions of a log, from which terms are computed."""

    @property
    def AT_A_TIME(self) -> int: ...

    @property
    def positions(self) -> int: ...

    def __len__(self) -> int: ...

    def taken(self, rows: slice | Ints) -> SampleBlock: ...

    def write(self, term: Term, row: Floats) -> None: ...


class TargetViews:
    """The same rounds or sessions with the columns of each of several target policies."""

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
        """The views of some of the units."""
        return TargetViews({target: units.taken(rows) for target, units in self.of_target.items()})

    def write(self, term: Term, row: Floats) -> None:
        """Write the term of each unit into ``row`` (m,)."""
        self.of_target.get(term.target, self._any).write(term, row)


def write_terms(terms: Sequence[Term], units: SampleBlock, out: Floats) -> None:
    """Write each of ``p`` terms of ``m`` units into its row of ``out`` (p, m)."""
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
    row[:] = 1.0  # RoundBlock.write sets the rounds of other logging policies to 0


WRITERS: dict[Kind, Callable[[RoundBlock, Term, Floats], None]] = {
    "reward": _write_reward,
    "weight": _write_weight,
    "weighted_reward": _write_weighted_reward,
    "model": _write_model,
    "weighted_residual": _write_weighted_residual,
    "doubly_robust": _write_doubly_robust,
    "logged_by": _write_logged_by,
    **dict.fromkeys(_OF_SUPPORT, lambda block, term, row: np.copyto(row, block.columns[_near(term)])),
}
