"""Real results of every command, with the options that change their form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import chdir
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import rankeval
from rankeval.cli.demo_summary import MethodRow, Summary
from rankeval.results import Result
from tests.docs.inputs import ab_test, bandit, click_log, model, pair, runs
from tests.reports.results import arms, experiments, results, sessions

WORLD = {"queries": 5, "items": 4, "positions": 4, "logging": "plackett_luce", "candidate": {"new": "fixed"}}


@cache
def documents() -> list[dict[str, Any]]:
    """All of them, as they are read back from JSON."""
    with TemporaryDirectory() as folder, chdir(folder):
        for write in (model, click_log, runs, bandit, pair, ab_test):
            write()
        return [result.plain() for result in (*results().values(), *_others())]


def _others() -> Iterator[Result]:
    """What the small results of the reports lack."""
    yield from _off_policy()
    yield from _experiments()
    yield from _rankers()
    log = sessions()
    yield rankeval.evaluate(
        ["old.parquet", "new.parquet"], "qrels.txt", "ndcg@5,ece,roc_auc", ci=["normal", "student"]
    )
    yield rankeval.propensity(log, method="shuffle", ci=["normal", "bootstrap"], replicates=20)
    yield rankeval.fit(log, ["dbn", "pbm_trust", "ubm"])
    yield rankeval.inspect("bandit.parquet", cluster="user_id")
    yield rankeval.inspect("log.parquet")
    yield rankeval.interleave_lists(["a", "b", "c"], ["c", "a", "b"], "team_draft")
    yield rankeval.interleave_power("pair.json", sessions=100)
    yield rankeval.interleave_analyse(log, by="day", effect=0.1)
    row = MethodRow("IPS", 0.1, 0.05, 0.15, "trust")
    yield Summary(inputs={"seed": 0, "sessions": 1000}, methods=(row,), truth=0.08)


def _off_policy() -> Iterator[Result]:
    yield rankeval.ope("bandit.parquet", ["ips", "dr", "dm"], ci=["auto", "student"], cluster="user_id")
    targets = {"one": "target_propensity", "two": "propensity"}
    yield rankeval.ope(
        "bandit.parquet", ["ips", "snips"], target={k: f"propensity:{v}" for k, v in targets.items()}
    )
    curve = rankeval.propensity("log.parquet", "shuffle").plain()
    scores = {"new": "new_score", "same": "score"}
    yield rankeval.ope("clicks.parquet", ["click_ips", "click_cips"], target=scores, position_bias=curve)
    yield rankeval.ope(
        "log.parquet", "click_ips", target={"new": "new_score"}, position_bias="learn:shuffle", refits=20
    )
    yield rankeval.uplift(
        "log.parquet", {"new": "lightgbm:model.txt", "sum": "column:sum"}, cluster="user_id"
    )


def _experiments() -> Iterator[Result]:
    test = arms()
    options = {"metric": "clicks", "covariate": "clicks=before", "cluster": "user_id"}
    yield rankeval.ab("test.parquet", "arm", control="control", **options)
    yield rankeval.ab(
        test, "arm", control="a", metric="clicks=click", quantile="p95=ms:0.95", ratio="r=click:rows"
    )
    yield rankeval.ab(test, "arm", control="a", metric="clicks=click", looks=4, look=2)
    yield rankeval.ab(test, "arm", control="a", metric="clicks=click", ci="sequence")
    gain = rankeval.uplift("log.parquet", {"new": "column:sum"}, user_models="none").plain()
    Path("uplift.json").write_text(json.dumps(gain))
    options = {"metric": "clicks=click", "cluster": "user_id", "sessions_per_day": 100}
    yield rankeval.plan_ab("log.parquet", gain="uplift.json", beside=[], **options)
    both = experiments(12)
    doubled = {name: [*values, *values] for name, values in both.items()}
    yield rankeval.agreement({**doubled, "metric": ["x"] * 12 + ["y"] * 12})


def _rankers() -> Iterator[Result]:
    yield rankeval.train("judged.parquet", "other.txt", split="fold", train="S1,S2,S3", valid="S4")
    yield rankeval.rank("lightgbm:model.txt", "judged.parquet", "ranked.parquet")
    yield rankeval.rank("column:f0", "judged.parquet", policy="plackett_luce:temperature=1")
    for method in ("platt", "isotonic"):
        yield rankeval.calibrate("run.parquet", "qrels.txt", method)
    yield rankeval.simulate("world", 200, seed=1, **WORLD)
    yield rankeval.plan_shuffle("world/world.json", share=0.1, sessions_per_day=1000)
    yield rankeval.interleave_simulate("pair.json", "mixed.parquet", sessions=100, seed=1)
