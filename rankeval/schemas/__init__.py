"""JSON Schemas of the results of all commands: what ``--format json`` writes.

May import: the top modules of ``rankeval``.
To add a command: its schema in the module of its kind, and a line in ``SCHEMAS`` (``catalogue.py``). A new
entry of a result: its place in the schema. A test validates real results, and fails where one holds what its
schema does not name.
"""

from __future__ import annotations

from rankeval.schemas.catalogue import SCHEMAS, schema

__all__ = ["SCHEMAS", "schema"]
