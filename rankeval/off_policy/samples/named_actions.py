"""Actions of bandit logs by name, and target policies given by the action that they choose.

A column of actions holds indices into the lists of candidates, or names that the column ``candidates`` lists
in each round. Texts are names. Integers are names if the candidates are integers, and else indices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Floats, Ints
from rankeval.arrays import decoded, is_null, kernel, read_only, to_arrow, to_numpy
from rankeval.errors import DataError
from rankeval.logs import Computed, Locate, Log, unnested
from rankeval.notes import listing

#: Roles of lists with a value for each candidate.
LISTS = ("candidate_propensities", "candidate_target_propensities", "candidate_q")


def with_action_indices(log: Log) -> Log:
    """The log with indices in the role ``action``, if it holds names of ``candidates``."""
    if log.session is not None or not log.has("action"):
        return log
    actions = Actions.of(log)
    if actions.form_of(log.kind("action")) != "name":
        return log
    return log.with_computed({"action": IndexOf(log.name("action"), actions)})


def names_integers(log: Log) -> bool:
    """Whether integers are taken as names of candidates, and not as indices."""
    return log.computes("action") and pa.types.is_integer(log.kind("candidates").value_type)


def chosen_roles(log: Log, column: str) -> dict[str, Computed]:
    """Role -> the propensities of a target policy, from the column with the action that it chooses.

    Args:
        log: a bandit log.
        column: the actions that the policy chooses, as names or indices like the logged ones.

    Raises:
        DataError: the log has no ``action``.
    """
    if not log.has("action"):
        wanted = f"wanted the logged action to compare with {column!r}"
        raise DataError(f"{log.origin}: no column {log.name('action')!r}, {wanted}")
    kind = log.schema.field(column).type
    if _class(kind) is None:
        raise DataError(f"{log.origin}: column {column!r} holds {kind}, wanted actions: integers or texts")
    actions = Actions.of(log)
    same: dict[str, Computed] = {"target_propensity": SameAction(column, log.name("action"), actions)}
    if actions.form_of(kind) is None:
        return same
    return same | {"candidate_target_propensities": OneHot(column, actions)}


@dataclass(frozen=True)
class Actions:
    """How columns of actions are read.

    Attributes:
        names: column with the names of the candidates of each round; None: candidates have no names.
        name_class: what the names are, ``text`` or ``integer``; None without names.
        numbers: column with a list of numbers for each round, one for each candidate; None: there is none.
        first: the number of the first candidate, for indices.
    """

    names: str | None
    name_class: str | None
    numbers: str | None
    first: int

    @classmethod
    def of(cls, log: Log) -> Actions:
        """The candidates of a log.

        Raises:
            DataError: ``candidates`` was asked for and holds no lists.
        """
        numbers = next((log.name(role) for role in LISTS if log.has(role)), None)
        if not log.has("candidates") or not _lists(log, "candidates"):
            return cls(None, None, numbers, log.first_action)
        name_class = _class(log.kind("candidates").value_type)
        return cls(log.name("candidates"), name_class, numbers, log.first_action)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns with lists to read."""
        return tuple(name for name in (self.names, self.numbers) if name is not None)

    def form_of(self, kind: pa.DataType) -> Literal["name", "index"] | None:
        """What actions of a type say of the candidates; None: nothing, they can only be compared."""
        found = _class(kind)
        if self.name_class is not None and found == self.name_class:
            return "name"
        return "index" if found == "integer" and self.columns else None

    def indices(self, rows: pa.RecordBatch, column: str, locate: Locate) -> tuple[Ints, Ints]:
        """(n,) the index from 0 of the action of each round, and (n + 1,) offsets of the candidates.

        Raises:
            DataError: an action is null, or none of the candidates; candidates are null or not distinct; the
                lists of a round are not of one length.
        """
        actions = _known(rows, column, locate)
        lists = {name: rows.column(name) for name in self.columns}
        offsets, flat, _ = unnested(lists, {name: name for name in lists}, locate)
        if self.names is not None and self.form_of(actions.type) == "name":
            return self._found(flat[self.names], offsets, actions, column, locate), offsets
        found = to_numpy(actions).astype(np.int64) - self.first
        bad = (found < 0) | (found >= np.diff(offsets))
        if bad.any():
            row = int(np.argmax(bad))
            last = int(np.diff(offsets)[row]) - 1 + self.first
            raise _wrong(
                locate(row), column, found[row] + self.first, f"an index from {self.first} to {last}"
            )
        return found, offsets

    def _found(self, names: pa.Array, offsets: Ints, actions: pa.Array, column: str, locate: Locate) -> Ints:
        kind = pa.large_string() if self.name_class == "text" else pa.int64()
        both = pa.concat_arrays([decoded(names).cast(kind), actions.cast(kind)]).dictionary_encode()
        codes = to_numpy(both.indices.fill_null(-1)).astype(np.int64)
        found, row = _places(offsets, read_only(codes[: len(names)]), read_only(codes[len(names) :]))
        if row < 0:
            return found
        held = names.slice(offsets[row], offsets[row + 1] - offsets[row]).to_pylist()
        if found[row] == NOT_DISTINCT:
            raise _wrong(locate(row), self.names or "", held, "names without null, each once")
        wanted = f"one of {self.names!r}: {listing(map(str, held), 10)}"
        raise _wrong(locate(row), column, repr(actions[row].as_py()), wanted)


@dataclass(frozen=True)
class _OfOneColumn:
    """What follows from the actions in the column ``text``, and the candidates."""

    text: str
    actions: Actions

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns from which it is computed."""
        return (self.text, *self.actions.columns)

    def require(self, schema: pa.Schema, file: str, *, nested: bool) -> None:
        """See :class:`~rankeval.logs.computed_columns.Computed`."""
        _require(schema, file, self.columns)


class IndexOf(_OfOneColumn):
    """The number of the logged action among the candidates, from its name."""

    def kind(self, kinds: Mapping[str, pa.DataType]) -> pa.DataType:
        """See :class:`~rankeval.logs.computed_columns.Computed`."""
        return pa.int64()

    def over(self, rows: pa.RecordBatch, locate: Locate) -> pa.Array:
        """See :class:`~rankeval.logs.computed_columns.Computed`."""
        return to_arrow(self.actions.indices(rows, self.text, locate)[0] + self.actions.first)


@dataclass(frozen=True)
class SameAction:
    """1 where the chosen action is the logged one, else 0."""

    text: str
    logged: str
    actions: Actions

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns from which it is computed."""
        return (self.text, self.logged, *self.actions.columns)

    def require(self, schema: pa.Schema, file: str, *, nested: bool) -> None:
        """See :class:`~rankeval.logs.computed_columns.Computed`."""
        _require(schema, file, self.columns)
        chosen, logged = (schema.field(name).type for name in (self.text, self.logged))
        if _class(chosen) != _class(logged) and not self._placed(chosen, logged):
            wanted = f"wanted actions as in {self.logged!r}, which holds {logged}"
            raise DataError(f"{file}: column {self.text!r} holds {chosen}, {wanted}")

    def _placed(self, *kinds: pa.DataType) -> bool:
        """Whether the candidates give the index of each action."""
        return all(self.actions.form_of(kind) is not None for kind in kinds)

    def kind(self, kinds: Mapping[str, pa.DataType]) -> pa.DataType:
        """See :class:`~rankeval.logs.computed_columns.Computed`."""
        return pa.float64()

    def over(self, rows: pa.RecordBatch, locate: Locate) -> pa.Array:
        """See :class:`~rankeval.logs.computed_columns.Computed`."""
        if self._placed(*(rows.column(column).type for column in (self.text, self.logged))):
            chosen, logged = (self.actions.indices(rows, c, locate)[0] for c in (self.text, self.logged))
            return to_arrow((chosen == logged).astype(np.float64))
        values = [_known(rows, column, locate) for column in (self.text, self.logged)]
        _require_no_negative(values[0], self.text, locate)
        kind = pa.large_string() if _class(values[0].type) == "text" else pa.int64()
        same = pc.equal(*(array.cast(kind) for array in values))
        return to_arrow(to_numpy(same).astype(np.float64))


class OneHot(_OfOneColumn):
    """A list with 1 for the chosen action and 0 for the other candidates."""

    def kind(self, kinds: Mapping[str, pa.DataType]) -> pa.DataType:
        """See :class:`~rankeval.logs.computed_columns.Computed`."""
        return pa.list_(pa.float64())

    def over(self, rows: pa.RecordBatch, locate: Locate) -> pa.Array:
        """See :class:`~rankeval.logs.computed_columns.Computed`."""
        chosen, offsets = self.actions.indices(rows, self.text, locate)
        shares: Floats = np.zeros(int(offsets[-1]))
        shares[offsets[:-1] + chosen] = 1.0
        return pa.ListArray.from_arrays(to_arrow(offsets.astype(np.int32)), to_arrow(shares))


def _lists(log: Log, role: str) -> bool:
    """Whether a column holds lists; if the caller named it, it must."""
    lists = bool(pa.types.is_list(log.kind(role)))
    if not lists and role in log.columns:
        raise DataError(
            f"{log.origin}: column {log.name(role)!r} holds {log.kind(role)}, wanted a list of names"
        )
    return lists


def _class(kind: pa.DataType) -> str | None:
    """What actions of a type are: ``text``, ``integer`` or no actions."""
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_string(value) or pa.types.is_large_string(value):
        return "text"
    return "integer" if pa.types.is_integer(value) else None


def _require(schema: pa.Schema, file: str, columns: tuple[str, ...]) -> None:
    for name in columns:
        if name not in schema.names:
            raise DataError(f"{file}: no column {name!r}; it has {', '.join(schema.names[:20])}")
    kind = schema.field(columns[0]).type
    if _class(kind) is None:
        raise DataError(f"{file}: column {columns[0]!r} holds {kind}, wanted actions: integers or texts")


def _known(rows: pa.RecordBatch, column: str, locate: Locate) -> pa.Array:
    actions = decoded(rows.column(column))
    if actions.null_count:
        raise _wrong(locate(int(np.argmax(is_null(actions)))), column, "null", "an action")
    return actions


def _require_no_negative(actions: pa.Array, column: str, locate: Locate) -> None:
    """Check integers that can only be compared: a negative one would stand for no action."""
    if _class(actions.type) == "integer":
        negative = to_numpy(actions) < 0
        if negative.any():
            row = int(np.argmax(negative))
            raise _wrong(locate(row), column, actions[row].as_py(), "an action, from 0")


def _wrong(place: str, column: str, found: object, wanted: str) -> DataError:
    return DataError(f"{place}: column {column!r} is {found}, wanted {wanted}")


#: In place of an index, where the names of a round are not distinct.
NOT_DISTINCT = -2


@kernel
def _places(offsets: Ints, names: Ints, wanted: Ints) -> tuple[Ints, int]:
    """(n,) the index of each wanted name in its list, and the first row without one; -1 if there is none.

    Codes of names are below the number of names and actions; a null name has code -1.
    """
    found = np.full(wanted.size, -1, np.int64)
    last_row = np.full(names.size + wanted.size, -1, np.int64)
    for row in range(wanted.size):
        for i in range(offsets[row], offsets[row + 1]):
            name = names[i]
            if name < 0 or last_row[name] == row:
                found[row] = NOT_DISTINCT
                return found, row
            last_row[name] = row
            if name == wanted[row]:
                found[row] = i - offsets[row]
        if found[row] < 0:
            return found, row
    return found, -1
