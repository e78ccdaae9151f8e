"""Intervals of rankings, clicks, loggers, targets and fitted models hold the truth as often as they say."""

from __future__ import annotations

import pytest

from benchmarks.coverage import print_more, rejected
from benchmarks.more_coverage import FAMILIES, UNITS
from rankeval import ope

#: Logs of each family: as many as a few seconds allow.
WORLDS = {"slates": 100, "clicks": 120, "loggers": 120, "targets": 200, "fitted": 60}


@pytest.mark.parametrize("name", FAMILIES)
def test_normal_intervals(name: str) -> None:
    worlds = WORLDS[name]
    found = FAMILIES[name]().hits(worlds, ci="normal")
    flags = rejected(list(found.values()), worlds)
    assert [cell for cell, out in zip(found, flags, strict=True) if out] == []


def test_bootstrap_intervals_of_a_ratio_by_position() -> None:
    found = FAMILIES["slates"]().hits(30, ci=["bootstrap", "bootstrap_t"], replicates=100)
    assert len(found) == 2 * 2 * len(FAMILIES["slates"]().names)
    assert not any(rejected(list(found.values()), 30))


@pytest.mark.parametrize("name", ["clicks", "targets"])
def test_intervals_that_are_too_narrow_are_told_apart(name: str) -> None:
    found = FAMILIES[name]().hits(100, level=0.7, ci="normal")
    assert sum(rejected(list(found.values()), 100)) > len(found) / 2


@pytest.mark.parametrize("name", ["slates", "clicks", "loggers", "targets"])
def test_means_over_logs_are_within_four_errors_of_the_truth(name: str) -> None:
    family, logs = FAMILIES[name](), 10
    truths = family.truths()
    sums = dict.fromkeys(truths, 0.0)
    errors = dict.fromkeys(truths, 0.0)
    for seed in range(logs):
        for row in ope(family.log(seed), family.names, threads=1, **family.options).estimates:
            place = (row.asked.label if row.target is None else f"{row.asked.label} {row.target}", "value")
            sums[place] += row.value.value or 0.0
            errors[place] += (row.value.std_error or 0.0) ** 2
    seen = [place for place, error in errors.items() if error]
    assert len(seen) >= len(family.names)
    for place in seen:
        assert abs(sums[place] - logs * truths[place]) < 4 * errors[place] ** 0.5, place


def test_tables_are_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.more_coverage.FAMILIES", {"clicks": FAMILIES["clicks"]})
    print_more(2, 20)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == f"clicks, 2 logs of {UNITS:,}, coverage in % of 95 % intervals"
    assert sum(line.startswith("| click_ips | ") for line in lines) == 2
