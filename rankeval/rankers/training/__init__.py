"""``train``: LightGBM rankers from judgements or clicks, with an honest split and a model card.

The stages are ``request`` (checked options), ``examples`` (rows in an order of their own), ``splits``,
``clicks`` (what is learned), ``boosting`` (one training), ``fitting`` (model and metrics), ``result``.

May import: ``rankers``, ``position_bias``, ``evaluation``, ``logs``, ``readers``, ``arrays`` and the top
modules of ``rankeval``.
To add a way to learn from clicks: a line in ``CLICKS`` and a case in ``Learning.outcome`` (``clicks.py``).
To add a way to split: a case in ``Split`` (``splits.py``).
"""

from __future__ import annotations

from rankeval.rankers.training.result import Training
from rankeval.rankers.training.trainer import train

__all__ = [
    "Training",
    "train",
]
