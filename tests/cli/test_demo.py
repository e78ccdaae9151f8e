"""``demo``: its figures are those of the commands it names, and its conclusions those of its table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rankeval import ab, plan_ab, propensity
from rankeval.cli.demo import WRITTEN
from rankeval.cli.demo_summary import MethodRow, Summary
from rankeval.cli.demo_world import POSITIONS, DemoWorld
from tests.cli.helpers import Called, call


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Called]:
    """The folder of a demo, and what it printed."""
    folder = tmp_path_factory.mktemp("demo") / "files"
    return folder, call("demo", "--out", folder)


def test_it_leaves_its_files_and_fits_80_columns(demo: tuple[Path, Called]) -> None:
    folder, called = demo
    assert (called.status, called.err) == (0, "")
    assert {path.name for path in folder.iterdir()} == set(WRITTEN)
    assert json.loads((folder / "summary.json").read_text())["command"] == "demo"
    shown = called.out.replace(str(folder), "FOLDER").splitlines()
    assert max(len(line) for line in shown if not line.startswith("warning")) <= 80


def test_its_figures_are_those_of_the_commands(demo: tuple[Path, Called]) -> None:
    folder, called = demo
    log = str(folder / "this_week.parquet")
    results = (
        propensity(log, "shuffle"),
        plan_ab(
            log,
            metric="clicks=click",
            gain=str(folder / "uplift.json"),
            where="not shuffled",
            sessions_per_day=1_000,
        ),
        ab(str(folder / "test" / "log.parquet"), "arm", control="logging", metric="clicks=click"),
    )
    for result in results:
        assert result.render("table", 80) in called.out
    (row,) = json.loads((folder / "uplift.json").read_text())["results"]
    assert (row["name"], row["target"]) == ("click_ips", "new")
    assert f"IPS                       {100 * row['gain']['relative']:+.1f} %" in called.out


def test_the_naive_figure_is_wrong_and_the_others_are_near_the_exact_truth(demo: tuple[Path, Called]) -> None:
    folder, called = demo
    summary = json.loads((folder / "summary.json").read_text())
    truth = json.loads((folder / "test" / "truth.json").read_text())
    new, old = truth["candidates"]["new"]["expected_clicks"], truth["arms"]["logging"]["expected_clicks"]
    assert summary["truth"] == new / old - 1.0
    naive, replay, ips, clipped, modelled, test = summary["results"]
    assert naive["high"] < 0.0 < summary["truth"]
    assert replay["holds"]
    assert ips["holds"]
    assert test["holds"]
    assert replay["high"] - replay["low"] > 3 * (ips["high"] - ips["low"])
    assert naive["gain"] < clipped["gain"] < modelled["gain"] < 1.5 * summary["truth"]
    assert "which both intervals hold" in " ".join(called.out.split())


def test_the_world_has_the_chances_of_its_truth() -> None:
    """Expected clicks of production, against the mean of the chances of its lists over examination."""
    from rankeval.simulators.exact import whole_truth
    from rankeval.simulators.worlds import parse_world

    world = DemoWorld.of(3)
    described = world.describe(world.chance)
    truth, _ = whole_truth(parse_world(described, "world"), 1)
    weights = [query["weight"] for query in described["queries"]]
    for name, scores in (("logging", world.production), ("new", world.chance)):
        clicks = 0.0
        for q, weight in enumerate(weights):
            items = range(q * POSITIONS, (q + 1) * POSITIONS)
            ranked = sorted(items, key=lambda item: -scores[item])
            clicks += weight * sum(world.chance[item] / (k + 1) for k, item in enumerate(ranked))
        found = truth["logging"] if name == "logging" else truth["candidates"]["new"]
        assert found["expected_clicks"] == pytest.approx(clicks / sum(weights), rel=1e-9)


def test_files_of_others_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "model.txt").write_text("mine")
    called = call("demo", "--out", tmp_path)
    assert called.status == 2
    assert called.err == (
        f"rankeval: error: --out: found files in {tmp_path}, wanted a new or empty folder, or an earlier "
        "demo\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["model.txt"]


def test_a_method_without_an_interval_holds_nothing() -> None:
    rows = (MethodRow("a", 0.1, 0.0, 0.2, "trust"), MethodRow("b", 0.3, None, None, None))
    summary = Summary({}, rows, 0.15)
    assert [row["holds"] for row in summary.rows()] == [True, None]
    shown = summary.render("table", 80)
    assert "+10.0 %  +0.0 % .. +20.0 %  +15.0 %  yes" in shown
    assert "-" in shown.splitlines()[-1]
