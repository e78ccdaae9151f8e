"""rankeval: ranking metrics and off-policy evaluation on logs, fast and with honest intervals."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from rankeval.errors import DataError, RankevalError, UsageError
    from rankeval.evaluation.evaluate import evaluate
    from rankeval.evaluation.result import Evaluation
    from rankeval.interleaving.analyse import interleave_analyse
    from rankeval.interleaving.analysis_result import InterleavingAnalysis
    from rankeval.interleaving.drawer import interleave
    from rankeval.interleaving.listing import InterleavedLists, interleave_lists
    from rankeval.interleaving.power import InterleavingPower
    from rankeval.logs.log import Log
    from rankeval.logs.sessions import Sessions
    from rankeval.off_policy.ope import ope
    from rankeval.off_policy.result import OffPolicyEvaluation
    from rankeval.position_bias.propensity import propensity
    from rankeval.position_bias.result import PropensityCurve

# Numba and Arrow load when a name is first used, so that `rankeval --help` and errors are instant.
_HOME = {
    "DataError": "rankeval.errors",
    "Evaluation": "rankeval.evaluation.result",
    "InterleavedLists": "rankeval.interleaving.listing",
    "InterleavingAnalysis": "rankeval.interleaving.analysis_result",
    "InterleavingPower": "rankeval.interleaving.power",
    "Log": "rankeval.logs.log",
    "OffPolicyEvaluation": "rankeval.off_policy.result",
    "PropensityCurve": "rankeval.position_bias.result",
    "RankevalError": "rankeval.errors",
    "Sessions": "rankeval.logs.sessions",
    "UsageError": "rankeval.errors",
    "evaluate": "rankeval.evaluation.evaluate",
    "fit": "rankeval.simulators.click_models.fitting.fit",
    "interleave": "rankeval.interleaving.drawer",
    "interleave_analyse": "rankeval.interleaving.analyse",
    "interleave_lists": "rankeval.interleaving.listing",
    "interleave_power": "rankeval.simulators.interleaved.interleaving",
    "interleave_simulate": "rankeval.simulators.interleaved.interleaving",
    "ope": "rankeval.off_policy.ope",
    "plan_shuffle": "rankeval.simulators.shuffle_plans.plan",
    "propensity": "rankeval.position_bias.propensity",
    "simulate": "rankeval.simulators.logs.simulation",
}

__all__ = [
    "DataError",
    "Evaluation",
    "InterleavedLists",
    "InterleavingAnalysis",
    "InterleavingPower",
    "Log",
    "OffPolicyEvaluation",
    "PropensityCurve",
    "RankevalError",
    "Sessions",
    "UsageError",
    "__version__",
    "evaluate",
    "fit",
    "interleave",
    "interleave_analyse",
    "interleave_lists",
    "interleave_power",
    "interleave_simulate",
    "ope",
    "plan_shuffle",
    "propensity",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'rankeval' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
