"""Fit click models to a log: maximum likelihood, standard errors, and how well they predict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import Any

from rankeval.errors import UsageError
from rankeval.logs import Log, as_log
from rankeval.options import listed, require_types, shown
from rankeval.simulators import real, whole
from rankeval.simulators.click_models.fitting.fitting import (
    Fitted,
    Options,
    PairCounts,
    count_pairs,
    fitted,
    parse_family,
)
from rankeval.simulators.click_models.fitting.reporting import (
    baseline_row,
    fit_row,
    no_chance,
    notes,
    parameter_table,
)
from rankeval.simulators.click_models.fitting.results import ClickModelFits
from rankeval.simulators.click_models.fitting.scoring import baselines
from rankeval.simulators.click_models.fitting.sessions import Collected, collect


def fit(
    log: Any,
    click_model: str | Sequence[str] = "pbm",
    *,
    test: float = 0.0,
    test_where: str | None = None,
    smoothing: float = 0.0,
    tolerance: float = 1e-6,
    max_iterations: int = 10_000,
    restarts: int = 3,
    seed: int = 0,
    parameters: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    threads: int | None = None,
) -> ClickModelFits:
    """Fit click models to a ranking log by maximum likelihood.

    All are fitted by expectation maximisation of the exact likelihood, with squared extrapolation (Varadhan &
    Roland 2008). ``dcm`` and ``sdbn`` too: the counts by which they are usually fitted take it that users
    stopped at the last click, which is an approximation.

    Args:
        log: a ranking log (path, folder, glob, URL, Arrow table, pandas or polars frame, dict of arrays),
            long or nested: ``session_id, item_id, position, click``, perhaps ``query_id`` and ``weight``, how
            many times a session counts. What users think of an item is one number for each query and item, or
            for each item where there is no ``query_id``.
        click_model: ``pbm, pbm_trust, cascade, dcm, dbn, sdbn, ccm, ubm``, ``mixture:pbm+dbn``.
        test: share of sessions that are held out, by a hash of the session id and the seed.
        test_where: a row filter that names the sessions to hold out instead; those for which it is neither
            true nor false are left out altogether.
        smoothing: pseudo-clicks, and as many skips, of each pair; without them pairs that nobody clicked get
            attractiveness 0, and a held-out click on one is impossible.
        tolerance: it ends when two accelerated steps in turn raise the log-likelihood by at most this (or
            1e-12 of it) and change no shared parameter by more.
        max_iterations: expectations that are computed at most.
        restarts: times that a mixture is fitted from random parameters too; the best is kept.
        seed: of the split and of the restarts.
        parameters: a Parquet file to write what was found of each pair to: ``click_model, query_id, item_id,
            impressions, clicks, attractiveness, satisfaction``.
        columns: role -> column name.
        where: row filter.
        threads: number of threads; the result does not depend on it.

    Returns:
        :class:`ClickModelFits`, with ``to_dict()``, ``to_pandas()`` and a readable repr.

    Raises:
        DataError: the data is wrong; the message names file, column, row and what is wanted.
        UsageError: the call is wrong.
    """
    require_types(locals())
    names = _names(click_model)
    options = Options(
        _number("tolerance", tolerance),
        whole("max_iterations", max_iterations, 1),
        _number("smoothing", smoothing),
        seed,
        whole("restarts", restarts, 0),
        threads,
    )
    share = _number("test", test, 1.0)
    train_log, test_log = _logs(log, columns, where, test_where, share)
    found = collect(train_log, test_log, share, seed, threads)
    counts = count_pairs(found.train)
    fits = [fitted(parse_family(name, found.train.positions), found.train, options, counts) for name in names]
    if parameters is not None:
        _write(Path(parameters), names, fits, found, counts)
    rows = tuple(fit_row(name, fit, found.test) for name, fit in zip(names, fits, strict=True))
    return ClickModelFits(
        inputs={
            "log": train_log.origin,
            "click_models": names,
            "test": share,
            "test_where": test_where,
            "where": where,
            "smoothing": smoothing,
            "tolerance": tolerance,
            "max_iterations": max_iterations,
            "restarts": restarts,
            "seed": seed,
        },
        sessions=found.train.sessions,
        test_sessions=found.test.sessions,
        pairs=found.train.pairs,
        fits=rows,
        baselines=tuple(baseline_row(baseline, found) for baseline in baselines(found.train)),
        notes=(*notes(names, fits, counts), *no_chance(rows)),
    )


def _number(name: str, value: Any, most: float = math.inf) -> float:
    """A number from 0 up."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise UsageError(f"{name}: found {shown(value)}, wanted a number")
    return real(name, float(value), 0.0, most)


def _names(click_model: str | Sequence[str]) -> list[str]:
    """The click models, each once, checked before the log is read."""
    if not isinstance(click_model, str | Sequence) or not all(isinstance(name, str) for name in click_model):
        raise UsageError(f"click_model: found {shown(click_model)}, wanted a name such as dbn")
    names = list(dict.fromkeys(listed(click_model)))
    if not names:
        raise UsageError(f"click_model: found {shown(click_model)}, wanted a name such as dbn")
    for name in names:
        parse_family(name, 1)
    return names


def _logs(
    log: Any, columns: Mapping[str, str] | None, where: str | None, test_where: str | None, share: float
) -> tuple[Log, Log | None]:
    """The log to fit to, and that of the held-out sessions where a filter names them."""
    if test_where is not None and not isinstance(test_where, str):
        raise UsageError(f"test_where: found {shown(test_where)}, wanted a text")
    source = as_log(log, columns, where)
    if test_where is None:
        return source, None
    if share > 0.0:
        raise UsageError(f"test: found {share:g} and a test_where, wanted one of them")
    replace(source, where=test_where)  # raises where the filter is wrong by itself
    kept = f"({source.where}) and " if source.where else ""
    return (
        replace(source, where=f"{kept}not ({test_where})"),
        replace(source, where=f"{kept}({test_where})"),
    )


def _write(
    path: Path, names: Sequence[str], fits: Sequence[Fitted], found: Collected, counts: PairCounts
) -> None:
    import pyarrow as pa

    from rankeval.atomic_files import write_parquet

    tables = [parameter_table(name, fit, found, counts) for name, fit in zip(names, fits, strict=True)]
    write_parquet(pa.concat_tables(tables), path)
