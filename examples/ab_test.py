"""Plan an A/B test from today's log, run it on simulated users, analyse it, and compare with the truth."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import rankeval

WORLD = {"logging": "fixed", "candidate": {"new": "fixed:skill=0.9"}, "queries": 200, "positions": 5}


def main() -> None:
    """Print the plan, the analysis and the truth."""
    with tempfile.TemporaryDirectory() as folder:
        today, test = Path(folder, "today"), Path(folder, "test")
        rankeval.simulate(today, 20_000, seed=4, layout="nested", **WORLD)
        print("1. Plan: sessions to see 10 % more clicks\n")
        plan = rankeval.plan_ab(
            today / "log.parquet", metric="clicks=click", effect=0.1, sessions_per_day=2_000
        )
        print(plan)

        sessions = plan.results[0].sessions
        rankeval.simulate(test, sessions, seed=4, layout="nested", arms=["logging", "new"], **WORLD)
        print("\n2. Analyse\n")
        print(rankeval.ab(test / "log.parquet", "arm", control="logging", metric="clicks=click"))

        truth = json.loads((test / "truth.json").read_text())
        old, new = truth["logging"]["expected_clicks"], truth["candidates"]["new"]["expected_clicks"]
        print(f"\ntruth: {old:.4f} and {new:.4f} clicks a session, {100 * (new / old - 1):+.1f} %")


if __name__ == "__main__":
    main()
