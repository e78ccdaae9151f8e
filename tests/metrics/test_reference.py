"""Values that trec_eval, scikit-learn and exact enumeration gave for the same rankings."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyarrow.parquet as pq
import pytest

from rankeval.metrics.catalogue import parse
from tests import paths
from tests.naive_ranking import Query, ranking_of

REFERENCE = paths.REFERENCE / "rank"
pytestmark = pytest.mark.skipif(not REFERENCE.is_dir(), reason=f"no reference values at {REFERENCE}")

RENAMED = {"map_mink": "map_min", "success": "hit", "rprec": "r_precision"}
UNDEFINED_IS_0 = 0.0


def columns(name):
    return pq.read_table(REFERENCE / name).to_pydict()


def queries_of(ids, judgements, run):
    """The queries in the order of ``ids``, from ``{query: {item: grade}}`` and ``{query: {item: score}}``."""
    batch = []
    for query in ids:
        judged = {item: grade for item, grade in judgements[query].items() if grade >= 0}
        items = [(score, judged.get(item), item) for item, score in run[query].items()]
        batch.append(Query(items, [grade for item, grade in judged.items() if item not in run[query]]))
    return batch


def by_query(rows):
    table = defaultdict(dict)
    for query, item, value in rows:
        table[query][item] = value
    return table


def table_of(name, value):
    data = columns(name)
    return by_query(zip(data["query_id"], data["item_id"], data[value], strict=True))


def assert_values(metric, ranking, wanted):
    got = np.nan_to_num(metric.values(ranking), nan=UNDEFINED_IS_0)
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-9, err_msg=metric.name)


@pytest.fixture(scope="module")
def expected():
    """Reference columns over the judged queries, missing ones included."""
    data = columns("expected.parquet")
    rows = [i for i, value in enumerate(data["ref/map"]) if value is not None]
    return {name: [column[i] for i in rows] for name, column in data.items()}


@pytest.fixture(scope="module")
def batch(expected):
    judgements, run = table_of("judgements.parquet", "relevance"), table_of("run.parquet", "score")
    return queries_of(expected["query_id"], judgements, run)


def metric_of_column(column):
    """``ref/map_mink@10`` is ``map_min@10``, ``ref/rbp_bin.0.8`` is ``rbp:p=0.8``."""
    name, at, cutoff = column.split("/")[1].partition("@")
    if name.startswith("rbp_bin"):
        return parse(f"rbp{at}{cutoff}:p={name.removeprefix('rbp_bin').removeprefix('.')}")
    return parse(RENAMED.get(name, name) + at + cutoff)


def test_trec_order(expected, batch):
    ranking = ranking_of(batch, "trec")
    asked = [name for name in expected if name.startswith("ref/") and "recall_capped" not in name]
    assert len(asked) == 33
    for name in asked:
        assert_values(metric_of_column(name), ranking, expected[name])


def test_trec_eval_columns(expected, batch):
    ranking = ranking_of(batch, "trec")
    named = {"bpref": "bpref", "map": "map", "ndcg": "ndcg", "ndcg_cut_10": "ndcg@10", "recip_rank": "mrr"}
    for column, name in named.items():
        wanted = [value or 0.0 for value in expected[f"pytrec/{column}"]]
        assert_values(parse(name), ranking, wanted)


def test_scikit_learn_averages_over_ties(expected, batch):
    ranking = ranking_of(batch, "expected")
    for name in ("ndcg@10", "ndcg_exp@10"):
        wanted = [value or 0.0 for value in expected[f"sklearn_union_avgties/{name}"]]
        assert_values(parse(name), ranking, wanted)


@pytest.mark.parametrize(("ties", "column"), [("expected", "mean"), ("worst", "min"), ("best", "max")])
def test_every_order_of_tied_items(ties, column):
    data = columns("ties_expected.parquet")
    judgements, run = table_of("ties.parquet", "relevance"), table_of("ties.parquet", "score")
    ranking = ranking_of(queries_of(data["query_id"], judgements, run), ties)
    asked = [name for name in data if name.startswith(f"{column}/")]
    assert len(asked) == 36
    for name in asked:
        assert_values(metric_of_column(name), ranking, data[name])


TREC_EVAL = {"ndcg": "ndcg", "map": "map", "recip_rank": "mrr", "Rprec": "r_precision", "bpref": "bpref"}
TREC_EVAL_CUT = {"ndcg_cut": "ndcg", "map_cut": "map", "P": "precision", "recall": "recall", "success": "hit"}


def trec_eval_name(column):
    if column in TREC_EVAL:
        return TREC_EVAL[column]
    family, _, k = column.rpartition("_")
    return f"{TREC_EVAL_CUT[family]}@{k}" if family in TREC_EVAL_CUT else None


def trec_file(name, item, value):
    lines = (line.split() for line in (REFERENCE / name).read_text().splitlines())
    return by_query((fields[0], fields[item], float(fields[value])) for fields in lines)


@pytest.mark.parametrize(("run", "results"), [("results.test", "test_l1"), ("results.trunc", "trunc_l1")])
def test_trec_eval_on_its_own_files(run, results):
    data = columns(f"pytrec_results.{results}.parquet")
    scores, judgements = trec_file(run, 2, 4), trec_file("qrels.test", 2, 3)
    ranking = ranking_of(queries_of(data["query_id"], judgements, scores))
    compared = [column for column in data if trec_eval_name(column)]
    assert len(compared) == 5 + 9 + 9 + 9 + 9 + 3
    for column in compared:
        assert_values(parse(trec_eval_name(column)), ranking, data[column])
