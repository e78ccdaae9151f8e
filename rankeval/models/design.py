"""The design of a regression: numeric features, category codes and, for bandits, the action of each case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Floats, Ints
from rankeval.arrays import as_float64, decoded, take, to_numpy
from rankeval.errors import DataError, UsageError
from rankeval.logs import Log
from rankeval.readers import check_same_columns

#: Largest number of categories of a text feature with their own level; all other categories share one level.
MAX_CATEGORIES = 100


@dataclass(frozen=True)
class Design:
    """``m`` cases over ``n`` rows of features. A row may be a round, and its cases the candidates.

    Attributes:
        numbers: (n, p) float64, the numeric features; NaN where unknown.
        codes: (n, c) int64, the category ``0 .. levels[j] - 1`` of each text feature.
        levels: number of levels of each text feature.
        rows: (m,) int64, the row of each case.
        actions: (m,) int64, ``0 .. action_levels - 1``; the last is for actions above the highest one in
            training. All 0 if the model does not use actions.
        action_levels: number of levels of the action.
    """

    numbers: Floats
    codes: Ints
    levels: tuple[int, ...]
    rows: Ints
    actions: Ints
    action_levels: int

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Encoding:
    """The encoding of columns as a design. It is fitted on training rows and used for every batch.

    Numbers and booleans become float64; null and values that are not finite become NaN. A text feature has
    one level for each of its 100 most frequent categories (ties: the text that sorts first), and one level
    for null and all other categories. Each action up to the highest logged action in training has its own
    level; all actions above share one.

    Attributes:
        categories: feature -> its categories with their own level; None for a numeric feature.
        actions: number of actions with their own level; 0 if the model does not use actions.
    """

    categories: Mapping[str, pa.Array | None]
    actions: int

    @classmethod
    def of(cls, columns: Mapping[str, pa.Array], actions: Ints | None) -> Encoding:
        """Fit the encoding on training rows.

        Args:
            columns: feature -> (n,) Arrow array.
            actions: (n,) int64, the logged actions, from 0; None: the model does not use actions.
        """
        categories = {
            name: _frequent(column) if pa.types.is_string(column.type) else None
            for name, column in columns.items()
        }
        return cls(categories, 0 if actions is None else int(actions.max(initial=-1)) + 1)

    def design(self, columns: Mapping[str, pa.Array], rows: Ints, actions: Ints | None) -> Design:
        """The design of ``m`` cases.

        Args:
            columns: feature -> (n,) Arrow array.
            rows: (m,) int64, the row of ``columns`` of each case.
            actions: (m,) int64, the action of each case, from 0; None: the model does not use actions.
        """
        size = len(next(iter(columns.values()))) if columns else int(rows.max(initial=-1)) + 1
        numbers = [_numbers(columns[name]) for name, known in self.categories.items() if known is None]
        texts = {name: known for name, known in self.categories.items() if known is not None}
        codes = [_codes(columns[name], known) for name, known in texts.items()]
        if actions is None:
            actions = np.zeros(len(rows), np.int64)
        return Design(
            np.stack([*numbers], axis=1) if numbers else np.zeros((size, 0)),
            np.stack([*codes], axis=1) if codes else np.zeros((size, 0), np.int64),
            tuple(len(known) + 1 for known in texts.values()),
            rows,
            np.minimum(actions, self.actions),
            self.actions + 1,
        )


def taken(column: pa.Array, rows: Ints) -> pa.Array:
    """The values of a feature at these rows; a dictionary-encoded column is decoded."""
    return decoded(take(column, rows))


def _frequent(column: pa.Array) -> pa.Array:
    counts = pc.value_counts(column.drop_null())
    pairs = zip(to_numpy(counts.field("counts")).tolist(), counts.field("values").to_pylist(), strict=True)
    ordered = sorted(pairs, key=lambda pair: (-pair[0], pair[1]))
    return pa.array([value for _, value in ordered[:MAX_CATEGORIES]], pa.string())


def _codes(column: pa.Array, known: pa.Array) -> Ints:
    found = pc.index_in(column.cast(pa.string()), known, skip_nulls=True)
    return to_numpy(found.fill_null(len(known))).astype(np.int64)


def _numbers(column: pa.Array) -> Floats:
    values = as_float64(column)
    return np.where(np.isfinite(values), values, np.nan)


def require_features(log: Log, features: Sequence[str], known_after: Sequence[str]) -> list[str]:
    """Check the feature columns of a log; returns the features without repetition.

    Args:
        log: the log; each of its files must have the features.
        features: the features, as roles or column names.
        known_after: roles whose columns may not be features, such as the outcome and values drawn for it.

    Raises:
        UsageError: a feature is the column of a role in ``known_after``.
        DataError: a column is missing, differs in type between files, or holds neither numbers nor text.
    """
    features = list(dict.fromkeys(features))
    barred = set(log.names(known_after))
    for feature in features:
        if log.name(feature) in barred:
            raise UsageError(
                f"features: found {feature!r}, wanted columns that are known before the outcome is"
            )
    check_same_columns(log.sources, [log.name(feature) for feature in features])
    for feature in features:
        for source in log.sources:
            _require_feature(source.name, source.schema.field(log.name(feature)))
    return features


def _require_feature(origin: str, field: pa.Field) -> None:
    value = field.type.value_type if pa.types.is_list(field.type) else field.type
    tests = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_decimal,
        pa.types.is_boolean,
        pa.types.is_string,
        pa.types.is_null,
    )
    if not any(test(value) for test in tests):
        raise DataError(f"{origin}: column {field.name!r} holds {field.type}, wanted numbers or text")
