"""The public function ``inspect``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from rankeval.errors import DataError
from rankeval.inspection.columns import Columns
from rankeval.inspection.conclusions import conclusions
from rankeval.inspection.drift import ColumnDrift, drift_of
from rankeval.inspection.found import Found
from rankeval.inspection.result import Inspection
from rankeval.inspection.row_pass import RowSums, row_pass, sampled_clock
from rankeval.inspection.row_sample import RowSample
from rankeval.inspection.unit_checks import UnitChecks
from rankeval.inspection.unit_pass import unit_pass
from rankeval.logs import Log, as_log, check_grouping, reader_notes, stated
from rankeval.off_policy import feeds
from rankeval.options import require_types
from rankeval.position_bias import lacking
from rankeval.propensity_tests import judged

#: Columns of which one at least makes a table a log.
_OF_LOGS = (
    "reward",
    "click",
    "session_reward",
    "propensity",
    "candidate_propensities",
    "session_id",
    "position",
)


def inspect(
    log: Any,
    against: Any = None,
    *,
    by: str | None = None,
    cluster: str | None = None,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    reward: str | None = None,
    first_action: int = 0,
    null_reward: str = "error",
    first_position: int = 1,
    threads: int | None = None,
    engine: Any = None,
) -> Inspection:
    """What is in a log, what is wrong with it, and which estimators it can feed.

    A broken log is read to its end: problems are listed with their number and the first rows. Propensities
    are tested (:mod:`rankeval.propensity_tests`), by action where there are actions and by position in
    ranking logs. Drift is tested between the first and the second half of the log, in the order of
    ``timestamp`` or else of the rows, or between two logs. For tests of drift, 40,000 sessions (users, or
    rounds) at most are drawn, with one row of each, so that rows are independent.

    Args:
        log: a bandit log or a ranking log: a path, folder, glob or URL, an Arrow table, a frame, or a dict of
            arrays.
        against: another log, with which this one is compared.
        by: a column of a bandit log; propensities are also tested in each slice, 50 of them at most.
        cluster: a column whose values are independent, if rounds or sessions are not. The errors of the tests
            of propensities then allow for draws that depend on one another within it.
        columns: role -> column name.
        where: row filter, such as ``position <= 3``.
        reward: arithmetic over columns that gives the reward.
        first_action: the number of the first candidate in column ``action``, 0 or 1.
        null_reward: ``zero`` counts null rewards as 0; ``error`` lists them as a problem.
        first_position: the number of the first position in the log, 0 or 1.
        threads: number of threads; the result does not depend on it.
        engine: what works on the pieces of the log, as for :func:`rankeval.ope`.

    Returns:
        An :class:`Inspection`, with ``problems``, ``to_dict()`` and a readable repr.

    Raises:
        DataError: a file is missing or cannot be read at all, or is not a log.
        UsageError: an argument is invalid.

    Example:
        >>> import rankeval
        >>> log = {"reward": [1, 0, 1, 0], "propensity": [0.5, 0.5, 0.25, 0.25]}
        >>> log["target_propensity"] = [0.5, 0, 0.5, 0.5]
        >>> rankeval.inspect(log).to_dict()["estimators"]["can"]
        ['ips', 'cips', 'snips', 'csnips', 'sg_ips']
    """
    require_types(locals())
    options = (columns, where, reward, first_action, null_reward, first_position, engine)
    data = _opened(log, *options)
    check_grouping(data, by, cluster)
    found = Columns.of(data, cluster)
    rows = row_pass(found, cluster, threads)
    if rows is None:
        raise DataError(f"{data.origin}: no rows{f' match {where!r}' if where else ''}, wanted at least one")
    ids = rows.columns.get("session_id")
    unknown = ids is not None and ids.missing == ids.n
    units = None if unknown else unit_pass(UnitChecks(found, by, cluster), threads)
    tests = None if units is None or not units.propensities else judged(units.propensities)
    sample = rows.sample.in_order(sampled_clock(rows.sample))
    drift, windows = _drift(
        found,
        sample,
        against,
        options,
        cluster,
        threads,
    )
    fed = feeds(data)
    everything = Found(
        columns=found,
        cluster=cluster,
        row_sums=rows,
        unit_sums=units,
        sample=sample,
        tests=tests,
        drift=tuple(drift),
        windows=windows,
        can=fed.can,
        cannot=fed.cannot,
        methods=lacking(data) if data.session is not None else {},
    )
    return Inspection(
        inputs={
            "log": data.origin,
            "against": windows[1] if against is not None else None,
            "where": where,
            "reward": reward,
            **stated(data),
            "by": by,
            "cluster": cluster,
        },
        found=everything,
        problems=tuple(conclusions(everything)),
        notes=tuple(reader_notes(data)),
    )


def _opened(data: Any, *options: Any) -> Log:
    log = as_log(data, *options)
    if log.session is None and not any(log.has(role) for role in _OF_LOGS):
        found = ", ".join(log.schema.names[:10])
        raise DataError(
            f"{log.origin}: found columns {found}; wanted a bandit log or a ranking log, which inspect reads"
        )
    return log


def _drift(
    columns: Columns,
    sample: RowSample,
    against: Any,
    options: tuple[Any, ...],
    cluster: str | None,
    threads: int | None,
) -> tuple[list[ColumnDrift], tuple[str, str]]:
    """The drift of each column between two windows, and their names."""
    name = columns.log.name
    if against is None:
        middle = len(sample) // 2
        parts = [(name(role), values[:middle], values[middle:]) for role, values in _values(columns, sample)]
        return drift_of(parts), ("first half", "second half")
    other = Columns.of(_opened(against, *options), cluster)
    rows: RowSums | None = row_pass(other, cluster, threads)
    if rows is None:
        raise DataError(f"{other.log.origin}: no rows, wanted at least one")
    theirs = dict(_values(other, rows.sample))
    parts = [
        (name(role), values, theirs[role]) for role, values in _values(columns, sample) if role in theirs
    ]
    return drift_of(parts), (columns.log.origin, other.log.origin)


def _values(columns: Columns, sample: RowSample) -> list[tuple[str, pa.Array]]:
    return [(role, sample.column(role)) for role in columns.compared]
