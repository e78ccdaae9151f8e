"""Checks of option values given by callers, and conversion to one form."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from rankeval.errors import UsageError


def listed(values: str | Sequence[str]) -> list[str]:
    """Texts as a list: ``"a,b"``, ``["a", "b"]`` and ``["a,b"]`` all give ``["a", "b"]``."""
    parts = [values] if isinstance(values, str) else values
    return [part.strip() for value in parts for part in value.split(",") if part.strip()]


def listed_calls(values: str | Sequence[str]) -> list[str]:
    """As :func:`listed`, but a comma within parentheses does not split: ``RBP(p=0.9,rel=2),map``."""
    parts = [values] if isinstance(values, str) else values
    found = [part.strip() for value in parts for part in re.split(r",(?![^()]*\))", value)]
    return [part for part in found if part]


def require_types(options: Mapping[str, Any]) -> None:
    """Check that each option (name -> value) has the Python type that its name requires.

    Names that are not in ``_WANTED`` are not checked.

    Raises:
        UsageError: the first option that has another type.
    """
    for name, value in options.items():
        if name in _WANTED and not _WANTED[name][0](value):
            raise UsageError(f"{name}: found {shown(value)}, wanted {_WANTED[name][1]}")


def shown(value: Any) -> str:
    """The ``repr`` of a value for a message: one line of at most 60 characters."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."


def shown_json(value: Any) -> str:
    """A value of a JSON file for a message, as :func:`shown`; None becomes ``null``."""
    return "null" if value is None else shown(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_texts(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, Sequence) and all(map(_is_text, value)))


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _are_named(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_is_text, [*value, *value.values()]))


def _are_columns(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_is_text, value)) and all(map(_are_texts, value.values()))


def _are_named_values(value: Any) -> bool:
    return _are_texts(value) or isinstance(value, Mapping)


def _are_numbers(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, Sequence) and all(map(_is_number, value)))


def _or_none(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or fits(value)


_TEXT = (_is_text, "a text")
_TEXTS = (_are_texts, "a text or a list of texts")
_WHOLE = (_is_whole, "a whole number")
_MAYBE_TEXT = (_or_none(_is_text), "a text")
#: Option -> a test of the type of its value, and the type in words for messages.
_WANTED: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(("metrics", "ci", "features", "embedding", "trust"), _TEXTS),
    **dict.fromkeys(("by", "cluster", "where", "reward", "reward_model", "family"), _MAYBE_TEXT),
    **dict.fromkeys(("simultaneous", "judged_only", "agree"), (_is_flag, "True or False")),
    **dict.fromkeys(("weights", "smooth", "policy"), _MAYBE_TEXT),
    "side": _TEXT,
    **dict.fromkeys(
        ("ties", "empty", "missing", "score_type", "estimand", "model_weighting", "method", "scores"),
        _TEXT,
    ),
    **dict.fromkeys(("replicates", "refits", "permutations", "seed", "folds", "bins"), _WHOLE),
    **dict.fromkeys(("first_action", "first_position"), _WHOLE),
    **dict.fromkeys(("popularity", "logging", "null_reward"), _TEXT),
    **dict.fromkeys(("arms", "context", "click_model"), _TEXTS),
    **dict.fromkeys(
        ("users", "days", "queries", "items", "positions"), (_or_none(_is_whole), "a whole number")
    ),
    **dict.fromkeys(("eta", "max_grade", "user_spread", "sampling_rate"), (_or_none(_is_number), "a number")),
    **dict.fromkeys(("epsilon", "drift"), (_is_number, "a number")),
    **dict.fromkeys(("param", "candidate"), (_are_named_values, "a dict, or texts NAME=VALUE")),
    "grades": (_or_none(_are_numbers), "numbers, or a text of them"),
    "shuffle": _MAYBE_TEXT,
    **dict.fromkeys(("level", "relevance_threshold"), (_is_number, "a number")),
    **dict.fromkeys(("objective", "clicks", "split", "time"), _MAYBE_TEXT),
    "train": (_or_none(_are_texts), "a text or a list of texts"),
    **dict.fromkeys(("threads", "top", "tune"), (_or_none(_is_whole), "a whole number")),
    **dict.fromkeys(("estimators", "methods"), (_or_none(_are_texts), "a text or a list of texts")),
    "columns": (_or_none(_are_columns), "a dict of role to column name"),
    "target": (
        _or_none(lambda value: _are_texts(value) or _are_named(value)),
        "a dict of name to column, or texts NAME=COLUMN",
    ),
    **dict.fromkeys(
        ("per_query", "reliability", "parameters", "out", "calibration"),
        (_or_none(lambda value: isinstance(value, str | os.PathLike)), "a path"),
    ),
}
