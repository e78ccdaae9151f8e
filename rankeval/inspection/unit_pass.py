"""The second pass: sessions or rounds, without the rows that cannot be read as such."""

from __future__ import annotations

from functools import partial, reduce

from rankeval.inspection.row_checks import whole_rows
from rankeval.inspection.unit_checks import UnitChecks
from rankeval.inspection.unit_sums import UnitSums
from rankeval.logs import Log, fold, over_leaves, read_from
from rankeval.parallel import default_threads
from rankeval.readers import Leaf, NumberedSource


def unit_pass(checks: UnitChecks, threads: int | None) -> UnitSums | None:
    """The sums of all units; None if no row can be read as one."""
    log, roles = checks.columns.log, checks.roles
    if log.session is not None and not checks.columns.has(log.session):
        return None
    session = None if log.session is None else log.name(log.session)
    keep = partial(whole_rows, session=session, nested=log.nested)
    log = read_from(log, [NumberedSource(source, keep) for source in log.sources])
    if log.session is not None and not log.nested:
        return fold(log, roles, checks.run, UnitSums.merge, threads)
    found: UnitSums | None = None
    threads = threads or default_threads()
    for part in over_leaves(log, roles, partial(_leaf, log, checks), threads, "reading units"):
        found = part if found is None else found if part is None else found.merge(part)
    return found


def _leaf(log: Log, checks: UnitChecks, leaf: Leaf) -> UnitSums | None:
    parts = [checks.run(log.sessions_of(stretch)) for stretch in log.batches(leaf, checks.roles)]
    return reduce(UnitSums.merge, parts) if parts else None
