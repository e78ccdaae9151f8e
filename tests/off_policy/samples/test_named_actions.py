"""Actions by name, and target policies that are given by the action that they choose."""

from __future__ import annotations

from typing import Any

import pytest

from rankeval import DataError, UsageError, ope
from rankeval.off_policy.result import OffPolicyEvaluation

#: Three rounds; the logged actions are at index 1, 0 and 2 of their candidates.
ROUNDS: dict[str, Any] = {
    "reward": [1.0, 0.0, 2.0],
    "candidate_propensities": [[0.5, 0.25, 0.25], [0.5, 0.5], [0.3, 0.3, 0.4]],
    "candidate_target_propensities": [[0.0, 0.5, 0.5], [0.75, 0.25], [0.3, 0.5, 0.2]],
    "candidate_q": [[0.1, 0.2, 0.3], [0.4, 0.5], [0.6, 0.7, 0.8]],
}
NAMED = ROUNDS | {"candidates": [["a", "b", "c"], ["c", "a"], ["b", "a", "c"]], "action": ["b", "c", "c"]}
NUMBERED = ROUNDS | {"candidates": [[2, 0, 7], [7, 2], [0, 2, 7]], "action": [0, 7, 7]}
INDEXED = ROUNDS | {"action": [1, 0, 2]}
NAMES = ["ips", "snips", "dm", "dr", "sndr"]
#: A policy that chooses index 1, 1 and 2. Its weights are 1 / 0.25, 0 and 1 / 0.4.
CHOSEN = {"name": ["b", "a", "c"], "index": [1, 1, 2], "number": [0, 2, 7]}
IPS = (1.0 / 0.25 + 0.0 + 2.0 / 0.4) / 3
DM = (0.2 + 0.5 + 0.8) / 3
DR = DM + ((1.0 - 0.2) / 0.25 + 0.0 + (2.0 - 0.8) / 0.4) / 3


def values(found: OffPolicyEvaluation) -> list[Any]:
    return [row.value for row in found.estimates]


@pytest.mark.parametrize("log", [NAMED, NUMBERED], ids=["texts", "integers"])
def test_names_stand_for_their_indices(log: dict[str, Any]) -> None:
    assert values(ope(log, NAMES)) == values(ope(INDEXED, NAMES))
    assert values(ope(log, NAMES, first_action=1)) == values(ope(INDEXED, NAMES))


def test_integers_that_are_names_are_told() -> None:
    note = "column 'action' holds names among 'candidates', and no indices"
    assert note in ope(NUMBERED, "ips").warnings
    assert note not in ope(NAMED, "ips").warnings
    first = "first_action: actions have names, so it changes nothing"
    assert first in ope(NAMED, "ips", first_action=1).warnings


def test_integers_beside_candidates_of_texts_are_indices() -> None:
    assert values(ope(NAMED | {"action": [1, 0, 2]}, NAMES)) == values(ope(INDEXED, NAMES))


def test_a_number_beside_its_list_is_compared_by_name() -> None:
    agreeing = NAMED | {"propensity": [0.25, 0.5, 0.4]}
    assert values(ope(agreeing, ["ips", "dr"])) == values(ope(NAMED, ["ips", "dr"]))
    with pytest.raises(DataError, match=r"row 2: column 'propensity' is 0\.25, wanted 0\.5 as in 'cand"):
        ope(NAMED | {"propensity": [0.25, 0.25, 0.4]}, "dr")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"action": ["b", "x", "c"]},
            "<dict>, row 2: column 'action' is 'x', wanted one of 'candidates': c, a",
        ),
        ({"action": ["b", None, "c"]}, "<dict>, row 2: column 'action' is null, wanted an action"),
        (
            {"candidates": [["a", "b", "c"], ["c", "c"], ["b", "a", "c"]]},
            "<dict>, row 2: column 'candidates' is ['c', 'c'], wanted names without null, each once",
        ),
        (
            {"candidates": [["a", "b", None], ["c", "a"], ["b", "a", "c"]]},
            "<dict>, row 1: column 'candidates' is ['a', 'b', None], wanted names without null, each once",
        ),
        (
            {"candidates": [["a", "b"], ["c", "a"], ["b", "a", "c"]]},
            "row 1: the list in column 'candidate_propensities' has 3 values, wanted 2",
        ),
        ({"candidates": [["a"], None, ["a"]]}, "row 2: column 'candidates' is null, wanted a list"),
    ],
)
def test_wrong_names_get_one_line(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        ope(NAMED | change, "ips")
    assert message in str(caught.value)


def test_names_need_candidates() -> None:
    without = {name: column for name, column in NAMED.items() if name != "candidates"}
    with pytest.raises(DataError, match="column 'action' holds string, wanted an index from 0 into the"):
        ope(without, "ips")
    with pytest.raises(DataError, match="column 'action' holds string, wanted a list of names"):
        ope(NAMED, "ips", columns={"candidates": "action"})


@pytest.mark.parametrize(
    ("log", "chosen", "target"),
    [
        (NAMED, "name", "chosen"),
        (NAMED, "name", "action:chosen"),
        (NUMBERED, "number", "action:chosen"),
        (INDEXED, "index", "action:chosen"),
        (NAMED | {"action": [1, 0, 2]}, "name", "chosen"),
        (NAMED, "index", "action:chosen"),
    ],
)
def test_a_policy_may_be_what_it_chooses(log: dict[str, Any], chosen: str, target: str) -> None:
    found = ope(log | {"chosen": CHOSEN[chosen]}, ["ips", "dm", "dr"], target={"new": target})
    assert [row.value.value for row in found.estimates] == pytest.approx([IPS, DM, DR], rel=1e-14)


def test_chosen_indices_count_as_the_logged_ones() -> None:
    log = INDEXED | {"action": [2, 1, 3], "chosen": [2, 2, 3]}
    found = ope(log, ["ips", "dr"], target={"new": "action:chosen"}, first_action=1)
    assert [row.value.value for row in found.estimates] == pytest.approx([IPS, DR], rel=1e-14)


def test_policies_of_both_forms_are_compared() -> None:
    targets = {"new": "chosen", "old": "candidate_target_propensities"}
    found = ope(NAMED | {"chosen": CHOSEN["name"]}, ["ips"], target=targets)
    assert found.estimates[0].value.value == pytest.approx(IPS, rel=1e-14)
    assert found.estimates[1].value == ope(NAMED, "ips").estimates[0].value


@pytest.mark.parametrize("actions", [["b", "c", "c"], [41, 7, 7]], ids=["texts", "integers"])
def test_without_candidates_the_actions_are_compared(actions: list[Any]) -> None:
    chosen = [actions[0], actions[0], actions[2]]
    log = {"reward": [1.0, 0.0, 2.0], "propensity": [0.25, 0.5, 0.4], "action": actions, "chosen": chosen}
    for name in ("ips", "cips:max_weight=9"):
        found = ope(log, name, target={"new": "action:chosen"}).estimates[0]
        assert found.value.value == pytest.approx(IPS, rel=1e-14)


def test_the_q_of_the_log_is_that_of_a_single_target() -> None:
    log = {
        "reward": [1.0, 0.0, 2.0], "propensity": [0.25, 0.5, 0.4], "action": ["b", "c", "c"],
        "chosen": ["b", "a", "c"], "q_logged": [0.2, 0.4, 0.8], "q_target": [0.2, 0.5, 0.8],
    }  # fmt: skip
    found = ope(log, "dr", target={"new": "chosen"})
    assert found.estimates[0].value.value == pytest.approx(DR, rel=1e-14)


def test_integers_that_may_be_either_are_refused() -> None:
    log = INDEXED | {"propensity": [0.25, 0.5, 0.4], "chosen": [1, 0, 1]}
    with pytest.raises(UsageError) as caught:
        ope(log, "ips", target={"new": "chosen"})
    assert str(caught.value) == (
        "target new=chosen: found int64, actions or propensities; "
        "wanted new=action:chosen or new=propensity:chosen"
    )
    share = ope(log, "ips", target={"new": "propensity:chosen"}).estimates[0].value.value
    assert share == pytest.approx(IPS, rel=1e-14)
    action = ope(log, "ips", target={"new": "action:chosen"}).estimates[0].value.value
    assert action == pytest.approx((1.0 / 0.25 + 0.0 / 0.5 + 0.0) / 3, rel=1e-14)


def test_booleans_and_logs_without_actions_are_clear() -> None:
    log = {"reward": [1.0, 0.0, 2.0], "propensity": [0.25, 0.5, 0.4]}
    for chosen in ([True, False, True], [1, 0, 1]):
        found = ope(log | {"new": chosen}, "ips", target={"new": "new"})
        assert found.estimates[0].value.value == pytest.approx(IPS, rel=1e-14)


def test_a_column_of_that_name_comes_first() -> None:
    log = NAMED | {"action:chosen": ROUNDS["candidate_target_propensities"]}
    assert values(ope(log, NAMES, target={"new": "action:chosen"})) == values(ope(NAMED, NAMES))


@pytest.mark.parametrize(
    ("chosen", "target", "message"),
    [
        (["b", "x", "c"], "chosen", "row 2: column 'chosen' is 'x', wanted one of 'candidates': c, a"),
        (["b", None, "c"], "chosen", "row 2: column 'chosen' is null, wanted an action"),
        ([1, 2, 2], "action:chosen", "row 2: column 'chosen' is 2, wanted an index from 0 to 1"),
        ([1, -1, 2], "action:chosen", "row 2: column 'chosen' is -1, wanted an index from 0 to 1"),
        ([0.5, 0.5, 1.0], "action:chosen", "column 'chosen' holds double, wanted actions: integers or texts"),
        (["b", "a", "c"], "nothing", "no column 'nothing' for target 'new'"),
        (["b", "a", "c"], "action:nothing", "no column 'nothing' for target 'new'"),
    ],
)
def test_wrong_choices_get_one_line(chosen: list[Any], target: str, message: str) -> None:
    for names in (["ips"], ["dr"]):
        with pytest.raises(DataError) as caught:
            ope(NAMED | {"chosen": chosen}, names, target={"new": target})
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)


def test_choices_of_another_kind_than_the_log_get_one_line() -> None:
    log = {"reward": [1.0], "propensity": [0.5], "action": [3], "chosen": ["c"]}
    with pytest.raises(DataError, match="column 'chosen' holds string, wanted actions as in 'action'"):
        ope(log, "ips", target={"new": "chosen"})
    with pytest.raises(DataError, match="row 1: column 'chosen' is -1, wanted an action, from 0"):
        ope(log | {"chosen": [-1]}, "ips", target={"new": "action:chosen"})


def test_rankings_have_no_such_targets() -> None:
    log = {"session_id": [1], "position": [1], "click": [1], "propensity": [0.5], "new": [0.5]}
    with pytest.raises(UsageError, match="target new=propensity:new: propensity: is for bandit logs"):
        ope(log, "iips", target={"new": "propensity:new"})
