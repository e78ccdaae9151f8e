from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rankeval.errors import UsageError
from rankeval.simulators.traffic_options import (
    arm_section,
    context_section,
    day_section,
    largest_factor,
    shuffle_section,
    user_section,
)


@pytest.mark.parametrize(
    ("section", "wanted"),
    [
        (shuffle_section(None), {}),
        (shuffle_section("full"), {"shuffle": {"design": "full", "share": 0.01}}),
        (shuffle_section("pair:share=0.2,top=5"), {"shuffle": {"design": "pair", "share": 0.2, "top": 5}}),
        (user_section(None, 0.5), {}),
        (user_section(10, None), {"users": {"count": 10, "spread": 0.3}}),
        (user_section(10, 0.0), {"users": {"count": 10, "spread": 0.0}}),
        (day_section(None, 0.0), {}),
        (day_section(7, 0.0), {"days": {"start": "2024-01-01", "count": 7}}),
        (day_section(7, 0.1)["drift"], {"attractiveness": 0.1}),
        (arm_section(()), {}),
        (arm_section("logging, new"), {"arms": {"logging": 0.5, "new": 0.5}}),
        (arm_section(["logging=0.8,new=0.2"]), {"arms": {"logging": 0.8, "new": 0.2}}),
        (context_section(()), {}),
        (
            context_section(["a", "b=3:eta=2,eps_plus=[1, 0.5]"]),
            {"contexts": [
                {"name": "a", "weight": 1.0, "click_model": {}},
                {"name": "b", "weight": 3, "click_model": {"eta": 2, "eps_plus": [1, 0.5]}},
            ]},
        ),
        (context_section("a=2"), {"contexts": [{"name": "a", "weight": 2, "click_model": {}}]}),
    ],
)  # fmt: skip
def test_options_as_world_files_have_them(section: dict[str, Any], wanted: dict[str, Any]):
    assert section == wanted


@pytest.mark.parametrize(
    "call",
    [
        lambda: shuffle_section("fool"),
        lambda: shuffle_section("full:share"),
        lambda: user_section(0, None),
        lambda: user_section(5, 1.5),
        lambda: day_section(0, 0.0),
        lambda: day_section(5, 3.0),
        lambda: context_section(["=1"]),
        lambda: arm_section("a,a"),
    ],
)
def test_options_that_are_wrong(call: Callable[[], Any]):
    with pytest.raises(UsageError, match=r"found .*, wanted"):
        call()


def test_the_keenest_users_on_the_best_day():
    assert largest_factor({}) == 1.0
    assert largest_factor({**user_section(5, 0.2), **day_section(3, -0.5)}) == pytest.approx(1.2 * 1.25)
