"""Worlds: queries, users and rankers, made from world files, options or judgements.

May import: ``simulators.list_policies``, ``simulators.click_models``, ``evaluation``, ``logs``,
``arrays``, the top modules of ``simulators`` and of ``rankeval``.
To add a part of a world: add a field to ``World``, read its section in ``world_file.py``, and add its
option to ``world_options.py``.
"""

from __future__ import annotations

from rankeval.simulators.worlds.world import DESIGNS, LOGGING, Context, Design, Shuffle, World
from rankeval.simulators.worlds.world_file import parse_world, read_description, read_world
from rankeval.simulators.worlds.world_options import WorldOptions

__all__ = [
    "DESIGNS",
    "LOGGING",
    "Context",
    "Design",
    "Shuffle",
    "World",
    "WorldOptions",
    "parse_world",
    "read_description",
    "read_world",
]
