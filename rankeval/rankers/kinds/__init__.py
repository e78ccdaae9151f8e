"""The kinds of rankers that a text names: model files, columns, runs, Python objects and installed plug-ins.

May import: ``rankers``, ``logs``, ``readers``, ``arrays`` and the top modules of ``rankeval``.
To add a kind: a class that keeps ``Ranker`` in a module of its own, and its line in ``KINDS``
(``catalogue.py``); heavy packages are imported inside functions.
"""

from __future__ import annotations

from rankeval.rankers.kinds.catalogue import KINDS, Kind
from rankeval.rankers.kinds.columns import column_of
from rankeval.rankers.kinds.door import candidate_name, open_ranker

__all__ = [
    "KINDS",
    "Kind",
    "candidate_name",
    "column_of",
    "open_ranker",
]
