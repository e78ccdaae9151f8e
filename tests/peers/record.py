"""Writes values.json: what other tools give for the metrics of one small run, with their versions.

It runs where these tools are installed: ``pip install ir-measures pytrec-eval-terrier cwl-eval pyndeval
rbo``, then ``python tests/peers/record.py``. No score is tied, so that rules for ties play no role.
"""

from __future__ import annotations

import json
import random
from importlib.metadata import version
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "values.json"
TOOLS = ("ir-measures", "pytrec-eval-terrier", "cwl-eval", "pyndeval", "rbo")
QUERIES, ITEMS, SUBTOPICS = 24, 60, 5

#: Names of ir_measures whose values are recorded, by the judgements that they are of.
IR_MEASURES = {
    "judgements": [
        *("P@5", "P(rel=2)@5", "R@20", "R(rel=3)@20", "RR", "RR@10", "RR(rel=2)", "AP", "AP@10", "AP(rel=2)"),
        *("AP(rel=2)@10", "nDCG", "nDCG@10", "nDCG(dcg='exp-log2')@5"),
        *("nDCG(gains={0:0,1:1,2:3,3:7,4:7})@10", "Rprec", "Rprec(rel=2)", "Bpref", "Bpref(rel=2)"),
        *("Success@1", "Success(rel=2)@5", "ERR@10", "Judged@10", "IPrec@0.0", "IPrec@0.1", "IPrec@0.5"),
        *("IPrec@0.7", "IPrec(rel=2)@0.3", "SetP", "SetR", "SetF", "SetP(rel=2)", "NumRet(rel=1)"),
        *("NumRet(rel=2)", "infAP", "infAP(rel=2)", "RBP(rel=1)", "RBP(p=0.9,rel=2)", "Compat"),
        *("Compat(p=0.8)", "INSQ(max_rel=4)", "INSQ(T=3.0,max_rel=4)"),
        *("P(judged_only=True)@5", "AP(judged_only=True)", "nDCG(judged_only=True)@10"),
        "RR(judged_only=True)",
    ],
    "subtopics": [
        *("alpha_nDCG@5", "alpha_nDCG@10", "alpha_nDCG@20", "alpha_nDCG(alpha=0.3)@10"),
        *("ERR_IA@5", "ERR_IA@10", "ERR_IA@20"),
    ],
}
#: Names of trec_eval, as pytrec_eval writes its results.
TREC_EVAL = [
    *("map", "gm_map", "Rprec", "bpref", "recip_rank", "infAP", "set_P", "set_recall", "set_F"),
    *("num_rel_ret", "P_5", "recall_10", "ndcg", "ndcg_cut_10", "map_cut_10", "success_1"),
    *("iprec_at_recall_0.10", "iprec_at_recall_0.30", "iprec_at_recall_0.70"),
]


def made() -> dict[str, Any]:
    """Query -> item -> score; query -> item -> grade; and rows of query, subtopic, item, grade."""
    rng = random.Random(11)
    run: dict[str, dict[str, float]] = {}
    judgements: dict[str, dict[str, int]] = {}
    subtopics: list[tuple[str, str, str, int]] = []
    for q in range(QUERIES):
        query, items = str(101 + q), [f"d{i}" for i in range(ITEMS)]
        shown = rng.sample(items, rng.randint(5, 45))
        run[query] = {
            item: round(10 - 0.1 * rank - 0.05 * rng.random(), 4) for rank, item in enumerate(shown)
        }
        pool = rng.sample(items, rng.randint(6, 40))
        judgements[query] = {item: rng.choice([-1, -1, 0, 0, 0, 1, 1, 2, 3, 4]) for item in pool}
        judgements[query][pool[0]] = 1
        for item in rng.sample(items, 25):
            for s in rng.sample(range(SUBTOPICS), rng.randint(1, 3)):
                subtopics.append((query, f"s{s}", item, rng.choice([0, 1, 1])))
    other = {query: _moved(rng, of, items) for query, of in run.items()}
    return {"run": run, "other": other, "judgements": judgements, "subtopics": subtopics}


def _moved(rng: random.Random, scores: dict[str, float], items: list[str]) -> dict[str, float]:
    """A similar list of another length."""
    kept = rng.sample(items, rng.randint(5, 45))
    return {item: round(scores.get(item, 7.0) + rng.random() + i / 1e4, 5) for i, item in enumerate(kept)}


def recorded() -> dict[str, Any]:
    import ir_measures
    import pytrec_eval
    import rbo

    data = made()
    run = [ir_measures.ScoredDoc(q, d, s) for q, of in data["run"].items() for d, s in of.items()]
    judged = [(q, d, g) for q, of in data["judgements"].items() for d, g in of.items()]
    qrels = {
        "judgements": [ir_measures.Qrel(*row) for row in judged],
        "subtopics": [ir_measures.Qrel(q, d, g, s) for q, s, d, g in data["subtopics"]],
    }
    values: dict[str, dict[str, float]] = {}
    for kind, names in IR_MEASURES.items():
        for name in names:
            found = ir_measures.iter_calc([ir_measures.parse_measure(name)], qrels[kind], run)
            values[name] = {one.query_id: float(one.value) for one in found}
    evaluator = pytrec_eval.RelevanceEvaluator(data["judgements"], pytrec_eval.supported_measures)
    found = evaluator.evaluate(data["run"])
    trec = {name: {query: of[name] for query, of in found.items()} for name in TREC_EVAL}
    order = {
        name: {q: sorted(of, key=lambda i: -of[i]) for q, of in data[name].items()}
        for name in ("run", "other")
    }
    overlap = {
        q: rbo.RankingSimilarity(order["run"][q], order["other"][q]).rbo_ext(p=0.9) for q in data["run"]
    }
    versions = {tool: version(tool) for tool in TOOLS}
    return {"versions": versions, **data, "ir_measures": values, "trec_eval": trec, "rbo": overlap}


if __name__ == "__main__":
    FILE.write_text(json.dumps(recorded(), separators=(",", ":")) + "\n")
