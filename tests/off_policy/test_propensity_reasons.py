"""Tests of the logged propensities in ``ope``, and the reasons that follow from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import ope
from tests.propensity_tests.logs import Drawn, draw, softmax

N, K = 20_000, 10


def logged(log: Drawn, form: str, keep: Any = slice(None), p: Any = None) -> dict[str, Any]:
    """A log of drawn actions with the propensities ``p``, as lists or as numbers; the target is uniform."""
    p = log.p if p is None else p
    n, k = p.shape
    found = {"action": log.actions[keep], "reward": (np.random.default_rng(9).random(n) < 0.3)[keep] * 1.0}
    if form == "lists":
        uniform = np.full((n, k), 1 / k)
        return found | {
            "candidate_propensities": p[keep].tolist(),
            "candidate_target_propensities": uniform[keep].tolist(),
        }
    return found | {
        "propensity": p[np.arange(n), log.actions][keep],
        "target_propensity": np.full(n, 1 / k)[keep],
    }


def without_half_of(log: Drawn, action: int) -> Any:
    return ~((log.actions == action) & (np.random.default_rng(1).random(len(log.actions)) < 0.5))


def accused(result: Any) -> list[Any]:
    return [reason for reason in result.verdict.reasons if reason.code == "propensities_wrong"]


@pytest.mark.parametrize("form", ["lists", "rows"])
def test_right_propensities_are_not_accused_and_a_lost_half_of_an_action_is_found(form: str) -> None:
    log, _ = draw(1, N, K)
    assert not accused(ope(logged(log, form), ["ips", "snips"]))
    result = ope(logged(log, form, without_half_of(log, 3)), ["ips", "snips"])
    (reason,) = accused(result)
    assert reason.level == "do not trust"
    assert "rows of some actions are missing" in reason.text
    assert "action 3 " in reason.text
    # Half of the rounds with action 3 are gone, and with them a share of all rounds.
    share = (log.actions == 3).mean()
    assert reason.value == pytest.approx(0.5 / (1 - share / 2) - 1, abs=0.1)
    found = result.to_dict()["propensity_tests"]
    assert found["fault"] == "rows_lost"
    assert found["failed"] == reason.numbers["failed"] >= len(found["worst"]) > 0


@pytest.mark.parametrize("form", ["lists", "rows"])
@pytest.mark.parametrize(
    ("fault", "words"), [("halves", "same factor"), ("argmax", "best action"), ("shift", "off by one")]
)
def test_faults_that_the_mean_weight_may_miss(form: str, fault: str, words: str) -> None:
    log, _ = draw(2, N, K)
    p = log.p.copy()
    if fault == "halves":
        p /= 2
    elif fault == "argmax":
        best = p.argmax(axis=1)
        if form == "lists":
            p[:] = 0.0
        p[np.arange(N), best] = 1.0
    else:
        p = np.roll(p, 1, axis=1)
    if form == "lists" and fault != "shift":
        return  # refused: the sums of the lists, and actions with propensity 0, are errors
    (reason,) = accused(ope(logged(log, form, p=p), "snips"))
    assert reason.level == "do not trust"
    assert (form == "rows" and fault == "shift") or words in reason.text


def test_actions_that_were_not_always_possible_are_not_lost() -> None:
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(20, K))
    scores[rng.random((20, K)) < 0.4] = -np.inf
    scores[:, 0] = 0.0
    p = softmax(scores[rng.integers(0, 20, N)])
    actions = np.minimum((p.cumsum(axis=1) < rng.random(N)[:, np.newaxis]).sum(axis=1), K - 1)
    for form in ("lists", "rows"):
        assert not accused(ope(logged(Drawn(p, actions), form), "snips"))


def test_a_slice_has_its_own_tests() -> None:
    log, _ = draw(4, N, K)
    device = np.arange(N) % 3
    p = log.p.copy()
    p[device == 1] = softmax(np.log(p[device == 1]), 1.15)
    result = ope({**logged(log, "lists", p=p), "device": device}, "snips", by="device")
    by_segment = {row.segment: {reason.text for reason in row.reasons} for row in result.estimates}
    in_one = {text for text in by_segment[1] if " in 1:" in text}
    assert len(in_one) == 1
    assert in_one <= by_segment[None]
    assert not any(" in 0:" in text or " in 2:" in text for text in by_segment[None])
    assert not in_one & (by_segment[0] | by_segment[2])


def test_more_slices_than_are_tested_leave_the_whole_log() -> None:
    log, _ = draw(4, 2_000, 4)
    data = {**logged(log, "rows"), "part": np.arange(2_000) % 60}
    by = ope(data, "snips", by="part").to_dict()["propensity_tests"]
    assert by == ope(data, "snips").to_dict()["propensity_tests"]


@pytest.mark.parametrize("form", ["lists", "rows"])
def test_users_who_keep_an_action_accuse_nobody(form: str) -> None:
    rng = np.random.default_rng(5)
    user = np.sort(rng.integers(0, 400, 6_000))
    p = softmax(rng.normal(size=(400, 5)))[user]
    actions = np.minimum((p.cumsum(axis=1) < rng.random(400)[user][:, np.newaxis]).sum(axis=1), 4)
    data = logged(Drawn(p, actions), form)
    assert accused(ope(data, "snips"))
    assert not accused(ope({**data, "user_id": user}, "snips"))
    assert not accused(ope({**data, "who": user}, "snips", cluster="who"))


def test_a_model_alone_uses_no_propensities() -> None:
    log, _ = draw(1, N, K)
    data = logged(log, "lists", without_half_of(log, 3))
    data["candidate_q"] = [[0.3] * K] * len(data["reward"])
    model, robust = ope(data, ["dm", "dr"]).estimates
    assert "propensities_wrong" not in {reason.code for reason in model.reasons}
    assert "propensities_wrong" in {reason.code for reason in robust.reasons}


def test_actions_have_their_names() -> None:
    log, _ = draw(1, N, 4)
    keep = without_half_of(log, 3)
    data = logged(log, "lists", keep)
    names = np.array(["blue", "green", "red", "white"])
    data |= {"action": names[log.actions[keep]], "candidates": [names.tolist()] * int(keep.sum())}
    (reason,) = accused(ope(data, "snips"))
    assert "action white" in reason.text


@pytest.mark.parametrize("weights", ["weight", "sampling_weight"])
def test_rows_that_stand_for_others_are_not_tested(weights: str) -> None:
    log, _ = draw(1, 2_000, 4)
    data = {**logged(log, "lists"), weights: np.full(2_000, 2.0)}
    assert ope(data, "snips").to_dict()["propensity_tests"] is None


@pytest.mark.parametrize("form", ["lists", "rows"])
def test_parts_of_a_log_merge_to_the_same_reasons(form: str, tmp_path: Any) -> None:
    """The same rounds in one file, in many, and read by several threads."""
    log, _ = draw(1, 6_000, 5)
    table = pa.table(logged(log, form, without_half_of(log, 2)))
    (tmp_path / "parts").mkdir()
    pq.write_table(table, tmp_path / "one.parquet")
    for part in range(7):
        pq.write_table(table.slice(part * 1_000, 1_000), tmp_path / "parts" / f"{part}.parquet")
    one = ope(tmp_path / "one.parquet", ["ips", "snips"])
    many = [ope(tmp_path / "parts", ["ips", "snips"], threads=threads) for threads in (1, 3)]
    assert many[0].to_dict()["verdict"] == many[1].to_dict()["verdict"]
    for result in many:
        for mine, other in zip(one.verdict.reasons, result.verdict.reasons, strict=True):
            assert (mine.code, mine.level, mine.text) == (other.code, other.level, other.text)
            assert mine.value == pytest.approx(other.value, rel=1e-9)
