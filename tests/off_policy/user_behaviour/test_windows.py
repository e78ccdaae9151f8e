from __future__ import annotations

import math
from itertools import product

import numpy as np
import pyarrow as pa
import pytest

from rankeval.errors import DataError
from rankeval.logs.log import Log
from rankeval.logs.passes import fold, scan
from rankeval.logs.sessions import Sessions
from rankeval.off_policy.user_behaviour.windows import (
    BEHAVIOURS,
    NAMES,
    STANDARD,
    behaviour_codes,
    subset_weights,
)
from rankeval.simulators.bandits.slate_world import SlateWorld, random_slate_policy, random_slate_world

CODE = {name: code for code, name in enumerate(NAMES)}


def naive_depends(name: str, k: int, other: int) -> bool:
    """The catalogue in other words."""
    return {
        "independent": other == k,
        "neighbours": abs(other - k) <= 1,
        "cascade": other <= k,
        "cascade_neighbours": other <= k + 1,
        "standard": True,
    }[name]


def naive_weights(lists: list[list[float]], names: list[str]) -> list[float]:
    return [
        math.prod(v for other, v in enumerate(each) if naive_depends(name, k, other))
        for each, name in zip(lists, names, strict=True)
        for k in range(len(each))
    ]


def test_weights_of_every_behaviour_are_products_over_its_positions() -> None:
    rng = np.random.default_rng(1)
    lengths = rng.integers(0, 7, 200)
    lists = [rng.lognormal(size=length).tolist() for length in lengths]
    lists[7], lists[8] = [2.0, 0.0, 3.0, 5.0], [0.0]
    codes = rng.integers(0, len(NAMES), 200)
    offsets = np.concatenate(([0], np.cumsum([len(each) for each in lists])))
    found = subset_weights(offsets, np.concatenate(lists), codes)
    assert found == pytest.approx(naive_weights(lists, [NAMES[code] for code in codes]), rel=1e-13, abs=0)


def test_weights_by_hand() -> None:
    offsets, v = np.array([0, 3, 3, 5]), np.array([2.0, 3.0, 5.0, 7.0, 11.0])
    for name, wanted in {
        "independent": [2, 3, 5, 7, 11],
        "neighbours": [2 * 3, 2 * 3 * 5, 3 * 5, 7 * 11, 7 * 11],
        "cascade": [2, 2 * 3, 2 * 3 * 5, 7, 7 * 11],
        "cascade_neighbours": [2 * 3, 2 * 3 * 5, 2 * 3 * 5, 7 * 11, 7 * 11],
        "standard": [2 * 3 * 5] * 3 + [7 * 11] * 2,
    }.items():
        assert subset_weights(offsets, v, np.full(3, CODE[name])).tolist() == wanted


def test_a_wider_behaviour_depends_on_all_that_a_narrower_one_does() -> None:
    for narrow, wide in product(BEHAVIOURS, repeat=2):
        places = list(product(range(6), repeat=2))
        subset = all(naive_depends(wide, *pair) for pair in places if naive_depends(narrow, *pair))
        assert BEHAVIOURS[narrow].within(BEHAVIOURS[wide]) == subset
    assert NAMES[STANDARD] == "standard"


def exact_mean(world: SlateWorld, weighting: str) -> tuple[float, float]:
    """Expectation of ``sum_k w_k c_k`` under the logging policy, and of the reward under the target."""
    logging, target = random_slate_policy(world, 2), random_slate_policy(world, 3, skill=0.8, temperature=0.5)
    p, q = world.probabilities(logging), world.probabilities(target)
    size, places = world.positions, np.arange(world.positions)
    lists = np.array(list(product(range(p.shape[2]), repeat=size)))
    mean = value = 0.0
    for t, share in enumerate(world.shares):
        chance, wanted = p[t][places, lists], q[t][places, lists]
        rewards = world.expected_rewards(np.full(len(lists), t), lists)
        offsets = size * np.arange(len(lists) + 1)
        codes = np.full(len(lists), CODE[world.behaviours[t] if weighting == "true" else weighting])
        weights = subset_weights(offsets, (wanted / chance).ravel(), codes).reshape(rewards.shape)
        mean += share * math.fsum(chance.prod(axis=1) * (weights * rewards).sum(axis=1))
        value += share * math.fsum(wanted.prod(axis=1) * rewards.sum(axis=1))
    assert world.value(target) == pytest.approx(value, abs=1e-11)
    return mean, value


@pytest.mark.parametrize("name", NAMES)
def test_each_behaviour_is_unbiased_where_it_or_a_narrower_one_holds(name: str) -> None:
    world = random_slate_world(4, 3, 5, behaviours=[name], interaction=3.0)
    for weighting in NAMES:
        mean, value = exact_mean(world, weighting)
        unbiased = BEHAVIOURS[name].within(BEHAVIOURS[weighting])
        assert (abs(mean - value) < 1e-9) == unbiased, weighting


def test_the_true_behaviours_of_a_mixed_world_are_unbiased() -> None:
    world = random_slate_world(4, 3, 6, shares=[0.5, 0.3, 0.2], interaction=3.0)
    mean, value = exact_mean(world, "true")
    assert mean == pytest.approx(value, abs=1e-9)


def codes_of(names: list[str | None], kind: pa.DataType | None = None) -> list[int]:
    values = pa.array(names, pa.string())
    table = pa.table(
        {
            "session_id": [1, 1, 2, 3],
            "behaviour": values if kind is None else values.cast(kind),
        }
    )
    log = Log(table)

    def work(sessions: Sessions) -> dict[int, int]:
        ids = sessions.per_session("session_id").to_pylist()
        return dict(zip(ids, behaviour_codes(sessions, "behaviour").tolist(), strict=True))

    found = fold(log, ["session_id", "behaviour"], work, dict.__or__, 1)
    return [found[session] for session in sorted(found)]


@pytest.mark.parametrize("kind", [None, pa.dictionary(pa.int32(), pa.string()), pa.large_string()], ids=str)
def test_names_become_codes(kind: pa.DataType | None) -> None:
    names = ["cascade", "cascade", "independent", "standard"]
    assert codes_of(names, kind) == [CODE["cascade"], CODE["independent"], CODE["standard"]]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["cascade", "cascade", "casual", "standard"],
            "row 3, session_id 2: column 'behaviour' is 'casual', wanted",
        ),
        (["cascade", "cascade", "standard", None], "row 4, session_id 3: column 'behaviour' is null, wanted"),
        (
            ["cascade", "standard", "standard", "standard"],
            "is standard, wanted one value throughout a session",
        ),
    ],
)
def test_bad_names_get_one_line(names: list[str | None], message: str) -> None:
    with pytest.raises(DataError) as caught:
        codes_of(names)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    if "throughout" not in message:
        assert str(caught.value).endswith(
            "one of independent, neighbours, cascade, cascade_neighbours, standard"
        )


def test_sessions_without_items_need_no_behaviour() -> None:
    table = pa.table(
        {
            "session_id": [1, 2],
            "click": [[], [1.0]],
            "behaviour": pa.array([None, "cascade"]),
        }
    )
    found = scan(
        Log(table), ["session_id", "click", "behaviour"], lambda s: behaviour_codes(s, "behaviour"), 1
    )
    assert found[0].tolist() == [STANDARD, CODE["cascade"]]
