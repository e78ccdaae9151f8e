"""LightGBM's text models, checked before LightGBM reads them.

LightGBM's own reader trusts the file: a count that is too large makes it write outside its buffers, and a
tree whose child is its own ancestor makes prediction endless. Here every count, index and tree is checked,
and whatever LightGBM would read in another way than this check does is refused. LightGBM gets only the parts
that were checked, and no names of features, which its own format cannot hold if they are signs such as ``=``.
Its parameters, which it does not need to predict, are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rankeval.errors import DataError
from rankeval.rankers.lightgbm_fields import Fields, Malformed, whole
from rankeval.rankers.lightgbm_trees import check_trees

MOST_FEATURES = 1 << 20
#: Objectives with one score for each item. The number of outputs of other objectives is a parameter of their
#: own: LightGBM writes so many numbers for each item, whatever ``num_class`` is.
OBJECTIVES = frozenset(
    {
        *("regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie"),
        *("binary", "cross_entropy", "cross_entropy_lambda", "lambdarank", "rank_xendcg", "custom"),
    }
)
#: Lines of the header that LightGBM gets.
_HEADER = (
    *("version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "objective"),
    *("average_output", "feature_names", "feature_infos", "tree_sizes"),
)
_OBJECTIVE = re.compile(r"[a-z0-9_]+( [a-z_]+(:[.0-9][-+.0-9eE]*)?)*")
_FIRST_TREE = re.compile(r"^Tree=", re.M)
_CATEGORIES = re.compile(r"^pandas_categorical:(.*)$", re.M)
_PLACES = re.compile(r"^\[categorical_feature: ([0-9,]+)\]$", re.M)
_WANTED = "wanted a text model that LightGBM has saved"


@dataclass(frozen=True)
class TextModel:
    """A checked model.

    Attributes:
        text: what LightGBM needs of the file to predict; nothing else in it is checked.
        objective: such as ``lambdarank``; empty for an objective of the user's own.
        features: names of the features, in the order of the model.
        categories: feature -> its categories, for categorical features of a pandas frame.
        trees: number of trees, at least 1.
    """

    text: str
    objective: str
    features: tuple[str, ...]
    categories: dict[str, tuple[Any, ...]]
    trees: int


def read_text_model(path: str) -> TextModel:
    """Read and check a model file.

    Raises:
        DataError: the file cannot be read, or is not a sound text model with one score for each item.
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
        wanted = "" if "wanted" in str(malformed) else f", {_WANTED}"
        raise DataError(f"{origin}: {malformed}{wanted}") from None


def _parsed(content: bytes) -> TextModel:
    text = _text(content)
    first = _FIRST_TREE.search(text)
    if not text.startswith("tree\n") or first is None:
        raise Malformed("does not begin with a line 'tree' and hold trees")
    header = Fields.of(text[: first.start()].split("\n")[1:], "header")
    objective = _objective(header)
    for name in ("num_class", "num_tree_per_iteration"):
        if header.whole(name) != 1:
            raise Malformed(
                f"has {name} {header.whole(name)}, wanted 1: a model with one score for each item"
            )
    header.whole("label_index")
    features = _features(header)
    infos = header.text("feature_infos").split(" ")
    if len(infos) != len(features):
        raise Malformed(f"has {len(infos)} feature_infos for {len(features)} features")
    body = text[first.start() :].encode()
    sizes = header.text("tree_sizes").split(" ")
    end = check_trees(body, sizes, len(features))
    needed = _needed(header, len(features), body[:end].decode())
    return TextModel(needed, objective, features, _categories(text, features, infos), len(sizes))


def _needed(header: Fields, features: int, trees: str) -> str:
    """A model of the lines of the header that predictions need, with numbers as names, and of its trees."""
    values = {**header.values, "feature_names": " ".join(map(str, range(features)))}
    for name in _HEADER:
        if "=" in values.get(name, ""):
            raise Malformed(f"has a second '=' in the line {name}")
    lines = ["tree", *(f"{name}={values[name]}" for name in _HEADER if name in values)]
    lines = ["average_output" if line == "average_output=" else line for line in lines]
    return "\n".join([*lines, "", f"{trees}end of trees", "", "pandas_categorical:null", ""])


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"is no text in UTF-8 (byte {error.start})") from None
    for character, name in (("\0", "zero byte"), ("\r", "carriage return")):
        if character in text:  # LightGBM ends the text or the line there
            raise Malformed(f"holds a {name}")
    return text


def _objective(header: Fields) -> str:
    """The name of the objective; empty if the header has none."""
    if "objective" not in header.values:
        return ""
    text = header.values["objective"]
    name = text.split(" ")[0]
    if name not in OBJECTIVES or not _OBJECTIVE.fullmatch(text):
        raise Malformed(
            f"has the objective {text[:40]!r}, wanted one with a score for each item, such as lambdarank"
        )
    return name


def _features(header: Fields) -> tuple[str, ...]:
    names = tuple(header.text("feature_names").split(" "))
    last = header.whole("max_feature_idx")
    if len(names) > MOST_FEATURES:
        raise Malformed(f"names {len(names)} features, wanted at most {MOST_FEATURES}")
    if len(names) != last + 1:
        raise Malformed(f"names {len(names)} features, max_feature_idx is {last}")
    if "" in names or len(set(names)) < len(names):
        raise Malformed("names a feature twice, or with an empty text")
    return names


def _categories(text: str, features: Sequence[str], infos: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """The categories of features that came from a pandas frame, from the line ``pandas_categorical``."""
    line = _CATEGORIES.search(text)
    if line is None or line.group(1) in ("null", "[]"):
        return {}
    given = _lists(line.group(1))
    names = [name for name, info in zip(features, infos, strict=True) if _is_categorical(info)]
    # A categorical feature that never varied has no info; LightGBM then names it in its parameters.
    named = _PLACES.search(text)
    if named is not None:
        places = {whole(place, "categorical_feature") for place in named.group(1).split(",")}
        if max(places) >= len(features):
            raise Malformed("names a categorical feature that it does not have")
        names = [features[place] for place in sorted(places)]
    if len(names) != len(given):
        raise Malformed(
            f"has categories of {len(given)} features and {len(names)} categorical features, so that it does "
            "not tell which belong together"
        )
    info_of = dict(zip(features, infos, strict=True))
    for name, values in zip(names, given, strict=True):
        if any(not 0 <= code < len(values) for code in _codes(info_of[name])):
            raise Malformed(f"has {len(values)} categories that do not belong to the feature {name!r}")
    return {name: tuple(values) for name, values in zip(names, given, strict=True)}


def _lists(text: str) -> list[list[Any]]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    sound = isinstance(given, list) and all(
        isinstance(values, list) and not any(isinstance(value, list | dict) for value in values)
        for values in given
    )
    if not sound:
        raise Malformed("has a line pandas_categorical that is no list of lists")
    return given  # type: ignore[no-any-return]


def _codes(info: str) -> list[int]:
    """The codes of a categorical feature that occurred in training."""
    return [int(code) for code in info.split(":") if re.fullmatch(r"\d{1,9}", code)]


def _is_categorical(info: str) -> bool:
    return info != "none" and not info.startswith("[")
