"""XGBoost's models in JSON and UBJSON, checked before XGBoost reads them.

XGBoost's own readers trust the file: a wrong length, count or index ends the process, and a tree whose child
is its own ancestor makes prediction endless. Here the bytes are decoded, everything that prediction walks
along is checked, and XGBoost gets what was checked, written anew as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rankeval.errors import DataError
from rankeval.rankers.kinds.ubjson import decoded
from rankeval.rankers.kinds.xgboost_trees import Malformed, check_linear, check_trees, item, whole, whole_list

#: Parts that hold what a model predicts with; others, such as ``Config`` of the environment, are left out.
_PARTS = ("learner", "version")
_OBJECTIVE = re.compile(r"[a-z]+:[a-z_]+")


def read_model(path: str) -> bytes:
    """Read and check a model file; what XGBoost needs of it to predict, as JSON.

    Raises:
        DataError: the file cannot be read, or is no sound model with one score for each item.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    try:
        return checked_model(content)
    except Malformed as wrong:
        raise DataError(f"{path}: {wrong}, wanted {wrong.wanted}") from None


def checked_model(content: bytes) -> bytes:
    """Check the content of a model file, as :func:`read_model` does.

    Raises:
        Malformed: it is not sound.
    """
    model = _parsed(content)
    _check_learner(item(model, "learner", dict))
    if [*map(type, item(model, "version", list))] != [int] * 3:
        raise Malformed("has no version of three numbers")
    kept = {name: model[name] for name in _PARTS}
    try:
        return json.dumps(kept, separators=(",", ":")).encode("ascii")
    except (RecursionError, ValueError) as error:
        raise Malformed(f"holds what JSON cannot hold ({error})") from None


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        # XGBoost tells the two apart in the same way: an object of UBJSON goes on with the type of a length.
        if re.match(rb'\s*\{\s*["}]', content):
            model = json.loads(content.decode("utf-8"), object_pairs_hook=_distinct)
        else:
            model = decoded(content)
    except (ValueError, RecursionError, MemoryError) as error:
        raise Malformed(f"is no readable XGBoost model ({str(error)[:100]})") from None
    if not isinstance(model, dict):
        raise Malformed("is no object")
    return model


def _distinct(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice in an object")
    return found


def _check_learner(learner: Mapping[str, Any]) -> None:
    parameters = item(learner, "learner_model_param", dict)
    features = whole(parameters, "num_feature")
    for name in ("num_class", "num_target"):
        # Not every version has the second.
        if name in parameters and (found := whole(parameters, name)) > 1:
            raise Malformed(f"has {name} {found}", "a model with one score for each item")
    _check_base_score(item(parameters, "base_score", str))
    for name in ("feature_names", "feature_types"):
        if any(not isinstance(each, str) for each in learner.get(name, [])):
            raise Malformed(f"has {name} that are no texts")
    if any(not isinstance(each, str) for each in item(learner, "attributes", dict).values()):
        raise Malformed("has attributes that are no texts")
    if not _OBJECTIVE.fullmatch(name := item(item(learner, "objective", dict), "name", str)):
        raise Malformed(f"has the objective {name[:40]!r}")
    if "c" in learner.get("feature_types", []):
        raise Malformed("has categorical features", "features that are numbers")
    rounds = _check_booster(item(learner, "gradient_booster", dict), features)
    _check_best(learner["attributes"].get("best_iteration"), rounds)


def _check_base_score(text: str) -> None:
    """One number, in brackets in newer versions."""
    try:
        float(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise Malformed(f"has base_score {text[:40]!r}, not one number") from None


def _check_booster(booster: Mapping[str, Any], features: int) -> int | None:
    """Check what predicts; the number of rounds of trees, None for a linear model."""
    name = item(booster, "name", str)
    if name == "gbtree":
        return _check_forest(item(booster, "model", dict), features)[0]
    if name == "dart":
        model = item(item(booster, "gbtree", dict), "model", dict)
        rounds, trees = _check_forest(model, features)
        weights = item(booster, "weight_drop", list)
        if len(weights) != trees or any(not isinstance(each, int | float) for each in weights):
            raise Malformed(f"has no weight_drop for each of its {trees} trees")
        return rounds
    if name == "gblinear":
        check_linear(item(booster, "model", dict), features)
        return None
    raise Malformed(f"has the booster {name[:40]!r}")


def _check_forest(model: Mapping[str, Any], features: int) -> tuple[int, int]:
    """Check trees; the number of rounds and of trees."""
    parameters, trees = item(model, "gbtree_model_param", dict), item(model, "trees", list)
    if whole(parameters, "num_trees") != len(trees):
        raise Malformed(f"has {len(trees)} trees, but num_trees {parameters['num_trees']}")
    if whole_list(model, "tree_info").tolist() != [0] * len(trees):
        raise Malformed("has no tree_info of 0 for each tree")
    if (parallel := whole(parameters, "num_parallel_tree")) < 1:
        raise Malformed("has num_parallel_tree 0")
    if "cats" in model and item(item(model, "cats", dict), "enc", list):
        raise Malformed("has categories of features")
    check_trees(trees, features)
    if "iteration_indptr" not in model:  # older versions
        return len(trees) // parallel, len(trees)
    ends = whole_list(model, "iteration_indptr").tolist()
    if not ends or ends[0] != 0 or ends[-1] != len(trees) or ends != sorted(ends):
        raise Malformed(f"has an iteration_indptr that does not fit its {len(trees)} trees")
    return len(ends) - 1, len(trees)


def _check_best(text: str | None, rounds: int | None) -> None:
    """The round whose trees are the last to be used."""
    if text is None or rounds is None:
        return
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) >= rounds:
        raise Malformed(f"has best_iteration {text[:40]!r}, but {rounds} rounds")
