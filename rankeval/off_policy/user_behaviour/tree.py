"""A tree over features of a session that says which behaviour its user has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Bools, Ints
from rankeval.arrays import as_float64, decoded, is_null, to_numpy
from rankeval.logs import Sessions
from rankeval.notes import Note
from rankeval.off_policy.user_behaviour.windows import NAMES


@dataclass(frozen=True)
class AtMost:
    """Whether a numeric feature is at most a threshold; a missing one is not.

    ``some_missing`` says that the sample had such, for the words alone.
    """

    feature: str
    threshold: float
    some_missing: bool = False

    def holds(self, values: pa.Array) -> Bools:
        """(n,) bool; numbers or booleans, null and NaN missing."""
        return as_float64(values) <= self.threshold

    def words(self, held: bool) -> str:
        """``age <= 30`` or, where it does not hold, ``age > 30 or missing``."""
        if held:
            return f"{self.feature} <= {self.threshold:g}"
        return f"{self.feature} > {self.threshold:g}{' or missing' if self.some_missing else ''}"


@dataclass(frozen=True)
class Equals:
    """Whether a feature has one value, None for a missing one."""

    feature: str
    value: str | bool | None

    def holds(self, values: pa.Array) -> Bools:
        """(n,) bool; values of the type of ``value``."""
        if self.value is None:
            return is_null(values)
        return to_numpy(pc.fill_null(pc.equal(values, pa.scalar(self.value)), False))

    def words(self, held: bool) -> str:
        """``device == 'phone'``, ``device != 'phone'``, or ``device is missing``."""
        if self.value is None:
            return f"{self.feature} is {'' if held else 'not '}missing"
        return f"{self.feature} {'==' if held else '!='} {self.value!r}"


Test = AtMost | Equals
#: Tests from the root to a leaf, and whether each held.
Path = tuple[tuple[Test, bool], ...]


@dataclass(frozen=True)
class Leaf:
    """A behaviour, and how many sessions of the sample have it."""

    behaviour: str
    sessions: float


@dataclass(frozen=True)
class Split:
    """Sessions for which a test holds, and all others."""

    test: Test
    yes: Split | Leaf
    no: Split | Leaf


@dataclass(frozen=True)
class BehaviourTree:
    """Which behaviour each session is taken to have.

    Attributes:
        root: the tree.
        note: what it was learned from, in a sentence.
    """

    root: Split | Leaf
    note: Note

    @property
    def roles(self) -> list[str]:
        """The columns that it reads, one value a session each."""
        return list(dict.fromkeys(_features(self.root)))

    def codes(self, sessions: Sessions) -> Ints:
        """(n,) code of the behaviour of each session, its place in ``BEHAVIOURS``.

        Raises:
            DataError: a feature that changes within a session.
        """
        values = {role: feature_of(sessions, role) for role in self.roles}
        codes = np.empty(len(sessions), np.int64)
        _assign(self.root, values, np.ones(len(sessions), np.bool_), codes)
        return codes

    def describe(self) -> list[str]:
        """A line for each leaf: ``device == 'phone' and age <= 30: cascade, 12,345 sessions``."""
        return [
            f"{' and '.join(_words(path)) or 'all'}: {leaf.behaviour}, {leaf.sessions:,.0f} sessions"
            for path, leaf in _leaves(self.root, ())
        ]


def feature_of(sessions: Sessions, role: str) -> pa.Array:
    """One value a session, plain."""
    return decoded(sessions.per_session(role))


def _features(node: Split | Leaf) -> Iterator[str]:
    if isinstance(node, Split):
        yield node.test.feature
        yield from _features(node.yes)
        yield from _features(node.no)


def _assign(node: Split | Leaf, values: dict[str, pa.Array], there: Bools, codes: Ints) -> None:
    if isinstance(node, Leaf):
        codes[there] = NAMES.index(node.behaviour)
        return
    held = node.test.holds(values[node.test.feature])
    _assign(node.yes, values, there & held, codes)
    _assign(node.no, values, there & ~held, codes)


def _leaves(node: Split | Leaf, path: Path) -> Iterator[tuple[Path, Leaf]]:
    if isinstance(node, Leaf):
        yield path, node
        return
    yield from _leaves(node.yes, (*path, (node.test, True)))
    yield from _leaves(node.no, (*path, (node.test, False)))


def _words(path: Path) -> list[str]:
    """What is left to say of tests in turn: narrower bounds replace wider ones, a value all else."""
    said: dict[tuple[object, ...], str] = {}
    for test, held in path:
        numeric = isinstance(test, AtMost)
        if held and not numeric:
            said = {key: words for key, words in said.items() if key[0] != test.feature}
        key = (test.feature, held) if numeric else (test.feature, held, test)
        said.pop(key, None)
        said[key] = test.words(held)
    return list(said.values())
