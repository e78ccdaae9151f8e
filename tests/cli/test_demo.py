from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rankeval import evaluate, ope, propensity
from rankeval.cli import demo
from rankeval.cli.demo import ESTIMATORS, ROUNDS
from tests.cli.helpers import call


def test_demo(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    called = call("demo", "--out", folder)
    assert (called.status, called.err) == (0, "")
    assert sorted(path.name for path in folder.iterdir()) == [
        "clicks",
        "judgements.parquet",
        "log.parquet",
        "new.parquet",
        "old.parquet",
    ]
    assert pq.read_metadata(folder / "log.parquet").num_rows == ROUNDS
    runs = {name: str(folder / f"{name}.parquet") for name in ("old", "new")}
    means = evaluate(runs, str(folder / "judgements.parquet"), ["ndcg@10", "mrr"])
    values = ope(str(folder / "log.parquet"), ESTIMATORS)
    clicks = str(folder / "clicks" / "log.parquet")
    curve = propensity(clicks, "shuffle")
    reranked = ope(clicks, "click_ips", position_bias=curve.to_dict(), where="not shuffled")
    for result in (means, values, curve, reranked):
        assert result.render("table", 10_000) in called.out
    assert f"The files are in {folder}." in called.out
    truth = json.loads((folder / "clicks" / "truth.json").read_text())["candidates"]["new"]
    interval = reranked.to_dict()["results"][0]["ci"]
    assert interval["low"] < truth["expected_clicks"] < interval["high"]
    assert f"new ranking {truth['expected_clicks']:.4f} clicks a session" in called.out
    assert "95 % intervals that contain the true value: ips, snips, dr, sndr." in called.out


def test_demo_without_a_folder_leaves_nothing_and_says_the_same(tmp_path: Path) -> None:
    kept, gone = call("demo", "--out", tmp_path), call("demo")
    assert gone.status == 0
    assert gone.out == kept.out.split("\nThe files are in")[0]


def test_a_folder_that_goes_meanwhile_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "demo"

    def policy_of_another_process(_: Path) -> list[Path]:
        shutil.rmtree(folder)
        return []

    monkeypatch.setattr(demo, "_policy", policy_of_another_process)
    called = call("demo", "--out", folder, "--quiet")
    assert called.status == 1
    assert called.err == (
        f"rankeval: error: {folder / 'judgements.parquet'}: is gone, and 2 other files; "
        "wanted a folder that stays\n"
    )
