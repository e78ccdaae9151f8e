"""What goes wrong in Spark becomes one line that says what to change."""

from __future__ import annotations

import pytest

from rankeval import DataError, UsageError
from rankeval.spark.failures import in_words

TRACEBACK = """An exception was thrown from the Python worker: Traceback (most recent call last):
  File "worker.py", line 1, in read
    return loads(text)
{raised}
 SQLSTATE: 38000
JVM stacktrace:
\tat org.apache.spark.api.python.BasePythonRunner.run(PythonRunner.scala:1)"""


def test_a_worker_without_the_library():
    found = in_words(TRACEBACK.format(raised="ModuleNotFoundError: No module named 'rankeval'"))
    assert isinstance(found, UsageError)
    assert "No module named 'rankeval' on a worker; wanted rankeval-ope" in str(found)
    assert "PYSPARK_PYTHON" in str(found)


def test_workers_with_another_python():
    found = in_words("[PYTHON_VERSION_MISMATCH] Python in worker has different version: 3.12 than 3.11")
    assert isinstance(found, UsageError)
    assert "another version of Python" in str(found)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            TRACEBACK.format(raised="MemoryError: Unable to allocate 8 GiB"),
            "MemoryError: Unable to allocate 8 GiB",
        ),
        (
            "An error occurred while calling None.JavaSparkContext.\n"
            ": org.apache.spark.SparkException: Could not parse Master URL: 'here'\n\tat org.apache.spark",
            "org.apache.spark.SparkException: Could not parse Master URL: 'here'",
        ),
        ("[SOME_CLASS] Something else\nmore", "[SOME_CLASS] Something else"),
        ("", "failed without a message"),
    ],
)
def test_any_other_failure(text: str, told: str):
    found = in_words(text)
    assert isinstance(found, DataError)
    assert str(found) == f"engine spark: {told}"
