from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rankeval.errors import UsageError
from rankeval.simulators.specs import parse_parameters, parse_shares, parse_spec, parse_value

KNOWN = {"fixed": ("skill",), "uniform": ()}


def test_names_with_and_without_parameters():
    assert parse_spec("logging", "fixed", KNOWN) == ("fixed", {})
    assert parse_spec("logging", " fixed:skill=.5", KNOWN) == ("fixed", {"skill": 0.5})
    assert parse_parameters("param", "a=1,b=[1, 0.5],c=-2e-3") == {"a": 1, "b": [1, 0.5], "c": -0.002}
    assert parse_value("param", '{"name": "pbm"}') == {"name": "pbm"}


def test_shares_are_equal_unless_given():
    assert parse_shares("arms", ["a", "b"]) == {"a": 0.5, "b": 0.5}
    assert parse_shares("arms", ["a=0.9", "b=0.1"]) == {"a": 0.9, "b": 0.1}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: parse_spec("logging", "best", KNOWN), "logging: found 'best', wanted one of fixed, uniform"),
        (lambda: parse_spec("logging", "fixed:x=1", KNOWN), "found 'x' for fixed, wanted skill=NUMBER"),
        (lambda: parse_spec("logging", "uniform:x=1", KNOWN), "found 'x' for uniform, wanted no parameters"),
        (lambda: parse_spec("logging", "fixed:", KNOWN), "logging: found '', wanted PARAMETER=VALUE"),
        (lambda: parse_spec("logging", "fixed:skill", KNOWN), "found 'skill', wanted PARAMETER=VALUE"),
        (lambda: parse_parameters("param", "a=1,a=2"), "param: found a twice in 'a=1,a=2', wanted it once"),
        (lambda: parse_value("param a", "x"), "param a: found 'x', wanted a number or a list"),
        (lambda: parse_value("param a", "[1,"), "param a: found '[1,', wanted a number or a list"),
        (lambda: parse_shares("arms", ["a", "a"]), "arms: found 'a,a', wanted NAME=SHARE with each"),
        (lambda: parse_shares("arms", ["=1"]), "arms: found '=1', wanted NAME=SHARE"),
        (lambda: parse_shares("arms", ["a=1", "b"]), "arms: b: found '', wanted a number or a list"),
        (lambda: parse_shares("arms", ["a=[1]"]), "arms: found [1] for a, wanted a number"),
    ],
)  # fmt: skip
def test_what_is_not_understood(call: Callable[[], Any], message: str):
    with pytest.raises(UsageError) as raised:
        call()
    assert message in str(raised.value)
