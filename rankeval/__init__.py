"""rankeval: ranking metrics and off-policy evaluation on logs, fast and with honest intervals."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from rankeval.errors import DataError, RankevalError, UsageError
    from rankeval.evaluation import evaluate
    from rankeval.evaluation_result import Evaluation
    from rankeval.log import Log
    from rankeval.off_policy import ope
    from rankeval.off_policy_result import OffPolicyEvaluation
    from rankeval.propensities.estimation import propensity
    from rankeval.propensities.result import PropensityCurve
    from rankeval.sessions import Sessions

# Numba and Arrow load when a name is first used, so that `rankeval --help` and errors are instant.
_HOME = {
    "DataError": "rankeval.errors",
    "Evaluation": "rankeval.evaluation_result",
    "Log": "rankeval.log",
    "OffPolicyEvaluation": "rankeval.off_policy_result",
    "PropensityCurve": "rankeval.propensities.result",
    "RankevalError": "rankeval.errors",
    "Sessions": "rankeval.sessions",
    "UsageError": "rankeval.errors",
    "evaluate": "rankeval.evaluation",
    "fit": "rankeval.simulators.click_models.fitting.fit",
    "ope": "rankeval.off_policy",
    "propensity": "rankeval.propensities.estimation",
}

__all__ = [
    "DataError",
    "Evaluation",
    "Log",
    "OffPolicyEvaluation",
    "PropensityCurve",
    "RankevalError",
    "Sessions",
    "UsageError",
    "__version__",
    "evaluate",
    "fit",
    "ope",
    "propensity",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'rankeval' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
