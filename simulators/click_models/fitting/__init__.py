"""Click models fitted to logs."""

from __future__ import annotations

from rankeval.simulators.click_models.fitting.fit import fit

__all__ = [
    "fit",
]
