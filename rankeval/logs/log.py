"""A log on disk or in memory. Its leaves are read into :class:`~rankeval.logs.sessions.Sessions`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import pyarrow as pa

from rankeval.errors import DataError
from rankeval.logs.computed_columns import Computed, Expression
from rankeval.logs.grouped_rows import sessions_of
from rankeval.logs.joint_ids import joint_ids, spelt
from rankeval.logs.layout import Stretch, widened, widest_type
from rankeval.logs.null_rewards import REWARDS, FilledRewards, filled_kind, require_null_reward
from rankeval.logs.roles import ANY_TYPE, IDS, LISTS, MAYBE_WHOLE, SESSION, Role, check_roles, wanted_type
from rankeval.logs.sessions import Draw, Sessions, require_first
from rankeval.logs.synonyms import REAL_NUMBERS, require_clear, usual_columns
from rankeval.parallel import THREADS, Engine
from rankeval.readers import (
    Leaf,
    Source,
    Where,
    check_same_columns,
    open_sources,
    parse_arithmetic,
    parse_where,
)


@dataclass(frozen=True)
class Log:
    """Files or tables of one kind, with a map from roles to columns.

    The constructor checks the schemas. Rows are read later, in passes over the log.

    Args:
        data: a path, folder, glob or URL, several of them, an Arrow table, anything with the Arrow
            PyCapsule interface (pandas, polars), or a dict of arrays.
        role: the kind of input. A ``log`` with a column ``session_id`` is a ranking log, grouped by
            session; without it, a bandit log with one round per row. A ``run`` is grouped by query. The
            rows of ``judgements`` are not grouped.
        columns: role -> column name, for columns whose name is neither their role nor a usual one (``qid``).
            Several columns make a ``session_id``: a tuple, or ``day,session_id`` if no column has that name.
        where: row filter, such as ``position <= 3 and country == "de"``.
        reward: arithmetic over columns that gives the reward of a ``log``, such as ``click + 5*purchase``.
            In nested layout it is computed for each item; a value that a row has once is repeated.
        first_action: the number of the first candidate in column ``action``, 0 or 1.
        null_reward: ``zero``: a null or NaN in a column of rewards or clicks counts as 0; ``error``: it is an
            error.
        first_position: the number of the first position in the columns of positions, 0 or 1.

    Attributes:
        sources: the opened files or tables.
        filled: the rows whose null rewards count as 0.
        lists: further roles whose columns may hold one list per round.
        usual: role -> column, for roles that take a column with a usual name.
        roles_read: the roles of the columns that were read so far.
        draw: which sessions a pass gives, and how often; None: each once.
        engine: what works on the leaves.

    Raises:
        DataError: a file is missing, unreadable or not of the kind that its name says; there are no rows; a
            column named in ``columns`` or ``reward`` is missing, or its type does not fit.
        UsageError: an argument is not valid.
    """

    data: Any = field(repr=False)
    role: Role = "log"
    columns: Mapping[str, str] = field(default_factory=dict)
    where: str | None = None
    reward: str | None = None
    first_action: int = 0
    null_reward: str = "error"
    first_position: int = 1
    sources: tuple[Source, ...] = field(init=False, compare=False)
    filled: FilledRewards = field(init=False, repr=False, compare=False, default_factory=FilledRewards)
    lists: frozenset[str] = field(init=False, repr=False, compare=False, default=frozenset())
    usual: Mapping[str, str] = field(init=False, repr=False, compare=False, default_factory=dict)
    roles_read: set[str] = field(init=False, repr=False, compare=False, default_factory=set)
    draw: Draw | None = field(init=False, repr=False, compare=False, default=None)
    engine: Engine = field(init=False, repr=False, compare=False, default=THREADS)
    _kinds: dict[str, pa.DataType] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", spelt(self.columns))
        check_roles(self.role, self.columns, self.reward)
        require_first("first_action", self.first_action)
        require_first("first_position", self.first_position)
        require_null_reward(self.null_reward)
        named = (name for role, name in self.columns.items() if role not in IDS | ANY_TYPE | MAYBE_WHOLE)
        floats = [*REAL_NUMBERS, *named]
        floats += [name for expression in self._computed.values() for name in expression.columns]
        object.__setattr__(self, "sources", tuple(open_sources(self.data, role=self.role, floats=floats)))
        object.__setattr__(self, "_computed", {**self._computed, **joint_ids(self.columns, self.schema)})
        object.__setattr__(self, "usual", usual_columns(self.role, self.sources, self.columns))
        self.require([*self.columns, *self._computed])
        self.row_filter  # noqa: B018  (an invalid filter raises now, not at the first batch)

    @property
    def origin(self) -> str:
        """Name of the input, for messages."""
        return self.sources[0].name

    @property
    def schema(self) -> pa.Schema:
        """Schema of the first file."""
        return self.sources[0].schema

    @property
    def row_filter(self) -> Where | None:
        """The parsed filter ``where``; None if there is no filter."""
        return None if self.where is None else parse_where(self.where)

    @cached_property
    def _computed(self) -> Mapping[str, Computed]:
        """Role -> how it is computed, for roles that are not read from a column."""
        return {} if self.reward is None else {"reward": Expression(parse_arithmetic(self.reward, "reward"))}

    @property
    def session(self) -> str | None:
        """Role of the column that groups rows into sessions; None if rows are not grouped."""
        role = SESSION[self.role]
        return role if role is not None and self.has(role) else None

    @property
    def nested(self) -> bool:
        """Whether each row is a whole session (or query) with its items in lists."""
        roles = ("item_id", "position", "click", "reward") if self.role == "log" else ("item_id",)
        names = self.names(roles)
        lists = (pa.types.is_list(field.type) for field in self.schema if field.name in names)
        return (self.session is not None or self.role == "judgements") and any(lists)

    def name(self, role: str) -> str:
        """Name of the column of a role, or the text of the expression that computes it."""
        taken = self.columns.get(role) or self.usual.get(role, role)
        return self._computed[role].text if role in self._computed else taken

    def names(self, roles: Iterable[str]) -> list[str]:
        """Names of the columns to read for these roles, without repetition."""
        names: dict[str, None] = {}
        for role in roles:
            computed = self._computed.get(role)
            names.update(dict.fromkeys(computed.columns if computed else [self.name(role)]))
        return list(names)

    def has(self, role: str) -> bool:
        """Whether the first file has the column of this role, or an expression computes it."""
        return role in self._computed or self.name(role) in self.schema.names

    def kind(self, role: str) -> pa.DataType:
        """Arrow type of the column of this role; if files differ, a type that holds the values of all."""
        if role in self._computed:
            computed = self._computed[role]
            return computed.kind({name: self._kind(name) for name in computed.columns})
        kind = self._kind(self.name(role))
        return filled_kind(kind) if self._fills(role) else kind

    def _kind(self, name: str) -> pa.DataType:
        if name not in self._kinds:
            self._kinds[name] = widest_type(self.sources, name)
        return self._kinds[name]

    def _fills(self, role: str) -> bool:
        return self.null_reward == "zero" and role in REWARDS

    def require(self, roles: Iterable[str]) -> None:
        """Check that every file has the columns of these roles, with types that fit.

        Raises:
            DataError: a column is missing, its type does not fit its role, or files differ in its type.
        """
        roles = list(roles)
        for source in self.sources:
            for role in self._computed.keys() & roles:
                self._computed[role].require(source.schema, source.name, nested=self.nested)
            require_clear(self.role, source, [role for role in roles if self.name(role) == role])
        check_same_columns(self.sources, self.names(roles))
        for role in roles:
            for source in self.sources if role not in self._computed else ():
                self._require_type(source, role)

    def _require_type(self, source: Source, role: str) -> None:
        kind = source.schema.field(self.name(role)).type
        nested = pa.types.is_list(kind) and (self.nested or role.startswith(LISTS) or role in self.lists)
        wanted = wanted_type(role, kind.value_type if nested else kind, self.role)
        # A file without a single value, as CSV files without rows are, has columns of no type.
        if wanted is not None and not pa.types.is_null(kind.value_type if nested else kind):
            raise DataError(f"{source.name}: column {self.name(role)!r} holds {kind}, wanted {wanted}")

    def leaves(self) -> list[Leaf]:
        """The pieces of the input, in input order. One worker reads each piece."""
        return [leaf for index, source in enumerate(self.sources) for leaf in source.leaves(index)]

    def adapted(self, columns: Mapping[str, str], where: str | None) -> Log:
        """The same data with another column map and row filter.

        The filter is dropped if the data lacks one of its columns.

        Raises:
            DataError: a column is missing, or its type does not fit.
            UsageError: a role is not known, or the filter is not valid.
        """
        log = self._but(columns=columns, where=where, usual=usual_columns(self.role, self.sources, columns))
        check_roles(self.role, columns, self.reward)
        log.require(columns)
        if log.row_filter is not None and not set(log.row_filter.columns) <= set(log.schema.names):
            return log._but(where=None)
        return log

    def with_roles(self, columns: Mapping[str, str]) -> Log:
        """The same log with more entries in its column map, also such as ``q_target@NAME``; not checked."""
        return self._but(columns={**self.columns, **columns})

    def with_computed(self, computed: Mapping[str, Computed]) -> Log:
        """The same log with further roles whose values are computed from columns."""
        return self._but(_computed={**self._computed, **computed})

    def computes(self, role: str) -> bool:
        """Whether the values of a role are computed from columns."""
        return role in self._computed

    def with_lists(self, roles: Iterable[str]) -> Log:
        """The same log, in which the columns of these roles may hold one list per round."""
        return self._but(lists=self.lists | frozenset(roles))

    @property
    def session_reward(self) -> bool:
        """Whether a ranking log has one reward per session; an expression for rewards comes before it."""
        return self.session is not None and self.has("session_reward") and "reward" not in self._computed

    def with_session_reward(self) -> Log:
        """The same log, in which the column or expression of the reward has the role ``session_reward``."""
        if self.reward is not None:
            return self._but(_computed={"session_reward": self._computed["reward"]})
        return self.with_roles({"session_reward": self.name("reward")})

    def drawn_by(self, draw: Draw) -> Log:
        """The same log, whose passes give each session as often as it is drawn."""
        return self._but(draw=draw)

    def over(self, source: Source) -> Log:
        """The same log without a filter, read from another source that holds the filtered rows."""
        self.filled.counts.clear()  # the pieces of the source are others
        return self._but(where=None, sources=(source,), engine=THREADS)  # it is on this machine

    def _but(self, **changes: Any) -> Log:
        """A copy with some attributes changed. It does not open the data again."""
        other = copy(self)
        for name, value in changes.items():
            object.__setattr__(other, name, value)
        return other

    def batches(self, leaf: Leaf, roles: Sequence[str]) -> Iterator[Stretch]:
        """The rows of a leaf that the filter keeps, with their columns named by roles."""
        source = self.sources[leaf.source_index]
        roles = list(dict.fromkeys(roles))
        self.roles_read.update(roles)
        names = self.names(roles)
        dictionary = [self.name(role) for role in roles if role in ("query_id", "session_id")]
        dictionary = [name for name in dictionary if name in names]
        kinds = {role: self.kind(role) for role in roles} if len(self.sources) > 1 else {}
        rewards = self.names(role for role in roles if self._fills(role))
        index = without = 0
        for batch in source.batches(leaf, names, where=self.row_filter, dictionary=dictionary):
            if batch.num_rows:
                if rewards:
                    batch, missing = self.filled.fill(batch, rewards)
                    without += missing
                rows = Stretch(leaf, index, batch)
                arrays = [self._played(role, rows, kinds.get(role)) for role in roles]
                yield Stretch(leaf, index, pa.RecordBatch.from_arrays(arrays, names=roles))
            index += batch.num_rows
        if rewards:
            self.filled.counts[leaf] = without

    def _played(self, role: str, stretch: Stretch, kind: pa.DataType | None) -> pa.Array:
        """The values of a role in some rows: a column, cast to ``kind`` if given, or computed values."""
        if role in self._computed:
            return self._computed[role].over(stretch.rows, partial(self.place_in, [stretch]))
        source = self.sources[stretch.leaf.source_index]
        return widened(stretch.rows.column(self.name(role)), kind, source.name)

    def place(self, leaf: Leaf, index: int) -> str:
        """The place of a row, ``FILE, row 17``; ``index`` counts the rows of the leaf after the filter."""
        return self.sources[leaf.source_index].place(leaf, index, self.row_filter)

    def sessions_of(self, *stretches: Stretch) -> Sessions:
        """All rows of some stretches, grouped by equal neighbouring ids, by row, or by list.

        Raises:
            DataError: a session id or a list is null, or the lists of a row differ in length.
        """
        return sessions_of(self, stretches)

    def place_in(self, stretches: Sequence[Stretch], row: int) -> str:
        """The place of a row, ``FILE, row 17``; ``row`` counts the rows of the stretches together."""
        for stretch in stretches:
            if row < len(stretch):
                return self.place(stretch.leaf, stretch.index + row)
            row -= len(stretch)
        raise IndexError(row)
