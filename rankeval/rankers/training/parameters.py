"""LightGBM's parameters: defaults that follow the size of the data, what a caller may set, what is fixed."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rankeval.errors import UsageError
from rankeval.options import shown

OBJECTIVES = ("lambdarank", "rank_xendcg", "binary", "regression")
#: Rounds without a better validation metric after which training stops, and the most trees.
PATIENCE, MOST_TREES = 100, 3000
#: For data with fewer queries than the first number: pairs of the leaves of a tree and the learning rate, the
#: most careful one first.
_SIZES: tuple[tuple[float, tuple[tuple[int, float], ...]], ...] = (
    (2_000, ((7, 0.02), (31, 0.05))),
    (20_000, ((15, 0.05), (31, 0.05))),
    (100_000, ((31, 0.05),)),
    (float("inf"), ((63, 0.1),)),
)
#: What a caller may set. LightGBM's other parameters name files, columns, machines and modes of prediction.
SETTABLE = frozenset({
    "bagging_by_query", "bagging_fraction", "bagging_freq", "bagging_seed", "boost_from_average",
    "boosting", "cat_l2", "cat_smooth", "data_sample_strategy", "drop_rate", "drop_seed",
    "early_stopping_min_delta", "early_stopping_round", "extra_seed", "extra_trees",
    "feature_contri", "feature_fraction", "feature_fraction_bynode", "feature_fraction_seed",
    "feature_pre_filter", "interaction_constraints", "is_unbalance", "label_gain", "lambda_l1",
    "lambda_l2", "lambdarank_norm", "lambdarank_position_bias_regularization",
    "lambdarank_truncation_level", "learning_rate", "max_bin", "max_bin_by_feature", "max_cat_threshold",
    "max_cat_to_onehot", "max_delta_step", "max_depth", "max_drop", "min_data_in_bin",
    "min_data_in_leaf", "min_data_per_group", "min_gain_to_split", "min_sum_hessian_in_leaf",
    "monotone_constraints", "monotone_constraints_method", "monotone_penalty", "neg_bagging_fraction",
    "num_iterations", "num_leaves", "objective_seed", "other_rate", "path_smooth",
    "pos_bagging_fraction", "reg_sqrt", "scale_pos_weight", "sigmoid", "skip_drop", "top_rate",
    "uniform_drop", "use_missing", "xgboost_dart_mode", "zero_as_missing",
})  # fmt: skip
#: Parameter -> the option that sets it, or why it cannot be set.
_FIXED = {
    "objective": "use the option objective",
    "num_threads": "use the option threads",
    "seed": "use the option seed",
    "metric": "training stops on a metric of its own",
    "categorical_feature": "texts among the features are categories",
    **dict.fromkeys(
        ("deterministic", "force_row_wise", "force_col_wise", "enable_bundle", "bin_construct_sample_cnt"),
        "it is fixed so that models are reproducible",
    ),
}


def default_parameters(queries: int, rows: int) -> list[dict[str, Any]]:
    """Defaults for training data of this size: settings to choose from, the most careful one first.

    LightGBM's own defaults (31 leaves, rate 0.1, 20 rows a leaf) overfit a few hundred queries with weak
    features, but small trees fall behind where features are strong.

    Args:
        queries: number of queries that train.
        rows: number of their items.
    """
    shared = {
        "min_data_in_leaf": max(1, min(50, rows // 40)),
        "num_iterations": MOST_TREES,
        "early_stopping_round": PATIENCE,
    }
    settings = next(settings for most, settings in _SIZES if queries < most)
    return [{"num_leaves": leaves, "learning_rate": rate, **shared} for leaves, rate in settings]


def fixed_parameters(seed: int, threads: int, rows: int) -> dict[str, Any]:
    """Settings that make the model the same for any number of threads and any order of the rows.

    Histograms are built by column, and sparse columns are not bundled, so that one thread adds up all of a
    sum: by row, or in bundles, threads add parts of it, and its last bits depend on their number. LightGBM
    chooses bins from a sample of ``bin_construct_sample_cnt`` rows, so
    that the order of the rows moves them; here all rows are the sample.
    """
    return {
        "seed": seed,
        "num_threads": threads,
        "deterministic": True,
        "force_col_wise": True,
        "enable_bundle": False,
        "bin_construct_sample_cnt": max(rows + 1, 200_000),
        "metric": "None",
        "verbosity": 0,
    }


def parse_parameters(given: Mapping[str, Any] | Sequence[str]) -> dict[str, Any]:
    """The parameters of a call: a dict, or texts ``NAME=VALUE``.

    Raises:
        UsageError: a text has another form, a parameter is given twice, or it cannot be set.
    """
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, Mapping):
        parsed: dict[str, Any] = {}
        for text in given:
            name, equals, value = text.partition("=")
            if not (name and equals and value):
                raise UsageError(f"param: found {text!r}, wanted NAME=VALUE")
            if name in parsed:
                raise UsageError(f"param: found {name!r} twice, wanted it once")
            parsed[name] = _value(value)
        given = parsed
    found: dict[str, Any] = {}
    for given_name, value in given.items():
        if not isinstance(given_name, str):
            raise UsageError(f"param: found {shown(given_name)}, wanted the name of a parameter")
        name = _canonical(given_name)
        if name in found:
            raise UsageError(f"param: {name!r} is given twice, wanted it once")
        _require_plain(name, value)
        if name == "interaction_constraints":
            _require_constraints(value)
        found[name] = value
    return found


def _require_constraints(groups: Any) -> None:
    """Check ``interaction_constraints``; LightGBM misreads other values than lists of places."""
    sound = isinstance(groups, list | tuple) and all(
        isinstance(group, list | tuple) and all(isinstance(place, int) and place >= 0 for place in group)
        for group in groups
    )
    if not sound:
        wanted = "lists of places of features, from 0, such as [[0,1],[2]]"
        raise UsageError(f"param: interaction_constraints is {shown(groups)}, wanted {wanted}")


def _require_plain(name: str, value: Any) -> None:
    """Check that LightGBM reads a value as one value: a word, a finite number, or lists of them.

    LightGBM gets all parameters as one text, in which white space separates them.
    """
    if isinstance(value, list | tuple):
        for each in value:
            _require_plain(name, each)
    elif isinstance(value, str):
        if not re.fullmatch(r"[\w.+-]+", value):
            raise UsageError(f"param: {name} is {shown(value)}, wanted one word")
    elif not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(f"param: {name} is {shown(value)}, wanted a finite number, a word or a list of them")


def _canonical(given: str) -> str:
    """LightGBM's main name of a parameter.

    Raises:
        UsageError: LightGBM does not know it, or it cannot be set.
    """
    from lightgbm.basic import _ConfigAliases

    names = {
        alias: name for name, aliases in _ConfigAliases._get_all_param_aliases().items() for alias in aliases
    }
    if given not in names:
        near = difflib.get_close_matches(given, SETTABLE, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"param: LightGBM has no {given!r}; {hint}wanted one of its parameters")
    name = names[given]
    if name not in SETTABLE:
        raise UsageError(
            f"param: {given!r} cannot be set, {_FIXED.get(name, 'it has no use in training here')}"
        )
    return name


def whole_parameter(parameters: Mapping[str, Any], name: str) -> int:
    """A parameter that counts something.

    Raises:
        UsageError: it is no whole number of at least 1.
    """
    value = parameters[name]
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UsageError(f"param: {name} is {shown(value)}, wanted a whole number of at least 1")
    return value


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float | bool | list) else text
