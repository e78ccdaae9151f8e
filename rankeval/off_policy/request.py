"""What is asked of the log, checked against what the log holds before any pass over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rankeval.estimators import Estimator, parse
from rankeval.inference import InferenceOptions
from rankeval.logs import Log, check_grouping
from rankeval.off_policy.nuisances import FittingOptions
from rankeval.off_policy.samples import ColumnSources, Setting, with_targets


@dataclass(frozen=True)
class Request:
    """Estimates asked of a log that can give them.

    Attributes:
        sources: the log, what is known beside it, and which columns give what estimators need.
        estimators: in the order asked.
        fitting: how nuisance models are fitted; its ``cluster`` and ``threads`` are those of all passes.
        infer: how errors and intervals are computed.
        by: a column that splits the units into segments.
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
        """Estimators by name (none: those that the log can feed) of target policies by column.

        Raises:
            DataError: a column is missing, or holds lists where each round has one value.
            UsageError: an estimator that is unknown, or needs another column of the targets than others do.
        """
        check_grouping(log, by, fitting.cluster)
        chosen = tuple(dict.fromkeys(map(parse, names or default_estimators(log, setting))))
        log = with_targets(log, columns_of, chosen)
        if log.session is None:
            log = log.with_lists([*setting.embedding, *(fitting.features if setting.modelled else ())])
        sources = ColumnSources.of(log, setting)
        sources.require(chosen)
        return cls(sources, chosen, fitting, infer, by)

    @property
    def log(self) -> Log:
        """The log, with the columns of target policies in their roles."""
        return self.sources.log

    @property
    def setting(self) -> Setting:
        """What is known beside the log."""
        return self.sources.setting

    def inputs(self, columns_of: Mapping[str, str], embedding: Sequence[str]) -> dict[str, Any]:
        """What was asked, as JSON takes it."""
        setting, fitting, modelled = self.setting, self.fitting, self.setting.modelled
        bias, stated = setting.position_bias, setting.reward_range
        from_clicks = any(estimator.definition.of_clicks for estimator in self.estimators)
        return {
            "log": self.log.origin,
            "estimators": [estimator.label for estimator in self.estimators],
            "targets": dict(columns_of) or None,
            "position_bias": None if bias is None else bias.origin,
            "estimand": setting.estimand if from_clicks else None,
            "where": self.log.where,
            "reward": self.log.reward,
            "reward_range": stated and [stated.low, stated.high],
            "reward_model": fitting.reward_model,
            "features": list(fitting.features),
            "folds": fitting.folds if modelled else None,
            "model_weighting": fitting.weighting if modelled else None,
            "embedding": list(embedding),
            "by": self.by,
            "cluster": fitting.cluster,
            "seed": self.infer.seed,
        }


def default_estimators(log: Log, setting: Setting) -> Sequence[str]:
    """Those that the log can feed, where none are asked for."""
    if log.session is not None:
        return ["click_ips"] if setting.position_bias is not None else _of_rankings(log)
    known = (log.has("q_logged") and log.has("q_target")) or log.has("candidate_q")
    return ["ips", "snips", *(["dr"] if known or setting.modelled else [])]


def _of_rankings(log: Log) -> Sequence[str]:
    """All that are not normalised; ``pi`` where its weights are logged; else ``click_ips``."""
    names = ["sips", "iips", "rips", "policy_aware", "pi", "cascade_dr"]
    can = ColumnSources.of(log).fed()
    fed = [name for name in names if name in can and (name != "pi" or log.has("slate_weight"))]
    return fed or ["click_ips" if log.has("examination") or log.has("score") else names[0]]
