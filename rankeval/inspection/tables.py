"""The tables that show an inspection. They fit 80 columns; texts wrap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rankeval.inspection.found import Found
from rankeval.inspection.problems import Problem
from rankeval.results import Table, counted, interval_text, number, p_text

#: Rows of a table.
SHOWN = 12


def tables_of(found: Found, problems: Sequence[Problem]) -> list[Table]:
    """The tables of an inspection, beginning with the contents and the problems."""
    return [_contents(found), *([_problems(problems)] if problems else []), *_tables(found)]


def _tables(found: Found) -> Iterator[Table]:
    yield _columns(found)
    if found.by_position:
        yield _positions(found)
    if found.tests is not None and found.tests.tests:
        yield _tests(found)
    if found.drift:
        yield _drift(found)
    yield _can(found)
    if found.cannot:
        yield _cannot(found)


def _contents(found: Found) -> Table:
    units = found.unit_sums
    rows = [["rows", counted(found.row_sums.rows)]]
    if units is not None:
        rows.append([found.unit, counted(units.units)])
        n, total, _ = units.reward.tolist()
        if n:
            rows.append([f"mean reward of {found.unit}", number(total / n)])
        if units.shuffled is not None:
            rows.append(
                ["shuffled", f"{units.shuffled:,} ({100 * units.shuffled / max(units.units, 1):.3g} %)"]
            )
    span = found.time_span
    if span is not None:
        rows.append(["time", f"{span['first']} to {span['last']}"])
    users = found.users
    if users is not None:
        effect = "" if users.design_effect is None else f", design effect {number(users.design_effect, 3)}"
        each = users.units / max(users.users, 1)
        rows.append([f"users ({users.column})", f"{users.users:,}, {each:.3g} {found.unit} each{effect}"])
    ratio = found.sample_ratio
    if ratio is not None:
        shown = ", ".join(f"{name} {n:,}" for name, n in list(ratio["counts"].items())[:5])
        rows.append(["logging policies", f"{shown} (equal shares: p {p_text(ratio['p_value'])})"])
    parts, p = found.halves
    if parts:
        shown = " and ".join(
            interval_text({"low": part.to_dict()["ci"][0], "high": part.to_dict()["ci"][1]}) for part in parts
        )
        rows.append(["reward of a row, by half", f"{shown} (p {p_text(p)})"])
    return Table("", ["", "found"], rows)


def _problems(problems: Sequence[Problem]) -> Table:
    rows = [
        [
            problem.severity,
            problem.text,
            ", ".join(map(str, problem.rows[:5])) + (", ..." if len(problem.rows) > 5 else ""),
        ]
        for problem in problems
    ]
    return Table("Problems", ["severity", "problem", "first rows"], rows)


def _columns(found: Found) -> Table:
    rows = []
    for column in found.columns.described():
        counts = found.row_sums.columns.get(column["role"] or column["name"])
        role = (
            "-" if column["role"] is None else "same" if column["role"] == column["name"] else column["role"]
        )
        if counts is None:
            rows.append([column["name"], role, _kind(column["type"]), "-", "-"])
            continue
        span = (
            "-"
            if counts.low is None or counts.high is None
            else f"{number(counts.low, 3)} .. {number(counts.high, 3)}"
        )
        rows.append([column["name"], role, _kind(column["type"]), f"{counts.missing:,}", span])
    return Table("Columns", ["column", "role", "type", ">missing", ">range"], rows)


def _kind(type: str) -> str:
    return type.replace("list<item: ", "list<")


def _positions(found: Found) -> Table:
    rows = [
        [
            str(row["position"]),
            f"{row['n']:,}",
            number(row["reward"]),
            interval_text({"low": row["ci"][0], "high": row["ci"][1]}),
        ]
        for row in found.by_position[:SHOWN]
    ]
    more = f", the first {SHOWN} of {len(found.by_position)}" if len(found.by_position) > SHOWN else ""
    return Table(f"Reward by position{more}", [">position", ">shown", ">mean", ">95 % interval"], rows)


def _tests(found: Found) -> Table:
    assert found.tests is not None
    tests = sorted(found.tests.tests, key=lambda test: (test.p_value, -abs(test.z or 0.0)))
    rows = [
        [
            test.test,
            ("all" if test.group is None else str(test.group))
            + ("" if test.slice is None else f" in {test.slice}"),
            number(test.observed),
            number(test.expected),
            number(test.z, 3),
            p_text(test.p_adjusted),
        ]
        for test in tests[:SHOWN]
    ]
    failed = len(found.tests.failed)
    title = f"Tests of propensities: {failed} of {len(tests)} fail (p adjusted for all of them)"
    return Table(title, ["test", "of", ">observed", ">expected", ">z", ">p"], rows)


def _drift(found: Found) -> Table:
    rows = [
        [
            each.column,
            number(each.first),
            number(each.second),
            number(each.psi, 3),
            each.test,
            p_text(each.p_adjusted),
        ]
        for each in sorted(found.drift, key=lambda each: -each.psi)[:SHOWN]
    ]
    most = max(found.drift, key=lambda each: each.n_first)
    drawn = "" if found.sample.complete else f" ({most.n_first:,} and {most.n_second:,} rows drawn)"
    title = f"Drift: {found.windows[0]} to {found.windows[1]}{drawn}"
    return Table(title, ["column", ">first", ">second", ">PSI", "test", ">p"], rows)


def _can(found: Found) -> Table:
    groups: dict[str, list[str]] = {}
    for name, assumes in found.can.items():
        groups.setdefault(assumes, []).append(name)
    rows = [[" ".join(names), assumes] for assumes, names in groups.items()]
    curves = [name for name, lacks in found.methods.items() if not lacks]
    if curves:
        rows.append([f"propensity: {' '.join(curves)}", "as `rankeval propensity --help` says"])
    return Table("What this log can feed", ["estimators", "they assume that"], rows)


def _cannot(found: Found) -> Table:
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, lacks in found.cannot.items():
        if lacks[0] in found.other_kind:
            lacks = [found.other_kind[lacks[0]]]
        groups.setdefault(tuple(lacks), []).append(name)
    rows = [[" ".join(names), ", ".join(lacks)] for lacks, names in groups.items()]
    rows += [[f"propensity {name}", ", ".join(lacks)] for name, lacks in found.methods.items() if lacks]
    return Table("What it cannot feed", ["estimators", "they also need"], rows)
