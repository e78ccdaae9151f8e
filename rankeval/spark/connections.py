"""Sessions of Spark: what a caller names becomes an engine."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any

from rankeval.errors import UsageError
from rankeval.parallel import THREADS, Engine
from rankeval.spark.engine import SparkEngine
from rankeval.spark.failures import told

_WANTED = "local, spark, spark:MASTER_URL (such as spark:local[4] or spark:sc://HOST:15002) or a SparkSession"


def engine_of(engine: Any) -> Engine:
    """The engine that a caller names.

    Args:
        engine: None or ``local``: threads of this process. ``spark``: the active session, or one that Spark's
            own settings describe. ``spark:MASTER_URL``: a session of this master; ``sc://...`` of Spark
            Connect. Or a ``SparkSession``.

    Raises:
        UsageError: it is none of these, or PySpark, Java or the Python of ``PYSPARK_PYTHON`` is missing.
        DataError: Spark cannot be reached.
    """
    if engine is None or engine == "local":
        return THREADS
    if isinstance(engine, str):
        name, _, master = engine.partition(":")
        if name != "spark" or engine == "spark:":
            raise UsageError(f"engine: found {engine!r}, wanted {_WANTED}")
        return SparkEngine(_session(master))
    if isinstance(engine, SparkEngine):
        return engine
    if type(engine).__module__.startswith("pyspark.sql") and hasattr(engine, "range"):
        return SparkEngine(engine)
    raise UsageError(f"engine: found {type(engine).__name__}, wanted {_WANTED}")


def _session(master: str) -> Any:
    """A session of a master; without one the active session, or one of Spark's own settings."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise UsageError(
            "engine spark: pyspark is not installed, wanted `pip install 'rankeval-ope[spark]'`"
        ) from None
    connect = master.startswith("sc://") or (not master and "SPARK_REMOTE" in os.environ)
    named = master or os.environ.get("SPARK_REMOTE", "local")
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ  # by spark-submit, whose settings name the master
    if not named.startswith("sc://"):
        _require_java()
    if named.startswith("local") and not submitted:
        _require_python()
    builder = SparkSession.builder.appName("rankeval").config("spark.ui.showConsoleProgress", "false")
    if master:
        builder = builder.remote(master) if connect else builder.master(master)
    with told():
        return builder.getOrCreate()


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if not shutil.which(os.path.join(home, "bin", "java") if home else "java"):
        where = "in JAVA_HOME" if home else "on PATH, and no JAVA_HOME"
        raise UsageError(f"engine spark: found no java {where}, wanted Java 17 or later")


def _require_python() -> None:
    """Workers of this machine take the Python of ``PYSPARK_PYTHON``; without it, that of this process."""
    python = os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if not shutil.which(python):
        raise UsageError(
            f"engine spark: PYSPARK_PYTHON is {python!r}, which cannot be run, wanted one with rankeval-ope"
        )
