"""What metrics ask of an evaluation: rules for ties, thresholds, tables of gains, pools and aggregates."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import stats

from rankeval import DataError, UsageError, evaluate
from rankeval.metrics import METRICS
from tests.evaluation.test_evaluate import JUDGEMENTS, RUN, bits, in_run
from tests.log_files import write_parts
from tests.naive_evaluation import judgements_table, run_table

TABLES = run_table(RUN), judgements_table(JUDGEMENTS)


def values_of(metric, tmp_path, *tables, **options):
    file = tmp_path / "values.parquet"
    result = evaluate(*(tables or TABLES), [metric], per_query=str(file), **options)
    return result, np.array(pq.read_table(file)["value"].to_pylist())


REFUSED = [
    (name, ties)
    for name, definition in METRICS.items()
    for ties in ("trec", "item", "expected", "best", "worst")
    if definition.tie_order is None and ties not in definition.ties
]


def test_what_is_refused():
    assert {name for name, _ in REFUSED} >= {"gm_map", "iprec", "inf_ap"}


@pytest.mark.parametrize(("name", "ties"), REFUSED)
def test_a_rule_for_ties_without_a_value_is_refused_by_name(name, ties):
    metric = f"{name}@0.5" if METRICS[name].at_recall else f"{name}@5" if METRICS[name].beyond else name
    with pytest.raises(UsageError) as caught:
        evaluate(*TABLES, [metric], ties=ties)
    reason = (
        "no exact expectation" if ties == "expected" else f"no order of tied items that is surely the {ties}"
    )
    assert str(caught.value).startswith(f"ties: found {ties!r}, but {metric} has {reason}")
    assert str(caught.value).endswith(f"wanted one of {', '.join(METRICS[name].ties)}")


def test_a_geometric_mean(tmp_path):
    result, values = values_of("gm_map", tmp_path)
    assert (values == 0.0).any()
    logs = np.log(np.maximum(values, 1e-5))
    row = result.metric_rows[0].estimate
    assert row.value == pytest.approx(np.exp(logs.mean()), rel=1e-12)
    assert row.std_error == pytest.approx(row.value * stats.sem(logs), rel=1e-9)
    assert row.intervals[0].method == "normal"


def test_a_sum_over_queries(tmp_path):
    result, values = values_of("num_rel_ret", tmp_path)
    row = result.metric_rows[0].estimate
    assert row.value == values.sum() > 100
    assert row.std_error == pytest.approx(len(values) * stats.sem(values), rel=1e-9)


def test_aggregates_in_segments_and_comparisons():
    """A segment is an evaluation of its own, and a difference that of two evaluations."""
    runs = {"a": run_table(RUN), "b": run_table({q: dict(list(of.items())[::2]) for q, of in RUN.items()})}
    with_side = judgements_table(JUDGEMENTS)
    sides = ["even" if int(q[1:]) % 2 == 0 else "odd" for q in with_side["query_id"].to_pylist()]
    with_side = with_side.append_column("side", [sides])
    metrics = ["gm_map", "num_rel_ret", "map"]
    result = evaluate(runs, with_side, metrics, by="side", permutations=50)
    for side in ("even", "odd"):
        part = {q: of for q, of in JUDGEMENTS.items() if int(q[1:]) % 2 == (side == "odd")}
        alone = evaluate(runs, judgements_table(part), metrics, permutations=50)
        found = [row for row in result.metric_rows if row.segment == side]
        for row, wanted in zip(found, alone.metric_rows, strict=True):
            assert row.estimate.value == pytest.approx(wanted.estimate.value, rel=1e-12)
            assert row.estimate.std_error == pytest.approx(wanted.estimate.std_error, rel=1e-9)
    values = {(row.run, row.metric): row.estimate.value for row in result.metric_rows if row.segment is None}
    for one in result.comparisons:
        if one.segment is None:
            wanted = values["a", one.metric] - values["b", one.metric]
            assert one.estimate.value == pytest.approx(wanted, rel=1e-9)
            assert one.p_value is not None


@pytest.mark.parametrize("ties", ["trec", "expected"])
def test_condensed_lists_are_lists_without_their_unjudged_items(ties):
    judged = {q: {i for i, g in of.items() if g >= 0} for q, of in JUDGEMENTS.items()}
    condensed = {q: {i: s for i, s in of.items() if i in judged.get(q, ())} for q, of in RUN.items()}
    metrics = ["map", "ndcg@5", "precision", "mrr", "judged@3", "auc", "gauc", "compat", "set_f1", "bpref"]
    wanted = evaluate(run_table(condensed), TABLES[1], metrics, ties=ties)
    inside = evaluate(in_run(condensed, JUDGEMENTS), None, metrics, ties=ties)
    for tables, of in ((TABLES, wanted), ((in_run(RUN, JUDGEMENTS), None), inside)):
        result = evaluate(*tables, metrics, ties=ties, judged_only=True)
        assert result.inputs["judged_only"] is True
        for row, other in zip(result.metric_rows, of.metric_rows, strict=True):
            assert row.estimate.value == pytest.approx(other.estimate.value, abs=1e-12), row.metric


def test_condensed_lists_say_how_much_was_left_out():
    result = evaluate(*TABLES, ["map"], judged_only=True)
    notes = {note.code: note for note in result.notes}
    left_out = result.counts["runs"]["run"]["items_unjudged"]
    assert notes["judged_only"].numbers["items"] == left_out > 0
    assert "judged_only" not in {note.code for note in evaluate(*TABLES, ["map"]).notes}


def test_gains_want_whole_grades():
    rows = {"q": {"a": 1, "b": 0.5}}
    inside = in_run({"q": {"a": 1.0, "b": 2.0}}, rows), None
    for tables in ((TABLES[0], judgements_table(rows)), inside):
        with pytest.raises(DataError, match=r"'relevance' is 0\.5, wanted a whole number, for the gains of"):
            evaluate(*tables, ["ndcg:gains=0/1"])


def test_a_grade_beyond_the_table_of_gains():
    with pytest.raises(DataError, match="is 2, wanted at most 1, the largest possible grade of ndcg"):
        evaluate(*TABLES, ["ndcg:gains=0/1"])


def test_thresholds_of_metrics_are_those_of_separate_evaluations():
    together = evaluate(*TABLES, ["map", "map:rel=2", "arp:rel=2", "hit@3:rel=2"], missing="zero")
    apart = evaluate(*TABLES, ["map", "arp", "hit@3"], relevance_threshold=2)
    values = {row.metric: row.estimate.to_dict() for row in together.metric_rows}
    for row in apart.metric_rows:
        assert values[f"{row.metric}:rel=2"] == row.estimate.to_dict()
    assert values["map"] == evaluate(*TABLES, ["map"]).metric_rows[0].estimate.to_dict()


def test_synonyms_are_one_metric_and_have_its_name():
    result = evaluate(*TABLES, ["P_5", "P@5", "precision@5", "AP(rel=2)@10"])
    assert [row.metric for row in result.metric_rows] == ["precision@5", "map@10:rel=2"]
    assert bits(result) == bits(evaluate(*TABLES, "precision@5,map@10:rel=2"))


SUBTOPICS = [
    {"query_id": "q1", "item_id": "d1", "subtopic": "s", "relevance": 1},
    {"query_id": "q1", "item_id": "d1", "subtopic": "t", "relevance": 2},
    {"query_id": "q1", "item_id": "d2", "subtopic": "s", "relevance": 0},
    {"query_id": "q2", "item_id": "d1", "subtopic": "s", "relevance": 1},
]


def test_an_item_has_the_largest_of_its_grades():
    runs = run_table({"q1": {"d2": 2.0, "d1": 1.0}, "q2": {"d1": 1.0}})
    found = evaluate(runs, SUBTOPICS, ["dcg@2", "map", "alpha_ndcg@2"], ties="expected")
    plain = evaluate(runs, judgements_table({"q1": {"d1": 2, "d2": 0}, "q2": {"d1": 1}}), ["dcg@2", "map"])
    wanted = {row.metric: row.estimate.value for row in plain.metric_rows}
    for row in found.metric_rows[:2]:
        assert row.estimate.value == pytest.approx(wanted[row.metric])
    assert found.counts["runs"]["run"]["items_unjudged"] == 0


def test_subtopics_of_qrels(tmp_path):
    """The second field of TREC qrels is the subtopic, where a metric asks for one."""
    text = "".join(f"{r['query_id']} {r['subtopic']} {r['item_id']} {r['relevance']}\n" for r in SUBTOPICS)
    (tmp_path / "qrels.txt").write_text(text)
    runs = run_table({"q1": {"d2": 2.0, "d1": 1.0}, "q2": {"d1": 1.0}})
    options = {"metrics": ["alpha_ndcg", "err_ia@5"], "ties": "trec"}
    found = evaluate(runs, str(tmp_path / "qrels.txt"), **options)
    wanted = evaluate(runs, SUBTOPICS, **options)
    assert [row.to_dict() for row in found.metric_rows] == [row.to_dict() for row in wanted.metric_rows]
    assert "subtopic is taken from column 'iter'" in str(found.to_dict()["warnings"])
    plain = evaluate(runs, judgements_table({"q1": {"d1": 1}}), ["map"])
    (tmp_path / "plain.txt").write_text("q1 0 d1 1\n")
    assert bits(evaluate(runs, str(tmp_path / "plain.txt"), ["map"])) == bits(plain)


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (
            [*SUBTOPICS, SUBTOPICS[0]],
            DataError,
            "row 5, query_id 'q1': item_id 'd1' is judged twice for subtopic 's'",
        ),
        (
            [{**SUBTOPICS[0], "subtopic": None}],
            DataError,
            "column 'subtopic' is null, wanted the name or number of",
        ),
        (
            [{"query_id": "q", "item_id": "d", "relevance": 1}],
            DataError,
            "found no column 'subtopic', wanted one for",
        ),
        (
            None,
            UsageError,
            "judgements: found none, wanted a file of judgements with a column 'subtopic', for err_ia",
        ),
    ],
)
def test_wrong_subtopics(rows, error, message):
    run = in_run({"q1": {"d1": 1.0}}, {"q1": {"d1": 1}})
    with pytest.raises(error) as caught:
        evaluate(run, rows, ["err_ia"])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("threads", [2, 8])
def test_subtopics_have_the_same_bits_for_any_number_of_threads(tmp_path, threads):
    rng = np.random.default_rng(0)
    rows = [
        {"query_id": q, "item_id": i, "subtopic": int(s), "relevance": int(rng.integers(0, 3))}
        for q, of in JUDGEMENTS.items()
        for i in of
        for s in rng.permutation(6)[: rng.integers(1, 5)]
    ]
    path = write_parts(tmp_path / "run", TABLES[0], 100, 7)
    metrics = ["alpha_ndcg@10", "err_ia", "map"]
    one = evaluate(path, rows, metrics, ties="expected", threads=1, ci=["auto", "bootstrap"])
    shuffled = [rows[i] for i in rng.permutation(len(rows))]
    for judged in (rows, shuffled):
        found = evaluate(path, judged, metrics, ties="expected", threads=threads, ci=["auto", "bootstrap"])
        assert bits(found) == bits(one)


CATEGORIES = [
    {"query_id": "q", "item_id": "a", "genre": "s", "relevance": 1},
    {"query_id": "q", "item_id": "b", "genre": "s", "relevance": 1},
    {"query_id": "q", "item_id": "c", "genre": "t", "relevance": 1},
]


def test_categories_of_the_judgements():
    run = run_table({"q": {"a": 3.0, "b": 2.0, "c": 1.0}})
    found = evaluate(run, CATEGORIES, ["category_ndcg@3", "map"], category="genre").metric_rows[0].estimate
    assert found.value == pytest.approx((1 + 1 / 2) / (1 + 1 / np.log2(3)), rel=1e-12)


def test_what_categories_need():
    run = run_table({"q": {"a": 3.0}})
    with pytest.raises(UsageError, match="category_ndcg needs --category, found none"):
        evaluate(run, CATEGORIES, ["category_ndcg"])
    with pytest.raises(DataError, match="found no column 'kind', wanted one for category_ndcg"):
        evaluate(run, CATEGORIES, ["category_ndcg"], category="kind")
    with pytest.raises(DataError, match="found no column 'kind', wanted one for category_ndcg"):
        evaluate(run, SUBTOPICS, ["category_ndcg"], category="kind")
    with pytest.raises(UsageError, match="found metrics of subtopics and of categories, wanted them in"):
        evaluate(run, CATEGORIES, ["category_ndcg", "err_ia"], category="genre")
