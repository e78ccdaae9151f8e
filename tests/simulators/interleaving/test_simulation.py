"""Simulated interleaved logs hold what the exact outcomes say."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from rankeval import InterleavingPower, interleave_analyse, interleave_power, interleave_simulate
from rankeval.errors import DataError, UsageError
from rankeval.interleaving.methods import Method
from rankeval.simulators.interleaving.contests import Contest
from rankeval.simulators.interleaving.sessions import InterleavedSessions
from rankeval.simulators.interleaving.simulation import METHODS, sampled_outcome
from tests.simulators.interleaving.test_contests import description, of_policies

N = 40_000


def written(path: Path, world: dict[str, Any], method: str, **options: Any) -> tuple[Any, InterleavingPower]:
    truth = interleave_simulate(world, path, method=method, **{"sessions": N, "seed": 3, **options})
    return pq.read_table(path), truth


@pytest.mark.parametrize(
    ("method", "by"),
    [
        ("team_draft", None),
        ("team_draft:credit=marginal", "team_draft"),
        ("probabilistic", None),
        ("probabilistic:credit=marginal", "probabilistic"),
        ("balanced", "balanced"),
    ],
)
def test_analysis_finds_the_exact_outcome(tmp_path: Path, method: str, by: str | None) -> None:
    """Within 4 standard errors; rankings differ in length and items, and clicks hang together."""
    _, truth = written(tmp_path / "log.parquet", description(), method)
    outcome = truth.methods[0].outcome
    part = interleave_analyse(tmp_path / "log.parquet", method=by).parts[0]
    assert part.sessions == N
    for wins, p in ((part.wins_a, outcome.p_a_wins), (part.wins_b, outcome.p_b_wins)):
        assert abs(wins / N - p) <= 4 * math.sqrt(p * (1 - p) / N)
    assert abs(part.credit.value - outcome.mean_credit) <= 4 * outcome.sd_credit / math.sqrt(N)
    assert part.credit.std_error * math.sqrt(N) == pytest.approx(outcome.sd_credit, rel=0.03)
    assert part.delta.value == pytest.approx((part.wins_a - part.wins_b) / (2 * N), abs=1e-12)


def test_optimised_lists_are_those_of_the_linear_program(tmp_path: Path) -> None:
    _, truth = written(tmp_path / "log.parquet", of_policies(), "optimised:credit=inverse")
    outcome = truth.methods[0].outcome
    part = interleave_analyse(tmp_path / "log.parquet", method="optimised:credit=inverse").parts[0]
    assert abs(part.credit.value - outcome.mean_credit) <= 4 * outcome.sd_credit / math.sqrt(N)


def test_what_the_log_holds(tmp_path: Path) -> None:
    table, _ = written(tmp_path / "log.parquet", description(), "team_draft", sessions=200)
    assert table.column_names == [
        "session_id", "query_id", "item_id", "position", "click", "team", "rank_a", "rank_b", "length_a",
        "length_b", "method",
    ]  # fmt: skip
    rows = table.to_pylist()
    for row in rows:
        query = description()["queries"][int(row["query_id"][1])]
        for name in "ab":
            ranking = query[name]
            there = row["item_id"] in ranking
            assert row[f"rank_{name}"] == (ranking.index(row["item_id"]) + 1 if there else None)
            assert row[f"length_{name}"] == len(ranking)
        assert row["click"] in (0, 1)
        assert row["team"] in ("A", "B")
        assert row["method"] == "team_draft"
    shares = np.array([row["query_id"] == "q0" for row in rows if row["position"] == 1])
    assert abs(shares.mean() - 0.75) <= 4 * math.sqrt(0.75 * 0.25 / 200)


def test_a_simulation_says_what_it_was(tmp_path: Path) -> None:
    _, truth = written(tmp_path / "log.parquet", of_policies(), "balanced", sessions=50)
    content = truth.to_dict()
    assert content["command"] == "interleave simulate"
    wanted = {"log": str(tmp_path / "log.parquet"), "method": "balanced", "seed": 3, "sessions": 50}
    assert wanted.items() <= content["inputs"].items()
    assert interleave_power(of_policies(), "balanced").to_dict()["command"] == "interleave power"


def test_methods_without_teams_have_none(tmp_path: Path) -> None:
    table, _ = written(tmp_path / "log.parquet", description(), "balanced", sessions=20)
    assert table["team"].null_count == len(table)


def test_the_same_seed_gives_the_same_bytes_with_any_threads(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.parquet" for name in ("a", "b", "c")]
    for file, seed, threads in zip(files, (1, 1, 2), (1, 3, 1), strict=True):
        written(file, description(), "probabilistic", sessions=200_000, seed=seed, threads=threads)
    assert files[0].read_bytes() == files[1].read_bytes() != files[2].read_bytes()


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        interleave_simulate(description(), tmp_path, sessions=10)
    assert str(caught.value).startswith(f"{tmp_path}: cannot be written (")
    assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.parent.glob("*.partial")) == []


def test_another_extension_is_refused_before_the_work() -> None:
    with pytest.raises(UsageError, match=r"^out: found 'x\.txt', wanted a name that ends in \.parquet"):
        interleave_simulate("/no/such/world.json", "x.txt", sessions=10)


def test_blocks_are_made_on_their_own() -> None:
    made = InterleavedSessions(Contest.of(description()), Method.parse("team_draft"), 200_000, 3)
    assert len(made.bounds) > 1
    whole = [made.made(each) for each in made.bounds]
    for each in reversed(made.bounds):
        alone = made.made(each)
        assert np.array_equal(alone.clicks, whole[each[0]].clicks)
        assert np.array_equal(alone.lists, whole[each[0]].lists)


def test_users_contexts_and_days_change_clicks_as_told(tmp_path: Path) -> None:
    world = description(
        users={"count": 50, "spread": 0.1},
        contexts=[
            {"name": "phone", "weight": 1, "click_model": {"name": "cascade"}},
            {"name": "desk", "weight": 3, "click_model": {"gamma": 0.5}},
        ],
        days={"start": "2024-01-01", "count": 4},
        drift={"attractiveness": 0.02},
    )
    table, truth = written(tmp_path / "log.parquet", world, "team_draft")
    assert set(table["user_id"].to_pylist()) == set(range(50))
    assert set(table["context"].to_pylist()) == {"phone", "desk"}
    assert len({moment.date() for moment in table["timestamp"].to_pylist()}) == 4
    outcome = truth.methods[0].outcome
    part = interleave_analyse(tmp_path / "log.parquet", cluster="user_id").parts[0]
    assert abs(part.credit.value - outcome.mean_credit) <= 4 * outcome.sd_credit / math.sqrt(N)


def test_a_sample_stands_in_where_lists_are_too_many() -> None:
    contest, method = Contest.of(description()), Method.parse("probabilistic:credit=marginal")
    exact, sampled = contest.outcome(method), sampled_outcome(contest, method, N, 1)
    assert abs(sampled.mean_credit - exact.mean_credit) <= 4 * exact.sd_credit / math.sqrt(N)
    assert sampled.sd_credit == pytest.approx(exact.sd_credit, rel=0.03)
    assert abs(sampled.p_tie - exact.p_tie) <= 4 * math.sqrt(exact.p_tie * (1 - exact.p_tie) / N)


def many_items() -> dict[str, Any]:
    items = [f"d{i}" for i in range(10)]
    liked = [0.5 / (1 + i) for i in range(10)]
    query = {"query_id": 1, "items": items, "attractiveness": liked, "a": items, "b": items[::-1]}
    return {"click_model": {"name": "pbm", "eta": 1}, "positions": 10, "queries": [query]}


def test_methods_side_by_side() -> None:
    result = interleave_power(many_items(), sessions=100, sample=5000)
    assert [row.method.label for row in result.methods] == list(METHODS)
    content = result.to_dict()
    assert [row["exact"] for row in content["results"]] == [True, True, True, False, False, True]
    first, ab = content["results"][0], content["ab"]
    assert first["sessions_needed"] == math.ceil((2.801585218112968 / first["z_per_sqrt_n"]) ** 2)
    assert ab["difference"] == pytest.approx(ab["clicks_A"] - ab["clicks_B"], abs=1e-15)
    assert ab["z_per_sqrt_n"] == pytest.approx(ab["difference"] / ab["sd_difference"], rel=1e-12)
    assert 0.0 < ab["power_at_sessions"] < first["power_at_sessions"] <= 1.0
    assert len(result.warnings) == 2
    assert result.warnings[0].startswith(
        "probabilistic: too many lists for exact numbers; these are of 5,000 "
    )
    assert json.loads(result.render("json")) == content
    assert "power of 100" in repr(result)
    assert [record["name"] for record in result.rows()] == [*METHODS, "ab"]


def test_rankings_that_are_the_same_tell_nothing() -> None:
    world = description()
    for query in world["queries"]:
        query["b"] = query["a"]
    result = interleave_power(world, ["balanced"])
    assert result.to_dict()["results"][0]["z_per_sqrt_n"] is None
    assert result.to_dict()["ab"]["z_per_sqrt_n"] == 0.0
    assert result.to_dict()["ab"]["sessions_needed"] is None
    text = "balanced: no z and no number of sessions, the credit is the same in every session"
    assert result.warnings == (text,)


def test_what_cannot_be_unbiased_is_left_out_unless_asked_for() -> None:
    """B's only item is A's second: the third item of any list speaks for B."""
    world = description(positions=3)
    for query in world["queries"]:
        query["a"], query["b"] = query["items"], query["items"][1:2]
    result = interleave_power(world)
    assert [row.method.label for row in result.methods] == list(METHODS[:-1])
    assert result.warnings[-1].startswith("left out: optimised: no distribution over the ")
    with pytest.raises(DataError, match=r"^optimised: no distribution over the "):
        interleave_power(world, "optimised")


MISUSED: dict[str, Any] = {
    "method: found none, wanted some of team_draft": lambda: interleave_power(description(), []),
    "method: found 'x', wanted one of": lambda: interleave_power(description(), "team_draft,x"),
    "sessions: found 0, wanted a whole number of at least 1": lambda: interleave_power(
        description(), sessions=0
    ),
    "sample: found 1, wanted a whole number of at least 2": lambda: interleave_power(description(), sample=1),
    "sample: found 1000000000000, wanted a whole": lambda: interleave_power(description(), sample=10**12),
    "sessions: found 100000000000, wanted a whole": lambda: interleave_power(description(), sessions=10**11),
    "methods: found 3, wanted a text or a list": lambda: interleave_power(description(), 3),  # type: ignore[arg-type]
    "alpha: found 2, wanted a number between 0 and 1": lambda: interleave_power(description(), alpha=2),
}


@pytest.mark.parametrize("message", MISUSED)
def test_bad_calls_get_one_line(message: str) -> None:
    with pytest.raises(UsageError) as caught:
        MISUSED[message]()
    assert str(caught.value).startswith(message)


def test_a_bad_call_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    for options in ({"sessions": 0}, {"sessions": 10**25}, {"seed": -1}, {"method": "x"}, {"threads": 0}):
        with pytest.raises(UsageError):
            interleave_simulate(description(), path, **{"sessions": 10, **options})
    assert list(tmp_path.iterdir()) == []


def test_a_log_in_the_format_of_its_name_is_the_same_log(tmp_path: Path) -> None:
    files = [tmp_path / f"x{name}" for name in (".parquet", ".csv", ".arrow")]
    for file in files:
        interleave_simulate(description(), file, sessions=300, seed=1)
    first, *others = [interleave_analyse(file).rows()[0]["value"] for file in files]
    assert others == [first, first]
