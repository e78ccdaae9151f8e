"""Usual names of columns, under which a role is found where no column has the role's own name.

A role takes a column only if it is the single one with a usual name, in every file. Letter case does not
matter.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa

from rankeval.errors import DataError
from rankeval.logs.roles import Role, wanted_type
from rankeval.readers import Source

_QUERY = ("query-id", "qid", "q_id", "query", "topic", "topic_id", "query_no")
_ITEM = ("corpus-id", "doc_id", "docno", "docid", "did", "pid", "document_id", "item", "product_id")
_RELEVANCE = ("label", "rel", "grade", "gain")
#: Kind of input -> role -> its usual names.
SYNONYMS: Mapping[Role, Mapping[str, tuple[str, ...]]] = {
    "run": {
        "query_id": _QUERY,
        "item_id": _ITEM,
        "score": ("sim", "similarity"),
        "rank": (),
        "relevance": _RELEVANCE,
    },
    "judgements": {"query_id": _QUERY, "item_id": _ITEM, "relevance": _RELEVANCE},
    "log": {
        "session_id": (),
        "query_id": _QUERY,
        "item_id": _ITEM,
        "position": ("slot", "rank"),
        "click": ("clicked", "is_click"),
        "propensity": ("pscore",),
        "target_propensity": ("evaluation_policy_pscore",),
        "timestamp": ("ts", "event_time"),
    },
}
#: Ids of requests: of sessions in a ranking log, of rounds in a bandit log.
REQUESTS = ("request_id", "impression_id")
#: Roles that have a meaning only in ranking logs.
_OF_RANKINGS = ("position", "click")
#: Name -> the name to which it gives way. PyTerrier's frames have both: a number of its own beside the id of
#: the document, and the text of the query beside its id.
_GIVES_WAY = {"docid": "docno", "query": "qid"}
#: The columns of judgements of BEIR, in which the grade is called a score.
_BEIR = frozenset({"query-id", "corpus-id", "score"})
#: Usual names of numbers that text files must not read as integers in one file and floats in another.
REAL_NUMBERS = ("sim", "similarity", "pscore", "evaluation_policy_pscore")


def usual_columns(of: Role, sources: Sequence[Source], columns: Mapping[str, str]) -> dict[str, str]:
    """Role -> the column with a usual name that plays it, for the roles that all files give the same.

    Args:
        of: the kind of input.
        sources: its files.
        columns: role -> column, as the caller named them. Neither these roles nor these columns are taken.
    """
    first, *others = (_of_file(of, source.schema, columns) for source in sources)
    return {role: name for role, name in first.items() if all(other.get(role) == name for other in others)}


def require_clear(of: Role, source: Source, roles: Sequence[str]) -> None:
    """Check that no role without a column has two columns with usual names, of which none is taken.

    Raises:
        DataError: a role has.
    """
    for role in roles:
        found = [] if role in source.schema.names else _alike(of, source.schema, role)
        if len(found) > 1:
            raise DataError(
                f"{source.name}: no column {role!r}, but {' and '.join(map(repr, found))}; "
                f"wanted the right one named (--column {role}=NAME)"
            )


def _of_file(of: Role, schema: pa.Schema, columns: Mapping[str, str]) -> dict[str, str]:
    free = pa.schema([field for field in schema if field.name not in columns.values()])
    open_roles = [role for role in SYNONYMS[of] if role not in columns and role not in schema.names]
    alike = {role: _alike(of, free, role) for role in open_roles}
    found = {role: names[0] for role, names in alike.items() if len(names) == 1}
    if of != "log":
        return found
    given = {*columns, *schema.names, *found}
    requests = _named(free, REQUESTS)
    if len(requests) == 1 and not given & {"session_id", "round_id"}:
        found = {"session_id" if _ranks_items(given) else "round_id": requests[0]} | found
    if not {*given, *found} & {"session_id"}:
        found = {role: name for role, name in found.items() if role not in _OF_RANKINGS}
    return found


def _ranks_items(given: Collection[str]) -> bool:
    """Whether a log with these roles and ids of requests shows ranked items, and not one action a request."""
    return "action" not in given and (
        "position" in given or ("item_id" in given and "propensity" not in given)
    )


def _alike(of: Role, schema: pa.Schema, role: str) -> list[str]:
    """The columns with a usual name of a role, without those that give way to another one."""
    if of == "judgements" and role == "relevance" and set(schema.names) == _BEIR:
        return ["score"]
    names = _named(schema, (role, *SYNONYMS[of].get(role, ())) if role in SYNONYMS[of] else ())
    lower = {name.lower() for name in names}
    fitting = [name for name in names if _GIVES_WAY.get(name.lower()) not in lower]
    # A log may hold columns of these names for other purposes: only what fits is taken.
    return [name for name in fitting if of != "log" or _fits(schema, role, name)]


def _named(schema: pa.Schema, names: Collection[str]) -> list[str]:
    return [name for name in schema.names if name.lower() in names]


def _fits(schema: pa.Schema, role: str, name: str) -> bool:
    fields = [schema.field(index).type for index in schema.get_all_field_indices(name)]
    values = [kind.value_type if pa.types.is_list(kind) else kind for kind in fields]
    return all(wanted_type(role, value, "log") is None for value in values)
