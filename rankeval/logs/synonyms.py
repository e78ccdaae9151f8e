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
    "judgements": {
        "query_id": _QUERY,
        "item_id": _ITEM,
        "relevance": _RELEVANCE,
        "subtopic": ("iter", "iteration", "intent", "aspect"),
    },
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
#: Usual names of columns of users, the likeliest first, whose sessions are alike. They play no role by
#: themselves: without a cluster, a warning tells how much errors depend on it.
USERS = (
    *("user_id", "userid", "user", "uid", "visitor_id", "customer_id", "member_id", "account_id"),
    *("device_id", "cookie_id", "client_id"),
)
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
    free = [] if set(roles) <= set(source.schema.names) else _unplayed(of, source.schema, ())
    for role in roles:
        found = [] if role in source.schema.names else _alike(of, source.schema, free, role)
        if len(found) > 1:
            raise DataError(
                f"{source.name}: no column {role!r}, but {' and '.join(map(repr, found))}; "
                f"wanted the right one named (--column {role}=NAME)"
            )


def _of_file(of: Role, schema: pa.Schema, columns: Mapping[str, str]) -> dict[str, str]:
    free = _unplayed(of, schema, columns.values())
    given = {*columns, *schema.names} if free else set()
    alike = {role: _alike(of, schema, free, role) for role in SYNONYMS[of] if free and role not in given}
    found = {role: names[0] for role, names in alike.items() if len(names) == 1}
    return _of_log(found, given | found.keys(), _named(free, REQUESTS)) if of == "log" else found


def _of_log(found: dict[str, str], given: Collection[str], requests: Sequence[str]) -> dict[str, str]:
    """What was ``found``, with the ids of requests as ids of sessions or rounds; ``given``: all roles."""
    if len(requests) == 1 and not {"session_id", "round_id"} & set(given):
        found = {"session_id" if _ranks_items(given) else "round_id": requests[0]} | found
    if "session_id" in given or "session_id" in found:
        return found
    return {role: name for role, name in found.items() if role not in _OF_RANKINGS}


def _ranks_items(given: Collection[str]) -> bool:
    """Whether a log with these roles and ids of requests shows ranked items, and not one action a request."""
    items = "item_id" in given and "propensity" not in given
    return "action" not in given and ("position" in given or items)


def _unplayed(of: Role, schema: pa.Schema, played: Collection[str]) -> list[str]:
    """The columns with a usual name, other than the names of roles and the columns that play one."""
    known = {name for role, names in SYNONYMS[of].items() for name in (role, *names)}
    known |= {*REQUESTS, *_BEIR}
    return [
        name
        for name in schema.names
        if name.lower() in known and name not in SYNONYMS[of] and name not in played
    ]


def _alike(of: Role, schema: pa.Schema, free: Sequence[str], role: str) -> list[str]:
    """Those of the columns ``free`` with a usual name of a role, unless they give way to another one."""
    if of == "judgements" and role == "relevance" and set(schema.names) == _BEIR:
        return [name for name in free if name == "score"]
    names = _named(free, (role, *SYNONYMS[of].get(role, ())))
    lower = {name.lower() for name in names}
    names = [name for name in names if _GIVES_WAY.get(name.lower()) not in lower]
    # A log may hold columns of these names for other purposes: only what fits is taken.
    return [name for name in names if of != "log" or _fits(schema, role, name)]


def _named(columns: Sequence[str], names: Collection[str]) -> list[str]:
    return [name for name in columns if name.lower() in names]


def _fits(schema: pa.Schema, role: str, name: str) -> bool:
    kinds = [schema.field(index).type for index in schema.get_all_field_indices(name)]
    values = [kind.value_type if pa.types.is_list(kind) else kind for kind in kinds]
    return all(wanted_type(role, value, "log") is None for value in values)
