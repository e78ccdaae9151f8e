"""A shuffle experiment from plan to use: plan it, run it, estimate position bias, compare with the truth.

Today's ranker is deterministic, so position bias and relevance cannot be separated with its log. The script
plans an experiment from this log and a guess of the examination curve. In the experiment, a share of the
sessions shows the top 10 in random order. The script estimates the examination curve from the experiment, and
uses it to estimate the clicks of a new ranker. Users are simulated, so the truth is known.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import rankeval

GUESS = [k**-0.7 for k in range(1, 11)]


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        today, experiment = Path(scratch, "today"), Path(scratch, "experiment")
        options = {"click_model": "pbm", "logging": "fixed", "candidate": "new=fixed:skill=0.95"}
        rankeval.simulate(today, 50_000, seed=1, queries=200, **options)

        print("1. Plan: a standard error of 5 % of the propensity at every position\n")
        plan = rankeval.plan_shuffle(
            str(today / "log.parquet"),
            relative_error=0.05,
            position_bias=GUESS,
            share=0.05,
            sessions_per_day=100_000,
        )
        print(plan)

        print("\n2. Run: four days, 5 % of the sessions in random order\n")
        world = json.loads((today / "world.json").read_text())
        world["shuffle"] = {"design": "full", "share": 0.05}
        rankeval.simulate(experiment, 400_000, seed=3, world=world)
        log, truth = str(experiment / "log.parquet"), json.loads((experiment / "truth.json").read_text())
        logged, before = truth["logging"]["expected_clicks"], truth["unshuffled"]["expected_clicks"]
        print(f"It costs {before - logged:.4f} of {before:.4f} clicks a session.")

        print("\n3. Estimate, and compare with the truth\n")
        curve = rankeval.propensity(log, "shuffle", smooth="power")
        print(curve)
        print("\ntruth:", " ".join(f"{theta:.4g}" for theta in truth["examination"]))

        print("\n4. Use: what would the new ranker get?\n")
        found = curve.to_dict()
        result = rankeval.ope(log, "click_ips", where="not shuffled", position_bias=found).to_dict()
        estimate = result["results"][0]
        low, high = estimate["ci"]["low"], estimate["ci"]["high"]
        print(f"click_ips with this curve: {estimate['value']:.4f} ({low:.4f} .. {high:.4f})")
        print(f"truth: {truth['candidates']['new']['expected_clicks']:.4f}")
        print(*result["warnings"], sep="\n")


if __name__ == "__main__":
    main()
