"""``fit``: click models fitted to logs by maximum likelihood.

May import: ``simulators.click_models``, ``position_bias``, ``logs``, ``arrays``, the top modules of
``simulators`` and of ``rankeval``.
To fit another model: a ``Family`` in ``cell_families.py`` or ``chain_families.py``, and a line in
``FAMILIES``.
"""

from __future__ import annotations

from rankeval.simulators.click_models.fitting.fit import fit

__all__ = [
    "fit",
]
