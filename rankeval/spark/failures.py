"""What goes wrong in Spark, as one line that says what to change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from rankeval.errors import DataError, UsageError
from rankeval.versions import __version__

_LACKING = re.compile(r"(?:ModuleNotFoundError|ImportError): (No module named '[\w.]+')")
#: What was raised, with its message: in Python the last such line of a traceback, in Java the first.
_RAISED = re.compile(r"^(?:: )?((?:\w+\.)*[A-Z]\w*(?:Error|Exception|Interrupt)\b.*)$", re.MULTILINE)


@contextmanager
def told() -> Iterator[None]:
    """A context for calls of Spark, whose errors become one line.

    Raises:
        UsageError: a worker lacks the library, or has another Python.
        DataError: Spark fails otherwise.
    """
    try:
        yield
    except _raised_by_spark() as error:
        raise in_words(str(error)) from error


def _raised_by_spark() -> tuple[type[Exception], ...]:
    from pyspark.errors import PySparkException

    try:
        from py4j.protocol import Py4JError
    except ImportError:  # a client of Spark Connect alone
        return (PySparkException,)
    return PySparkException, Py4JError


def in_words(text: str) -> DataError | UsageError:
    """The error for the text of an error of Spark."""
    if lacking := _LACKING.search(text):
        return UsageError(
            f"engine spark: {lacking[1]} on a worker; wanted rankeval-ope {__version__} installed where the "
            "workers run, and PYSPARK_PYTHON naming that Python"
        )
    if "PYTHON_VERSION_MISMATCH" in text:
        return UsageError(
            "engine spark: the workers have another version of Python; wanted PYSPARK_PYTHON naming one with "
            "the version of this one, which has rankeval-ope"
        )
    raised = _RAISED.findall(text) or text.strip().splitlines() or ["failed without a message"]
    return DataError(f"engine spark: {raised[-1 if 'Traceback' in text else 0]}")
