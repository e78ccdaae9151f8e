"""The options of ``train``, checked before any row is read, and what is read for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rankeval.errors import DataError, UsageError
from rankeval.logs import Log, role_names, stated
from rankeval.rankers import feature_columns
from rankeval.rankers.training.clicks import Learning, parse_learning
from rankeval.rankers.training.examples import Reading
from rankeval.rankers.training.parameters import parse_parameters
from rankeval.rankers.training.splits import FOLDS, UNIT, Split

#: Characters that LightGBM keeps in no name of a feature.
_NOT_IN_NAMES = frozenset(' \t\n\r,:[]{}"')
MOST_TRIALS = 10_000
#: Roles of judgements that stop the training from clicks.
_JUDGED = ("query_id", "item_id", "relevance")


@dataclass(frozen=True)
class Request:
    """What to train.

    Attributes:
        learning: what is learned.
        split: which queries train.
        parameters: LightGBM's parameters that the caller set.
        features: names of the features that the caller chose; empty for the default.
        tune: number of trials of the search for parameters, or None.
        seed: seed of the split and of LightGBM.
        level: level of the intervals.
    """

    learning: Learning
    split: Split
    parameters: Mapping[str, Any]
    features: Sequence[str]
    tune: int | None
    seed: int
    level: float

    @classmethod
    def of(
        cls, learning: Mapping[str, Any], split: Split, param: Any, features: Sequence[str], **options: Any
    ) -> Request:
        """The checked request; ``learning`` holds objective, clicks and position_bias.

        Raises:
            UsageError: an option is unknown, out of range, or does not go with another.
            DataError: the position-bias curve cannot be read.
        """
        parameters = parse_parameters(param)
        gains = parameters.get("label_gain")
        learnt = parse_learning(learning["objective"], learning["clicks"], learning["position_bias"], gains)
        regularisation = parameters.get("lambdarank_position_bias_regularization")
        if learnt.clicks == "position" and regularisation == 1:
            raise UsageError(
                "param: lambdarank_position_bias_regularization=1 is exactly no correction, wanted another"
            )
        tune, seed, level = options["tune"], options["seed"], options["level"]
        if tune is not None and not 1 <= tune <= MOST_TRIALS:
            raise UsageError(f"tune: found {tune}, wanted 1 to {MOST_TRIALS:,}")
        if tune is not None and split.way not in ("folds", "hash"):
            raise UsageError(f"tune: searches with folds, found the split by {split.way}")
        if not 0 <= seed < 2**31:
            raise UsageError(f"seed: found {seed}, wanted 0 to 2^31 - 1")
        if not 0.0 < level < 1.0:
            raise UsageError(f"level: found {level}, wanted a number above 0 and below 1")
        if tune is not None and split.folds is None:
            split = replace(split, folds=FOLDS)
        return cls(learnt, split, parameters, features, tune, seed, level)

    def reading(self, data: Any, columns: Mapping[str, str], where: str | None, **of_clicks: Any) -> Reading:
        """What is read of the training data; ``of_clicks`` are further options of a log of clicks.

        Raises:
            DataError: a column is missing or does not fit.
            UsageError: a feature is the outcome, or names the split.
        """
        log = Log(data, "judgements" if self.learning.clicks is None else "log", columns, where, **of_clicks)
        for option in stated(log) if self.learning.clicks is None else ():
            raise UsageError(f"{option}: found one for judgements, wanted it only with clicks")
        if self.learning.clicks is not None and log.session is None:
            raise DataError(
                f"{log.origin}: no column {log.name('session_id')!r}, wanted a click log with sessions"
            )
        log = log.with_roles(self.split.columns)
        features = feature_columns(log, self.features, self.split.columns.values())
        _check_names(log, features)
        return self._reading(log, features, list(self.split.columns))

    def valid_reading(self, like: Reading) -> Reading:
        """What is read of the data that stops the training: the same features, with grades or clicks."""
        columns = {role: name for role, name in like.log.columns.items() if role in role_names()}
        role = like.log.role
        log = Log(self.split.valid, role, columns, **stated(like.log))
        if self.learning.clicks is not None and (log.session is None or "relevance" in log.schema.names):
            judged = Log(self.split.valid, "judgements", {r: columns[r] for r in _JUDGED if r in columns})
            if judged.has("relevance"):
                return Reading(judged, "query_id", "relevance", like.features)
        return self._reading(log, like.features, [])

    def _reading(self, log: Log, features: Sequence[str], fields: list[str]) -> Reading:
        if self.learning.clicks is None:
            return Reading(log, "query_id", "relevance", features, fields)
        if log.has("query_id"):
            log, fields = log.with_roles({UNIT: log.name("query_id")}), [*fields, UNIT]
        if self.learning.clicks != "naive" or self.learning.curve is not None:
            fields.append("position")
        return Reading(log, "session_id", "click", features, fields)


def _check_names(log: Log, features: Sequence[str]) -> None:
    for name in features:
        if not name.strip("=") or _NOT_IN_NAMES & set(name):
            raise DataError(
                f'{log.origin}: found column {name!r}, wanted a name without blanks and ,:[]{{}}", and not '
                "of = alone, which LightGBM does not keep"
            )
