"""Gates by which others decide whether to trust an estimate, and the verdict beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from benchmarks.verdict_study.records import Record

#: The level and the reasons of a record -> whether the gate lets it pass.
Gate = Callable[[Record], bool]


def trusted(record: Record) -> bool:
    """The verdict is ``trust``."""
    return bool(record["level"] == "trust")


def not_refused(record: Record) -> bool:
    """The verdict is not ``do not trust``."""
    return bool(record["level"] in ("trust", "caution"))


def ess_share(record: Record, least: float = 0.1) -> bool:
    """The effective sample size is a tenth of the rounds (Owen 2013)."""
    ess = record["diagnostics"]["ess"]
    return ess is not None and ess >= least * record["n"]


def pareto(record: Record, most: float = 0.7) -> bool:
    """Pareto k of the weights is small (Vehtari et al. 2024); weights without a tail pass."""
    k = tail(record)
    return k is None or k < most


def mean_weight(record: Record, most: float = 2.0) -> bool:
    """The mean weight is 1 within its error (Lefortier et al. 2016)."""
    z = record["diagnostics"]["mean_weight_z"]
    return z is None or abs(z) <= most


def skdr_ok(record: Record) -> bool:
    """``support_health`` of skdr-eval 0.11 is ``ok``: none of its warnings, at its published thresholds."""
    known, clipped = record["facts"], record["diagnostics"]["share_clipped"]
    return (
        ess_share(record)
        and pareto(record, 0.5)
        and (clipped or 0.0) <= 0.05
        and (known.get("p") is None or known.get("p") >= 1.0 / record["n"])
        and (known.get("match") is None or known.get("match") >= 0.5)
        and (known.get("ece") is None or known.get("ece") <= 0.1)
    )


def definitions(record: Record) -> bool:
    """``trust`` by the thresholds that stood in the definitions: by weights alone, and positive rewards."""
    found, k = record["diagnostics"], tail(record)
    off, z = abs((found["mean_weight"] or 1.0) - 1.0), abs(found["mean_weight_z"] or 0.0)
    return (
        (found["ess"] or 0.0) >= max(1000.0, 0.05 * record["n"])
        and (k is None or k <= 0.5)
        and not (off > 0.01 and z > 2.6)
        and (found["support_gap"] or 0.0) <= 0.01
        and (found["share_clipped"] or 0.0) <= 0.05
    )


def tail(record: Record) -> float | None:
    """Pareto k as others compute it; of sessions that of their list weights."""
    k: float | None = record["facts"].get("k", record["diagnostics"]["tail_index"])
    return k


#: Gates of others with a threshold: name -> the thresholds that are tried for it.
SWEPT: Mapping[str, tuple[Callable[[Record, float], bool], tuple[float, ...]]] = {
    "ESS share at least": (ess_share, (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.95)),
    "ESS at least": (
        lambda record, least: (record["diagnostics"]["ess"] or 0.0) >= least,
        (30, 100, 300, 1000, 3000, 10_000, 20_000),
    ),
    "Pareto k under": (pareto, (0.7, 0.5, 0.3, 0.1, 0.0, -0.2, -0.5)),
    "mean weight within errors": (mean_weight, (3.0, 2.0, 1.5, 1.0, 0.5, 0.25)),
    "all three, ESS share at least": (
        lambda record, least: ess_share(record, least) and pareto(record) and mean_weight(record),
        (0.05, 0.1, 0.3, 0.5, 0.7, 0.9),
    ),
}

GATES: Mapping[str, Gate] = {
    "every log": lambda record: True,
    "verdict: trust": trusted,
    "verdict: trust or caution": not_refused,
    "ESS share at least 10 %": ess_share,
    "Pareto k under 0.7": pareto,
    "mean weight within 2 errors": mean_weight,
    "all three": lambda record: ess_share(record) and pareto(record) and mean_weight(record),
    "skdr-eval: ok": skdr_ok,
    "definitions": definitions,
}
