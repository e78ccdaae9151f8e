"""Every command gives the same bits where the leaves are worked on by copies that share nothing with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from numba import cloudpickle

from rankeval import DataError, Log, UsageError, evaluate, inspect, ope, uplift
from rankeval.spark.worker import Job, state_or_raised
from tests.spark.copied import elsewhere
from tests.spark.logs import BIAS, CALLS, FILLED, spoil, write_all, write_bandit_log, write_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("spark")
    write_all(made)
    return made


@pytest.mark.parametrize("name", CALLS)
def test_a_command_gives_the_same_bits(name: str, folder: Path):
    file, call = CALLS[name]
    path = str(folder / file)
    log = elsewhere(Log(path, **FILLED))
    assert call(log).render("json") == call(Log(path, **FILLED)).render("json")
    assert log.engine.items >= 3


def test_evaluate_gives_the_same_bits(folder: Path):
    log = Log(str(folder / "run"), "run")
    assert evaluate(elsewhere(log), metrics="ndcg@5,roc_auc").render("json") == (
        evaluate(log, metrics="ndcg@5,roc_auc").render("json")
    )


def test_models_score_on_workers_what_they_score_here(folder: Path, tmp_path: Path):
    candidate = f"new=lightgbm:{write_model(tmp_path / 'model.txt')}"
    log = Log(str(folder / "clicks"), where="position <= 3")
    here, there = (uplift(each, candidate, position_bias=BIAS).to_dict() for each in (log, elsewhere(log)))
    for one, other in zip(here["results"], there["results"], strict=True):
        assert other["value"] == pytest.approx(one["value"], rel=1e-12)
        assert other["gain"]["std_error"] == pytest.approx(one["gain"]["std_error"], rel=1e-12)


def test_the_first_error_in_the_order_of_the_rows_is_raised(tmp_path: Path):
    write_bandit_log(tmp_path / "log")
    spoil(tmp_path / "log", part=2, row=0)
    spoil(tmp_path / "log", part=1, row=7)
    with pytest.raises(DataError, match=r"part-001\.parquet, row 8"):
        ope(elsewhere(Log(str(tmp_path / "log"), **FILLED)), "ips")


def test_null_rewards_and_usual_columns_are_told_as_here(folder: Path):
    def notes(log: Log) -> list[str]:
        return [str(text) for text in inspect(log).warnings]

    log = Log(str(folder / "bandit"), **FILLED)
    assert notes(elsewhere(log)) == notes(log)
    assert any("counts as 0" in text for text in notes(elsewhere(log)))


def test_a_worker_with_another_version_is_refused():
    job = replace(Job.of(cloudpickle.dumps(abs), [-1]), version="0.0.0")
    states = [*job.states([pa.RecordBatch.from_pydict({"id": [0]})])]
    with pytest.raises(UsageError, match=r"found rankeval .* on a worker, wanted 0\.0\.0"):
        state_or_raised(states[0]["state"][0].as_py())
