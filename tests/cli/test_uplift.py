from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import uplift
from tests.cli.helpers import call
from tests.shuffled_logs import shuffled_log


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("uplift") / "log.parquet"
    data = shuffled_log(1, 400)
    pq.write_table(pa.table({**data, "old": data["ranker_score"]}), path)
    return path


def test_all_options_reach_the_python_call(log: Path, tmp_path: Path) -> None:
    options = (
        "-e click_ips,click_dr -e click_dcg@2 --estimand rerank --user-models none --reward-range 0,2 "
        "--reward-model ridge --features old --folds 3 --trust a.B --refits 5 --null-reward zero "
        "--first-position 1 --ci normal,bootstrap --level 0.9 --replicates 50 --by query_id --seed 4 "
        "--cluster query_id --side lower --family all --simultaneous --pessimistic --threads 2 "
        "--column score=old"
    )
    called = call(
        *("uplift", log, "--candidate", "new=column:score", "--candidate", "old=column:old"),
        *("--position-bias", "learn:shuffle", "--where", "position <= 4", "--reward", "2*click"),
        *options.split(),
        *("--format", "json"),
    )
    assert (called.status, called.err) == (0, "")
    wanted = uplift(
        str(log), ["new=column:score", "old=column:old"], position_bias="learn:shuffle",
        where="position <= 4", reward="2*click", estimators="click_ips,click_dr,click_dcg@2",
        estimand="rerank", user_models="none", reward_range=[0, 2], reward_model="ridge", features="old",
        folds=3, trust="a.B", refits=5, null_reward="zero", ci="normal,bootstrap", level=0.9, replicates=50,
        by="query_id", cluster="query_id", seed=4, side="lower", family="all", simultaneous=True,
        pessimistic=True, threads=1, columns={"score": "old"},
    )  # fmt: skip
    assert called.result == json.loads(wanted.render("json"))


def test_the_table_and_the_gate(log: Path) -> None:
    arguments = ("uplift", log, "--candidate", "new=column:score", "--quiet")
    called = call(*arguments, columns=80)
    assert called.status == 0
    assert "Verdict: " in called.out
    assert "Gain over the logged ranker, click_ips" in called.out
    gated = call(*arguments, "--fail-under", "trust")  # the curve of 80 shuffled sessions is doubtful
    assert gated.status == 3


@pytest.mark.parametrize(
    ("arguments", "status", "part"),
    [
        (["--candidate", "new=lightgbm:none.txt"], 1, "none.txt"),
        (["--candidate", "new=column:nothing"], 1, "lacks 1 of the 1 columns that new reads, nothing"),
        (["--candidate", "new"], 2, "wanted NAME=SPEC"),
        (["--candidate", "new=column:score", "--user-models", "nobody"], 2, "user_models: found 'nobody'"),
    ],
)
def test_errors_are_one_line(log: Path, arguments: list[str], status: int, part: str) -> None:
    called = call("uplift", log, *arguments)
    assert called.status == status
    assert part in called.error


def test_an_output_is_no_input(log: Path) -> None:
    called = call("uplift", log, "--candidate", f"new=run:{log}", "--out", log)
    assert called.status == 2
    assert "is an input" in called.error


@pytest.mark.parametrize("kind", ["", "lightgbm:"])
@pytest.mark.parametrize("option", ["--out", "--report"])
def test_a_model_is_never_replaced(log: Path, tmp_path: Path, kind: str, option: str) -> None:
    model = tmp_path / "a:b.txt"
    model.write_text("tree\n")
    called = call("uplift", log, "--candidate", f"new={kind}{model}", option, model)
    assert called.status == 2
    assert called.err == f"rankeval: error: {option} {model}: is an input, wanted another file to write to\n"
    assert model.read_text() == "tree\n"
