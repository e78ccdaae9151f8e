"""The trees of XGBoost's models: every count, index and path is checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value")
#: The parent of the root, as XGBoost writes it and as it reads it.
_NO_PARENT = (2**31 - 1, -1)
#: Fields of which prediction needs a number for each node, and fields that only inform.
_NUMBERS = ("split_conditions", "base_weights", "loss_changes", "sum_hessian")
_INDICES = ("left_children", "right_children", "parents", "split_indices", "default_left")


class Malformed(Exception):
    """Says what is wrong with a model, and what is wanted."""

    def __init__(self, found: str, wanted: str = "a model that XGBoost has saved as JSON or UBJSON") -> None:
        super().__init__(found)
        self.wanted = wanted


def item(values: Mapping[str, Any], name: str, kind: type[Value]) -> Value:
    """A value of an object, which must have a type.

    Raises:
        Malformed: it has not.
    """
    found = values.get(name)
    if not isinstance(found, kind):
        raise Malformed(f"has no {name!r} of type {kind.__name__}")
    return found


def whole(values: Mapping[str, Any], name: str) -> int:
    """A count, which XGBoost writes as a text.

    Raises:
        Malformed: it is no text of up to nine digits.
    """
    text = item(values, name, str)
    if not re.fullmatch("[0-9]{1,9}", text):
        raise Malformed(f"has {name} {text[:40]!r}, not a whole number")
    return int(text)


def whole_list(values: Mapping[str, Any], name: str) -> NDArray[np.int64]:
    """(n,) a list of whole numbers; booleans count, as older versions write them.

    Raises:
        Malformed: it is no such list of what 32 bits can hold.
    """
    found = item(values, name, list)
    if any(not isinstance(each, int) or abs(each) >= 2**31 for each in found):
        raise Malformed(f"has a {name!r} that is no list of whole numbers")
    return np.array(found, np.int64)


def check_linear(model: Mapping[str, Any], features: int) -> None:
    """Check that a linear model has a weight for each feature, and a constant.

    Raises:
        Malformed: it has not.
    """
    _check_numbers(model, "weights", features + 1)


def check_trees(trees: Sequence[Any], features: int) -> None:
    """Check all trees of a model with ``features`` features.

    Raises:
        Malformed: a tree is not sound.
    """
    for index, tree in enumerate(trees):
        where = f" in tree {index}"
        if not isinstance(tree, dict):
            raise Malformed(f"has no object{where}")
        try:
            _check_tree(tree, features, index)
        except Malformed as wrong:
            raise Malformed(f"{wrong}{where}") from None


def _check_tree(tree: Mapping[str, Any], features: int, index: int) -> None:
    parameters = item(tree, "tree_param", dict)
    count = whole(parameters, "num_nodes")
    if not count or whole(parameters, "size_leaf_vector") > 1 or whole(parameters, "num_feature") != features:
        raise Malformed("has num_nodes, num_feature or size_leaf_vector that do not fit")
    if item(tree, "id", int) != index:
        raise Malformed(f"has the id {tree['id']}")
    for name in _NUMBERS:
        _check_numbers(tree, name, count)
    left, right, parents, splits, defaults = (_indices(tree, name, count) for name in _INDICES)
    if not np.isin(defaults, (0, 1)).all():
        raise Malformed("has a 'default_left' that is neither 0 nor 1")
    for name in ("categories", "categories_nodes", "categories_segments", "categories_sizes"):
        if item(tree, name, list):
            raise Malformed("has splits by categories")
    if _indices(tree, "split_type", count).any():
        raise Malformed("has splits by categories")
    inner = _check_paths(left, right, parents)
    if (splits[inner] < 0).any() or (splits[inner] >= features).any():
        raise Malformed(f"splits by a feature beyond its {features}")


def _indices(tree: Mapping[str, Any], name: str, count: int) -> NDArray[np.int64]:
    found = whole_list(tree, name)
    if len(found) != count:
        raise Malformed(f"has {len(found)} {name}, but {count} nodes")
    return found


def _check_numbers(values: Mapping[str, Any], name: str, count: int) -> None:
    found = item(values, name, list)
    if len(found) != count or any(not isinstance(each, int | float) for each in found):
        raise Malformed(f"has not {count} numbers as {name!r}")


def _check_paths(
    left: NDArray[np.int64], right: NDArray[np.int64], parents: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Check that every path from the root ends; the nodes on them that split."""
    if parents[0] not in _NO_PARENT:
        raise Malformed("has a root with a parent")
    beyond = (parents < 0) | (parents >= len(left))
    if (beyond & ~np.isin(parents, _NO_PARENT)).any():
        raise Malformed("has a parent that does not exist")
    seen = np.zeros(len(left), bool)
    level, inner = np.zeros(1, np.int64), [np.zeros(0, np.int64)]
    while len(level):
        seen[level] = True
        level = level[left[level] != -1]
        inner.append(level)
        children = np.concatenate((left[level], right[level]))
        if (children < 1).any() or (children >= len(left)).any():
            raise Malformed("has a child that does not exist")
        if len(np.unique(children)) < len(children) or seen[children].any():
            raise Malformed("has a node with two parents")
        if (parents[children] != np.concatenate((level, level))).any():
            raise Malformed("has parents that are not those of its children")
        level = children
    return np.concatenate(inner)
