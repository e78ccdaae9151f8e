"""What callers name becomes an engine, and what is missing for it is told in one line."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest

from rankeval import Log, UsageError, ope
from rankeval.parallel import THREADS
from rankeval.spark import SparkEngine, engine_of
from tests.spark.logs import write_bandit_log


class Builder:
    """Stands for the builder of ``SparkSession``, and notes what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def __getattr__(self, name: str) -> Any:
        def noted(*values: str) -> Any:
            self.asked.append((name, *values))
            return self

        return noted


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch) -> Builder:
    """A PySpark that starts nothing."""
    made = Builder()
    sql, errors = ModuleType("pyspark.sql"), ModuleType("pyspark.errors")
    sql.SparkSession = type("SparkSession", (), {"builder": made})  # type: ignore[attr-defined]
    errors.PySparkException = type("PySparkException", (Exception,), {})  # type: ignore[attr-defined]
    for name, module in (
        ("pyspark", ModuleType("pyspark")),
        ("pyspark.sql", sql),
        ("pyspark.errors", errors),
    ):
        monkeypatch.setitem(sys.modules, name, module)
    for name in ("SPARK_REMOTE", "PYSPARK_GATEWAY_PORT", "JAVA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setattr("shutil.which", lambda name: name)
    return made


def test_threads_are_the_engine_unless_another_is_named():
    assert engine_of(None) is engine_of("local") is THREADS


@pytest.mark.parametrize("engine", ["spark:", "Spark", "dask", 3, object()])
def test_what_is_no_engine_is_refused(engine: Any):
    with pytest.raises(UsageError, match=r"engine: found .*, wanted local, spark, spark:MASTER_URL"):
        engine_of(engine)


def test_spark_without_pyspark(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(UsageError, match=r"pyspark is not installed, wanted .*rankeval-ope\[spark\]"):
        engine_of("spark")


@pytest.mark.parametrize(
    ("engine", "asked"),
    [
        ("spark:local[4]", ("master", "local[4]")),
        ("spark:spark://host:7077", ("master", "spark://host:7077")),
        ("spark:sc://host:15002", ("remote", "sc://host:15002")),
    ],
)
def test_the_master_is_that_of_the_name(engine: str, asked: tuple[str, str], builder: Builder):
    assert isinstance(engine_of(engine), SparkEngine)
    assert asked in builder.asked


def test_without_a_master_the_settings_of_spark_hold(builder: Builder):
    engine_of("spark")
    assert not {"master", "remote"} & {name for name, *_ in builder.asked}


def test_workers_of_this_machine_take_this_python(builder: Builder, monkeypatch: pytest.MonkeyPatch):
    import os

    monkeypatch.delenv("PYSPARK_PYTHON")
    engine_of("spark:yarn")
    assert "PYSPARK_PYTHON" not in os.environ
    engine_of("spark:local[2]")
    assert os.environ["PYSPARK_PYTHON"] == sys.executable


def test_a_python_that_is_not_there(builder: Builder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYSPARK_PYTHON", "/no/python")
    monkeypatch.setattr("shutil.which", lambda name: None if name == "/no/python" else name)
    with pytest.raises(UsageError, match="PYSPARK_PYTHON is '/no/python', which cannot be run"):
        engine_of("spark:local[2]")


def test_no_java(builder: Builder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("shutil.which", lambda name: None if name.endswith("java") else name)
    with pytest.raises(UsageError, match=r"found no java on PATH, and no JAVA_HOME, wanted Java 17"):
        engine_of("spark:local[2]")
    engine_of("spark:sc://host:15002")  # the server has it


def test_workers_read_files_that_they_can_open(builder: Builder, tmp_path: Path):
    log = {"reward": [1.0], "propensity": [0.5], "target_propensity": [0.5]}
    with pytest.raises(UsageError, match="<dict>: engine spark reads Parquet files"):
        ope(log, engine="spark:sc://host")
    path = tmp_path / "log.csv"
    path.write_text("reward,propensity,target_propensity\n1,0.5,0.5\n")
    with pytest.raises(UsageError, match=r"log\.csv: engine spark reads Parquet files"):
        ope(path, engine="spark:sc://host")
    reader = pa.RecordBatchReader.from_batches(pa.table(log).schema, pa.table(log).to_batches())
    with pytest.raises(UsageError, match=r"engine spark reads Parquet files"):
        ope(reader, engine="spark:sc://host")  # its rows are in a temporary Parquet file


def test_a_session_does_not_go_to_the_workers(builder: Builder, tmp_path: Path):
    import pickle

    from rankeval.logs import as_log

    log = as_log(write_bandit_log(tmp_path / "log"), engine="spark:sc://host")
    assert isinstance(log.engine, SparkEngine)
    copied: Log = pickle.loads(pickle.dumps(log))
    assert type(copied.engine) is type(THREADS)
