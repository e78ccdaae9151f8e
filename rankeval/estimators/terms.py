"""What is computed for each round and averaged: weights, rewards and the model's predictions, combined.

Symbols: reward ``r``, weight ``w = target_propensity / propensity``, ``q`` the model's prediction for the
logged action, ``q_pi`` its expectation under the target policy, ``u`` the weight as an estimator transforms it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Transform = Literal["plain", "clipped"]
Kind = Literal["reward", "weight", "weighted_reward", "model", "weighted_residual", "doubly_robust"]


@dataclass(frozen=True)
class Weighting:
    """A transform of the importance weight, with its parameter."""

    transform: Transform = "plain"
    parameter: float = 0.0


@dataclass(frozen=True)
class Term:
    """One number per round, whose mean over rounds estimators are made of."""

    kind: Kind
    weighting: Weighting = Weighting()


#: The logged reward itself, against which every gain is measured.
REWARD = Term("reward")
#: The importance weight as it is, for the diagnostics.
WEIGHT = Term("weight")


@dataclass(frozen=True)
class Block:
    """Columns of some rounds, each (m,) float64 and checked."""

    columns: Mapping[str, Floats]

    @cached_property
    def weight(self) -> Floats:
        return self.columns["target_propensity"] / self.columns["propensity"]

    @cached_property
    def residual(self) -> Floats:
        return self.columns["reward"] - self.columns["q_logged"]

    def transformed(self, weighting: Weighting, out: Floats) -> Floats:
        """The weights as an estimator uses them, written to ``out``."""
        return TRANSFORMS[weighting.transform](self.weight, weighting.parameter, out)


#: ``(w, parameter, out) -> u``.
TRANSFORMS: dict[Transform, Callable[[Floats, float, Floats], Floats]] = {
    "plain": lambda weight, _, out: np.positive(weight, out=out),
    "clipped": lambda weight, bound, out: np.minimum(weight, bound, out=out),
}

_WEIGHT_COLUMNS = ("propensity", "target_propensity")
#: The columns that each kind of term is computed from.
COLUMNS: dict[Kind, tuple[str, ...]] = {
    "reward": ("reward",),
    "weight": _WEIGHT_COLUMNS,
    "weighted_reward": (*_WEIGHT_COLUMNS, "reward"),
    "model": ("q_target",),
    "weighted_residual": (*_WEIGHT_COLUMNS, "reward", "q_logged"),
    "doubly_robust": (*_WEIGHT_COLUMNS, "reward", "q_logged", "q_target"),
}


def needed_columns(terms: Iterable[Term]) -> list[str]:
    """Columns of a bandit log that these terms are computed from, each once."""
    return list(dict.fromkeys(column for term in terms for column in COLUMNS[term.kind]))


def write_terms(terms: Sequence[Term], block: Block, out: Floats) -> None:
    """Write each term of a block into its row of ``out`` (p, m)."""
    for row, term in zip(out, terms, strict=True):
        _write(term, block, row)


def _write(term: Term, block: Block, row: Floats) -> None:
    if term.kind == "reward":
        row[:] = block.columns["reward"]
        return
    if term.kind == "model":
        row[:] = block.columns["q_target"]
        return
    block.transformed(term.weighting, row)
    if term.kind == "weighted_reward":
        row *= block.columns["reward"]
    elif term.kind in ("weighted_residual", "doubly_robust"):
        row *= block.residual
        if term.kind == "doubly_robust":
            row += block.columns["q_target"]
