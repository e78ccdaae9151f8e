"""The engine that works on the leaves of a log in Spark's workers.

May import: the top of the library. PySpark is imported where it is used.
``connections`` opens a session, ``engine`` sends leaves to workers, ``worker`` is what runs there, and
``failures`` puts into words what went wrong in Spark.
To add another way to name a session, add it to ``engine_of``.
"""

from rankeval.spark.connections import engine_of
from rankeval.spark.engine import SparkEngine

__all__ = ["SparkEngine", "engine_of"]
