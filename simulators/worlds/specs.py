"""Texts such as ``plackett_luce:temperature=0.5,skill=0.8`` and ``logging=0.9,new=0.1``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rankeval.errors import UsageError
from rankeval.options import shown

#: Commas between parameters, but not those within a list.
_COMMAS = re.compile(r",(?![^\[]*\])")


def parse_spec(option: str, text: str, known: Mapping[str, Sequence[str]]) -> tuple[str, dict[str, Any]]:
    """``NAME[:PARAMETER=VALUE,...]``: the name and its parameters.

    Args:
        option: what is parsed, for messages.
        text: the text.
        known: name -> its parameters.

    Raises:
        UsageError: no such name or parameter, one twice, or a value that is no number.
    """
    name, colon, rest = text.strip().partition(":") if isinstance(text, str) else (text, "", "")
    if name not in known:
        raise UsageError(f"{option}: found {name!r}, wanted one of {', '.join(known)}")
    parameters = parse_parameters(option, rest) if colon else {}
    for key in parameters:
        if key not in known[name]:
            taken = ", ".join(f"{parameter}=NUMBER" for parameter in known[name]) or "no parameters"
            raise UsageError(f"{option}: found {key!r} for {name}, wanted {taken}")
    return name, parameters


def parse_parameters(option: str, text: str) -> dict[str, Any]:
    """``PARAMETER=VALUE,...``."""
    parameters: dict[str, Any] = {}
    for part in _COMMAS.split(text):
        key, equals, value = part.strip().partition("=")
        if not key or not equals:
            raise UsageError(f"{option}: found {part.strip()!r}, wanted PARAMETER=VALUE")
        if key in parameters:
            raise UsageError(f"{option}: found {key} twice in {text!r}, wanted it once")
        parameters[key] = parse_value(f"{option}: {key}", value)
    return parameters


def parse_value(what: str, text: str) -> Any:
    """A number, or a list as JSON writes it."""
    try:
        return json.loads(text) if text.lstrip().startswith(("[", "{")) else _number(text)
    except (ValueError, RecursionError):
        raise UsageError(f"{what}: found {shown(text)}, wanted a number or a list") from None


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def parse_shares(option: str, texts: Sequence[str]) -> dict[str, float]:
    """``NAME[=SHARE]`` each; without shares all have the same.

    Raises:
        UsageError: a name twice, a share that is no number, or given for some names only.
    """
    parts = [text.partition("=") for text in texts]
    names = [name for name, _, _ in parts]
    for name in names:
        if not name or names.count(name) > 1:
            raise UsageError(f"{option}: found {','.join(texts)!r}, wanted NAME=SHARE with each name once")
    if not any(equals for _, equals, _ in parts):
        return {name: 1.0 / len(names) for name in names}
    shares = {name: parse_value(f"{option}: {name}", share) for name, _, share in parts}
    for name, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, int | float):
            raise UsageError(f"{option}: found {share!r} for {name}, wanted a number")
    return shares
