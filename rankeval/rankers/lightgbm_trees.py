"""The trees of LightGBM's text models: every count, index and path is checked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rankeval.rankers.lightgbm_fields import Fields, Malformed, whole

MOST_LEAVES = 1 << 17
#: A bit of ``decision_type``: the split is by a set of categories.
_CATEGORICAL = 1
#: Fields that predictions do not use.
_OF_SPLITS = ("split_gain", "internal_value", "internal_weight", "internal_count")
_OF_LEAVES = ("leaf_weight", "leaf_count")
_KNOWN = frozenset(
    {
        *("num_leaves", "num_cat", "split_feature", "threshold", "decision_type", "left_child"),
        *("right_child", "leaf_value", "cat_boundaries", "cat_threshold", "is_linear", "shrinkage"),
        *(*_OF_SPLITS, *_OF_LEAVES),
    }
)


def check_trees(body: bytes, sizes: Sequence[str], features: int) -> int:
    """Check all trees of a model, and return the number of their bytes.

    Args:
        body: the model from its first tree on.
        sizes: the size of each tree in bytes, as texts. LightGBM cuts the trees by these sizes.
        features: number of features.

    Raises:
        Malformed: a tree is not sound, or the sizes do not fit the trees.
    """
    offset = 0
    for index, text in enumerate(sizes):
        size = whole(text, "tree_sizes")
        piece = body[offset : offset + max(size, 0)]
        if not piece.startswith(b"Tree=%d\n" % index) or not piece.endswith(b"\n\n"):
            raise Malformed(f"has tree_sizes that do not fit tree {index}")
        _check_tree(_fields(piece, f"tree {index}"), features)
        offset += size
    if not body[offset:].startswith(b"end of trees\n"):
        raise Malformed(f"has no line 'end of trees' after the {len(sizes)} trees that tree_sizes tells of")
    return offset


def _fields(piece: bytes, where: str) -> Fields:
    """The fields of one tree, in lines that LightGBM reads as they are read here.

    LightGBM stops at an empty line and after 22 lines, and joins a line without ``=`` to the next one.
    """
    if not piece.isascii():
        raise Malformed(f"holds other characters than ASCII in {where}")
    lines = piece.decode("ascii").rstrip("\n").split("\n")[1:]
    for line in lines:
        if "=" not in line:
            raise Malformed(f"has the line {line[:40]!r} in {where}, wanted NAME=VALUE")
    fields = Fields.of(lines, where)
    unknown = sorted(fields.values.keys() - _KNOWN)
    if unknown:
        raise Malformed(f"has the field {unknown[0][:40]!r} in {where}, which is not known")
    return fields


def _check_tree(tree: Fields, features: int) -> None:
    leaves, categorical = tree.whole("num_leaves"), tree.whole("num_cat")
    if not 1 <= leaves <= MOST_LEAVES:
        raise Malformed(f"has {leaves} leaves in {tree.where}, wanted 1 to {MOST_LEAVES}")
    if categorical < 0 or (categorical and leaves == 1):
        raise Malformed(f"has num_cat {categorical} in {tree.where}, which has {leaves} leaves")
    if tree.whole("is_linear", default=0):
        raise Malformed(f"has linear leaves in {tree.where}, wanted constant ones")
    tree.floats("leaf_value", leaves)
    tree.floats("shrinkage", 1)
    if leaves > 1:
        _check_splits(tree, leaves, features, categorical)


def _check_splits(tree: Fields, leaves: int, features: int, categorical: int) -> None:
    splits = leaves - 1
    tree.wholes("split_feature", splits, 0, features - 1)
    for name in _OF_SPLITS:
        tree.require_length(name, splits)
    for name in _OF_LEAVES:
        tree.require_length(name, leaves)
    thresholds = tree.floats("threshold", splits)
    decisions = tree.wholes("decision_type", splits, 0, 15)
    sets = [t for t, d in zip(thresholds, decisions, strict=True) if d & _CATEGORICAL]
    _check_sets(tree, categorical, sets)
    left = tree.wholes("left_child", splits, -leaves, splits - 1)
    right = tree.wholes("right_child", splits, -leaves, splits - 1)
    _check_paths(tree.where, left, right)


def _check_sets(tree: Fields, count: int, used: Sequence[float]) -> None:
    """The sets of categories: bounds that ascend over words of 32 bits.

    Args:
        tree: the tree.
        count: number of sets.
        used: the index of the set of each categorical split.
    """
    if any(index != int(index) or not 0 <= index < count for index in used):
        raise Malformed(f"has a categorical split in {tree.where} outside its {count} sets")
    if not count:
        return
    bounds = tree.wholes("cat_boundaries", count + 1, 0, 1 << 30)
    if bounds[0] != 0 or any(low > high for low, high in pairwise(bounds)):
        raise Malformed(f"has cat_boundaries in {tree.where} that do not ascend from 0")
    tree.wholes("cat_threshold", bounds[-1], 0, (1 << 32) - 1)


def _check_paths(where: str, left: Sequence[int], right: Sequence[int]) -> None:
    """From the root every split and every leaf is reached once: a tree without circles."""
    seen, stack = {0}, [0]
    while stack:
        node = stack.pop()
        for child in (left[node], right[node]):
            if child in seen:
                raise Malformed(f"reaches {'leaf' if child < 0 else 'split'} {child} of {where} twice")
            seen.add(child)
            if child >= 0:
                stack.append(child)
    if len(seen) != 2 * len(left) + 1:
        raise Malformed(f"has splits or leaves in {where} that the root does not reach")
