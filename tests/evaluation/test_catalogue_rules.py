"""What metrics ask of an evaluation: rules for ties, thresholds, tables of gains, pools and aggregates."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import stats

from rankeval import DataError, UsageError, evaluate
from rankeval.metrics import METRICS
from tests.evaluation.test_evaluate import JUDGEMENTS, RUN, bits, in_run
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
    metric = f"{name}@0.5" if METRICS[name].at_recall else name
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
