"""The inputs of an evaluation: named runs and the judgements, each with its own column names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import PurePath
from typing import Any

import pyarrow as pa

from rankeval.errors import DataError, UsageError
from rankeval.evaluation.beside import NOTHING, Beside
from rankeval.evaluation.given import columns_of, is_named_tuples, judgements_in
from rankeval.evaluation.judgements import Judgements
from rankeval.evaluation.request import Request
from rankeval.evaluation.run import ScoredQueries, score_run
from rankeval.logs import Log, on_engine, reader_notes, require_own_ids, unused_weights
from rankeval.notes import Note
from rankeval.readers import are_records, is_by_query

JUDGEMENTS = "judgements"


@dataclass(frozen=True)
class Inputs:
    """The opened inputs.

    Attributes:
        runs: name -> run.
        judgements: the judgements; None if every run has its own relevance column.
    """

    runs: Mapping[str, Log]
    judgements: Log | None

    def read_judgements(self, request: Request, category: str | None = None) -> Judgements | None:
        """The judgements, with the requested query columns that they have; None without judgements.

        ``category`` is the column of categories, for metrics that take them as subtopics.
        """
        log, rules = self.judgements, request.rules
        topic = category if "category" in rules.topic_columns and category is not None else "subtopic"
        if log is None:
            if rules.subtopics:
                wanted = f"a file of judgements with a column {topic!r}, for {rules.subtopics}"
                raise UsageError(f"judgements: found none, wanted {wanted}")
            return None
        if topic != "subtopic" and topic in log.schema.names:
            log = log.with_roles({"subtopic": topic})
        if rules.subtopics and (not log.has("subtopic") or log.name("subtopic") != topic != "subtopic"):
            raise DataError(f"{log.origin}: found no column {topic!r}, wanted one for {rules.subtopics}")
        fields = [name for name in request.fields if log.has(name)]
        return Judgements.read(log, fields, rules.grade_limit, rules.pool, bool(rules.subtopics))

    def score_runs(
        self,
        judged: Judgements | None,
        request: Request,
        threads: int | None,
        beside: Beside = NOTHING,
    ) -> dict[str, ScoredQueries]:
        """Run name -> metric values of its queries, with the requested columns that judgements lack."""
        others = [name for name in request.fields if judged is None or name not in judged.fields]
        return {
            name: score_run(log, judged, request.rules, others, threads, beside)
            for name, log in self.runs.items()
        }

    def notes(self) -> list[Note]:
        """The warnings of the readers, once all files have been read."""
        runs = self.runs.values()
        return [*reader_notes(self.judgements, *runs), *unused_weights(*runs)]

    def described(self, request: Request, where: str | None) -> dict[str, Any]:
        """The inputs and options as JSON values."""
        rules, policies = request.rules, request.policies
        return {
            "runs": {name: log.origin for name, log in self.runs.items()},
            "judgements": None if self.judgements is None else self.judgements.origin,
            "metrics": [metric.name for metric in rules.asked],
            "ties": rules.ties,
            "empty": policies.empty,
            "missing": policies.missing,
            "relevance_threshold": rules.threshold,
            "score_type": rules.score_type,
            "judged_only": rules.judged_only,
            "agree": rules.agree,
            "exclude": rules.excludes,
            "where": where,
            "ci": list(request.methods),
            "family": request.family,
            "by": request.by,
            "cluster": request.cluster,
            "seed": request.infer.seed,
        }


def open_inputs(
    run: Any, judgements: Any, columns: Mapping[str, str], where: str | None, engine: Any = None
) -> Inputs:
    """Open the runs, on which an engine works, and the judgements, if there are any.

    In ``columns``, a key ``name.role`` applies to one run or to ``judgements``. A key ``role`` applies to all
    runs. In addition, ``query_id`` and ``item_id`` apply to the judgements if they have that column. If there
    are judgements, ``relevance`` applies to them alone.

    Raises:
        DataError: a file cannot be read, or lacks a column that ``columns`` names, or ids of items by which
            it could be joined.
        UsageError: ``run`` is empty; ``columns`` has an unknown run or role; or a :class:`Log` has another
            role, or is combined with ``columns`` or ``where``, although it has its own.
    """
    named = named_runs(run)
    common, own = _by_file(columns, [*named, *([] if judgements is None else [JUDGEMENTS])])
    mine = {role: column for role, column in common.items() if judgements is None or role != "relevance"}
    opened = {name: _opened(data, "run", name, mine | own[name], where) for name, data in named.items()}
    runs = {name: on_engine(log, engine) for name, log in opened.items()}
    if judgements is None:
        return Inputs(runs, None)
    log = _opened(judgements_in(judgements), JUDGEMENTS, JUDGEMENTS, {}, None)
    for name, each in runs.items():
        _require_joinable(each, log, name)
    if isinstance(judgements, Log):
        _refuse_beside_log(JUDGEMENTS, columns, where)
        return Inputs(runs, log)
    ids = {role: common[role] for role in ("query_id", "item_id") if common.get(role) in log.schema.names}
    relevance = {role: column for role, column in common.items() if role == "relevance"}
    return Inputs(runs, log.adapted(ids | relevance | own[JUDGEMENTS], where))


def named_runs(run: Any) -> dict[str, Any]:
    """Name -> run; the names are keys of a dict or names of files, else ``run`` or ``run1, run2, ...``.

    Raises:
        UsageError: there is no run, or two files have the same name.
    """
    if are_records(run) or is_by_query(run):
        return {"run": run}
    if isinstance(run, Mapping) and not any(_is_column(v) and not are_records(v) for v in run.values()):
        named = {str(name): data for name, data in run.items()}
    elif isinstance(run, list | tuple) and not is_named_tuples(run):
        named = {_stem(data, f"run{i}"): data for i, data in enumerate(run, 1)}
        if len(named) < len(run):
            raise UsageError("run: two files have the same name; name them, as in old=FILE new=FILE")
    else:
        named = {_stem(run, "run"): run}
    if not named:
        raise UsageError("run: found none, wanted at least one")
    return named


def _is_column(value: Any) -> bool:
    """Whether a value of a dict is a column of a table; a list of paths or of named tuples is a run."""
    if isinstance(value, list | tuple):
        return not value or not (isinstance(value[0], str | PathLike) or is_named_tuples(value))
    return isinstance(value, pa.Array | pa.ChunkedArray) or len(getattr(value, "shape", ())) == 1


def _stem(data: Any, otherwise: str) -> str:
    if not isinstance(data, str | PathLike):
        return otherwise
    return PurePath(str(fspath(data)).rstrip("/")).name.split(".")[0] or otherwise


def _by_file(
    columns: Mapping[str, str], names: list[str]
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Role -> column name for all files, and the same for each single file, by the name of the file."""
    common: dict[str, str] = {}
    own: dict[str, dict[str, str]] = {name: {} for name in names}
    for role, column in columns.items():
        name, dot, rest = role.rpartition(".")
        if dot and name not in own:
            raise UsageError(f"--column {role}={column}: no run {name!r}; there are {', '.join(names)}")
        if dot:
            own[name][rest] = column
        else:
            common[role] = column
    return common, own


def _opened(data: Any, role: Any, name: str, columns: Mapping[str, str], where: str | None) -> Log:
    if not isinstance(data, Log):
        return Log(columns_of(data), role, columns, where)
    _refuse_beside_log(name, columns, where)
    if data.role != role:
        raise UsageError(f"{name}: found a Log of role {data.role!r}, wanted {role!r}")
    return data


def _require_joinable(run: Log, judgements: Log, name: str) -> None:
    """Check that both have ids of items; numbers of rows are good enough within one file."""
    if [source.name for source in run.sources] != [source.name for source in judgements.sources]:
        require_own_ids(judgements, f"run {name}")
        require_own_ids(run, JUDGEMENTS)


def _refuse_beside_log(name: str, columns: Mapping[str, str], where: str | None) -> None:
    if columns or where is not None:
        raise UsageError(f"columns, where: {name!r} is a Log, which has its own; wanted them in Log(...)")
