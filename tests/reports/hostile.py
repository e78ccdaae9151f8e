"""Documents of hostile or poor data: names like code, a thousand segments, no intervals, one row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.reports.results import HOSTILE, results

#: Entries whose texts come from the data or the caller: of these records, lists and keys of dicts.
_FREE = frozenset(
    ("metric", "metrics", "arm", "arms", "control", "target", "segment", "run", "by", "log", "cluster")
) | {"column", "counts", "expected", "runs", "gains", "candidates", "data", "source", "click_model"}
#: Texts that a result has in these places by itself.
_KEPT = frozenset(["logged"])


def named(document: dict[str, Any]) -> dict[str, Any]:
    """The document with a hostile text in place of each free name, always the same for the same name."""
    names: dict[str, str] = {}

    def other(text: str) -> str:
        if text in _KEPT:
            return text
        return names.setdefault(text, f"{HOSTILE[len(names) % len(HOSTILE)]}{len(names)}")

    def changed(value: Any, free: bool) -> Any:
        if isinstance(value, dict):
            # A parameter that the data chose has candidates too, which are numbers.
            free_names = _FREE - ({"candidates"} if "chosen" in value else set())
            inner = {key: changed(each, key in free_names or free) for key, each in value.items()}
            return {other(key) if free else key: each for key, each in inner.items()} if free else inner
        if isinstance(value, list):
            return [changed(each, free) for each in value]
        return other(value) if free and isinstance(value, str) else value

    return {key: changed(each, False) for key, each in document.items()}


def without_intervals(document: dict[str, Any]) -> dict[str, Any]:
    """The document in which no interval has an end, and nothing has an error or a p-value."""

    def changed(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            inner = {name: changed(each, name) for name, each in value.items()}
            return {**inner, "low": None, "high": None} if {"low", "high", "level"} <= value.keys() else inner
        if isinstance(value, list):
            return [changed(each, key) for each in value]
        gone = key in ("std_error", "z", "p_adjusted") or (key.startswith("p_") and "value" in key)
        return None if gone and not isinstance(value, str) else value

    return {key: changed(each, key) for key, each in document.items()}


def with_segments(document: dict[str, Any], number: int = 1000) -> dict[str, Any]:
    """The document with every estimate in a thousand segments."""
    rows = document.get("results", [])
    if not any("segment" in row for row in rows):
        return document
    whole = [row for row in rows if row.get("segment") is None]
    parts = [{**row, "segment": f"segment {k}"} for row in whole[:1] for k in range(number)]
    return {**document, "results": [*whole, *parts], "inputs": {**document["inputs"], "by": "part"}}


def with_one_row(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the first record of each list of estimates alone."""
    lists = (
        "results",
        "comparisons",
        "guardrails",
        "problems",
        "columns",
        "designs",
        "user_models",
        "weights",
    )
    return {**document, **{name: document[name][:1] for name in lists if name in document}}


#: What is done to a document -> the function that does it.
FORMS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "named": named,
    "without intervals": without_intervals,
    "a thousand segments": with_segments,
    "one row": with_one_row,
}


def document_of(command: str, form: str) -> dict[str, Any]:
    """The result of a command in one of these forms, with the conclusion that it then has."""
    from rankeval.reports import conclusion

    found = results()[command].plain()
    made_of_it = FORMS[form](found)
    if command != "inspect":  # which makes its conclusion from all that it found
        made_of_it = {**made_of_it, "conclusion": conclusion(made_of_it)}
    return made_of_it
