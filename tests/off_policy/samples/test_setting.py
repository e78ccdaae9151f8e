"""Several target policies in one pass: each as by itself, and their differences on the same units."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval import ope
from rankeval.errors import DataError, UsageError
from rankeval.off_policy.rows import EstimateRow
from rankeval.off_policy.samples.targets import parse_targets
from tests import naive_off_policy as naive
from tests.naive_rankings import random_log as random_rankings

ROWS = naive.random_log(600, seed=3)
SHIFTED = np.minimum(ROWS["target_propensity"] * np.linspace(0.5, 1.5, 600), 1.0)
TWO_ROWS = ROWS | {"other": SHIFTED}
NAMES = ("ips", "cips:max_weight=2", "snips", "csnips:max_weight=2", "sg_ips:lambda=0.3")
MODEL = ("dm", "dr", "sndr", "switch_dr:tau=2", "dros:lambda=2")


def candidate_log(n: int = 400, actions: int = 5, seed: int = 0) -> dict[str, Any]:
    """Candidate lists with two targets, ``candidate_target_propensities`` and ``greedy``."""
    rng = np.random.default_rng(seed)
    logging, target, greedy = (rng.dirichlet(np.ones(actions) * c, n) for c in (4.0, 4.0, 2.0))
    q = rng.random((n, actions))
    action = np.array([rng.choice(actions, p=p) for p in logging])
    return {
        "round_id": np.arange(n),
        "reward": (rng.random(n) < q[np.arange(n), action]).astype(float),
        "action": action,
        "candidate_propensities": pa.array(list(logging)),
        "candidate_target_propensities": pa.array(list(target)),
        "greedy": pa.array(list(greedy)),
        "candidate_q": pa.array(list(np.clip(q + 0.1, 0, 1))),
        "country": rng.choice(["de", "fr"], n),
    }


LISTS = candidate_log()


def table(log: dict[str, Any]) -> pa.Table:
    return pa.table(log)


def row(log: Any, name: str, of: str | None, **options: Any) -> EstimateRow:
    return next(r for r in ope(log, [name], **options).estimates if r.target == of and r.segment is None)


def same(left: EstimateRow, right: EstimateRow) -> None:
    for a, b in ((left.value, right.value), (left.gain, right.gain), (left.relative, right.relative)):
        assert a.value == pytest.approx(b.value, rel=1e-12, abs=1e-15)
        assert a.std_error == pytest.approx(b.std_error, rel=1e-9, abs=1e-15)
    for name, known in left.diagnostics.items():
        other = right.diagnostics[name]
        assert known == (None if other is None else pytest.approx(other, rel=1e-9))


@pytest.mark.parametrize("name", NAMES)
def test_rows_give_what_each_target_gives_alone(name: str) -> None:
    both = {"new": "target_propensity", "other": "other"}
    same(row(TWO_ROWS, name, "new", target=both), row(ROWS, name, None))
    alone = ROWS | {"target_propensity": SHIFTED}
    same(row(TWO_ROWS, name, "other", target=both), row(alone, name, None))


@pytest.mark.parametrize("name", [*NAMES, *MODEL])
def test_lists_give_what_each_target_gives_alone(name: str) -> None:
    both = {"new": "candidate_target_propensities", "greedy": "greedy"}
    same(row(table(LISTS), name, "new", target=both), row(table(LISTS), name, None))
    alone = table(LISTS | {"candidate_target_propensities": LISTS["greedy"]})
    same(row(table(LISTS), name, "greedy", target=both), row(alone, name, None))


def test_a_single_target_of_rows_has_the_predictions_of_the_log() -> None:
    same(row(ROWS, "dr", "new", target={"new": "target_propensity"}), row(ROWS, "dr", None))


@pytest.mark.parametrize("name", ["ips", "snips", "cips:max_weight=2"])
def test_differences_are_paired(name: str) -> None:
    found = ope(TWO_ROWS, [name], target=["new=target_propensity", "other=other"])
    plain, _, parameter = name.partition(":max_weight=")
    bound = float(parameter) if parameter else None
    alone = ROWS | {"target_propensity": SHIFTED}
    moved = naive.residuals(plain, ROWS, bound) - naive.residuals(plain, alone, bound)
    difference = naive.value(plain, ROWS, bound) - naive.value(plain, alone, bound)
    by_pair = {(c.a, c.b): c for c in found.comparisons}
    assert list(by_pair) == [("new", "logged"), ("other", "logged"), ("new", "other")]
    pair = by_pair["new", "other"]
    assert pair.difference.value == pytest.approx(difference, rel=1e-12)
    assert pair.difference.std_error == pytest.approx(naive.std_error(moved), rel=1e-9)
    gain = next(r for r in found.estimates if r.target == "new").gain
    assert by_pair["new", "logged"].difference == gain


def test_p_values_are_adjusted_over_the_pairs() -> None:
    found = ope(TWO_ROWS, ["ips", "snips"], target={"new": "target_propensity", "other": "other"})
    for name in ("ips", "snips"):
        mine = [c for c in found.comparisons if c.estimator.name == name]
        assert len(mine) == 3
        p = sorted((c.p_value or 0.0, i) for i, c in enumerate(mine))
        least, first = p[0]
        assert mine[first].adjusted.holm == pytest.approx(min(3 * least, 1.0))
        largest, last = p[-1]
        assert mine[last].adjusted.bh == pytest.approx(largest)
        difference = mine[0].difference
        z = (difference.value or 0.0) / (difference.std_error or 1.0)
        # Student's t with 599 degrees is close to the normal distribution.
        assert mine[0].p_value == pytest.approx(math.erfc(abs(z) / math.sqrt(2)), abs=2e-3)


def test_a_policy_like_the_logged_one_does_not_differ_from_it() -> None:
    """Its values are those of the log up to rounding, with no error at all."""
    log = random_rankings(1000, seed=1)
    log |= {"target_propensity": log["propensity"]}
    names = ["iips", "sniips", "aips"]
    found = ope(log, names, target={"same": "target_propensity"}, ci="normal")
    (off,) = [c.difference.value for c in found.comparisons if c.estimator.name == "sniips"]
    assert 0.0 < abs(off) < 1e-14  # type: ignore[arg-type]
    assert [(c.p_value, c.adjusted.holm, c.adjusted.bh) for c in found.comparisons] == [(1.0, 1.0, 1.0)] * 3


def test_segments_clusters_and_bootstrap_know_the_targets() -> None:
    both = {"new": "candidate_target_propensities", "greedy": "greedy"}
    found = ope(table(LISTS), ["snips"], target=both, by="country", ci=["normal", "bootstrap"])
    parts = [(r.segment, r.target) for r in found.estimates]
    assert parts == [(s, t) for s in (None, "de", "fr") for t in ("new", "greedy")]
    assert len(found.comparisons) == 3 * 3
    de = table(LISTS).filter(pa.array([c == "de" for c in LISTS["country"]]))
    mine = next(r for r in found.estimates if (r.segment, r.target) == ("de", "greedy"))
    same(mine, row(de, "snips", "greedy", target=both))
    assert all(i.low is not None for r in found.estimates for i in r.value.intervals)
    assert found.to_dict()["results"][0]["target"] == "new"
    assert "new - greedy" in repr(found)


def test_rankings_have_targets_too() -> None:
    log = random_rankings(200, seed=5)
    log |= {"new": np.minimum(log["target_propensity"] * 1.1, 1.0)}
    found = ope(log, ["iips", "sniips"], target={"old": "target_propensity", "new": "new"})
    for mine in found.estimates:
        if mine.target == "new":
            same(mine, row(log | {"target_propensity": log["new"]}, mine.estimator.name, None))
    with pytest.raises(UsageError, match="iips wants the target_propensity of each target, sips the"):
        ope(log, ["iips", "sips"], target={"new": "new"})


@pytest.mark.parametrize(("name", "column"), [("pi", "slate_weight"), ("aips", "subset_weight")])
def test_weights_of_the_log_are_of_no_target_and_this_is_said(name: str, column: str) -> None:
    log = random_rankings(50, seed=6)
    wanted = row(log, name, None)
    log |= {column: np.ones(len(log["reward"]))}
    found = ope(log, [name], target={"new": "target_propensity"})
    same(found.estimates[0], wanted)
    note = f"column {column!r} is not used: weights of targets follow from their propensities"
    assert any(said.startswith(note) for said in found.warnings)
    assert not any(said.startswith(note) for said in ope(log, [name]).warnings)


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        ("new", UsageError, "target: found 'new', wanted NAME=COLUMN"),
        (["new="], UsageError, "target: found 'new=', wanted NAME=COLUMN"),
        (["a=other", "a=other"], UsageError, "target: the name 'a' is taken, wanted another"),
        ({"logged": "other"}, UsageError, "target: the name 'logged' is taken"),
        ({"a b": "other"}, UsageError, "target: found the name 'a b', wanted letters, digits and _ . + -"),
        ({"a": "nothing"}, DataError, "<dict>: no column 'nothing' for target 'a'; it has round_id, reward"),
        ({"a": "country"}, DataError, "no column 'action', wanted the logged action to compare with 'coun"),
    ],
)
def test_wrong_targets_get_one_line(target: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        ope(TWO_ROWS, ["ips"], target=target)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_several_targets_need_predictions_of_their_own() -> None:
    with pytest.raises(DataError) as caught:
        ope(TWO_ROWS, ["dr"], target={"new": "target_propensity", "other": "other"})
    assert "no column 'q_target' of target 'new'" in str(caught.value)
    assert "it can feed ips, cips, snips, csnips, sg_ips" in str(caught.value)


def test_a_bad_probability_names_the_column_of_the_target() -> None:
    with pytest.raises(DataError, match=r"row 1: column 'other' is 7\.0, wanted a probability in \[0, 1\]"):
        ope(TWO_ROWS | {"other": np.full(600, 7.0)}, ["ips"], target={"a": "target_propensity", "b": "other"})
    bad = list(LISTS["greedy"].to_pylist())
    bad[3] = [0.5] * 5
    with pytest.raises(DataError, match=r"row 4: column 'greedy' is 2\.5 in sum, wanted a sum of 1"):
        ope(table(LISTS | {"greedy": pa.array(bad)}), ["dr"], target={"b": "greedy"})


def test_targets_are_parsed_from_texts_and_mappings() -> None:
    assert parse_targets(None) == {}
    assert parse_targets("a=b=c") == {"a": "b=c"}
    assert parse_targets(["a=x", "b=y"]) == parse_targets({"a": "x", "b": "y"}) == {"a": "x", "b": "y"}


def test_a_target_with_two_columns_of_its_name() -> None:
    table = pa.table(TWO_ROWS)
    twice = table.append_column("other", table["other"])
    with pytest.raises(DataError) as caught:
        ope(twice, "ips", target={"new": "other"})
    assert str(caught.value) == "<table>: found 2 columns named 'other', wanted one"
