"""The request: the arguments of ``ope``, checked against the columns of the log before any pass over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isinf
from typing import Any

from rankeval.estimators import Estimator, parse
from rankeval.inference import InferenceOptions
from rankeval.logs import Log, check_grouping, stated
from rankeval.off_policy.nuisances import FittingOptions
from rankeval.off_policy.samples import (
    ACTION_VALUES,
    ColumnSources,
    Setting,
    given_by_scores,
    listed_targets,
    require_one_kind,
    uses_ready_weights,
    uses_session_reward,
    with_scalar_reward,
    with_scale,
    with_targets,
)


@dataclass(frozen=True)
class Request:
    """The requested estimates of a log that has the columns for them.

    Attributes:
        sources: the log, the setting, and the columns from which the terms are computed.
        estimators: in the requested order.
        fitting: how nuisance models are fitted; all passes use its ``cluster`` and ``threads``.
        infer: how standard errors and intervals are computed.
        by: the column that splits the units into segments; None: no segments.
    """

    sources: ColumnSources
    estimators: tuple[Estimator, ...]
    fitting: FittingOptions
    infer: InferenceOptions
    by: str | None

    @classmethod
    def of(
        cls,
        log: Log,
        names: Sequence[str],
        columns_of: Mapping[str, str],
        setting: Setting,
        fitting: FittingOptions,
        infer: InferenceOptions,
        by: str | None,
    ) -> Request:
        """Parse and check a request.

        Args:
            log: the log.
            names: estimators such as ``cips:max_weight=5``; empty: :func:`default_estimators`.
            columns_of: name of each target policy -> its column.
            setting: the facts that the caller states.
            fitting: how nuisance models are fitted.
            infer: how standard errors and intervals are computed.
            by: the column that splits the units into segments.

        Raises:
            DataError: a column is missing, or holds lists although it needs one value per round.
            UsageError: an unknown estimator, or estimators that need different columns of a target policy.
        """
        check_grouping(log, by, fitting.cluster)
        log = with_scalar_reward(log)
        chosen = tuple(dict.fromkeys(map(parse, names or default_estimators(log, setting))))
        require_one_kind(chosen)
        setting = replace(
            setting,
            session_reward=uses_session_reward(log, chosen),
            scored=given_by_scores(log, columns_of),
        )
        log = with_targets(log, columns_of, chosen)
        setting = replace(setting, weighed=uses_ready_weights(log, setting.targets))
        chosen = tuple(map(setting.form_of, chosen))
        if log.session is None:
            log = log.with_lists([*setting.embedding, *(fitting.features if setting.modelled else ())])
            each = log.has("candidate_q") and not setting.modelled
            setting = replace(setting, listed=listed_targets(log, setting.targets), predicts_each=each)
        sources = ColumnSources.of(log, setting)
        sources.require(chosen)
        chosen = with_scale(log, chosen, fitting.threads)
        return cls(sources, chosen, fitting, infer, by)

    @property
    def log(self) -> Log:
        """The log, with roles for the columns of the target policies."""
        return self.sources.log

    @property
    def setting(self) -> Setting:
        """The facts that the caller states."""
        return self.sources.setting

    def inputs(self, columns_of: Mapping[str, str], embedding: Sequence[str]) -> dict[str, Any]:
        """The arguments of the call as values for JSON."""
        setting, fitting, modelled = self.setting, self.fitting, self.setting.modelled
        bias, within, weights = setting.position_bias, setting.reward_range, setting.weight_range
        from_clicks = any(estimator.definition.of_clicks for estimator in self.estimators)
        return {
            "log": self.log.origin,
            "estimators": [estimator.label for estimator in self.estimators],
            "targets": dict(columns_of) or None,
            "position_bias": None if bias is None else bias.origin,
            "estimand": setting.estimand if from_clicks else None,
            "where": self.log.where,
            "reward": self.log.reward,
            "reward_range": within and [within.low, within.high],
            "weight_range": weights and [weights.low, None if isinf(weights.high) else weights.high],
            **stated(self.log),
            "reward_model": fitting.reward_model,
            "features": list(fitting.features),
            "folds": fitting.folds if modelled else None,
            "model_weighting": fitting.weighting if modelled else None,
            "embedding": list(embedding),
            "by": self.by,
            "cluster": fitting.cluster,
            "seed": self.infer.seed,
            "pessimistic": setting.pessimistic,
        }


def default_estimators(log: Log, setting: Setting) -> Sequence[str]:
    """The estimators to compute if the caller names none; they depend on the columns of the log."""
    if log.session is not None:
        return ["click_ips"] if setting.position_bias is not None else _of_rankings(log)
    if all(map(log.has, ACTION_VALUES)) and not log.has("target_propensity"):
        predicted = log.has("q_logged") and log.has("q_target")
        return ["kips", "ksnips", *(["kdr"] if predicted else [])]
    known = (log.has("q_logged") and log.has("q_target")) or log.has("candidate_q")
    return ["ips", "snips", *(["dr"] if known or setting.modelled else [])]


def _of_rankings(log: Log) -> Sequence[str]:
    """The estimators without self-normalisation whose columns the log has.

    ``pi`` is among them only if ``slate_weight`` is logged. If the log has the columns of no such estimator,
    the default is ``click_ips`` if it has ``examination`` or ``score``, else ``sips``.
    """
    names = ["sips", "iips", "rips", "policy_aware", "pi", "cascade_dr"]
    if log.session_reward:
        names = ["sips", "pi"]  # the others need rewards by position
    can = ColumnSources.of(log).fed()
    fed = [name for name in names if name in can and (name != "pi" or log.has("slate_weight"))]
    return fed or ["click_ips" if log.has("examination") or log.has("score") else names[0]]
