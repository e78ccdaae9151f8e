"""rankeval: ranking metrics and off-policy evaluation on logs, with standard errors and intervals."""

# The command blocks signals once this module is there, so that it imports nothing: not even ``typing``, whose
# constant type checkers know by its name.
TYPE_CHECKING = False
# A function called as its module comes from there: through the package, mypy may take the module for it.
if TYPE_CHECKING:
    from typing import Any

    from rankeval.ab_tests import AbAnalysis, AbPlan, Agreement
    from rankeval.ab_tests.ab import ab
    from rankeval.ab_tests.agreement import agreement
    from rankeval.ab_tests.plan_ab import plan_ab
    from rankeval.calibration import FittedCalibration
    from rankeval.calibration.calibrate import calibrate
    from rankeval.candidates import Uplift
    from rankeval.candidates.uplift import uplift
    from rankeval.errors import DataError, RankevalError, UsageError
    from rankeval.evaluation import Evaluation
    from rankeval.evaluation.evaluate import evaluate
    from rankeval.inspection import Inspection
    from rankeval.inspection.inspect import inspect
    from rankeval.interleaving import (
        InterleavedLists,
        InterleavingAnalysis,
        InterleavingPower,
        interleave,
        interleave_analyse,
        interleave_lists,
    )
    from rankeval.logs import Log, Sessions
    from rankeval.off_policy import OffPolicyEvaluation
    from rankeval.off_policy.ope import ope
    from rankeval.position_bias import PropensityCurve
    from rankeval.position_bias.propensity import propensity
    from rankeval.rankers.kinds import open_ranker
    from rankeval.rankers.ranking import Ranking
    from rankeval.rankers.ranking.rank import rank
    from rankeval.rankers.training import Training, train
    from rankeval.schemas import schema
    from rankeval.versions import __version__

# Public name -> the module that defines it. Modules load when a name is first used: Numba and Arrow take time
# to import, and `rankeval --help` and error messages do not need them.
_HOME = {
    "AbAnalysis": "rankeval.ab_tests",
    "AbPlan": "rankeval.ab_tests",
    "Agreement": "rankeval.ab_tests",
    "DataError": "rankeval.errors",
    "Evaluation": "rankeval.evaluation",
    "FittedCalibration": "rankeval.calibration",
    "Inspection": "rankeval.inspection",
    "InterleavedLists": "rankeval.interleaving",
    "InterleavingAnalysis": "rankeval.interleaving",
    "InterleavingPower": "rankeval.interleaving",
    "Log": "rankeval.logs",
    "OffPolicyEvaluation": "rankeval.off_policy",
    "PropensityCurve": "rankeval.position_bias",
    "RankevalError": "rankeval.errors",
    "Ranking": "rankeval.rankers.ranking",
    "Sessions": "rankeval.logs",
    "Training": "rankeval.rankers.training",
    "Uplift": "rankeval.candidates",
    "UsageError": "rankeval.errors",
    "__version__": "rankeval.versions",
    "ab": "rankeval.ab_tests",
    "agreement": "rankeval.ab_tests",
    "calibrate": "rankeval.calibration",
    "evaluate": "rankeval.evaluation",
    "fit": "rankeval.simulators.click_models.fitting",
    "inspect": "rankeval.inspection",
    "interleave": "rankeval.interleaving",
    "interleave_analyse": "rankeval.interleaving",
    "interleave_lists": "rankeval.interleaving",
    "interleave_power": "rankeval.simulators.interleaving",
    "interleave_simulate": "rankeval.simulators.interleaving",
    "ope": "rankeval.off_policy",
    "open_ranker": "rankeval.rankers.kinds",
    "plan_ab": "rankeval.ab_tests",
    "plan_shuffle": "rankeval.simulators.shuffle_plans",
    "propensity": "rankeval.position_bias",
    "rank": "rankeval.rankers.ranking",
    "schema": "rankeval.schemas",
    "simulate": "rankeval.simulators.logs",
    "train": "rankeval.rankers.training",
    "uplift": "rankeval.candidates",
}

__all__ = [
    "AbAnalysis",
    "AbPlan",
    "Agreement",
    "DataError",
    "Evaluation",
    "FittedCalibration",
    "Inspection",
    "InterleavedLists",
    "InterleavingAnalysis",
    "InterleavingPower",
    "Log",
    "OffPolicyEvaluation",
    "PropensityCurve",
    "RankevalError",
    "Ranking",
    "Sessions",
    "Training",
    "Uplift",
    "UsageError",
    "__version__",
    "ab",
    "agreement",
    "calibrate",
    "evaluate",
    "fit",
    "inspect",
    "interleave",
    "interleave_analyse",
    "interleave_lists",
    "interleave_power",
    "interleave_simulate",
    "ope",
    "open_ranker",
    "plan_ab",
    "plan_shuffle",
    "propensity",
    "rank",
    "schema",
    "simulate",
    "train",
    "uplift",
]


def __getattr__(name: str) -> "Any":
    if name in _HOME:
        from importlib import import_module

        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'rankeval' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
