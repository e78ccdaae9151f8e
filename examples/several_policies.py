"""Compares two target policies on one log with candidate lists and a reward model fitted to the log."""

from __future__ import annotations

import pyarrow as pa

import rankeval
from rankeval.simulators.bandits import bandit_log, random_policy, random_world


def main() -> None:
    world = random_world(contexts=20, actions=10, seed=1)
    logging = random_policy(world, seed=1, skill=0.1)
    cautious, bold = (random_policy(world, seed=2, skill=0.6, temperature=t) for t in (2.0, 0.5))
    log = bandit_log(world, logging, cautious, rounds=50_000, seed=1, layout="candidates")
    log = log.drop_columns(["candidate_q"])
    contexts = log["context"].to_pylist()
    log = log.append_column("bold", pa.array([world.probabilities(bold)[context] for context in contexts]))
    # A text is a categorical feature; a number would be a numeric feature.
    log = log.append_column("place", pa.array([f"place {context}" for context in contexts]))
    result = rankeval.ope(
        log,
        ["snips", "dr", "dros:lambda=auto"],
        target={"cautious": "candidate_target_propensities", "bold": "bold"},
        reward_model="lightgbm",
        features=["place"],
    )
    print(result)
    for name, policy in (("cautious", cautious), ("bold", bold)):
        print(f"exact value of {name}: {world.value(policy):.4f}")


if __name__ == "__main__":
    main()
