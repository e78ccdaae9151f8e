"""``rankeval plan``."""

from __future__ import annotations

import json

import pytest

from rankeval.simulators.shuffle_plans.plan import plan_shuffle
from tests.cli.helpers import call
from tests.simulators.shuffle_plans.test_plan import WORLD


@pytest.fixture
def world(tmp_path):
    path = tmp_path / "world.json"
    path.write_text(json.dumps(WORLD))
    return path


def test_the_command_is_the_call(world):
    options = ["--share", 0.01, "--sessions-per-day", 1e6, "--relative-error", 0.05, "--top", 3]
    called = call("plan", "shuffle", world, *options, "--format", "json")
    assert (called.status, called.err) == (0, "")
    plan = plan_shuffle(str(world), share=0.01, sessions_per_day=1e6, relative_error=0.05, top=3)
    assert called.result == plan.to_dict()
    assert plan.to_dict()["inputs"]["source"] == str(world)


def test_a_table_for_people(world):
    called = call("plan", "shuffle", world, "--sessions", 1_000_000)
    lines = [line.split() for line in called.out.splitlines()]
    row = next(line for line in lines if line[:1] == ["full"])
    full = plan_shuffle(WORLD).to_dict()["designs"][0]
    assert row[1] == f"{full['sessions']:,}"
    assert row[3] == "-"
    error = full["positions"][1]["se_sqrt_n"] / 1000.0
    assert next(line for line in lines if line[:1] == ["2"])[1:4] == ["0.5000", "+-", f"{error:.4f}"]


def test_csv_and_markdown(world, tmp_path):
    csv = call("plan", "shuffle", world, "--format", "csv")
    assert csv.out.splitlines()[0].startswith("design,position,propensity,se_sqrt_n,")
    assert len(csv.out.splitlines()) == 1 + 16
    out = tmp_path / "plan.md"
    assert call("plan", "shuffle", world, "--format", "markdown", "--out", out).out == ""
    assert "| full |" in out.read_text()


def test_wrong_calls(world, tmp_path):
    called = call("plan", "shuffle", world, "--top", 9)
    assert (called.status, called.error) == (2, "top: found 9, wanted 2 to 4, the positions of lists")
    missing = call("plan", "shuffle", tmp_path / "none.json")
    assert missing.status == 1
    assert "none.json" in missing.error
    assert call("plan", "shuffle", world, "--out", world).status == 2


def test_help_names_the_designs():
    called = call("plan", "shuffle", "--help")
    assert called.status == 0
    assert all(f" {design}  " in called.out for design in ("full", "swap", "adjacent", "pair"))
    assert "shuffle" in call("plan", "--help").out
