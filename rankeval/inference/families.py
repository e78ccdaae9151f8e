"""Families of tests: the p-values that are adjusted together, by the methods of ``comparisons.py``."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from rankeval.errors import UsageError
from rankeval.inference.comparisons import benjamini_hochberg, holm

#: What a family spans, beside all pairs of what is compared.
FAMILIES = ("all", "metric", "segment")


def parse_family(family: str | None, by: str | None) -> str:
    """The family asked for; without one, ``all`` where a column ``by`` makes segments, else ``metric``.

    Raises:
        UsageError: the name is unknown.
    """
    if family is None:
        return "metric" if by is None else "all"
    if family not in FAMILIES:
        raise UsageError(f"family: found {family!r}, wanted one of {', '.join(FAMILIES)}")
    return family


def family_key(family: str, metric: Hashable, segment: Hashable) -> Hashable:
    """What comparisons of one family have in common.

    ``all``: nothing. ``metric``: their metric (of a policy, its estimator). ``segment``: their segment.
    """
    return {"all": None, "metric": metric, "segment": segment}[family]


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A p-value adjusted over its family.

    Attributes:
        holm: by the method of Holm (1979); None without a p-value.
        bh: by that of Benjamini and Hochberg (1995); None without a p-value.
        tests: number of p-values in the family. With one test, the adjusted p-values are the p-value.
    """

    holm: float | None = None
    bh: float | None = None
    tests: int = 0


def adjust(p_values: Sequence[float | None], keys: Sequence[Hashable]) -> list[Adjusted]:
    """Adjust p-values over families.

    Args:
        p_values: the p-values; None where there is none, which does not count as a test.
        keys: of each p-value; those with equal keys are a family.
    """
    families: dict[Hashable, list[int]] = {}
    for i, key in enumerate(keys):
        families.setdefault(key, []).append(i)
    adjusted = [Adjusted()] * len(p_values)
    for members in families.values():
        of_family = [p_values[i] for i in members]
        tests = sum(p is not None for p in of_family)
        for i, p_holm, p_bh in zip(members, holm(of_family), benjamini_hochberg(of_family), strict=True):
            adjusted[i] = Adjusted(p_holm, p_bh, tests)
    return adjusted


def adjusted_over(adjusted: Sequence[Adjusted]) -> str:
    """In words, over how many tests p-values were adjusted."""
    sizes = sorted({one.tests for one in adjusted})
    if not sizes or sizes[-1] <= 1:
        return "a family is one test: Holm and BH are p"
    sizes = [max(size, 1) for size in sizes]
    tests = f"{sizes[0]}" if sizes[0] == sizes[-1] else f"{sizes[0]} to {sizes[-1]}"
    return f"Holm and BH over {tests} tests"
