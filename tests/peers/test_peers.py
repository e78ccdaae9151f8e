"""The values that ir_measures, trec_eval, cwl_eval and ndeval gave for the same run, by their own names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.special import zeta

from rankeval import evaluate
from rankeval.metrics.catalogue import parse

RECORDED = json.loads((Path(__file__).parent / "values.json").read_text())
RUN, JUDGEMENTS = RECORDED["run"], RECORDED["judgements"]
#: gdeval rounds to five decimals.
ROUNDED = ("ERR@10", "nDCG(dcg='exp-log2')@5")
PADDED = 1000  # cwl_eval pads lists to this length, over which the weights of INSQ sum to 1


def values(metric, tmp_path, judgements=None, **options):
    """Query -> value of the metric, and its value over all queries."""
    file = tmp_path / "values.parquet"
    result = evaluate(RUN, judgements or JUDGEMENTS, [metric], per_query=str(file), **options)
    rows = pq.read_table(file).to_pylist()
    return {row["query_id"]: row["value"] for row in rows}, result.metric_rows[0].estimate.value


def assert_same(found, wanted, tolerance=1e-9):
    assert found.keys() == wanted.keys()
    assert np.ptp(list(wanted.values())) > 0
    for query, value in wanted.items():
        assert found[query] == pytest.approx(value, abs=tolerance), query


def kept(wanted):
    return [name for name in RECORDED["ir_measures"] if wanted(name)]


def counted_as_judged():
    """The judgements with 0 for each negative grade, which ir_measures counts as judged in ``Judged``."""
    return {q: {item: max(grade, 0) for item, grade in of.items()} for q, of in JUDGEMENTS.items()}


OF_SUBTOPICS = ("alpha_", "ERR_IA")
PLAIN = kept(lambda name: "judged_only" not in name and not name.startswith((*OF_SUBTOPICS, "INSQ")))


@pytest.mark.parametrize("name", PLAIN)
def test_ir_measures(name, tmp_path):
    found, _ = values(name, tmp_path, counted_as_judged() if name == "Judged@10" else None)
    assert_same(found, RECORDED["ir_measures"][name], 5.1e-6 if name in ROUNDED else 1e-9)


@pytest.mark.parametrize("name", kept(lambda name: name.startswith("INSQ")))
def test_cwl_eval(name, tmp_path):
    """Over an endless list the weights sum to less at the first 1,000 ranks."""
    found, _ = values(name, tmp_path)
    start = 2.0 * parse(name).params.get("T", 1)
    share = 1.0 - zeta(2.0, start + PADDED) / zeta(2.0, start)
    wanted = {query: value * share for query, value in RECORDED["ir_measures"][name].items()}
    assert_same(found, wanted)


@pytest.mark.parametrize("name", kept(lambda name: "judged_only" in name))
def test_condensed_lists(name, tmp_path):
    found, _ = values(name.replace("(judged_only=True)", ""), tmp_path, judged_only=True)
    assert_same(found, RECORDED["ir_measures"][name])


@pytest.mark.parametrize("name", RECORDED["trec_eval"])
def test_trec_eval(name, tmp_path):
    found, _ = values(name, tmp_path)
    wanted = RECORDED["trec_eval"][name]
    if name == "gm_map":  # trec_eval writes logarithms of values that it has raised to 0.00001
        found = {query: np.log(max(value, 1e-5)) for query, value in found.items()}
    assert_same(found, wanted)


def test_trec_eval_over_all_queries(tmp_path):
    trec = {name: list(of.values()) for name, of in RECORDED["trec_eval"].items()}
    assert values("gm_map", tmp_path)[1] == pytest.approx(np.exp(np.mean(trec["gm_map"])), abs=1e-12)
    assert values("num_rel_ret", tmp_path)[1] == pytest.approx(np.sum(trec["num_rel_ret"]))
    assert values("map", tmp_path)[1] == pytest.approx(np.mean(trec["map"]), abs=1e-12)


@pytest.mark.parametrize("name", kept(lambda name: name.startswith(OF_SUBTOPICS)))
def test_ndeval(name, tmp_path):
    names = ("query_id", "subtopic", "item_id", "relevance")
    columns = dict(zip(names, map(list, zip(*RECORDED["subtopics"], strict=True)), strict=True))
    found, _ = values(name, tmp_path, columns)
    assert_same(found, RECORDED["ir_measures"][name])
