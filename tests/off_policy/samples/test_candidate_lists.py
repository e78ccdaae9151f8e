from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval import DataError, ope
from rankeval.off_policy.rows import EstimateRow
from rankeval.simulators.bandits.bandit_world import bandit_log, random_policy, random_world
from tests.naive_off_policy import NAMES as ALL_NAMES

#: All but ``mips``, which reads the embedding of actions beside the lists.
NAMES = tuple(name for name in ALL_NAMES if name != "mips")
Lists = list[list[Any]]

# Three rounds with three, two and three candidates; the second, the first and the last of them were shown.
HAND: dict[str, Any] = {
    "reward": [1.0, 0.0, 2.0],
    "action": [1, 0, 2],
    "candidate_propensities": [[0.5, 0.25, 0.25], [0.5, 0.5], [0.2, 0.4, 0.4]],
    "candidate_target_propensities": [[0.0, 0.5, 0.5], [0.75, 0.25], [0.3, 0.5, 0.2]],
    "candidate_q": [[0.1, 0.2, 0.3], [0.4, 0.5], [0.6, 0.7, 0.8]],
}
WEIGHTS = [0.5 / 0.25, 0.75 / 0.5, 0.2 / 0.4]
Q_PI = [0.5 * 0.2 + 0.5 * 0.3, 0.75 * 0.4 + 0.25 * 0.5, 0.3 * 0.6 + 0.5 * 0.7 + 0.2 * 0.8]


def rows_of(log: Any, estimators: list[str] = NAMES) -> dict[str, EstimateRow]:  # type: ignore[assignment]
    return {row.estimator.name: row for row in ope(log, list(estimators)).estimates}


def test_values_by_hand() -> None:
    rows = rows_of(HAND)
    residuals = [1 - 0.2, 0 - 0.4, 2 - 0.8]
    corrections = [w * e for w, e in zip(WEIGHTS, residuals, strict=True)]
    wanted = {
        "ips": (WEIGHTS[0] * 1 + WEIGHTS[2] * 2) / 3,
        "snips": (WEIGHTS[0] * 1 + WEIGHTS[2] * 2) / sum(WEIGHTS),
        "dm": sum(Q_PI) / 3,
        "dr": (sum(Q_PI) + sum(corrections)) / 3,
        "sndr": sum(Q_PI) / 3 + sum(corrections) / sum(WEIGHTS),
    }
    for name, value in wanted.items():
        assert rows[name].value.value == pytest.approx(value, rel=1e-14), name


@pytest.mark.parametrize("kind", [pa.list_, pa.large_list], ids=["list", "large list"])
@pytest.mark.parametrize("value", [pa.float64(), pa.float32(), pa.decimal128(12, 6)], ids=str)
def test_lists_of_any_type(kind: Callable[[pa.DataType], pa.DataType], value: pa.DataType) -> None:
    typed = {name: pa.array(HAND[name]).cast(kind(value)) for name in HAND if name.startswith("candidate_")}
    wanted = rows_of(HAND)
    for name, row in rows_of(HAND | typed).items():
        assert row.value.value == pytest.approx(wanted[name].value.value, rel=1e-6)


def test_matrices_are_lists_of_equal_length() -> None:
    matrix = {
        name: np.array([values[0], values[2]]) for name, values in HAND.items() if name.startswith("cand")
    }
    lists = {name: values.tolist() for name, values in matrix.items()}
    common = {"reward": [1.0, 2.0], "action": pa.array([1, 2], pa.int8())}
    assert rows_of(common | matrix)["sndr"].value == rows_of(common | lists)["sndr"].value


def test_simulated_lists_and_rows_agree() -> None:
    world = random_world(6, 4, seed=1).with_model_error(0.05, 0.1, seed=2)
    policies = random_policy(world, 3), random_policy(world, 4, skill=0.5)
    rows = rows_of(bandit_log(world, *policies, 5000, seed=5))
    lists = rows_of(bandit_log(world, *policies, 5000, seed=5, layout="candidates"))
    for name in NAMES:
        assert lists[name].value.value == pytest.approx(rows[name].value.value, rel=1e-13)
        assert lists[name].gain.std_error == pytest.approx(rows[name].gain.std_error, rel=1e-9)


def test_logged_columns_must_agree_with_lists() -> None:
    log = HAND | {"propensity": [0.5, 0.5, 0.5], "q_target": Q_PI}
    with pytest.raises(DataError, match=r"'propensity' is 0\.5, wanted 0\.25 as in"):
        ope(log, "ips")
    log["propensity"] = [0.25, 0.5, 0.4]
    for name, row in rows_of(log).items():
        assert row.value.value == pytest.approx(rows_of(HAND)[name].value.value, rel=1e-14)


def test_the_direct_method_needs_no_action() -> None:
    log = {name: HAND[name] for name in ("reward", "candidate_target_propensities", "candidate_q")}
    assert rows_of(log, ["dm"])["dm"].value.value == pytest.approx(sum(Q_PI) / 3, rel=1e-14)
    assert "dr" in rows_of(HAND, [])


def test_columns_may_have_other_names() -> None:
    names = {"action": "shown", "candidate_q": "predictions"}
    log = {names.get(name, name): values for name, values in HAND.items()}
    result = ope(log, "dr", columns=names)
    assert result.estimates[0].value == rows_of(HAND, ["dr"])["dr"].value
    log["predictions"] = [[0.1, 0.2, 0.3], [0.4], [0.6, 0.7, 0.8]]
    with pytest.raises(DataError, match="the list in column 'predictions' has 1 values, wanted 2"):
        ope(log, "dr", columns=names)


def changed(column: str, change: Callable[[Lists], None]) -> dict[str, Any]:
    lists = [list(values) for values in HAND[column]]
    change(lists)
    return HAND | {column: pa.array(lists)}


def setting(row: int, index: int, value: Any) -> Callable[[Lists], None]:
    def change(lists: Lists) -> None:
        lists[row][index] = value

    return change


@pytest.mark.parametrize(
    ("log", "message"),
    [
        (HAND | {"action": [1, 2, 2]}, "row 2: column 'action' is 2, wanted an index from 0 to 1"),
        (HAND | {"action": [-1, 0, 2]}, "row 1: column 'action' is -1, wanted an index from 0 to 2"),
        (HAND | {"action": pa.array([1, None, 2])}, "row 2: column 'action' is null, wanted a finite number"),
        (HAND | {"action": ["1", "0", "2"]}, "column 'action' holds string, wanted an index from 0"),
        (HAND | {"action": [1.0, 0.0, 2.0]}, "column 'action' holds double, wanted integers"),
        (
            changed("candidate_q", lambda q: q[1].append(0.5)),
            "row 2: the list in column 'candidate_q' has 3 values, wanted 2",
        ),
        (
            changed("candidate_q", lambda q: (q[0].pop(), q[1].append(0.5))[0]),
            "row 1: the list in column 'candidate_q' has 2 values, wanted 3 as in the other lists of the row",
        ),
        (
            changed("candidate_q", setting(2, 1, None)),
            "row 3: column 'candidate_q' is null at index 1, wanted finite numbers",
        ),
        (
            changed("candidate_q", setting(2, 1, math.nan)),
            "row 3: column 'candidate_q' is nan at index 1, wanted finite numbers",
        ),
        (
            changed("candidate_q", lambda q: q.__setitem__(1, None)),
            "row 2: column 'candidate_q' is null, wanted a list",
        ),
        (
            changed("candidate_propensities", setting(0, 0, 1.5)),
            "row 1: column 'candidate_propensities' is 1.5 at index 0, wanted probabilities in [0, 1]",
        ),
        (
            changed("candidate_propensities", lambda p: p.__setitem__(0, [0.75, 0.0, 0.25])),
            "row 1: column 'candidate_propensities' is 0.0, wanted a probability in (0, 1]",
        ),
        (
            changed("candidate_target_propensities", setting(1, 0, -0.5)),
            "row 2: column 'candidate_target_propensities' is -0.5 at index 0, wanted probabilities",
        ),
        (
            changed("candidate_target_propensities", setting(1, 0, 0.5)),
            "row 2: column 'candidate_target_propensities' is 0.75 in sum, wanted a sum of 1",
        ),
        (
            HAND | {"candidate_q": [0.1, 0.2, 0.3]},
            "column 'candidate_q' holds double, wanted a list of numbers a round",
        ),
        (
            HAND | {"candidate_q": [["a"], ["b"], ["c"]]},
            "column 'candidate_q' holds list<item: string>, wanted numbers",
        ),
    ],
)
def test_bad_lists_get_one_line(log: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        ope(log, ["dr"])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_list_may_be_empty_of_candidates_only_by_mistake() -> None:
    empty = pa.array([[], [], []], pa.list_(pa.float64()))
    log = HAND | {name: empty for name in HAND if name.startswith("candidate_")}
    with pytest.raises(DataError, match="row 1: column 'action' is 1, wanted candidates"):
        ope(log, "ips")


@pytest.mark.parametrize("estimator", ["ips", "snips", "dr"])
def test_sums_that_no_estimator_uses_are_not_checked(estimator: str) -> None:
    # Weights and predictions take the logging policy's propensity of the logged action alone.
    other = changed("candidate_propensities", setting(0, 0, 0.9))
    assert rows_of(other, [estimator])[estimator].value == rows_of(HAND, [estimator])[estimator].value


@pytest.mark.parametrize(("off", "told"), [(0.0009, False), (0.0011, True), (0.0099, True)])
def test_sums_may_be_off_1_by_a_hundredth(off: float, told: bool) -> None:
    log = changed("candidate_target_propensities", setting(0, 1, 0.5 + off))
    found = ope(log, ["dr"])
    q_pi = Q_PI[0] + off * HAND["candidate_q"][0][1]
    wanted = (q_pi + (0.5 + off) / 0.25 * 0.8 + sum(Q_PI[1:]) + WEIGHTS[1] * -0.4 + WEIGHTS[2] * 1.2) / 3
    assert found.estimates[0].value.value == pytest.approx(wanted, rel=1e-14)
    text = (
        "1 lists of propensities do not sum to 1 within 0.001: the furthest, in column "
        f"'candidate_target_propensities', is {off:.2g} away"
    )
    assert (text in found.warnings) == told
    assert text not in ope(log, ["ips"]).warnings


def test_sums_further_off_are_wrong() -> None:
    log = changed("candidate_target_propensities", setting(0, 1, 0.511))
    with pytest.raises(DataError, match=r"row 1: .* is 1\.011 in sum, wanted a sum of 1"):
        ope(log, "dm")


def test_probabilities_that_rounding_put_above_1_are_1() -> None:
    def certain(high: float) -> dict[str, Any]:
        lists = {"candidate_propensities": [[0.0, high]], "candidate_target_propensities": [[0.0, high]]}
        return lists | {"reward": [2.0], "action": [1], "candidate_q": [[0.0, 1.0]]}

    assert rows_of(certain(1.0 + 5e-7), ["dr"])["dr"].value == rows_of(certain(1.0), ["dr"])["dr"].value
    with pytest.raises(DataError, match=r"is 1\.0001 at index 1, wanted probabilities in"):
        ope(certain(1.0001), "ips")


def test_what_is_missing_names_the_column_and_the_lists() -> None:
    without = {name: values for name, values in HAND.items() if name != "candidate_propensities"}
    with pytest.raises(DataError) as caught:
        ope(without, "ips")
    message = "<dict>: no column 'propensity' (nor 'action' and 'candidate_propensities' that it follows"
    assert str(caught.value).startswith(message)
    with pytest.raises(
        DataError, match=r"no column 'q_target' .nor 'candidate_target_propensities' and 'candidate_q'"
    ):
        ope({name: values for name, values in HAND.items() if name != "candidate_q"}, "dm")


def test_a_target_that_takes_no_logged_action_is_worth_nothing_to_ips() -> None:
    log = HAND | {"candidate_target_propensities": [[1.0, 0.0, 0.0], [0.0, 1.0], [0.0, 1.0, 0.0]]}
    rows = rows_of(log)
    assert rows["ips"].value.value == 0.0
    assert rows["snips"].value.value is None
    assert rows["dm"].value.value == pytest.approx((0.1 + 0.5 + 0.7) / 3, rel=1e-15)
