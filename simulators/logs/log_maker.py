"""Makes the log of a world, block by block, in several threads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shutil import rmtree

import pyarrow as pa

from rankeval.errors import UsageError
from rankeval.notes import Note
from rankeval.options import shown
from rankeval.parallel import THREADS, Engine, default_threads, in_order
from rankeval.simulators import block_bounds, whole
from rankeval.simulators.exact import WorldTruth, as_shown
from rankeval.simulators.logs.log_columns import PROPENSITIES, LogColumns, Propensities, Shown
from rankeval.simulators.logs.log_tables import LAYOUTS, Layout
from rankeval.simulators.logs.log_writer import write_log
from rankeval.simulators.logs.session_blocks import SessionMaker
from rankeval.simulators.worlds import World
from rankeval.temporary_files import is_temporary, temporary_folder

#: Most rows of a block, and most items that its sessions choose from: a block is held in memory at once.
#: Each block has its own random stream, so other sizes would give other logs.
BLOCK_ROWS, BLOCK_ITEMS = 1 << 19, 1 << 23


@dataclass(frozen=True)
class LogOptions:
    """How a log is written.

    Attributes:
        layout: ``long``, a row an item, or ``nested``, a row a session.
        propensities: which probabilities to write: ``all``; ``item``, only that of the item at its position;
            or ``none``.
        part_sessions: number of sessions of a part file; None: all sessions are in one file.
        threads: number of threads; the log does not depend on it.
    """

    layout: Layout = "long"
    propensities: Propensities = "all"
    part_sessions: int | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        for name, known in (("layout", LAYOUTS), ("propensities", PROPENSITIES)):
            value = getattr(self, name)
            if not isinstance(value, str) or value not in known:
                raise UsageError(f"{name}: found {shown(value)}, wanted one of {', '.join(known)}")
        for name in ("part_sessions", "threads"):
            if getattr(self, name) is not None:
                whole(name, getattr(self, name), 1)


def block_sessions(world: World) -> int:
    """Number of sessions of a block, chosen so that the arrays of a block have a bounded size."""
    return max(1, min(BLOCK_ROWS // world.positions, BLOCK_ITEMS // int(world.queries.sizes.max())))


class LogMaker:
    """The log of a world.

    Args:
        world: the world to simulate.
        sessions: number of sessions.
        seed: seed of all draws.
        options: how the log is written.
    """

    def __init__(self, world: World, sessions: int, seed: int, options: LogOptions) -> None:
        self._world, self._sessions, self._options = world, sessions, options
        self._maker = SessionMaker(world, sessions, seed)
        truth = WorldTruth(world, sessions)
        exposed = options.propensities == "all"

        def shown(name: str, *, shuffled: bool) -> Shown:
            policy = as_shown(world, name) if shuffled else world.policy(name)
            return Shown(policy, truth.exposures(policy) if exposed else None)

        arms = {name: shown(name, shuffled=True) for name in self._maker.arms}
        candidates = {name: shown(name, shuffled=False) for name in world.candidates}
        self._columns = LogColumns(world, arms, candidates, options.propensities, options.layout)

    @property
    def notes(self) -> list[Note]:
        """A note that names the columns that are null, if there are any."""
        unknown = self._columns.unknown
        why = "no exact value for lists of this policy, or of these lengths, under this click model"
        return [Note("null_columns", f"null columns: {', '.join(unknown)}: {why}")] if unknown else []

    def write(self, folder: Path, engine: Engine = THREADS) -> int:
        """Write the log into a folder, and return the number of rows.

        Threads make the blocks, and this thread writes them. Workers of another engine write part files, each
        its own, so that the log passes through no single machine.
        """
        threads, size = self._options.threads or default_threads(), self._options.part_sessions
        if size is not None and engine is not THREADS:
            parts = list(block_bounds(self._sessions, size))
            write = partial(self._write_part, folder.resolve())
            rows = sum(engine.in_order(write, list(enumerate(parts)), threads, "simulating part files"))
            for left in (path for path in folder.iterdir() if is_temporary(path.name)):
                rmtree(left, ignore_errors=True)  # of a worker that was lost
            return rows
        blocks = list(enumerate(block_bounds(self._sessions, block_sessions(self._world))))
        made = in_order(self._tables, blocks, threads, "simulating blocks of sessions")
        return write_log(folder, (table for tables in made for table in tables))

    def _write_part(self, folder: Path, part: tuple[int, tuple[int, int]]) -> int:
        """Write one part file, which appears when it is complete, and return its number of rows."""
        number, (start, stop) = part
        size = block_sessions(self._world)
        # A worker that was thought lost may write beside the one that took its place.
        with temporary_folder(folder) as own:
            rows = write_log(own, self._tables_of(number, start, stop, size))
            for path in own.iterdir():
                path.replace(folder / path.name)
        return rows

    def _tables_of(self, part: int, start: int, stop: int, size: int) -> Iterator[tuple[int, pa.Table]]:
        """The tables of a part file: one of each block that has sessions in it."""
        for index in range(start // size, (stop - 1) // size + 1):
            first, last = index * size, min((index + 1) * size, self._sessions)
            made = self._maker.block(index, first, last)
            yield part, self._columns.table(made.part(max(start, first), min(stop, last)))

    def _tables(self, block: tuple[int, tuple[int, int]]) -> list[tuple[int | None, pa.Table]]:
        """Pairs of the number of a part file (None: there is one file) and the block's table for it."""
        index, (start, stop) = block
        made, size = self._maker.block(index, start, stop), self._options.part_sessions
        if size is None:
            return [(None, self._columns.table(made))]
        return [
            (part, self._columns.table(made.part(max(start, part * size), min(stop, (part + 1) * size))))
            for part in range(start // size, (stop - 1) // size + 1)
        ]
