"""``simulate``: writes the log of a world, and its exact truth, to a folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from rankeval.errors import DataError, UsageError
from rankeval.notes import Note
from rankeval.options import shown
from rankeval.results import SCHEMA
from rankeval.simulators import MOST_SESSIONS, whole, written_to
from rankeval.simulators.exact import whole_truth
from rankeval.simulators.logs.log_maker import LogMaker, LogOptions
from rankeval.simulators.logs.log_writer import is_log
from rankeval.simulators.logs.output_folder import filled, require_free
from rankeval.simulators.logs.simulation_result import Simulation
from rankeval.simulators.worlds import World, WorldOptions, parse_world, read_description
from rankeval.spark import engine_of

WORLD, TRUTH = "world.json", "truth.json"


def simulate(
    out: str | os.PathLike[str],
    sessions: int,
    seed: int = 0,
    *,
    world: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    overwrite: bool = False,
    engine: Any = None,
    **options: Any,
) -> Simulation:
    """Simulate sessions of users who see rankings and click, and compute their exact truth.

    The folder ``out`` gets three kinds of files. ``log.parquet`` (or part files) is the log. ``world.json``
    describes the world; with the same sessions and seed it gives the same bytes again. ``truth.json`` holds
    expected clicks, click rates by position and judged metrics, for the logging policy as its users see it
    and for every candidate. The files appear together, when all of them are complete.

    Args:
        out: a folder, new or empty.
        sessions: number of sessions.
        seed: seed of all that is drawn.
        world: a world file, or its content as a dict; None: the world is made from options.
        overwrite: whether to replace an earlier simulation in ``out``.
        engine: what writes the part files, as for :func:`rankeval.ope`; None: threads of this process.
            Workers of Spark must reach ``out``. They give the same bytes, and need ``part_sessions``.
        options: options of the log (:class:`~rankeval.simulators.logs.log_maker.LogOptions`) and, without
            ``world``, of the world (:class:`~rankeval.simulators.worlds.world_options.WorldOptions`).

    Returns:
        :class:`~rankeval.simulators.logs.simulation_result.Simulation`, with ``to_dict()``, ``to_pandas()``
        and a readable repr.

    Raises:
        DataError: the world is wrong, or the folder cannot be written.
        UsageError: an option is wrong, or the folder is not empty.

    Example:
        >>> import rankeval
        >>> found = rankeval.simulate("today", 2000, seed=1, queries=5, items=4, positions=4, logging="fixed",
        ...     candidate={"new": "fixed:skill=0.9"}, shuffle="full:share=0.5")
        >>> found.to_dict()["truth"]["examination"]
        [1.0, 0.5, 0.3333333333333333, 0.25]
    """
    sessions, seed = whole("sessions", sessions, 1, MOST_SESSIONS), whole("seed", seed, 0)
    folder = written_to("out", out)
    of_log, of_world = _split(options)
    log = LogOptions(**of_log)
    require_free(folder, overwrite, _is_result)
    if engine not in (None, "local") and log.part_sessions is None:
        raise UsageError("engine: found no part_sessions beside it, wanted the sessions of a part file")
    writers = engine_of(engine)
    description, origin, made = _described(world, of_world, seed)
    read = _parsed(description, origin, as_options=world is None)
    truth, notes = whole_truth(read, sessions)
    maker = LogMaker(read, sessions, seed, log)
    notes += maker.notes
    head = {"schema": SCHEMA, "command": "simulate", "sessions": sessions, "seed": seed}
    with filled(folder, _is_result, TRUTH) as staging:
        rows = maker.write(staging, writers)
        _write_json(staging / WORLD, description)
        _write_json(staging / TRUTH, {**head, **truth, "warnings": [note.text for note in notes]})
        files = tuple(sorted(path.name for path in staging.iterdir()))
    inputs = {"out": os.fspath(out), "world": None if world is None else origin, "seed": seed}
    return Simulation({**inputs, **asdict(log)}, sessions, rows, files, truth, (*made, *notes))


def _split(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of the log, and the options of the world."""
    of_log = {field.name for field in fields(LogOptions)}
    known = of_log | {field.name for field in fields(WorldOptions)}
    for name in options:
        if name not in known:
            raise UsageError(f"{name}: no such option; known are {', '.join(sorted(known))}")
    return (
        {name: value for name, value in options.items() if name in of_log},
        {name: value for name, value in options.items() if name not in of_log},
    )


def _described(world: Any, options: Mapping[str, Any], seed: int) -> tuple[Any, str, list[Note]]:
    """The content of a world file, its name for messages, and notes about it."""
    if world is None:
        description, notes = WorldOptions(**options).describe(seed)
        return description, "world", notes
    if options:
        name, value = next(iter(options.items()))
        raise UsageError(f"{name}: found {shown(value)}, wanted none: the world says all of it")
    if isinstance(world, Mapping):
        return world, "world", []
    return read_description(world), os.fspath(world), []


def _parsed(description: Any, origin: str, *, as_options: bool) -> World:
    """The world. If it was made from options, an error in it is a ``UsageError``: the options are wrong."""
    try:
        return parse_world(description, origin)
    except DataError as error:
        raise UsageError(str(error)) if as_options else error from None


def _is_result(name: str) -> bool:
    """Whether ``simulate`` writes files of this name."""
    return name in (WORLD, TRUTH) or is_log(name)


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, allow_nan=False) + "\n", encoding="utf-8")
