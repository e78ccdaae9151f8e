"""Numbers that a bandit log holds twice, once per round and in its lists. Both must agree.

They disagree if actions count from 1 and are read from 0, or if one of the columns belongs to another policy
or model. Each estimate would use one of them, and nothing in its value would show that it is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats, Ints
from rankeval.arrays import as_float64, kernel, read_only, to_numpy
from rankeval.errors import DataError
from rankeval.logs import Log, Sessions, own, peek
from rankeval.off_policy.samples.candidate_lists import other_first_action
from rankeval.off_policy.samples.column_sources import ColumnSources
from rankeval.readers import is_number

#: Largest number of rows that are compared before the pass.
PEEKED = 1024
#: Numbers that differ by less than this share of the larger one are equal: sums and models in float32 round.
TOLERANCE = 1e-5
#: The same for columns of half floats.
HALF_TOLERANCE = 1e-2
#: Column with one number per round -> columns that hold the same number.
TWICE: tuple[tuple[str, tuple[str, str]], ...] = (
    ("propensity", ("action", "candidate_propensities")),
    ("target_propensity", ("action", "candidate_target_propensities")),
    ("q_logged", ("action", "candidate_q")),
    ("q_target", ("candidate_target_propensities", "candidate_q")),
    ("propensity", ("logger", "logger_propensities")),
)


@dataclass(frozen=True)
class Redundant:
    """A number per round that the log also holds in lists.

    Attributes:
        role: the role of the number.
        sources: the roles of the index and of the list that it indexes; for ``q_target`` those of two lists,
            the sum of whose products it is.
        tolerance: largest difference of equal numbers, as a share of the larger one.
    """

    role: str
    sources: tuple[str, str]
    tolerance: float = TOLERANCE

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of all columns to compare."""
        return (self.role, *self.sources)

    @property
    def of_actions(self) -> bool:
        """Whether the column ``action`` says which element of the list it is."""
        return self.sources[0] == "action"

    @property
    def summed(self) -> bool:
        """Whether the number is a sum over the lists, not one of their elements."""
        return self.role.startswith("q_target")

    def first_apart(self, rounds: Sessions, first_action: int) -> tuple[int, float]:
        """The first row in which both differ, and the number in the lists; -1 and 0 if they agree."""
        first, last = (rounds.column(source) for source in self.sources)
        if first.null_count or last.null_count:
            return -1, 0.0  # the pass names a null that matters
        given = read_only(as_float64(rounds.column(self.role)))
        offsets, values = _parts(last)
        if not self.summed:
            start = first_action if self.of_actions else 0
            index = read_only(as_float64(first))
            return _first_off_element(given, index, float(start), offsets, values, self.tolerance)
        others, policy = _parts(first)
        if not np.array_equal(np.diff(offsets), np.diff(others)):
            return -1, 0.0
        return _first_off_sum(given, others, policy, offsets, values, self.tolerance)

    def error(self, rounds: Sessions, row: int, wanted: float, hint: str) -> DataError:
        """The error for a row whose list has the number ``wanted``; its message ends with ``hint``."""
        (first, last), names = self.sources, rounds.names
        shown = "no value" if np.isinf(wanted) else f"{wanted:.8g}"
        if self.summed:
            text = f"{shown}, the sum of {names[first]!r} times {names[last]!r}"
        else:
            text = f"{shown} as in {names[last]!r} at {names[first]} {rounds.column(first)[row].as_py()}"
        found = float(rounds.column(self.role)[row].as_py())
        return rounds.error(self.role, row, f"{found:.8g}", text + hint)


def _parts(lists: pa.Array) -> tuple[Ints, Floats]:
    """(n + 1,) offsets of the lists of an array without nulls, and the values that they index."""
    return read_only(to_numpy(lists.offsets).astype(np.int64)), read_only(as_float64(lists.values))


@kernel
def _first_off_element(
    given: Floats, index: Floats, start: float, offsets: Ints, values: Floats, tolerance: float
) -> tuple[int, float]:
    """The first row whose number is not the element of its list at ``index - start``, and the element.

    The element is infinite if there is none. NaN differs from no number.
    """
    for row in range(given.size):
        place = index[row] - start
        if place < 0.0 or place >= offsets[row + 1] - offsets[row]:
            return row, np.inf
        element = values[offsets[row] + int(place)]
        if abs(given[row] - element) > tolerance * max(abs(given[row]), abs(element)):
            return row, element
    return -1, 0.0


@kernel
def _first_off_sum(
    given: Floats, others: Ints, policy: Floats, offsets: Ints, values: Floats, tolerance: float
) -> tuple[int, float]:
    """The first row whose number is not ``sum_a pi(a) q(a)``, and that sum.

    Rounding errors are a share of ``sum_a pi(a) |q(a)|``.
    """
    for row in range(given.size):
        total = size = 0.0
        for i in range(offsets[row + 1] - offsets[row]):
            product = policy[others[row] + i] * values[offsets[row] + i]
            total += product
            size += abs(product)
        if abs(given[row] - total) > tolerance * max(size, abs(given[row])):
            return row, total
    return -1, 0.0


def redundant(sources: ColumnSources, read: Sequence[str]) -> list[Redundant]:
    """The numbers of a bandit log that it holds twice, for all target policies.

    Predictions count unless a model replaces them. The propensities under all logging policies count if both
    are among the roles to ``read``: otherwise the numbers of logging policies need not be indices.
    """
    pairs = [
        Redundant(own(column, target), (own(first, target), own(last, target)))
        for target in sources.targets
        for column, (first, last) in TWICE
        if column not in sources.derived and (last != "logger_propensities" or {last, column} <= {*read})
    ]
    return [
        replace(pair, tolerance=_tolerance(sources.log, pair))
        for pair in dict.fromkeys(pairs)
        if _comparable(sources.log, pair)
    ]


def require_agreement(sources: ColumnSources, columns: Sequence[str]) -> None:
    """Compare the first rows of a bandit log with its lists, in numbers of which the pass reads only one.

    Estimates that read no list are left alone: they use no action, and reading the lists would cost more
    than they do.

    Args:
        sources: the log; a ranking log is not compared.
        columns: the columns from which the terms of the estimators are computed.

    Raises:
        DataError: as :func:`require_all`.
    """
    log, read = sources.log, sources.roles(columns)
    if log.session is not None or not any(pa.types.is_nested(log.kind(role)) for role in read):
        return
    apart = [pair for pair in redundant(sources, read) if not set(pair.roles) <= set(read)]
    rounds = peek(log, [role for pair in apart for role in pair.roles], PEEKED) if apart else None
    if rounds is not None:
        require_all(apart, rounds)


def require_all(pairs: Sequence[Redundant], rounds: Sessions) -> None:
    """Check that all pairs agree in some rounds.

    Raises:
        DataError: two columns contradict each other; the message says so if these are the first rows, and all
            of them fit the other first number of actions.
    """
    for pair in pairs:
        row, wanted = pair.first_apart(rounds, rounds.first_action)
        if row >= 0:
            raise pair.error(rounds, row, wanted, _hint(pairs, rounds) if pair.of_actions else "")


def _hint(pairs: Sequence[Redundant], rounds: Sessions) -> str:
    """The end of the message: which first number of actions fits; empty if none does."""
    other = 1 - rounds.first_action
    fits = all(pair.first_apart(rounds, other)[0] < 0 for pair in pairs if pair.of_actions)
    return other_first_action(len(rounds), other) if fits and not (rounds.first_row or rounds.source) else ""


def _kinds(log: Log, role: str) -> set[pa.DataType]:
    """The types of the column in all files; empty unless each has it, and once."""
    if log.computes(role):
        return {log.kind(role)}
    name = log.name(role)
    if any(source.schema.names.count(name) != 1 for source in log.sources):
        return set()
    return {source.schema.field(name).type for source in log.sources}


def _comparable(log: Log, pair: Redundant) -> bool:
    """Whether all files hold both, as numbers of one type."""
    kinds = {role: _kinds(log, role) for role in pair.roles}
    if any(len(found) != 1 for found in kinds.values()):
        return False
    (number,), (first,), (last,) = kinds.values()
    if not (is_number(number) and pa.types.is_nested(last) and is_number(last.value_type)):
        return False
    return bool(pa.types.is_nested(first) if pair.summed else pa.types.is_integer(first))


def _tolerance(log: Log, pair: Redundant) -> float:
    kinds = [log.kind(role) for role in pair.roles]
    values = [kind.value_type if pa.types.is_nested(kind) else kind for kind in kinds]
    return HALF_TOLERANCE if any(map(pa.types.is_float16, values)) else TOLERANCE
