"""The problems of a log as a whole, which follow from all of its rows."""

from __future__ import annotations

from collections.abc import Iterator

from rankeval.inspection.found import Found
from rankeval.inspection.problems import Problem, rows_text
from rankeval.inspection.row_checks import WANTED
from rankeval.logs import RANGES, base
from rankeval.propensity_tests import FAULTS
from rankeval.results import number, p_text

#: Fewer rewards above 0 leave most estimates uncertain.
FEW_REWARDS = 100
#: A larger design effect makes intervals without clusters clearly too short.
DESIGN_EFFECT = 1.2
#: A p-value below this one says that a mean reward is not stable, or a split of traffic not as planned.
LEVEL = 0.001
#: Shares of loggers within this factor of equal ones look like a planned equal split.
NEAR_EQUAL = 1.2
#: Faults that are none if an action was not always possible.
_POSSIBLE = frozenset({"rows_lost_or_impossible"})


def conclusions(found: Found) -> list[Problem]:
    """All problems of a log, the worst first; within one severity in the order of the catalogue."""
    columns = found.columns
    findings = found.row_sums.findings
    if found.unit_sums is not None:
        findings = findings.merge(found.unit_sums.findings)
    files = [source.name for source in columns.log.sources]
    wanted = {name: _wanted(role) for role, name in columns.roles.items()}
    every = [*columns.problems, *findings.problems(files, wanted), *_of_log(found, files)]
    order = {"error": 0, "warning": 1, "info": 2}
    return sorted(every, key=lambda problem: order[problem.severity])


def _wanted(role: str) -> str:
    if role in WANTED:
        return WANTED[role]
    within = RANGES.get(base(role))
    return "a number" if within is None else within.wanted


def _of_log(found: Found, files: list[str]) -> Iterator[Problem]:
    yield from _of_ids(found, files)
    yield from _of_positions(found)
    yield from _of_rewards(found)
    yield from _of_propensities(found)
    yield from _of_loggers(found)
    yield from _of_users(found)
    yield from _of_stability(found)
    yield from _of_drift(found)


def _of_ids(found: Found, files: list[str]) -> Iterator[Problem]:
    units, log = found.unit_sums, found.columns.log
    if units is None:
        yield Problem("no_units", "error", "no row can be read as a round or session")
        return
    if units.ids is not None and units.ids.repeats.count:
        again = units.ids.repeats
        column = log.name("round_id" if log.session is None else "session_id")
        kept = "" if units.ids.share == 1.0 else f" in a sample of {100 * units.ids.share:.2g} % of the ids"
        text = f"column {column!r}: {rows_text(again.count)} with the id of an earlier one{kept}"
        text += " (a join that multiplies rows?)"
        rows, where = tuple(row for _, row in again.first), tuple(files[file] for file, _ in again.first)
        yield Problem("repeated_id", "error", text, again.count, rows, where)
    scattered = found.row_sums.runs - units.units
    if log.session is not None and not log.nested and scattered > 0 and not _null_ids(found):
        text = f"{scattered:,} stretches of rows belong to a session with others elsewhere: rows are sorted"
        yield Problem("scattered", "info", text, scattered)


def _null_ids(found: Found) -> bool:
    counts = found.row_sums.columns.get("session_id")
    return counts is not None and counts.missing > 0


def _of_positions(found: Found) -> Iterator[Problem]:
    units, log = found.unit_sums, found.columns.log
    if units is None or log.session is None:
        return
    at_zero = units.first_at
    if at_zero > units.units / 2 and log.first_position == 1:
        text = f"{at_zero:,} of {units.units:,} sessions start at position 0: --first-position 0"
        yield Problem("first_position", "error", text, at_zero)


def _of_rewards(found: Found) -> Iterator[Problem]:
    units = found.unit_sums
    if found.columns.reward is None:
        yield Problem(
            "no_reward",
            "error",
            "no column of rewards or clicks: no estimator can be fed (--reward EXPR, --column)",
        )
        return
    if units is None:
        return
    if units.units > 0 and units.rewarded < FEW_REWARDS:
        text = f"only {units.rewarded:,} of {units.units:,} {found.unit} have a reward above 0"
        text += ": estimates are uncertain"
        yield Problem("few_rewards", "warning", text, units.rewarded)
    n, total, squares = units.reward.tolist()
    if n > 1 and squares * n - total * total <= 1e-12 * max(squares * n, 1e-300):
        yield Problem(
            "constant_reward", "warning", f"all {found.unit} have the same reward: nothing can be compared"
        )


def _of_propensities(found: Found) -> Iterator[Problem]:
    tests = found.tests
    if tests is None:
        return
    failed = tests.failed
    if failed:
        worst = failed[0]
        where = "" if worst.group is None else f" of {worst.group}"
        where += "" if worst.slice is None else f" in {worst.slice}"
        text = (
            f"{len(failed)} of {len(tests.tests)} tests of propensities fail: "
            f"{FAULTS[tests.fault or 'other_policy']} ("
            f"{worst.test}{where}: {number(worst.observed)} where {number(worst.expected)} is right, "
            f"z {number(worst.z, 3)}, p {p_text(worst.p_adjusted)})"
        )
        low = all(test.observed < test.expected for test in failed)
        doubt = tests.fault in _POSSIBLE and low
        yield Problem("propensities", "warning" if doubt else "error", text, len(failed))
    elif tests.fault is not None:
        yield Problem("propensities", "error", f"propensities: {FAULTS[tests.fault]}", tests.lists_off)
    if tests.untested:
        text = f"{tests.untested:,} actions (or items at positions) are too rare to test their propensities"
        yield Problem("untested", "info", text, tests.untested)


def _of_loggers(found: Found) -> Iterator[Problem]:
    ratio = found.sample_ratio
    if ratio is None:
        return
    counts, p = list(ratio["counts"].values()), ratio["p_value"]
    if p < LEVEL and max(counts) <= NEAR_EQUAL * min(counts):
        text = f"the {len(counts)} logging policies have unequal shares (p {p_text(p)})"
        text += ": if equal ones were planned, their assignment is broken"
        yield Problem("sample_ratio", "warning", text, len(counts))


def _of_users(found: Found) -> Iterator[Problem]:
    users = found.users
    if users is None or users.design_effect is None or users.design_effect <= DESIGN_EFFECT:
        return
    if found.cluster is None:
        text = (
            f"{found.unit} of one user ({users.column}) are alike: the variance of the mean reward is "
            f"{number(users.design_effect, 3)} times that of independent ones; use --cluster {users.column}"
        )
        yield Problem("repeated_users", "warning", text, users.users)


def _of_stability(found: Found) -> Iterator[Problem]:
    parts, p = found.halves
    if p is not None and p < LEVEL:
        text = (
            f"the mean reward of a row is {number(parts[0].mean)} in the first half and "
            f"{number(parts[1].mean)} in the second (p {p_text(p)})"
        )
        yield Problem("unstable", "warning", text)
    days, p = found.days
    if p is not None and p < LEVEL:
        text = f"the mean reward differs between {len(days)} days (p {p_text(p)})"
        yield Problem("unstable_days", "warning", text, len(days))


def _of_drift(found: Found) -> Iterator[Problem]:
    drifted = [each for each in found.drift if each.drifted]
    for each in sorted(drifted, key=lambda each: -each.psi):
        text = f"column {each.column!r} drifts: PSI {number(each.psi, 3)}, p {p_text(each.p_adjusted)}"
        text += f" ({found.windows[0]} to {found.windows[1]})"
        yield Problem("drift", "warning", text)
