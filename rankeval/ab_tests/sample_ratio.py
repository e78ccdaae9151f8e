"""The sample-ratio check: whether arms have as many units as the assignment should give them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rankeval.errors import DataError, UsageError
from rankeval.notes import Note

#: A p-value below this is a warning (Fabijan et al. 2019).
SUSPICIOUS = 0.001


@dataclass(frozen=True)
class SampleRatio:
    """Numbers of units by arm, against what is expected.

    Attributes:
        counts: arm -> number of assigned units: sessions, or clusters where these are named.
        expected: arm -> share of the units.
        units: what is counted.
        p_value: of Pearson's chi-square; None where units count a broken number of times.
    """

    counts: Mapping[str, float]
    expected: Mapping[str, float]
    units: str
    p_value: float | None

    @classmethod
    def of(
        cls, counts: Mapping[str, float], expected: Mapping[str, float] | None, units: str, origin: str
    ) -> SampleRatio:
        """The check.

        Args:
            counts: arm -> number of units.
            expected: arm -> share; None: all arms have equal shares.
            units: what is counted.
            origin: name of the log, for messages.

        Raises:
            DataError: an expected arm has no unit.
            UsageError: an arm is not among the expected ones.
        """
        shares = expected or {arm: 1.0 / len(counts) for arm in counts}
        empty = next((arm for arm in shares if not counts.get(arm)), None)
        if empty is not None:
            raise DataError(
                f"{origin}: arm {empty!r} has no {units}, wanted some; arms are {', '.join(counts)}"
            )
        unnamed = next((arm for arm in counts if arm not in shares), None)
        if unnamed is not None:
            raise UsageError(f"expected: found no share of arm {unnamed!r}, wanted one for each arm")
        whole = all(float(count).is_integer() for count in counts.values())
        return cls(counts, shares, units, _chi_square(counts, shares) if whole else None)

    def notes(self) -> tuple[Note, ...]:
        """A warning if the numbers are not in line with the shares."""
        if self.p_value is None or self.p_value >= SUSPICIOUS:
            return ()
        found = ", ".join(f"{arm} {count:,.0f}" for arm, count in self.counts.items())
        shares = ", ".join(f"{100.0 * self.expected[arm]:.3g} %" for arm in self.counts)
        text = (
            f"the {self.units} of the arms ({found}) do not have the expected shares ({shares}): p = "
            f"{self.p_value:.2g} of chi-square; assignment or logging is broken, so trust no difference"
        )
        return (Note("sample_ratio", text, {"p_value": self.p_value, "threshold": SUSPICIOUS}),)

    def to_dict(self) -> dict[str, Any]:
        """The check as JSON values."""
        return {
            "p_value": self.p_value,
            "counts": dict(self.counts),
            "expected": dict(self.expected),
            "units": self.units,
        }


def _chi_square(counts: Mapping[str, float], shares: Mapping[str, float]) -> float:
    from scipy.special import chdtrc

    total = math.fsum(counts.values())
    wanted = {arm: total * share for arm, share in shares.items()}
    statistic = math.fsum((counts[arm] - n) ** 2 / n for arm, n in wanted.items())
    return float(chdtrc(len(counts) - 1, statistic)) if len(counts) > 1 else 1.0
