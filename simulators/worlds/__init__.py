"""Queries, users and rankers: worlds, and how files and options describe them."""

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
