"""A decision tree over features of a session that assigns a user behaviour to it."""

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
    """The test that a numeric feature is at most a threshold. It does not hold for a missing value.

    Attributes:
        feature: role of the column.
        threshold: the threshold.
        some_missing: whether values were missing in the sample; it only changes :meth:`words`.
    """

    feature: str
    threshold: float
    some_missing: bool = False

    def holds(self, values: pa.Array) -> Bools:
        """(n,) bool, from (n,) numbers or booleans; null and NaN are missing values."""
        return as_float64(values) <= self.threshold

    def words(self, held: bool) -> str:
        """``age <= 30``, or ``age > 30 or missing`` if the test does not hold."""
        if held:
            return f"{self.feature} <= {self.threshold:g}"
        return f"{self.feature} > {self.threshold:g}{' or missing' if self.some_missing else ''}"


@dataclass(frozen=True)
class Equals:
    """The test that a feature is equal to a value; None: that it is missing."""

    feature: str
    value: str | bool | None

    def holds(self, values: pa.Array) -> Bools:
        """(n,) bool, from (n,) values of the type of ``value``."""
        if self.value is None:
            return is_null(values)
        return to_numpy(pc.fill_null(pc.equal(values, pa.scalar(self.value)), False))

    def words(self, held: bool) -> str:
        """``device == 'phone'``, ``device != 'phone'``, or ``device is missing``."""
        if self.value is None:
            return f"{self.feature} is {'' if held else 'not '}missing"
        return f"{self.feature} {'==' if held else '!='} {self.value!r}"


Test = AtMost | Equals
#: The tests from the root to a leaf, each with whether it holds.
Path = tuple[tuple[Test, bool], ...]


@dataclass(frozen=True)
class Leaf:
    """A leaf: a behaviour, and the number of sessions of the sample in this leaf."""

    behaviour: str
    sessions: float


@dataclass(frozen=True)
class Split:
    """An inner node: the subtree of sessions for which a test holds, and the subtree of all others."""

    test: Test
    yes: Split | Leaf
    no: Split | Leaf


@dataclass(frozen=True)
class BehaviourTree:
    """A tree that assigns a behaviour to each session.

    Attributes:
        root: the root node.
        note: a warning on the sample from which the tree was learned.
    """

    root: Split | Leaf
    note: Note

    @property
    def roles(self) -> list[str]:
        """Roles of the columns that the tree reads, each with one value per session."""
        return list(dict.fromkeys(_features(self.root)))

    def codes(self, sessions: Sessions) -> Ints:
        """(n,) int64, code of each session's behaviour: its index in ``BEHAVIOURS``.

        Raises:
            DataError: a feature that changes within a session.
        """
        values = {role: feature_of(sessions, role) for role in self.roles}
        codes = np.empty(len(sessions), np.int64)
        _assign(self.root, values, np.ones(len(sessions), np.bool_), codes)
        return codes

    def describe(self) -> list[str]:
        """One line for each leaf: ``device == 'phone' and age <= 30: cascade, 12,345 sessions``."""
        return [
            f"{' and '.join(_words(path)) or 'all'}: {leaf.behaviour}, {leaf.sessions:,.0f} sessions"
            for path, leaf in _leaves(self.root, ())
        ]


def feature_of(sessions: Sessions, role: str) -> pa.Array:
    """(n,) the value of a feature for each session, without dictionary encoding."""
    return decoded(sessions.per_session(role))


def _features(node: Split | Leaf) -> Iterator[str]:
    """The features of all tests of a subtree, with repetitions."""
    if isinstance(node, Split):
        yield node.test.feature
        yield from _features(node.yes)
        yield from _features(node.no)


def _assign(node: Split | Leaf, values: dict[str, pa.Array], there: Bools, codes: Ints) -> None:
    """Write the codes of the sessions that are in a subtree (``there``) into ``codes``."""
    if isinstance(node, Leaf):
        codes[there] = NAMES.index(node.behaviour)
        return
    held = node.test.holds(values[node.test.feature])
    _assign(node.yes, values, there & held, codes)
    _assign(node.no, values, there & ~held, codes)


def _leaves(node: Split | Leaf, path: Path) -> Iterator[tuple[Path, Leaf]]:
    """Each leaf of a subtree with the path from the root; ``path`` leads to the subtree."""
    if isinstance(node, Leaf):
        yield path, node
        return
    yield from _leaves(node.yes, (*path, (node.test, True)))
    yield from _leaves(node.no, (*path, (node.test, False)))


def _words(path: Path) -> list[str]:
    """The tests of a path in words, without redundant ones.

    A narrower bound replaces a wider one. An equality replaces all earlier tests of its feature.
    """
    said: dict[tuple[object, ...], str] = {}
    for test, held in path:
        numeric = isinstance(test, AtMost)
        if held and not numeric:
            said = {key: words for key, words in said.items() if key[0] != test.feature}
        key = (test.feature, held) if numeric else (test.feature, held, test)
        said.pop(key, None)
        said[key] = test.words(held)
    return list(said.values())
