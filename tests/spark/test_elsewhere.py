"""Every command gives the same bits where the leaves are worked on by copies that share nothing with it."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rankeval import DataError, Log, evaluate, ope, uplift
from tests.log_files import write_parts
from tests.spark.copied import Copied, elsewhere
from tests.spark.logs import BIAS, CALLS, FILLED, write_all, write_bandit_log, write_model


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
    rows = Log(str(tmp_path / "log"), **FILLED).sources
    import pyarrow.parquet as pq

    for part, row in ((1, 7), (2, 0)):
        path = tmp_path / "log" / f"part-00{part}.parquet"
        table = pq.read_table(path)
        bad = table["propensity"].to_numpy().copy()
        bad[row] = 0.0
        pq.write_table(table.set_column(2, "propensity", [bad]), path)
    assert len(rows) == 3
    with pytest.raises(DataError, match=r"part-001\.parquet, row 8"):
        ope(elsewhere(Log(str(tmp_path / "log"), **FILLED)), "ips")
