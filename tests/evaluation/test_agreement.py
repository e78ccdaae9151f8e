"""Agreement of two runs, per query and over queries."""

from __future__ import annotations

import json
import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rankeval import UsageError, evaluate
from rankeval.evaluation.list_agreement import agreements
from rankeval.evaluation.ranked_lists import MOST_COMPARED, RankedLists
from tests.evaluation.test_evaluate import JUDGEMENTS, RUN, bits
from tests.log_files import write_parts
from tests.naive_evaluation import judgements_table, run_table
from tests.paths import REPO
from tests.readers.helpers import examples

RECORDED = json.loads((REPO / "tests" / "peers" / "values.json").read_text())
OTHER = {
    q: {item: random.Random(f"{q}{item}").random() for item in [*of, "new"]}
    for q, of in RUN.items()
    if q != "q5"
}
RUNS = {"a": run_table(RUN), "b": run_table(OTHER)}


def lists(*orders):
    lengths = [len(order) for order in orders]
    flat = [item for order in orders for item in order]
    return RankedLists(np.concatenate([[0], np.cumsum(lengths)]), np.array(flat, np.uint64))


def one(a, b):
    return agreements(lists(a), lists(b))[0].tolist()


def naive_rbo(a, b, p=0.9):
    shorter, longer = sorted([len(a), len(b)])
    common = [len(set(a[:d]) & set(b[:d])) for d in range(longer + 1)]
    total = sum(common[d] * p**d / d for d in range(1, longer + 1))
    total += sum(
        common[shorter] * (d - shorter) * p**d / (shorter * d) for d in range(shorter + 1, longer + 1)
    )
    rest = (common[longer] - common[shorter]) / longer + common[shorter] / shorter
    return (1 - p) / p * total + rest * p**longer


def naive_tau_ap(a, b):
    both = [item for item in b if item in a]
    shares = [
        sum(a.index(above) < a.index(item) for above in both[:i]) / i for i, item in enumerate(both) if i
    ]
    return 2 * sum(shares) / (len(both) - 1) - 1


def test_by_hand():
    """1 2 3 beside 2 1 4, p 0.9: overlaps 0, 2, 2. The common items change places."""
    p = 0.9
    rbo = (1 - p) / p * (2 / 2 * p**2 + 2 / 3 * p**3) + 2 / 3 * p**3
    assert one([1, 2, 3], [2, 1, 4]) == pytest.approx([rbo, -1.0, -1.0], rel=1e-14)


def test_tau_ap_weighs_the_top():
    """Of 1 2 3 4, the last two are exchanged or the first two: tau is the same."""
    last, first = one([1, 2, 3, 4], [1, 2, 4, 3]), one([1, 2, 3, 4], [2, 1, 3, 4])
    assert last[1] == first[1] == pytest.approx(1 - 2 / 6)
    assert last[2] == pytest.approx(2 / 3 * (1 + 1 + 2 / 3) - 1)
    assert first[2] == pytest.approx(2 / 3 * (0 + 1 + 1) - 1)


@pytest.mark.parametrize("n", [1, 2, 5, 300])
def test_the_same_list(n):
    order = random.Random(n).sample(range(10**6), n)
    rbo, tau, tau_ap = one(order, order)
    assert rbo == pytest.approx(1.0, rel=1e-12)
    assert rbo <= 1.0
    assert [tau, tau_ap] == ([1.0, 1.0] if n > 1 else pytest.approx([np.nan] * 2, nan_ok=True))
    if n > 1:
        assert one(order, order[::-1])[1:] == [-1.0, -1.0]


def test_nothing_in_common():
    assert one([1, 2], [3, 4, 5]) == pytest.approx([0.0, np.nan, np.nan], nan_ok=True)


@examples
@given(st.randoms(use_true_random=False))
def test_equals_plain_python(rng):
    pairs = [[rng.sample(range(30), rng.randint(1, 25)) for _ in range(2)] for _ in range(5)]
    found = agreements(lists(*(a for a, _ in pairs)), lists(*(b for _, b in pairs)))
    for (a, b), (rbo, tau, tau_ap) in zip(pairs, found, strict=True):
        assert rbo == pytest.approx(naive_rbo(a, b), abs=1e-12)
        assert 0.0 <= rbo <= 1.0
        both = [item for item in b if item in a]
        if len(both) < 2:
            assert np.isnan([tau, tau_ap]).all()
            continue
        wanted = stats.kendalltau([a.index(item) for item in both], range(len(both))).statistic
        assert [tau, tau_ap] == pytest.approx([wanted, naive_tau_ap(a, b)], abs=1e-12)


def test_equals_the_package_rbo():
    runs = {name: run_table(RECORDED[name]) for name in ("run", "other")}
    judged = judgements_table({q: {"d0": 1} for q in RECORDED["run"]})
    found = evaluate(runs, judged, ["map"], agree=True).agreement[0]
    wanted = list(RECORDED["rbo"].values())
    assert np.ptp(wanted) > 0.1
    assert (found.statistic, found.estimate.n) == ("rbo", len(wanted))
    assert found.estimate.value == pytest.approx(np.mean(wanted), abs=1e-12)
    assert found.estimate.std_error == pytest.approx(stats.sem(wanted), rel=1e-9)


def order_of(scores):
    return sorted(sorted(scores, reverse=True), key=lambda item: -scores[item])


def test_over_the_judged_queries_that_both_runs_have():
    result = evaluate(RUNS, judgements_table(JUDGEMENTS), ["map"], agree=True)
    queries = [q for q in RUN if q in OTHER and q in JUDGEMENTS]
    assert [row.statistic for row in result.agreement] == ["rbo", "tau", "tau_ap"]
    wanted = [naive_rbo(order_of(RUN[q]), order_of(OTHER[q])) for q in queries]
    assert result.agreement[0].estimate.value == pytest.approx(np.mean(wanted), rel=1e-12)
    assert result.agreement[0].estimate.n == len(queries)
    taus = [naive_tau_ap(order_of(RUN[q]), order_of(OTHER[q])) for q in queries if len(RUN[q]) > 1]
    assert result.agreement[2].estimate.n == len(taus) < len(queries)
    assert result.agreement[2].estimate.value == pytest.approx(np.mean(taus), rel=1e-12)


def test_segments_pairs_and_intervals():
    table = judgements_table(JUDGEMENTS)
    table = table.append_column("side", pa.array([q[-1] for q in table["query_id"].to_pylist()]))
    runs = {**RUNS, "c": run_table(RUN)}
    result = evaluate(runs, table, ["map"], agree=True, by="side", ci="auto,bootstrap")
    assert len(result.agreement) == 3 * 3 * 11
    same = [row.estimate for row in result.agreement if (row.a, row.b, row.statistic) == ("a", "c", "tau")]
    assert {estimate.value for estimate in same} == {1.0}
    for row in result.agreement:
        first = row.estimate.intervals[0]
        assert first.method == ("augmented" if row.statistic == "rbo" else "normal")
        if first.low is not None:
            assert first.low - 1e-12 <= row.estimate.value <= first.high + 1e-12
    document = result.to_dict()
    assert document["agreement"][0].keys() >= {
        "a",
        "b",
        "statistic",
        "segment",
        "value",
        "std_error",
        "ci",
        "n",
    }
    assert "Agreement of runs" in repr(result)
    assert {row["kind"] for row in result.rows()} == {"result", "comparison", "agreement"}


def test_nothing_without_being_asked_and_nothing_of_one_run():
    assert evaluate(RUNS, judgements_table(JUDGEMENTS), ["map"]).agreement == ()
    assert evaluate(RUNS["a"], judgements_table(JUDGEMENTS), ["map"], agree=True).agreement == ()


@pytest.mark.parametrize("ties", ["expected", "best", "worst"])
def test_orders_without_ties(ties):
    with pytest.raises(UsageError, match=f"found '{ties}', but agreement is of two orders without ties"):
        evaluate(RUNS, judgements_table(JUDGEMENTS), ["map"], agree=True, ties=ties)


def test_integers_meet_texts():
    numbers = pa.table({"query_id": [1, 1], "item_id": [7, 8], "score": [2.0, 1.0]})
    texts = pa.table({"query_id": ["1", "1"], "item_id": ["7", "8"], "score": [2.0, 1.0]})
    judged = pa.table({"query_id": ["1"], "item_id": ["7"], "relevance": [1]})
    result = evaluate({"a": numbers, "b": texts}, judged, ["map"], agree=True)
    assert [row.estimate.value for row in result.agreement] == pytest.approx([1.0, 1.0, 1.0])


def test_long_lists_are_compared_at_their_top():
    long = {"q": {f"d{i}": -float(i) for i in range(MOST_COMPARED + 50)}}
    swapped = {"q": {**long["q"], f"d{MOST_COMPARED + 10}": -5000.0}}
    result = evaluate(
        {"a": run_table(long), "b": run_table(swapped)}, judgements_table({"q": {"d1": 1}}), agree=True
    )
    assert [row.estimate.value for row in result.agreement] == pytest.approx([1.0, 1.0, 1.0])


@pytest.mark.parametrize("threads", [2, 8])
def test_the_same_bits_for_any_number_of_threads(tmp_path, threads):
    paths = {name: write_parts(tmp_path / name, table, 100, 7) for name, table in RUNS.items()}
    options = {"metrics": ["map"], "agree": True, "ci": ["auto", "bootstrap"], "permutations": 50}
    one_thread = evaluate(paths, judgements_table(JUDGEMENTS), threads=1, **options)
    assert bits(evaluate(paths, judgements_table(JUDGEMENTS), threads=threads, **options)) == bits(one_thread)
