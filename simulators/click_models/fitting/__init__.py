"""``fit``: fit click models to ranking logs by maximum likelihood.

May import: ``simulators.click_models``, ``position_bias``, ``inference``, ``logs``, ``arrays``, the top
modules of ``simulators`` and of ``rankeval``.
To fit another model: a subclass of ``Family`` in ``cell_families.py`` or ``chain_families.py``, and a line in
``FAMILIES`` (``fits.py``).
"""

from __future__ import annotations

from rankeval.simulators.click_models.fitting.fit import fit

__all__ = [
    "fit",
]
