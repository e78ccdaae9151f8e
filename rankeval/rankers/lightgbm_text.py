"""LightGBM's text models, checked before LightGBM reads them.

LightGBM's own reader trusts the file: a count that is too large makes it write outside its buffers, and a
tree whose child is its own ancestor makes prediction endless. Here every count, index and tree is checked.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rankeval.errors import DataError

_HEADER = ("num_class", "num_tree_per_iteration", "max_feature_idx")
_END = "end of trees"
_WANTED = "wanted a text model that LightGBM has saved"
#: Bits of ``decision_type``.
_CATEGORICAL = 1
MOST_FEATURES = 1 << 20
MOST_LEAVES = 1 << 17


@dataclass(frozen=True)
class TextModel:
    """A checked model.

    Attributes:
        text: the content of the file.
        objective: such as ``lambdarank``.
        features: names of the features, in the order of the model.
        categories: feature -> its categories, for categorical features that were texts.
        trees: number of trees.
    """

    text: str
    objective: str
    features: tuple[str, ...]
    categories: dict[str, tuple[Any, ...]]
    trees: int


class Malformed(Exception):
    """Says what is wrong with a model."""


def read_text_model(path: str) -> TextModel:
    """Read and check a model file.

    Raises:
        DataError: the file cannot be read, is a pickle, or is not a sound text model.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    return parse_text_model(content, path)


def parse_text_model(content: bytes, origin: str) -> TextModel:
    """Check the content of a model file.

    Raises:
        DataError: as :func:`read_text_model` says.
    """
    try:
        return _parsed(content)
    except Malformed as malformed:
        raise DataError(f"{origin}: {malformed}, {_WANTED}") from None


def _parsed(content: bytes) -> TextModel:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"is no text in UTF-8 (byte {error.start})") from None
    if "\0" in text:
        raise Malformed("holds a zero byte")
    first_tree = "\nTree=0\n"
    head = text.partition(first_tree if first_tree in text else f"\n{_END}")[0]
    if not head.startswith("tree\n"):
        raise Malformed("does not begin with the line 'tree'")
    header = _fields(head.split("\n")[1:], "header")
    numbers = {name: _whole(header, name, "header") for name in _HEADER}
    if (numbers["num_class"], numbers["num_tree_per_iteration"]) != (1, 1):
        raise Malformed(f"has {numbers['num_class']} classes, wanted one score for each item")
    features = tuple(_value(header, "feature_names", "header").split(" "))
    if len(features) != numbers["max_feature_idx"] + 1 or len(features) > MOST_FEATURES:
        raise Malformed(f"names {len(features)} features, max_feature_idx is {numbers['max_feature_idx']}")
    infos = _value(header, "feature_infos", "header").split(" ")
    if len(infos) != len(features):
        raise Malformed(f"has {len(infos)} feature_infos for {len(features)} features")
    trees = _trees(text, header)
    for index, tree in enumerate(trees):
        _check_tree(tree, index, len(features))
    categories = _categories(text, features, infos)
    return TextModel(text, header.get("objective", "").split(" ")[0], features, categories, len(trees))


def _fields(lines: Sequence[str], where: str) -> dict[str, str]:
    """``name=value`` of each line; other lines have an empty value."""
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition("=")
        if not line:
            continue
        if name in found:
            raise Malformed(f"has {name} twice in {where}")
        found[name] = value
    return found


def _trees(text: str, header: dict[str, str]) -> list[dict[str, str]]:
    """The fields of each tree; the sizes in the header must be those of the trees: LightGBM cuts by them."""
    sizes = [_number(part, "tree_sizes") for part in _value(header, "tree_sizes", "header").split()]
    if _END not in text:
        raise Malformed(f"lacks the line {_END!r}")
    start = text.index("\nTree=0\n") + 1 if sizes else text.index(_END)
    body = text.encode()
    offset = len(text[:start].encode())
    trees = []
    for index, size in enumerate(sizes):
        piece = body[offset : offset + size].decode("utf-8", "replace")
        if size <= 0 or not piece.startswith(f"Tree={index}\n") or not piece.endswith("\n"):
            raise Malformed(f"tree_sizes do not fit tree {index}")
        trees.append(_fields(piece.split("\n")[1:], f"tree {index}"))
        offset += size
    if not body[offset:].startswith(_END.encode()):
        raise Malformed(f"has other trees than the {len(sizes)} that tree_sizes tells of")
    return trees


def _check_tree(tree: dict[str, str], index: int, features: int) -> None:
    where = f"tree {index}"
    leaves, categorical = _whole(tree, "num_leaves", where), _whole(tree, "num_cat", where)
    if not 1 <= leaves <= MOST_LEAVES:
        raise Malformed(f"has {leaves} leaves in {where}")
    if _whole(tree, "is_linear", where, default=0):
        raise Malformed(f"has linear leaves in {where}, which are not supported")
    _floats(tree, "leaf_value", where, leaves)
    _floats(tree, "shrinkage", where, 1)
    for name in ("leaf_weight", "leaf_count"):
        _floats(tree, name, where, leaves if leaves > 1 else None)
    if leaves == 1:
        if categorical:
            raise Malformed(f"has num_cat {categorical} in {where}, which has no split")
        return
    inner = leaves - 1
    _wholes(tree, "split_feature", where, inner, 0, features - 1)
    for name in ("split_gain", "internal_value", "internal_weight", "internal_count"):
        _floats(tree, name, where, inner)
    thresholds = _floats(tree, "threshold", where, inner)
    decisions = _wholes(tree, "decision_type", where, inner, 0, 15)
    _check_categories(tree, where, categorical, thresholds, decisions)
    left = _wholes(tree, "left_child", where, inner, -leaves, inner - 1)
    right = _wholes(tree, "right_child", where, inner, -leaves, inner - 1)
    _check_shape(where, left, right)


def _check_categories(
    tree: dict[str, str], where: str, count: int, thresholds: Sequence[float], decisions: Sequence[int]
) -> None:
    """Categorical splits point into bounds that ascend over the words of their sets."""
    splits = [t for t, d in zip(thresholds, decisions, strict=True) if d & _CATEGORICAL]
    if not count:
        if splits:
            raise Malformed(f"has a categorical split in {where}, whose num_cat is 0")
        return
    bounds = _wholes(tree, "cat_boundaries", where, count + 1, 0, 1 << 30)
    words = _wholes(tree, "cat_threshold", where, bounds[-1], 0, (1 << 32) - 1)
    if bounds[0] != 0 or any(a > b for a, b in pairwise(bounds)):
        raise Malformed(f"has cat_boundaries in {where} that do not ascend from 0")
    if not words or any(t != int(t) or not 0 <= t < count for t in splits):
        raise Malformed(f"has a categorical split in {where} outside its {count} sets")


def _check_shape(where: str, left: Sequence[int], right: Sequence[int]) -> None:
    """From the root every split and every leaf is reached once: a tree without circles."""
    seen_splits, stack = {0}, [0]
    seen_leaves: set[int] = set()
    while stack:
        node = stack.pop()
        for child in (left[node], right[node]):
            seen = seen_leaves if child < 0 else seen_splits
            if child in seen:
                raise Malformed(f"reaches {'leaf' if child < 0 else 'split'} {child} of {where} twice")
            seen.add(child)
            if child >= 0:
                stack.append(child)
    if len(seen_splits) != len(left) or len(seen_leaves) != len(left) + 1:
        raise Malformed(f"has splits or leaves in {where} that the root does not reach")


def _categories(text: str, features: Sequence[str], infos: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """The categories of features that were texts, from the line ``pandas_categorical``."""
    match = re.search(r"^pandas_categorical:(.*)$", text, re.M)
    if match is None or match.group(1) in ("null", "[]"):
        return {}
    try:
        given = json.loads(match.group(1))
    except (ValueError, RecursionError):
        raise Malformed("has a line pandas_categorical that is no JSON") from None
    if not isinstance(given, list) or not all(isinstance(values, list) for values in given):
        raise Malformed("has a line pandas_categorical that is no list of lists")
    names = [name for name, info in zip(features, infos, strict=True) if _is_categorical(info)]
    # A categorical feature that never varied has no info; LightGBM then names them in its parameters.
    named = re.search(r"^\[categorical_feature: ([\d,]+)\]$", text, re.M)
    if named is not None:
        places = [int(place) for place in named.group(1).split(",") if place]
        if any(place >= len(features) for place in places):
            raise Malformed("names a categorical feature that it does not have")
        names = [features[place] for place in sorted(set(places))]
    if len(names) != len(given):
        raise Malformed(f"has categories of {len(given)} features and {len(names)} categorical features")
    return {name: tuple(values) for name, values in zip(names, given, strict=True)}


def _is_categorical(info: str) -> bool:
    return info != "none" and not info.startswith("[")


def _value(fields: dict[str, str], name: str, where: str) -> str:
    if name not in fields:
        raise Malformed(f"lacks {name} in {where}")
    return fields[name]


def _number(text: str, name: str) -> int:
    if not re.fullmatch(r"-?\d{1,10}", text):
        raise Malformed(f"has {text[:40]!r} for {name}")
    return int(text)


def _whole(fields: dict[str, str], name: str, where: str, default: int | None = None) -> int:
    if default is not None and name not in fields:
        return default
    return _number(_value(fields, name, where), f"{name} in {where}")


def _wholes(fields: dict[str, str], name: str, where: str, count: int, low: int, high: int) -> list[int]:
    numbers = [_number(part, f"{name} in {where}") for part in _value(fields, name, where).split()]
    _require_count(numbers, name, where, count)
    for number in numbers:
        if not low <= number <= high:
            raise Malformed(f"has {number} in {name} of {where}, which goes from {low} to {high}")
    return numbers


def _floats(fields: dict[str, str], name: str, where: str, count: int | None) -> list[float]:
    """Finite numbers; with ``count`` None the field may be missing or empty."""
    if count is None and not fields.get(name, "").strip():
        return []
    numbers = list(_parsed_floats(_value(fields, name, where).split(), f"{name} in {where}"))
    if count is not None:
        _require_count(numbers, name, where, count)
    return numbers


def _parsed_floats(parts: Sequence[str], what: str) -> Iterator[float]:
    for part in parts:
        try:
            number = float(part)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or not re.fullmatch(r"[-+.\deE]+", part):
            raise Malformed(f"has {part[:40]!r} for {what}")
        yield number


def _require_count(numbers: Sequence[float], name: str, where: str, count: int) -> None:
    if len(numbers) != count:
        raise Malformed(f"has {len(numbers)} values for {name} in {where}, which has {count}")
