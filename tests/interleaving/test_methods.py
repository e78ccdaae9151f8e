"""Names and parameters of interleaving methods."""

from __future__ import annotations

from typing import Any

import pytest

from rankeval.errors import UsageError
from rankeval.interleaving.methods import INTERLEAVINGS, Method


@pytest.mark.parametrize("name", INTERLEAVINGS)
def test_every_name_is_a_method_of_its_first_credit(name: str) -> None:
    method = Method.parse(name)
    assert (method.label, method.credit) == (name, INTERLEAVINGS[name].credits[0])
    assert Method.parse(method) is method
    for credit in method.definition.credits[1:]:
        assert Method.parse(f"{name}:credit={credit}").label == f"{name}:credit={credit}"


def test_parameters_are_read() -> None:
    method = Method.parse("probabilistic:tau=1.5:credit=marginal")
    assert method == Method("probabilistic", "marginal", 1.5)
    assert method.label == "probabilistic:tau=1.5:credit=marginal"
    assert dict(method.params) == {"credit": "marginal", "tau": 1.5}


BAD: dict[str, Any] = {
    "method: found 'multileave', wanted one of team_draft, balanced, probabilistic, optimised": "multileave",
    "method: found 3, wanted one of team_draft, balanced, probabilistic, optimised": 3,
    "team_draft: found 'tau=3', wanted credit=...": "team_draft:tau=3",
    "probabilistic: found 'tau', wanted credit=... or tau=...": "probabilistic:tau",
    "probabilistic: found 'tau=2', wanted credit=... or tau=...": "probabilistic:tau=1:tau=2",
    "probabilistic: tau is 'high', wanted a number": "probabilistic:tau=high",
    "probabilistic: tau is -1.0, wanted a number in [0, 20]": "probabilistic:tau=-1",
    "probabilistic: tau is nan, wanted a number in [0, 20]": "probabilistic:tau=nan",
    "balanced: credit is 'team', wanted one of balanced": "balanced:credit=team",
}


@pytest.mark.parametrize("message", BAD)
def test_bad_names_get_one_line(message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Method.parse(BAD[message])
    assert str(caught.value) == message
