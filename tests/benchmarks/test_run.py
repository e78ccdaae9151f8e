from __future__ import annotations

import pytest

from benchmarks.jobs import GROUPS, Job
from benchmarks.run import Measured, table


def nothing() -> None:
    """A job."""


@pytest.mark.parametrize(
    ("job", "verdict"),
    [
        (Job("x", nothing), ""),
        (Job("x", nothing, "read", times=2.0), "yes"),
        (Job("x", nothing, "read", times=1.9), "NO"),
        (Job("x", nothing, "read", added=0.6), "yes"),
        (Job("x", nothing, "read", added=0.4), "NO"),
        (Job("x", nothing, seconds=1.1), "yes"),
        (Job("x", nothing, seconds=0.9), "NO"),
        (Job("x", nothing, megabytes=301), "yes"),
        (Job("x", nothing, megabytes=299), "NO"),
        (Job("x", nothing, seconds=1.1, megabytes=299), "NO"),
    ],
)
def test_verdict(job: Job, verdict: str) -> None:
    base = 0.5 if job.base else None
    assert Measured(job, seconds=1.0, megabytes=300.0, base=base).row()[-1] == verdict


def test_table_is_markdown() -> None:
    rows = [
        Measured(Job("read", nothing), 0.5, 90.4),
        Measured(Job("evaluate", nothing, "read", times=3.0), 1.0, 300.0, 0.5),
    ]
    assert table("Metrics", rows).splitlines() == [
        "### Metrics",
        "",
        "|          | median s | ratio | peak MB | to reach   |     |",
        "|----------|---------:|------:|--------:|------------|-----|",
        "| read     |    0.500 |       |      90 |            |     |",
        "| evaluate |    1.000 |  2.00 |     300 | ratio <= 3 | yes |",
    ]


def test_every_base_stands_in_its_group() -> None:
    assert [j.label for jobs in GROUPS.values() for j in jobs.values() if j.base and j.base not in jobs] == []
