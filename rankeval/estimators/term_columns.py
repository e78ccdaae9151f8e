"""The columns from which terms are computed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rankeval.estimators.terms import Kind, Ratio, Term

#: Kind of weight -> its columns: the divisor first and the target policy's last, or the weight itself.
RATIO_COLUMNS: dict[Ratio, tuple[str, ...]] = {
    "action": ("propensity", "target_propensity"),
    "ready": ("importance_weight",),
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
#: Kinds of weights of bandit logs.
OF_ACTIONS: frozenset[Ratio] = frozenset({"action", "ready", "mixture", "embedding"})
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
    "support_gap": ("support_gap",),
    "near_support": (),
}


def near_column(term: Term) -> str:
    """The column of the near-support whose power of ten is the cutoff."""
    return f"near_support_{term.cutoff}"


def needed_columns(terms: Iterable[Term]) -> list[str]:
    """The columns of a log from which these terms are computed, each once."""
    columns: dict[str, None] = {}
    for term in terms:
        weights = RATIO_COLUMNS[term.ratio] if term.kind in WEIGHTED else ()
        loggers = ("logger",) if term.logger else ()
        near = (near_column(term),) if term.kind == "near_support" else ()
        columns.update(dict.fromkeys((*weights, *COLUMNS[term.kind], *loggers, *near)))
    return list(columns)
