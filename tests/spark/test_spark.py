"""Commands in Spark, classic and Connect, give the bits that they give on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

import pytest

from rankeval import DataError, Log, UsageError, evaluate, ope, simulate, uplift
from rankeval.spark import SparkEngine, engine_of
from tests.paths import REPO
from tests.spark.logs import BIAS, CALLS, FILLED, spoil, write_all, write_bandit_log, write_model

pytest.importorskip("pyspark", reason="pyspark is not installed: pip install 'rankeval-ope[spark]'")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java 17, and there is none"),
    pytest.mark.filterwarnings("ignore"),  # of PySpark, about other versions of pandas
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("spark")
    write_all(made)
    return made


@pytest.fixture(scope="module")
def engine() -> Iterator[SparkEngine]:
    """One session for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYTHONPATH", str(REPO))
        patch.setenv("PYSPARK_SUBMIT_ARGS", "--conf spark.ui.enabled=false pyspark-shell")
        found = engine_of("spark:local[2]")
        assert isinstance(found, SparkEngine)
        yield found
        found.session.stop()


@pytest.mark.parametrize("name", CALLS)
def test_a_command_gives_the_same_bits(name: str, folder: Path, engine: SparkEngine):
    file, call = CALLS[name]
    log = Log(str(folder / file), **FILLED)
    assert call(log, engine=engine).render("json") == call(log).render("json")


def test_evaluate_gives_the_same_bits(folder: Path, engine: SparkEngine):
    run = str(folder / "run")
    assert evaluate(run, engine=engine).render("json") == evaluate(run).render("json")


def test_a_session_is_an_engine(folder: Path, engine: SparkEngine):
    log = str(folder / "bandit")
    found = ope(log, "ips", null_reward="zero", engine=engine.session)
    assert found.render("json") == ope(log, "ips", null_reward="zero").render("json")


def test_an_error_of_a_worker_is_the_same_line(tmp_path: Path, engine: SparkEngine):
    log = write_bandit_log(tmp_path / "log")
    spoil(tmp_path / "log", part=1, row=7)
    with pytest.raises(DataError) as here:
        ope(log, "ips", null_reward="zero")
    with pytest.raises(DataError) as there:
        ope(log, "ips", null_reward="zero", engine=engine)
    assert str(there.value) == str(here.value)


def test_what_cannot_be_sent_is_told(engine: SparkEngine):
    lock = Lock()
    with pytest.raises(UsageError, match=r"cannot be sent to them: cannot pickle .*lock"):
        list(engine.in_order(lambda item: lock, [1], 1, "reading"))


def test_other_errors_of_workers_are_told_in_one_line(engine: SparkEngine):
    with pytest.raises(DataError, match="engine spark: ZeroDivisionError: division by zero"):
        list(engine.in_order(lambda item: 1 / item, [0], 1, "reading"))


def test_states_come_in_the_order_of_many_jobs(engine: SparkEngine):
    assert list(engine.in_order(lambda item: item * item, range(70), 1, "reading")) == [
        item * item for item in range(70)
    ]


def test_a_simulated_log_has_the_same_bytes(tmp_path: Path, engine: SparkEngine):
    options = {"queries": 5, "items": 5, "part_sessions": 120}
    simulate(tmp_path / "here", 300, 3, **options)
    simulate(tmp_path / "there", 300, 3, engine=engine, **options)
    for part in range(3):
        name = f"log-{part:05d}.parquet"
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


def test_models_score_on_workers(tmp_path: Path, folder: Path, engine: SparkEngine):
    candidate = f"new=lightgbm:{write_model(tmp_path / 'model.txt')}"
    log = str(folder / "clicks")
    here = uplift(log, candidate, position_bias=BIAS).to_dict()["results"]
    there = uplift(log, candidate, position_bias=BIAS, engine=engine).to_dict()["results"]
    assert [each["value"] for each in there] == pytest.approx([each["value"] for each in here], rel=1e-12)


def test_spark_connect_gives_the_same_bits(folder: Path):
    words = ["ope", str(folder / "bandit"), "--null-reward", "zero", "--format", "json"]

    def printed(*more: str, **environment: str) -> str:
        command = [sys.executable, "-W", "ignore", "-m", "rankeval.cli", *words, *more]
        settings = {**os.environ, "PYTHONPATH": str(REPO), **environment}
        done = subprocess.run(command, env=settings, capture_output=True, text=True, check=True, timeout=500)
        return done.stdout

    there = printed("--engine", "spark", SPARK_REMOTE="local[2]", PYSPARK_PYTHON=sys.executable)
    assert there == printed()
