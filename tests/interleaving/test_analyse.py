"""What a log of interleaved lists says, against sums by hand and against all assignments."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

from rankeval import Log, interleave, interleave_analyse
from rankeval.errors import DataError, UsageError
from rankeval.inference.inference import NO_SPREAD
from rankeval.interleaving.analysis_result import InterleavingAnalysis
from rankeval.interleaving.methods import Method
from rankeval.interleaving.optimised import rank_credits
from tests import naive_interleaving as naive

#: Five sessions of three items: A wins 2 to 0, B 1 to 2, tie 1 to 1, tie without a click, A 1 to 0.
TEAMS = ["A", "B", "A", "B", "A", "B", "A", "B", "B", "B", "A", "A", "B", "A", "A"]
CLICKS = [1, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 0]
LOG: dict[str, Any] = {
    "session_id": np.repeat([f"s{i}" for i in range(5)], 3).tolist(),
    "position": [1, 2, 3] * 5,
    "click": CLICKS,
    "team": TEAMS,
    "visitor": np.repeat([1, 1, 2, 2, 3], 3).tolist(),
    "country": np.repeat(["de", "fr", "de", "fr", None], 3).tolist(),
}
CREDIT = np.array([2, -1, 0, 0, 1])


def changed(**columns: Any) -> dict[str, Any]:
    """The log with other columns; None leaves one out."""
    return {name: values for name, values in {**LOG, **columns}.items() if values is not None}


def with_one(column: str, row: int, value: Any) -> dict[str, Any]:
    values = list(LOG[column])
    values[row] = value
    return changed(**{column: values})


def shuffled_rows(log: dict[str, Any]) -> dict[str, Any]:
    """Items within sessions in another order, positions with them."""
    order = np.arange(15).reshape(5, 3)[:, [2, 0, 1]].ravel()
    return {name: [values[i] for i in order] for name, values in log.items()}


def nested(log: dict[str, Any]) -> pa.Table:
    once = ("session_id", "visitor", "country")
    return pa.table(
        {
            name: values[::3] if name in once else [values[i : i + 3] for i in range(0, 15, 3)]
            for name, values in log.items()
        }
    )


def random_sessions(method: str, n: int, seed: int, length: int = 4) -> dict[str, Any]:
    """Interleaved lists of two rankings of unlike length and items, with random clicks."""
    a, b = list("abcde"), list("fbag")
    rng, rows = np.random.default_rng(seed), interleave(a, b, method, length, lists=n, seed=seed)
    items = [item for row in rows for item in row["items"]]
    return {
        "session_id": np.repeat(np.arange(n), length),
        "item_id": items,
        "position": np.tile(np.arange(1, length + 1), n),
        "click": rng.integers(0, 2, n * length),
        "team": [team for row in rows for team in row["teams"] or [None] * length],
        "rank_a": pa.array([a.index(item) + 1 if item in a else None for item in items], pa.int64()),
        "rank_b": pa.array([b.index(item) + 1 if item in b else None for item in items], pa.int64()),
        "length_a": np.full(n * length, 5),
        "length_b": np.full(n * length, 4),
    }


def credits_of(log: dict[str, Any], method: str) -> list[float]:
    """The marginal credit of each session, over all assignments."""
    distribution = getattr(naive, method)(list("abcde"), list("fbag"), 4)
    posteriors = {items: naive.posterior(distribution, items) for items in naive.of_lists(distribution)}
    lists = np.array(log["item_id"]).reshape(-1, 4)
    clicks = np.array(log["click"]).reshape(-1, 4)
    return [float(np.dot(posteriors[tuple(row)], c)) for row, c in zip(lists.tolist(), clicks, strict=True)]


# By teams.


def test_wins_and_credit_by_hand() -> None:
    part = interleave_analyse(LOG).parts[0]
    assert (part.sessions, part.wins_a, part.wins_b, part.ties) == (5, 2, 1, 2)
    assert part.delta.value == pytest.approx((2 + 2 / 2) / 5 - 1 / 2, abs=1e-15)
    assert part.credit.value == pytest.approx(np.mean(CREDIT), abs=1e-15)
    assert part.credit.std_error == pytest.approx(np.std(CREDIT, ddof=1) / math.sqrt(5), rel=1e-12)
    outcome = np.array([1, -1, 0, 0, 1]) / 2
    assert part.delta.std_error == pytest.approx(np.std(outcome, ddof=1) / math.sqrt(5), rel=1e-12)
    assert part.tests.sign_p == 1.0
    assert part.tests.credit_p == pytest.approx(stats.ttest_1samp(CREDIT, 0.0).pvalue, rel=1e-12)


def without_inputs(result: InterleavingAnalysis) -> dict[str, Any]:
    """Without what holds names of the rankings too."""
    return {name: value for name, value in result.to_dict().items() if name not in ("inputs", "conclusion")}


def test_layout_order_names_and_types_change_nothing() -> None:
    wanted = without_inputs(interleave_analyse(LOG))
    others: list[tuple[Any, dict[str, Any]]] = [
        (shuffled_rows(LOG), {}),
        (nested(LOG), {}),
        (nested(changed(position=None)), {}),
        (pa.table(changed(team=pa.array(TEAMS).dictionary_encode())), {}),
        (changed(click=np.array(CLICKS, bool)), {}),
        (changed(team=[{"A": "control", "B": "new"}[t] for t in TEAMS]), {"a": "control", "b": "new"}),
        (changed(team=[{"A": 0, "B": 1}[t] for t in TEAMS]), {"a": "0", "b": "1"}),
        (changed(team=None, arm=TEAMS), {"columns": {"team": "arm"}}),
        (Log(pa.table(LOG)), {}),
    ]
    for log, options in others:
        assert without_inputs(interleave_analyse(log, **options)) == wanted


def test_a_and_b_are_what_the_log_calls_them() -> None:
    first, second = interleave_analyse(LOG).parts[0], interleave_analyse(LOG, a="B", b="A").parts[0]
    assert (first.wins_a, first.wins_b) == (second.wins_b, second.wins_a)
    assert first.credit.value == -(second.credit.value or 0.0)


def test_segments_are_the_sessions_of_each() -> None:
    result = interleave_analyse(LOG, by="country")
    assert [(p.segment, p.sessions, p.wins_a, p.wins_b) for p in result.parts] == [
        (None, 5, 2, 1),
        ("de", 2, 1, 0),
        ("fr", 2, 0, 1),
    ]
    assert "segments with fewer than 100 sessions have rough intervals: de (2), fr (2)" in result.warnings
    alone = interleave_analyse(LOG, where='country == "de"').parts[0]
    assert alone.credit == result.parts[1].credit


def test_clusters_are_the_units_of_errors() -> None:
    """Totals by visitor 1, -1 + 2 = 1, 0 and 1, about the mean 0.4 a session; shares 2/5, 2/5 and 1/5."""
    result = interleave_analyse(LOG, cluster="visitor")
    off = np.array([1 - 2 * 0.4, 0 - 2 * 0.4, 1 - 0.4])
    squares = off @ (off / np.array([3 / 5, 3 / 5, 4 / 5]))
    credit = result.parts[0].credit
    assert credit.std_error == pytest.approx(math.sqrt(squares) / 5, rel=1e-12)
    t = 0.4 / (credit.std_error or 0.0)
    assert 1.0 <= credit.degrees < 2.0
    assert result.parts[0].tests.credit_p == pytest.approx(2 * stats.t.sf(t, credit.degrees), rel=1e-12)


def test_the_sign_test_is_of_clusters() -> None:
    """A leads with users 1 (2 wins to 0) and 3; user 2 has one win each and is a tie."""
    users = [1] * 6 + [2] * 3 + [3] * 3 + [2] * 3
    clicks = [1, 0, 0] * 2 + [0, 1, 0] + [1, 0, 0] * 2
    log = {**LOG, "visitor": users, "team": ["A", "B", None] * 5, "click": clicks}
    tests = interleave_analyse(log, cluster="visitor").parts[0].tests
    assert (tests.sign_p, tests.sign_n) == (2 * 0.5**2, 2)
    assert interleave_analyse(log).parts[0].tests.sign_n == 5


def test_a_session_may_count_several_times() -> None:
    weights = np.array([2, 1, 0, 3, 1])
    result = interleave_analyse(changed(weight=np.repeat(weights, 3)))
    part = result.parts[0]
    assert (part.sessions, part.wins_a, part.wins_b, part.ties) == (7, 3, 1, 3)
    assert part.credit.value == pytest.approx(float(weights @ CREDIT) / 7, abs=1e-15)
    assert "every session counts as many times as column 'weight' says" in result.warnings
    halves = interleave_analyse(changed(weight=np.repeat(weights / 4, 3)))
    assert halves.parts[0].tests.sign_p is None
    assert "no sign test: sessions do not count a whole number of times" in halves.warnings
    json.dumps(halves.to_dict(), allow_nan=False)


def test_bootstrap_intervals_are_there() -> None:
    log = random_sessions("team_draft", 3000, 1)
    result = interleave_analyse(log, ci=["normal", "bootstrap"], replicates=400)
    normal, bootstrap = result.parts[0].credit.intervals
    assert bootstrap.low == pytest.approx(normal.low, abs=0.02)
    assert bootstrap.high == pytest.approx(normal.high, abs=0.02)


def test_items_of_neither_team_give_no_credit() -> None:
    result = interleave_analyse(with_one("team", 0, None))
    assert result.parts[0].credit.value == pytest.approx((np.sum(CREDIT) - 1) / 5)
    assert "1 of 15 items have no team: 1 clicks on them give no credit" in result.warnings


def test_teams_of_unequal_size_are_told() -> None:
    sizes = "items are of team A and"
    log = random_sessions("team_draft", 500, 1)
    assert not any(sizes in warning for warning in interleave_analyse(log).warnings)
    teams = ["A" if i % 4 == 0 else team for i, team in enumerate(log["team"])]
    size = teams.count("A")
    wanted = (
        f"{size} {sizes} {len(teams) - size} of B: the larger team gets more of the clicks that are random"
    )
    assert wanted in interleave_analyse({**log, "team": teams}).warnings


def test_no_click_is_a_tie() -> None:
    result = interleave_analyse(changed(click=[0] * 15))
    part = result.parts[0]
    assert (part.ties, part.delta.value, part.tests.sign_p, part.tests.credit_p) == (5, 0.0, 1.0, 1.0)
    assert result.winner is None
    assert result.warnings == (
        "no item was clicked: every session is a tie",
        f"normal interval of delta_AB: {NO_SPREAD}",
        f"normal interval of mean_credit: {NO_SPREAD}",
        "sessions needed: none is told, the mean credit is 0",
    )


def test_the_verdict_in_words() -> None:
    few = interleave_analyse(LOG)
    needed = few.parts[0].tests.needed.sessions
    assert few.winner is None
    assert few.finding == (
        "no preference is shown (p = 0.477 of the mean credit, not below 0.05); a difference as seen shows "
        f"with 80 % power in {needed} sessions, but the log is in line with no difference, for "
        "which no number is enough"
    )
    assert any("any number may be needed" in text for text in few.warnings)
    planned = interleave_analyse(LOG, effect=0.5)
    stated = planned.parts[0].tests.needed.sessions
    assert planned.finding.endswith(f"; a mean credit of 0.5 shows with 80 % power in {stated} sessions")
    assert not any("any number may be needed" in text for text in planned.warnings)
    many = {name: list(values) * 40 for name, values in LOG.items()}
    many["session_id"] = np.repeat(np.arange(200), 3)
    result = interleave_analyse(many, a="A", b="B")
    assert result.winner == "A"
    assert result.finding.startswith("A is preferred to B (p = ")
    assert interleave_analyse(many, a="B", b="A").finding.startswith("A is preferred to B (p = ")
    assert interleave_analyse(many, a="B", b="A").winner == "B"


def test_what_it_returns() -> None:
    result = interleave_analyse(LOG, by="country")
    content = result.to_dict()
    assert [(row["name"], row["segment"]) for row in content["results"]] == [
        (name, segment) for segment in (None, "de", "fr") for name in ("delta_AB", "mean_credit")
    ]
    assert content["outcomes"][0] == {
        "segment": None,
        "sessions": 5,
        "wins_A": 2,
        "wins_B": 1,
        "ties": 2,
        "sign_test": {"p_value": 1.0, "n": 3},
        "credit_test": {
            "t": result.parts[0].tests.credit_t,
            "p_value": result.parts[0].tests.credit_p,
        },
        "sessions_needed": result.parts[0].tests.needed.sessions,
        "sessions_needed_low": result.parts[0].tests.needed.fewest,
        "sessions_needed_high": None,
        "effect": result.parts[0].credit.value,
    }
    assert json.loads(result.render("json")) == json.loads(json.dumps(content))
    assert len(result.to_pandas()) == len(result.rows()) == 6
    assert "wins of A" in repr(result)
    assert "| test of the mean credit |" in result.render("markdown")


# By ranks.


@pytest.mark.parametrize("method", ["team_draft", "probabilistic"])
def test_marginal_credit_is_the_mean_over_assignments(method: str) -> None:
    log = random_sessions(method, 300, 3)
    part = interleave_analyse(log, method=method).parts[0]
    wanted = np.array(credits_of(log, method))
    assert part.credit.value == pytest.approx(wanted.mean(), abs=1e-12)
    assert part.credit.std_error == pytest.approx(wanted.std(ddof=1) / math.sqrt(300), rel=1e-9)
    assert (part.wins_a, part.wins_b) == ((wanted > 1e-9).sum(), (wanted < -1e-9).sum())
    teams = interleave_analyse(log, method=f"{method}:credit=team").to_dict()
    assert teams["outcomes"] == interleave_analyse(log).to_dict()["outcomes"]


def test_ranks_in_any_layout_are_the_same() -> None:
    log = random_sessions("team_draft", 200, 4)
    table = pa.table(log)
    order = np.arange(800).reshape(-1, 4)[:, [3, 1, 0, 2]].ravel()
    wanted = interleave_analyse(table, method="team_draft").parts[0]
    assert interleave_analyse(table.take(pa.array(order)), method="team_draft").parts[0] == wanted
    lists = {
        name: [table[name][i : i + 4].to_pylist() for i in range(0, 800, 4)]
        for name in ("position", "click", "rank_a", "rank_b")
    }
    once = {name: table[name].to_pylist()[::4] for name in ("session_id", "length_a", "length_b")}
    found = interleave_analyse(pa.table({**once, **lists}), method="team_draft").parts[0]
    assert (found.wins_a, found.wins_b) == (wanted.wins_a, wanted.wins_b)
    assert found.credit.value == pytest.approx(wanted.credit.value, abs=1e-12)
    assert found.credit.std_error == pytest.approx(wanted.credit.std_error, rel=1e-9)


def test_balanced_by_ranks() -> None:
    log = random_sessions("balanced", 300, 5)
    part = interleave_analyse(log, method="balanced").parts[0]
    lists, clicks = np.array(log["item_id"]).reshape(-1, 4), np.array(log["click"]).reshape(-1, 4)
    wanted = [
        naive.balanced_credit(list("abcde"), list("fbag"), tuple(items), c)
        for items, c in zip(lists.tolist(), clicks.tolist(), strict=True)
    ]
    assert (part.wins_a, part.wins_b) == (wanted.count(1), wanted.count(-1))
    assert part.credit.value == pytest.approx(np.mean(wanted), abs=1e-15)


@pytest.mark.parametrize("credit", ["linear", "inverse", "binary"])
def test_credit_of_optimised_lists_follows_from_ranks(credit: str) -> None:
    """Lists need not be those that the method would show."""
    log = random_sessions("balanced", 200, 6)
    part = interleave_analyse(log, method=f"optimised:credit={credit}").parts[0]
    ranks = [np.array(log[name].fill_null(0)) for name in ("rank_a", "rank_b")]
    worth = rank_credits(credit, *ranks, np.array(5), np.array(4)) * log["click"]
    assert part.credit.value == pytest.approx(worth.reshape(-1, 4).sum(axis=1).mean(), abs=1e-12)


def test_lengths_may_be_given_or_guessed() -> None:
    log = {k: v for k, v in random_sessions("probabilistic", 300, 7).items() if not k.startswith("length")}
    told = interleave_analyse(log, method="probabilistic", effect=0.1, ranking_length=5)
    both = interleave_analyse(
        {**log, "length_a": [5] * 1200, "length_b": [5] * 1200}, method="probabilistic", effect=0.1
    )
    assert told.parts == both.parts
    assert told.warnings == both.warnings
    guessed = interleave_analyse(log, method="probabilistic", effect=0.1).warnings
    assert set(guessed) - set(told.warnings) == {
        "rankings are taken to end with the lowest of their items shown in a session: 'length_a' and "
        "'length_b' or ranking_length would tell"
    }
    draft = {k: v for k, v in random_sessions("team_draft", 50, 7).items() if not k.startswith("length")}
    assert (
        interleave_analyse(draft, method="team_draft", effect=0.1)
        .warnings[-1]
        .startswith("rankings are taken to have items left wherever that explains a list")
    )


@pytest.mark.parametrize(
    ("method", "note"),
    [
        ("team_draft", None),
        ("balanced", "balanced lists may favour a ranking under clicks at random"),
        ("probabilistic", "the mean credit of clicks at random is 0"),
        ("optimised", "the mean credit of clicks at random is 0"),
    ],
)
def test_methods_whose_wins_are_biased_are_told(method: str, note: str | None) -> None:
    log = random_sessions("balanced" if method in ("balanced", "optimised") else method, 50, 7)
    warnings = interleave_analyse(log, method=method).warnings
    assert [w for w in warnings if "clicks at random" in w] == [w for w in warnings if note and note in w]
    assert any("clicks at random" in w for w in warnings) == (note is not None)


def test_the_method_that_a_log_names_is_checked() -> None:
    """Credit is unbiased only for lists of its method; a column about something else is left alone."""
    log = random_sessions("team_draft", 20, 8)
    size = len(log["click"])
    named = {**log, "method": ["team_draft:credit=team"] * size}
    with pytest.raises(DataError, match="column 'method' is 'team_draft:credit=team', wanted 'optimised'"):
        interleave_analyse(named, method="optimised")
    wanted = interleave_analyse(log, method="team_draft").parts
    assert interleave_analyse(named, method="team_draft").parts == wanted
    assert interleave_analyse({**log, "method": ["GET"] * size}, method="team_draft").parts == wanted


# Errors.

RANKED = random_sessions("team_draft", 3, 1)


def ranked(**columns: Any) -> dict[str, Any]:
    return {**RANKED, **columns}


def with_rank(role: str, row: int, value: Any) -> dict[str, Any]:
    values = pa.array(RANKED[role]).to_pylist()
    values[row] = value
    return ranked(**{role: pa.array(values, pa.float64())})


BAD: dict[str, tuple[Any, dict[str, Any]]] = {
    "column 'click' is 2, wanted 0 or 1": (with_one("click", 4, 2), {}),
    "column 'click' is null, wanted 0 or 1": (with_one("click", 4, None), {}),
    "column 'position' is 0, wanted a whole number from 1": (with_one("position", 4, 0), {}),
    "column 'team' is 'C', wanted 'A', 'B' or null": (with_one("team", 4, "C"), {}),
    "column 'session_id' is null, wanted an id": (with_one("session_id", 4, None), {}),
    "no column 'team', wanted it, or a method with 'rank_a' and 'rank_b'": (changed(team=None), {}),
    "column 'team' is null in all rows, wanted the teams of items, or a method with 'rank_a' and 'rank_b'": (
        changed(team=[None] * 15),
        {},
    ),
    "no column 'click'": (changed(click=None), {}),
    "no column 'position'": (changed(position=None), {}),
    "no column 'session_id'": (changed(session_id=None), {}),
    "no column 'rank_a'": (LOG, {"method": "team_draft"}),
    "column 'click' holds string": (changed(click=["x"] * 15), {}),
    "column 'rank_a' is 1.5, wanted a whole rank from 1, or null": (
        with_rank("rank_a", 0, 1.5),
        {"method": "team_draft"},
    ),
    "column 'rank_b' is 0.0, wanted a whole rank from 1, or null": (
        with_rank("rank_b", 0, 0.0),
        {"method": "balanced"},
    ),
    "column 'rank_a' is nan, wanted a whole rank from 1, or null": (
        with_rank("rank_a", 0, math.nan),
        {"method": "balanced"},
    ),
    "column 'length_a' is 1.5, wanted a whole number from 0": (
        ranked(length_a=[1.5] * 12),
        {"method": "team_draft"},
    ),
    "wanted at most 1, the length of the ranking": (ranked(length_a=[1] * 12), {"method": "team_draft"}),
    "again, wanted each rank once in a session": (
        ranked(rank_a=[1, 1, 2, 3] * 3, rank_b=[1, 2, 3, 4] * 3),
        {"method": "balanced"},
    ),
    "column 'rank_a' is null, wanted a rank here or in the other one": (
        ranked(rank_a=pa.nulls(12, pa.int64()), rank_b=pa.nulls(12, pa.int64())),
        {"method": "balanced"},
    ),
    "wanted ranks that a team draft could have put in this order": (
        ranked(rank_a=[4, 3, 2, 1] * 3, rank_b=[4, 3, 2, 1] * 3),
        {"method": "team_draft"},
    ),
    "no rows, wanted at least one": ({name: values[:0] for name, values in LOG.items()}, {}),
    "column 'weight' is 0 in all rows": (changed(weight=[0.0] * 15), {}),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_data_gets_one_line(message: str) -> None:
    log, options = BAD[message]
    with pytest.raises(DataError) as caught:
        interleave_analyse(pa.table(log), **options)
    assert message in str(caught.value)


MISUSED: dict[str, dict[str, Any]] = {
    "method: found 'x', wanted one of team_draft": {"method": "x"},
    "a, b: found 'A' for both, wanted the names of two teams": {"b": "A"},
    "a: found 3, wanted a text": {"a": 3},
    "alpha: found 0, wanted a number between 0 and 1": {"alpha": 0},
    "power: found 1.5, wanted a number between 0 and 1": {"power": 1.5},
    "level: found 2.0, wanted a number between 0 and 1": {"level": 2},
    "ci: found 'exact', wanted one of auto, normal": {"ci": "exact"},
    "threads: found 0, wanted at least 1": {"threads": 0},
    "ranking_length: found 10000000000, wanted": {"method": "team_draft", "ranking_length": 10**10},
    "ranking_length: found 0, wanted a whole number of at least 1": {
        "method": "balanced",
        "ranking_length": 0,
    },
    "--column colour=...: no such role": {"columns": {"colour": "team"}},
}


@pytest.mark.parametrize("message", MISUSED)
def test_bad_calls_get_one_line(message: str) -> None:
    with pytest.raises(UsageError) as caught:
        interleave_analyse(LOG, **MISUSED[message])
    assert str(caught.value).startswith(message)


def test_a_log_keeps_its_own_columns() -> None:
    with pytest.raises(UsageError, match="found a Log, which has its own"):
        interleave_analyse(Log(pa.table(LOG)), where="position == 1")
    with pytest.raises(UsageError, match="found a Log of role 'run'"):
        interleave_analyse(Log({"query_id": ["q"], "item_id": ["x"], "score": [1.0]}, "run"))


# Sameness.


def test_threads_and_row_groups_change_nothing(tmp_path: Any) -> None:
    log = random_sessions("team_draft", 500, 8)
    pq.write_table(pa.table(log), tmp_path / "log.parquet", row_group_size=333)
    results = [
        interleave_analyse(tmp_path / "log.parquet", threads=n, method="team_draft").to_dict() for n in (1, 4)
    ]
    assert results[0] == results[1]
    memory = interleave_analyse(log, method=Method.parse("team_draft:credit=marginal"))
    assert results[0]["outcomes"][0]["wins_A"] == memory.parts[0].wins_a
    assert results[0]["results"][1]["value"] == pytest.approx(memory.parts[0].credit.value, rel=1e-12)


# Coverage and size.


def experiments(n: int, sessions: int, seed: int) -> dict[str, Any]:
    """Team drafts of two rankings under clicks that do not tell items apart: nobody is better."""
    rng, total = np.random.default_rng(seed), n * sessions
    rows = interleave(list("abcdef"), list("bcfaed"), "team_draft", 4, lists=total, seed=seed)
    return {
        "session_id": np.repeat(np.arange(total), 4),
        "position": np.tile(np.arange(1, 5), total),
        "click": (rng.random(4 * total) < 0.3).astype(int),
        "team": [team for row in rows for team in row["teams"]],
        "experiment": np.repeat(np.arange(n), 4 * sessions),
    }


def test_intervals_cover_and_tests_keep_their_level() -> None:
    """1,000 experiments of 150 sessions; shares within 4 binomial standard errors of 95 % and 5 %."""
    parts = interleave_analyse(experiments(1000, 150, 9), by="experiment").parts[1:]
    assert len(parts) == 1000
    error = 4 * math.sqrt(0.05 * 0.95 / 1000)
    for name in ("delta", "credit"):
        intervals = [getattr(part, name).intervals[0] for part in parts]
        covered = np.mean([interval.low <= 0.0 <= interval.high for interval in intervals])
        assert abs(covered - 0.95) <= error
    rejected = np.mean([part.tests.credit_p < 0.05 for part in parts])
    assert abs(rejected - 0.05) <= error
    # An exact test of whole numbers is at most as large as its level.
    assert np.mean([part.tests.sign_p < 0.05 for part in parts]) <= 0.05 + error


def alike(seed: int, users: int = 100, each: int = 10) -> dict[str, Any]:
    """A log of users who prefer A or B, each in most sessions, and of whom half prefer either."""
    rng = np.random.default_rng(seed)
    likes_a = np.repeat(rng.random(users) < 0.5, each)
    of_a = rng.random(users * each) < np.where(likes_a, 0.9, 0.1)
    return {
        "session_id": np.repeat(np.arange(users * each), 2),
        "user_id": np.repeat(np.arange(users), 2 * each),
        "position": np.tile([1, 2], users * each),
        "team": np.tile(["A", "B"], users * each),
        "click": np.stack([of_a, ~of_a], axis=1).astype(int).ravel(),
    }


def test_no_winner_is_named_where_sessions_of_a_user_are_alike() -> None:
    """Without the cluster, p-values are below 0.05 in most logs although users prefer neither."""
    logs = [alike(seed) for seed in range(20)]
    plain = [interleave_analyse(log) for log in logs]
    assert sum((one.parts[0].tests.credit_p or 0.0) < 0.05 for one in plain) > 5
    assert all(one.winner is None for one in plain)
    assert all(any("sessions of one 'user_id' are alike" in text for text in one.warnings) for one in plain)
    assert any("no winner is named" in one.finding for one in plain)
    clustered = [interleave_analyse(log, cluster="user_id") for log in logs]
    assert sum(one.winner is not None for one in clustered) <= 4  # more have a probability of 0.3 %
    assert sum((one.parts[0].tests.sign_p or 0.0) < 0.05 for one in clustered) <= 4
    assert not any("alike" in text for one in clustered for text in one.warnings)
