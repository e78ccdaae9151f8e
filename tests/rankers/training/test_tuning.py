from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rankeval import UsageError, train
from rankeval.rankers.training import tuning
from tests.rankers.judged_data import judged

FAST: dict[str, Any] = {"num_iterations": 5, "num_leaves": 4}


def test_a_search_reports_nested_folds_and_keeps_what_the_caller_set(tmp_path: Path) -> None:
    found = [
        train(judged(20), tmp_path / f"{i}.txt", tune=2, folds=3, param=FAST, threads=1).to_dict()
        for i in range(2)
    ]
    assert {each["part"] for each in found[0]["results"]} == {"nested folds"}
    assert found[0]["model"]["parameters"]["num_leaves"] == 4
    assert set(found[0]["model"]["parameters"]) >= {*tuning.WHOLE, *tuning.REAL}
    assert len(found[0]["model"]["fold_trees"]) == 3
    assert (tmp_path / "0.txt").read_bytes() == (tmp_path / "1.txt").read_bytes()


def test_the_first_trial_is_the_default(tmp_path: Path) -> None:
    """With one trial nothing is searched: the parameters are the defaults within the bounds."""
    found = train(
        judged(20), tmp_path / "m.txt", tune=1, folds=3, param={"num_iterations": 5}, threads=1
    ).to_dict()
    used = found["model"]["parameters"]
    assert (used["num_leaves"], used["min_data_in_leaf"], used["learning_rate"]) == (7, 4, 0.02)
    assert (used["feature_fraction"], used["lambda_l2"]) == (1.0, 1e-3)


def test_no_fold_takes_part_in_the_choice_of_its_own_parameters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, set[str]]] = []
    best = tuning.Search._best

    def recorded(self: Any, fitting: Any, examples: Any, tests: Any, what: str) -> Any:
        seen.append((what, {examples.queries[int(i)].as_py() for test in tests for i in test}))
        return best(self, fitting, examples, tests, what)

    monkeypatch.setattr(tuning.Search, "_best", recorded)
    train(judged(12), tmp_path / "m.txt", tune=1, folds=3, param=FAST, threads=1)
    every = {query for _, queries in seen for query in queries}
    left_out = [every - queries for _, queries in seen]
    assert [len(each) for each in left_out] == [4, 4, 4, 0]
    assert set.union(*left_out) == every


def test_optuna_is_an_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(
        UsageError, match=r"Optuna is not installed, wanted `pip install 'rankeval-ope\[tune\]'`"
    ):
        train(judged(12), tmp_path / "m.txt", tune=1, folds=3, threads=1)
