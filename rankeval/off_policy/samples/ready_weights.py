"""Ready-made importance weights, such as ratios of densities of continuous actions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rankeval.array_types import Floats
from rankeval.arrays import as_float64
from rankeval.errors import UsageError
from rankeval.estimators import RATIO_COLUMNS
from rankeval.logs import Log, Sessions, own
from rankeval.off_policy.samples.column_sources import ColumnSources

#: Role of the weights.
WEIGHT = "importance_weight"
#: Weights that differ by less than this share of the larger one are equal, if they were rounded to float32.
TOLERANCE = 1e-5


def uses_ready_weights(log: Log, targets: Sequence[str]) -> bool:
    """Whether the weights of actions are ready-made: the log has them, and not the propensities.

    Raises:
        UsageError: some targets are given by weights and others by propensities.
    """
    if log.session is not None:
        return False
    sources = ColumnSources.of(log)
    found = {target: log.has(own(WEIGHT, target)) and not _known(sources, target) for target in targets}
    if len(set(found.values())) > 1:
        one = next(target for target in targets if found[target])
        other = next(target for target in targets if not found[target])
        raise UsageError(
            f"target: {one} is given by its weights and {other} by propensities, wanted one call for each"
        )
    return all(found.values())


def checked_weights(log: Log, targets: Sequence[str], columns: Sequence[str]) -> list[str]:
    """The target policies whose ready-made weights stand beside the propensities among the ``columns``."""
    ratio = set(RATIO_COLUMNS["action"]) <= set(columns)
    return [target for target in targets if ratio and log.has(own(WEIGHT, target))]


def require_same_weights(rounds: Sessions, target: str, weights: Floats) -> None:
    """Check that ready-made weights are the ratios of the propensities.

    Args:
        rounds: the rounds.
        target: name of the target policy.
        weights: (n,) the ratios.

    Raises:
        DataError: a weight differs by more than rounding.
    """
    role = own(WEIGHT, target)
    given = as_float64(rounds.column(role))
    same = np.abs(given - weights) <= TOLERANCE * np.maximum(np.abs(given), weights)
    if not same.all():
        row = int(np.argmin(same))
        wanted = f"{weights[row]:.8g}, the target propensity over the propensity"
        raise rounds.error(role, row, f"{given[row]:.8g}" if given[row] == given[row] else None, wanted)


def _known(sources: ColumnSources, target: str) -> bool:
    """Whether the log has both propensities of the logged action."""
    roles = [role for column in RATIO_COLUMNS["action"] for role in sources.sources(column, target)]
    return all(map(sources.log.has, roles))
