"""The catalogue of families of worlds: a name, and a function that draws a world and its log."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

import numpy as np

from benchmarks.verdict_study.bandit_worlds import faulty, nearly_unsupported, right, unsupported
from benchmarks.verdict_study.case import Case
from benchmarks.verdict_study.click_worlds import clicks
from benchmarks.verdict_study.slate_worlds import slates
from benchmarks.verdict_study.weight_worlds import tails, users

FAMILIES: dict[str, Callable[[np.random.Generator], Case]] = {
    "bandits": right,
    "tails": tails,
    "faults": faulty,
    "gap": unsupported,
    "near gap": nearly_unsupported,
    "users": users,
    "slates": slates,
    "clicks": clicks,
}


def case_of(family: str, world: int) -> Case:
    """The log of a world, whose random numbers follow from its family and its number."""
    return FAMILIES[family](np.random.default_rng([crc32(family.encode()), world]))
