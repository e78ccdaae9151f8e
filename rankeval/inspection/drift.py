"""Drift between two samples: by PSI, the Kolmogorov-Smirnov test and the chi-square test.

PSI (the population stability index) is ``sum (p_b - q_b) log(p_b / q_b)`` over bins ``b``, the symmetric
Kullback-Leibler divergence of the shares. It measures how large a change is, and the tests how certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.array_types import Bools, Floats
from rankeval.arrays import as_float64, is_unknown
from rankeval.inference import holm
from rankeval.inspection.row_checks import USABLE
from rankeval.readers import is_number

#: A column of numbers with fewer distinct values is taken as categories.
FEW_VALUES = 20
BINS = 10
#: Categories that are told apart; the rarer ones count as one.
CATEGORIES = 50
#: Expected counts under this one make the chi-square test rough: such categories count as one.
LEAST_EXPECTED = 5.0
LEVEL = 0.05
#: A change of this PSI is worth a look.
NOTICEABLE = 0.1


@dataclass(frozen=True)
class ColumnDrift:
    """How a column differs between two windows.

    Attributes:
        column: its name.
        kind: ``numbers`` or ``categories``.
        first, second: its mean in each window; None for texts.
        n_first, n_second: the values that were compared.
        psi: the population stability index.
        test: ``ks`` or ``chi_square``.
        statistic, p_value: of this test.
        p_adjusted: adjusted for all columns (Holm 1979).
    """

    column: str
    kind: str
    first: float | None
    second: float | None
    n_first: int
    n_second: int
    psi: float
    test: str
    statistic: float
    p_value: float
    p_adjusted: float = 1.0

    @property
    def drifted(self) -> bool:
        """Whether the change is certain, and large enough to be worth a look."""
        return self.p_adjusted < LEVEL and self.psi >= NOTICEABLE

    def to_dict(self) -> dict[str, Any]:
        """The drift as JSON values."""
        return {**vars(self), "drifted": self.drifted}


def drift_of(columns: Sequence[tuple[str, pa.Array, pa.Array]]) -> list[ColumnDrift]:
    """The drift of ``(name, values in the first window, values in the second)``.

    Columns with one value in both, without values in one, or with other types in both are left out.
    """
    found = [each for each in (_of_column(*column) for column in columns) if each is not None]
    adjusted = holm([each.p_value for each in found])
    return [replace(each, p_adjusted=p or 0.0) for each, p in zip(found, adjusted, strict=True)]


def _of_column(name: str, one: pa.Array, two: pa.Array) -> ColumnDrift | None:
    if is_number(one.type) != is_number(two.type) or not len(one) or not len(two):
        return None
    if not is_number(one.type):
        return _of_categories(name, one, two, None)
    left, right = as_float64(one), as_float64(two)
    both = np.concatenate([left[~np.isnan(left)], right[~np.isnan(right)]])
    if len(np.unique(both)) < FEW_VALUES:
        return _of_categories(name, pa.array(left), pa.array(right), (left, right))
    left, right = left[np.abs(left) <= USABLE], right[np.abs(right) <= USABLE]
    if not len(left) or not len(right):
        return None
    from scipy.stats import ks_2samp

    test = ks_2samp(left, right, method="asymp")
    edges = np.unique(np.quantile(left, np.arange(1, BINS) / BINS))
    counts = [
        np.bincount(np.searchsorted(edges, x, side="right"), minlength=len(edges) + 1) for x in (left, right)
    ]
    return ColumnDrift(
        name, "numbers", float(left.mean()), float(right.mean()), len(left), len(right),
        psi(counts[0].astype(np.float64), counts[1].astype(np.float64)),
        "ks", float(test.statistic), float(test.pvalue),
    )  # fmt: skip


def _of_categories(
    name: str, one: pa.Array, two: pa.Array, numbers: tuple[Floats, Floats] | None
) -> ColumnDrift | None:
    both = pa.concat_arrays([_texts(one), _texts(two)]).dictionary_encode()
    codes = np.asarray(both.indices, np.int64)
    m = len(both.dictionary)
    table = np.stack(
        [np.bincount(codes[: len(one)], minlength=m), np.bincount(codes[len(one) :], minlength=m)]
    )
    counts = _pooled(table.astype(np.float64))
    if counts.shape[1] < 2:
        return None
    from scipy.stats import chi2_contingency

    test = chi2_contingency(counts, correction=False)
    first, second = (None, None) if numbers is None else (_mean(each) for each in numbers)
    return ColumnDrift(
        name, "categories", first, second, len(one), len(two),
        psi(counts[0], counts[1]), "chi_square", float(test.statistic), float(test.pvalue),
    )  # fmt: skip


def _texts(values: pa.Array) -> pa.Array:
    texts = values.cast(pa.string())
    unknown: Bools = is_unknown(values)
    return (
        pa.array([None if gone else text for text, gone in zip(texts.to_pylist(), unknown, strict=True)])
        .cast(pa.string())
        .fill_null("<null>")
    )


def _mean(values: Floats) -> float | None:
    known = values[np.abs(values) <= USABLE]
    return float(known.mean()) if len(known) else None


def _pooled(counts: Floats) -> Floats:
    """The counts (2, m) with rare categories as one."""
    total = counts.sum(axis=0)
    expected = total * counts.sum(axis=1).min() / counts.sum()
    order = np.argsort(-total, kind="stable")
    kept = order[:CATEGORIES][expected[order[:CATEGORIES]] >= LEAST_EXPECTED]
    others = np.setdiff1d(np.arange(counts.shape[1]), kept)
    rest = counts[:, others].sum(axis=1, keepdims=True)
    return counts[:, kept] if not rest.sum() else np.concatenate([counts[:, kept], rest], axis=1)


def psi(one: Floats, two: Floats) -> float:
    """The population stability index of two rows of counts, each with one half added so that none is 0."""
    p, q = (one + 0.5) / (one + 0.5).sum(), (two + 0.5) / (two + 0.5).sum()
    return float(((p - q) * np.log(p / q)).sum())
