"""``evaluate`` from files to numbers against what trec_eval, scikit-learn and exact enumeration gave."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rankeval import evaluate
from tests.readers.helpers import SHARED

REFERENCE = SHARED / "reference" / "rank"
pytestmark = pytest.mark.skipif(not REFERENCE.is_dir(), reason=f"no reference values at {REFERENCE}")

RENAMED = {"map_mink": "map_min", "success": "hit", "rprec": "r_precision"}
TREC_EVAL = {"ndcg": "ndcg", "map": "map", "recip_rank": "mrr", "Rprec": "r_precision", "bpref": "bpref"}
TREC_EVAL_CUT = {"ndcg_cut": "ndcg", "map_cut": "map", "P": "precision", "recall": "recall", "success": "hit"}


def metric_name(column: str) -> str:
    """``ref/map_mink@10`` is ``map_min@10``, ``mean/rbp_bin0.8@3`` is ``rbp@3:p=0.8``."""
    name, at, cutoff = column.split("/")[1].partition("@")
    if name.startswith("rbp_bin"):
        return f"rbp{at}{cutoff}:p={name.removeprefix('rbp_bin').removeprefix('.')}"
    return RENAMED.get(name, name) + at + cutoff


def trec_eval_name(column: str) -> str | None:
    if column in TREC_EVAL:
        return TREC_EVAL[column]
    family, _, k = column.rpartition("_")
    return f"{TREC_EVAL_CUT[family]}@{k}" if family in TREC_EVAL_CUT else None


def per_query(folder: Path, *args, **options) -> dict[tuple[str, str], float]:
    evaluate(*args, per_query=folder / "values.parquet", **options)
    rows = pq.read_table(folder / "values.parquet").to_pylist()
    return {(row["metric"], row["query_id"]): row["value"] for row in rows}


def assert_columns(
    found: dict[tuple[str, str], float], expected: dict[str, list], names: dict[str, str]
) -> None:
    """The values of every query that the reference knows, and no query beside them."""
    for column, name in names.items():
        pairs = zip(expected["query_id"], expected[column], strict=True)
        wanted = {query: value for query, value in pairs if value is not None}
        values = {query: value for (metric, query), value in found.items() if metric == name}
        assert values == pytest.approx(wanted, abs=1e-9), column


def test_every_column_of_the_reference(tmp_path):
    expected = pq.read_table(REFERENCE / "expected.parquet").to_pydict()
    names = {c: metric_name(c) for c in expected if c.startswith("ref/") and "recall_capped" not in c}
    assert len(names) == 33
    run, judgements = REFERENCE / "run.parquet", REFERENCE / "judgements.parquet"
    assert_columns(per_query(tmp_path, run, judgements, list(names.values())), expected, names)


def test_missing_queries_skipped_are_those_without_values_in_trec_eval(tmp_path):
    expected = pq.read_table(REFERENCE / "expected.parquet").to_pydict()
    run, judgements = REFERENCE / "run.parquet", REFERENCE / "judgements.parquet"
    found = per_query(tmp_path, run, judgements, ["bpref", "map"], missing="skip")
    assert_columns(found, expected, {"pytrec/bpref": "bpref", "pytrec/map": "map"})


@pytest.mark.parametrize(("ties", "column"), [("expected", "mean"), ("worst", "min"), ("best", "max")])
def test_every_order_of_tied_items(tmp_path, ties, column):
    expected = pq.read_table(REFERENCE / "ties_expected.parquet").to_pydict()
    names = {c: metric_name(c) for c in expected if c.startswith(f"{column}/")}
    assert len(names) == 36
    found = per_query(tmp_path, REFERENCE / "ties.parquet", None, list(names.values()), ties=ties)
    assert_columns(found, expected, names)


@pytest.mark.parametrize(("run", "results"), [("results.test", "test_l1"), ("results.trunc", "trunc_l1")])
@pytest.mark.parametrize("qrels", ["qrels.test", "qrels.test.with-comments"])
def test_trec_eval_on_its_own_files(tmp_path, run, results, qrels):
    """Queries missing from ``results.trunc`` have no row in the reference."""
    expected = pq.read_table(REFERENCE / f"pytrec_results.{results}.parquet").to_pydict()
    names = {column: name for column in expected if (name := trec_eval_name(column))}
    assert len(names) == 44
    found = per_query(tmp_path, REFERENCE / run, REFERENCE / qrels, list(names.values()), missing="skip")
    assert_columns(found, expected, names)


def test_queries_missing_from_a_trec_run_count_as_0(tmp_path):
    metrics = ["map", "ndcg@10"]
    zero = per_query(tmp_path, REFERENCE / "results.trunc", REFERENCE / "qrels.test", metrics)
    skip = per_query(tmp_path, REFERENCE / "results.trunc", REFERENCE / "qrels.test", metrics, missing="skip")
    assert len(zero) > len(skip) > 0
    assert {key: value for key, value in zero.items() if key in skip} == skip
    assert {value for key, value in zero.items() if key not in skip} == {0.0}


def test_negative_grades_are_unjudged_and_counted():
    lines = [line.split() for line in (REFERENCE / "qrels.rel_level").read_text().splitlines()]
    negative = sum(int(fields[3]) < 0 for fields in lines)
    result = evaluate(REFERENCE / "results.test", REFERENCE / "qrels.rel_level", ["map", "bpref", "judged"])
    assert result.counts["judgements_negative"] == negative > 0
    assert f"{negative} judgements have a negative grade and count as unjudged" in result.warnings
