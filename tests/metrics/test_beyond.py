"""Metrics beyond accuracy: hand-worked values, naive versions, and every order of tied items."""

from __future__ import annotations

import math
import random
from itertools import groupby, permutations, product

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

from rankeval import DataError, UsageError, evaluate
from rankeval.metrics import METRICS, OF_CATALOGUE, CatalogueMetric, parse, parse_any
from tests.log_files import write_parts
from tests.naive_beyond import NAIVE, coverage, gini, ild, novelty
from tests.naive_evaluation import judgements_table, run_table

RNG = random.Random(5)
ITEMS = [f"d{i}" for i in range(30)]
CATEGORY = {item: RNG.choice(["a", "b", "c"]) for item in ITEMS}
VECTOR = {item: [RNG.gauss(0, 1) for _ in range(3)] for item in ITEMS} | {"d0": [0.0, 0.0, 0.0]}
KNOWN = {item: round(RNG.uniform(0.01, 1.0), 3) for item in ITEMS}
RUN = {
    f"q{q}": {item: float(RNG.randrange(4)) for item in RNG.sample(ITEMS, RNG.randint(1, 9))}
    for q in range(25)
}
JUDGEMENTS = {q: {"d1": 1} for q in [*RUN, "q99"]}


def run_of(rows):
    table = run_table(rows)
    return table.append_column("genre", pa.array([CATEGORY[item] for item in table["item_id"].to_pylist()]))


EMBEDDING = pa.table({"item_id": ITEMS, "embedding": [VECTOR[item] for item in ITEMS]})
POPULARITY = pa.table({"item_id": ITEMS, "popularity": [KNOWN[item] for item in ITEMS]})
BESIDE = {"popularity": POPULARITY, "embedding": EMBEDDING, "category": "genre"}


def values_of(metric, tmp_path, rows=RUN, **options):
    """Query -> value of the queries that the run has."""
    file = tmp_path / "values.parquet"
    evaluate(run_of(rows), judgements_table(JUDGEMENTS), [metric], per_query=str(file), **options)
    return {
        row["query_id"]: row["value"] for row in pq.read_table(file).to_pylist() if row["query_id"] in rows
    }


def by_category(a, b):
    return float(CATEGORY[a] != CATEGORY[b])


def by_cosine(a, b):
    a, b = np.array(VECTOR[a]), np.array(VECTOR[b])
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    return 1.0 - a @ b / lengths if lengths else 1.0


CASES = [
    ("ild", {"category": "genre"}, lambda top: ild(top, by_category)),
    ("ild", {"embedding": EMBEDDING}, lambda top: ild(top, by_cosine)),
    ("novelty", {"popularity": POPULARITY}, lambda top: novelty(top, KNOWN)),
]


def order_of(scores):
    return sorted(sorted(scores, reverse=True), key=lambda item: -scores[item])


def orders(scores):
    groups = groupby(sorted(scores, key=lambda item: -scores[item]), key=lambda item: scores[item])
    for choice in product(*(permutations(list(group)) for _, group in groups)):
        yield [item for group in choice for item in group]


def test_catalogues():
    assert list(NAIVE) == [name for name, definition in METRICS.items() if definition.beyond]
    assert list(OF_CATALOGUE) == ["coverage", "gini"]
    assert {name for name, one in OF_CATALOGUE.items() if one.lower_is_better} == {"gini"}


@pytest.mark.parametrize("k", [1, 2, 5, 20])
@pytest.mark.parametrize(("name", "options", "wanted"), CASES)
def test_equals_the_naive_version(name, options, wanted, k, tmp_path):
    found = values_of(f"{name}@{k}", tmp_path, **options)
    assert found == {q: pytest.approx(wanted(order_of(of)[:k]), abs=1e-12) for q, of in RUN.items()}


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize(("name", "options", "wanted"), CASES)
def test_expected_is_the_mean_over_every_order(name, options, wanted, k, tmp_path):
    rows = {q: dict(list(of.items())[:6]) for q, of in RUN.items()}
    found = values_of(f"{name}@{k}", tmp_path, rows, ties="expected", **options)
    for q, of in rows.items():
        each = [wanted(order[:k]) for order in orders(of)]
        assert found[q] == pytest.approx(math.fsum(each) / len(each), abs=1e-12), q


def test_ild_by_hand(tmp_path):
    """The kinds are a, b, a: of three pairs two differ. The vectors stand at right angles or are opposite."""
    run = pa.table(
        {"query_id": ["u"] * 3, "item_id": ["1", "2", "3"], "score": [3.0, 2.0, 1.0], "kind": list("aba")}
    )
    result = evaluate(run, {"u": {"1": 1}}, ["ild@1", "ild@2", "ild@3"], category="kind")
    assert [row.estimate.value for row in result.metric_rows] == [0.0, 1.0, pytest.approx(2 / 3)]
    vectors = pa.table({"item_id": ["1", "2", "3"], "x": [1.0, 0.0, -2.0], "y": [0, 3, 0]})
    result = evaluate(run, {"u": {"1": 1}}, ["ild@2", "ild@3"], embedding=vectors, category="kind")
    assert [row.estimate.value for row in result.metric_rows] == [1.0, pytest.approx((1 + 2 + 1) / 3)]


def test_novelty_is_the_mean_inverse_user_frequency_of_rectools():
    """Its documented example: items 1, 2, 3 are known to 3, 1 and (taken as) 1 of 3 users."""
    run = pa.table({"query_id": [1, 2, 2, 3, 3], "item_id": [3, 2, 3, 1, 2], "score": [2.0, 2, 1, 2, 1]})
    known = pa.table({"item_id": [1, 2, 3], "popularity": [1.0, 1 / 3, 1 / 3]})
    judged = pa.table({"query_id": [1, 2, 3], "item_id": [1, 1, 1], "relevance": [1, 1, 1]})
    values = [1.5849625, 1.5849625, 0.79248125]
    result = evaluate(run, judged, ["novelty@1", "novelty@3"], popularity=known)
    assert result.metric_rows[1].estimate.value == pytest.approx(np.mean(values), abs=1e-7)
    assert result.metric_rows[0].estimate.value == pytest.approx(
        np.mean([1.5849625, 1.5849625, 0.0]), abs=1e-7
    )


@pytest.mark.parametrize("k", [1, 3, 20])
def test_coverage_and_gini(k):
    result = evaluate(run_of(RUN), judgements_table(JUDGEMENTS), [f"coverage@{k}", f"gini@{k}"], **BESIDE)
    tops = [order_of(of)[:k] for of in RUN.values()]
    found = [row.estimate for row in result.metric_rows]
    assert found[0].value == pytest.approx(coverage(tops, ITEMS), rel=1e-12)
    assert found[1].value == pytest.approx(gini(tops, ITEMS), rel=1e-12)
    assert {estimate.n for estimate in found} == {len(RUN)}


def test_gini_of_even_and_uneven_lists():
    even = CatalogueMetric("gini", 1).of(np.arange(5), np.arange(4), 4)
    assert even.value == pytest.approx(0.0, abs=1e-15)
    uneven = CatalogueMetric("gini", 1).of(np.arange(5), np.zeros(4, int), 4)
    assert uneven.value == pytest.approx(3 / 4)
    assert math.isnan(CatalogueMetric("gini", 1).of(np.zeros(3, int), np.zeros(0, int), 4).value)


def batch(seed, n, size=20):
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, size + 1)
    tops = [rng.choice(size, 4, replace=False, p=weights / weights.sum()) for _ in range(n)]
    return np.arange(0, 4 * n + 1, 4), np.concatenate(tops)


@pytest.mark.parametrize("base", ["coverage", "gini"])
def test_influences_are_those_of_leaving_a_query_out(base):
    offsets, items = batch(0, 60)
    metric, n = CatalogueMetric(base, 4), 60
    found = metric.of(offsets, items, 25)
    assert found.influence.sum() == pytest.approx(0.0, abs=1e-12)
    without = [metric.of(offsets[:-1], np.delete(items, range(4 * q, 4 * q + 4)), 25).value for q in range(n)]
    jackknife = (n - 1) / n * (np.mean(without) - np.array(without))
    np.testing.assert_allclose(found.influence, jackknife, atol=1e-12)


@pytest.mark.parametrize(("base", "low", "high"), [("gini", 0.95, 1.4), ("coverage", 0.95, 1.7)])
def test_errors_are_those_of_repeated_samples(base, low, high):
    """Lists of 300 items; the jackknife errs on the large side."""
    metric = CatalogueMetric(base, 4)
    samples = [metric.of(*batch(seed, 80, 300), 300) for seed in range(1, 301)]
    spread = np.std([one.value for one in samples])
    errors = np.sqrt(np.mean([stats.sem(one.terms()) ** 2 for one in samples]))
    assert low < errors / spread < high


@pytest.mark.parametrize("ties", ["expected", "best", "worst"])
@pytest.mark.parametrize("base", ["coverage", "gini"])
def test_metrics_of_the_catalogue_need_orders_without_ties(base, ties):
    with pytest.raises(UsageError, match=f"ties: found '{ties}', but {base}@5 has no"):
        evaluate(run_of(RUN), judgements_table(JUDGEMENTS), [f"{base}@5"], ties=ties, **BESIDE)


@pytest.mark.parametrize("name", ["ild", "novelty", "coverage", "gini"])
def test_a_cutoff_must_be_there(name):
    for text in (name, f"{name}@0", f"{name}@1001", f"{name}@x"):
        with pytest.raises(UsageError, match=f"wanted an integer from 1 to 1,000, as in {name}@10"):
            parse_any(text)
    assert parse_any(f"{name}@1000").name == f"{name}@1000"


def test_other_parameters_are_refused():
    with pytest.raises(UsageError, match="'coverage' has no parameter 'p'"):
        parse_any("coverage@10:p=1")
    with pytest.raises(UsageError, match="'ild' has no parameter 'rel', known: none"):
        parse("ild@10:rel=1")


@pytest.mark.parametrize(
    ("metric", "needs"),
    [
        *[("ild@5", "--category or --embedding"), ("novelty@5", "--popularity")],
        *[("coverage@5", "--popularity or --embedding"), ("gini@5", "--popularity or --embedding")],
    ],
)
def test_what_is_needed_beside_the_lists(metric, needs):
    with pytest.raises(UsageError, match=f"metrics: {metric} needs {needs}, found none"):
        evaluate(run_of(RUN), judgements_table(JUDGEMENTS), [metric])


ONE = {"item_id": ["d1"]}
WRONG = [
    ("popularity", {**ONE, "popularity": [0.5]}, r"wanted an item of <table> \(--popularity\)"),
    ("popularity", {**ONE, "popularity": [0.0]}, "popularity is 0, wanted the share of users"),
    ("popularity", {**ONE, "popularity": [1.5]}, r"popularity is 1\.5, wanted the share of users"),
    ("popularity", {**ONE, "popularity": ["x"]}, "column 'popularity' has string, wanted numbers"),
    ("popularity", {"item_id": ["d1", "d1"], "popularity": [0.5, 0.5]}, "item_id 'd1' again, wanted once"),
    ("popularity", ONE, "found no column beside 'item_id', wanted numbers"),
    ("popularity", {"id": ["d1"]}, "found columns id, wanted 'item_id'"),
    ("popularity", {"item_id": ["d1", None], "popularity": [0.5, 0.5]}, "item_id is null, wanted an id"),
    ("embedding", {"item_id": ["d1", "d2"], "embedding": [[1.0, 2.0], [1.0]]}, "has 1 numbers in a row"),
    ("embedding", {**ONE, "embedding": [["x"]]}, "has no numbers, wanted lists of numbers"),
    ("embedding", {**ONE, "x": [math.nan]}, "found no number or infinity, wanted a number"),
]


@pytest.mark.parametrize(("option", "table", "message"), WRONG)
def test_wrong_tables_are_one_line(option, table, message):
    metric = "ild@5" if option == "embedding" else "novelty@5"
    with pytest.raises(DataError, match=message) as caught:
        evaluate(run_of(RUN), judgements_table(JUDGEMENTS), [metric], **{option: pa.table(table)})
    assert "\n" not in str(caught.value)


def test_an_item_without_a_category():
    run = pa.table(
        {"query_id": ["q"], "item_id": ["d"], "score": [1.0], "genre": pa.array([None], pa.string())}
    )
    with pytest.raises(DataError, match="column 'genre' is null, wanted the category of the item"):
        evaluate(run, {"q": {"d": 1}}, ["ild@5"], category="genre")


def test_comparisons_segments_and_intervals():
    other = {q: {item: -score for item, score in of.items()} for q, of in RUN.items()}
    runs = {"a": run_of(RUN), "b": run_of(other)}
    table = judgements_table(JUDGEMENTS)
    table = table.append_column("side", pa.array([q[-1] for q in table["query_id"].to_pylist()]))
    metrics = ["ild@3", "novelty@3", "coverage@3", "gini@3", "map"]
    result = evaluate(
        runs, table, metrics, by="side", ci="auto,bootstrap", permutations=50, simultaneous=True, **BESIDE
    )
    values = {(row.run, row.metric): row.estimate for row in result.metric_rows if row.segment is None}
    for one in result.comparisons:
        if one.segment is None:
            wanted = values["a", one.metric].value - values["b", one.metric].value
            assert one.estimate.value == pytest.approx(wanted, abs=1e-12)
    for (_, metric), estimate in values.items():
        interval = estimate.intervals[0]
        assert interval.low <= estimate.value <= interval.high, metric
    assert {best.criterion for best in result.best} == set(metrics)


@pytest.mark.parametrize("threads", [2, 8])
def test_the_same_bits_for_any_number_of_threads(tmp_path, threads):
    path = write_parts(tmp_path / "run", run_of(RUN), 20, 5)
    options = {
        "metrics": ["ild@3", "novelty@3", "coverage@3", "gini@3"],
        "ci": ["auto", "bootstrap"],
        **BESIDE,
    }
    one = evaluate(path, judgements_table(JUDGEMENTS), threads=1, **options).to_dict()
    assert evaluate(path, judgements_table(JUDGEMENTS), threads=threads, **options).to_dict() == one


@pytest.mark.parametrize("ties", ["trec", "expected"])
@pytest.mark.parametrize("inside", [False, True])
def test_excluded_items_are_as_if_they_had_not_been_there(ties, inside):
    seen = [(q, item) for q, of in RUN.items() for item in list(of)[::3]] + [("q1", "d1"), ("q98", "d1")]
    judgements = {q: {item: RNG.choice([0, 1, 2]) for item in RNG.sample(ITEMS, 12)} for q in RUN}
    left = {q: {i: s for i, s in of.items() if (q, i) not in seen} for q, of in RUN.items()}
    kept = {q: {i: g for i, g in of.items() if (q, i) not in seen} for q, of in judgements.items()}
    left = {q: of for q, of in left.items() if of}
    exclude = pa.table({"query_id": [q for q, _ in seen], "item_id": [i for _, i in seen]})
    metrics = ["map", "ndcg@3", "judged@3", "precision", "gauc", "bpref", "recall", "ild@3", "novelty@2"]
    metrics += ["coverage@3"] if ties == "trec" else []
    if inside:
        graded = run_of(RUN).append_column(
            "relevance", pa.array([judgements[q].get(i) for q, of in RUN.items() for i in of], pa.int64())
        )
        wanted_run = run_of(left).append_column(
            "relevance", pa.array([judgements[q].get(i) for q, of in left.items() for i in of], pa.int64())
        )
        found = evaluate(graded, None, metrics, ties=ties, exclude=exclude, **BESIDE)
        wanted = evaluate(wanted_run, None, metrics, ties=ties, **BESIDE)
    else:
        options = {"ties": ties, "missing": "skip", **BESIDE}
        found = evaluate(run_of(RUN), judgements_table(judgements), metrics, exclude=exclude, **options)
        wanted = evaluate(run_of(left), judgements_table(kept), metrics, **options)
    assert found.inputs["exclude"] is True
    for row, other in zip(found.metric_rows, wanted.metric_rows, strict=True):
        if len(left) == len(RUN):
            assert row.estimate.value == pytest.approx(other.estimate.value, abs=1e-12), row.metric
    assert len(left) < len(RUN) or found.counts["runs"]["run"]["items"] == sum(map(len, left.values()))
