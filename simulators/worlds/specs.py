"""Parses option texts such as ``plackett_luce:temperature=0.5,skill=0.8`` and ``logging=0.9,new=0.1``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rankeval.errors import UsageError
from rankeval.options import shown

#: A comma between parameters, but not a comma within a list.
_COMMAS = re.compile(r",(?![^\[]*\])")


def parse_spec(option: str, text: str, known: Mapping[str, Sequence[str]]) -> tuple[str, dict[str, Any]]:
    """The name and the parameters of a text ``NAME[:PARAMETER=VALUE,...]``.

    Args:
        option: name of the option, for messages.
        text: the text.
        known: known names -> names of their parameters.

    Raises:
        UsageError: an unknown name or parameter, a parameter that occurs twice, or a value that is neither
            a number nor a list.
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
    """The parameters of a text ``PARAMETER=VALUE,...`` by name."""
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
    """The value of a text: a number, or a list in JSON; ``what`` names it in messages."""
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
    """The share of each name, from a text ``NAME[=SHARE]`` for each. Without shares, all shares are equal.

    Raises:
        UsageError: a name occurs twice, a share is not a number, or only some names have a share.
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
