"""The entries of the catalogue: :data:`METRICS`, by name.

To add a metric, write a function in a kernel module and an entry here.
"""

from __future__ import annotations

import math
from functools import partial

from rankeval.metrics.definition import GEOMETRIC_FLOOR, IN_ORDER, OF_ID, Definition
from rankeval.metrics.parameters import Parameter, open_unit_interval, positive_number, whole_parameter

_LARGEST_EXPONENT = 1000  # float64 ends at 2.0 ** 1023; sums of gains need room below it
_PERSISTENCE = "a number above 0 and below 1"
_P = {"p": Parameter(0.8, open_unit_interval, _PERSISTENCE)}
_ALPHA = {"alpha": Parameter(0.5, open_unit_interval, _PERSISTENCE)}
_MAX_REL = {"max_rel": whole_parameter(4, _LARGEST_EXPONENT)}

_binary = partial(Definition, binary=True)

METRICS: dict[str, Definition] = {
    definition.name: definition
    for definition in (
        Definition("dcg", "gain.dcg", "sum of grade / log2(rank + 1)", graded=True, range=(0.0, math.inf)),
        Definition("ndcg", "gain.ndcg", "dcg over that of the ideal order of all judged items", graded=True),
        Definition("ndcg_exp", "gain.ndcg_exp", "ndcg with gain 2^grade - 1", max_grade=_LARGEST_EXPONENT),
        _binary("precision", "binary.precision", "relevant in the top k, over k (or the list's length)"),
        _binary("recall", "binary.recall", "relevant in the top k, over R (all relevant of the query)"),
        _binary("hit", "binary.hit", "1 if any of the top k is relevant"),
        _binary("f1", "binary.f1", "harmonic mean of precision and recall"),
        _binary("map", "binary.average_precision", "sum of precision at each relevant rank, over R"),
        _binary(
            "map_min", "binary.average_precision_min", "the same over min(R, k), so that 1 can be reached"
        ),
        _binary(
            "gm_map",
            "binary.average_precision",
            "geometric mean of map over queries, values under 0.00001 raised to it",
            ties=IN_ORDER,
            aggregate="geometric_mean",
            range=(GEOMETRIC_FLOOR, 1.0),
        ),
        _binary("mrr", "binary.reciprocal_rank", "1 / rank of the first relevant item"),
        _binary("r_precision", "binary.r_precision", "precision at rank R", cutoff=False),
        _binary(
            "iprec",
            "binary.interpolated_precision",
            "largest precision from recall r on, as in iprec@0.1",
            at_recall=True,
            ties=IN_ORDER,
        ),
        _binary("set_precision", "binary.set_precision", "precision of the whole list", cutoff=False),
        _binary("set_recall", "binary.set_recall", "recall of the whole list", cutoff=False),
        _binary("set_f1", "binary.set_f1", "f1 of the whole list", cutoff=False),
        _binary(
            "num_rel_ret",
            "binary.relevant_retrieved",
            "number of relevant items in the top k, summed over queries",
            aggregate="sum",
            range=(0.0, math.inf),
        ),
        _binary("rbp", "gain.rbp", "rank-biased precision, persistence p (default 0.8)", parameters=_P),
        Definition(
            "insq",
            "gain.insq",
            "weights (2T / (rank + 2T - 1))^2 that sum to 1, gain grade / max_rel",
            parameters={"T": Parameter(1, positive_number, "a number above 0")} | _MAX_REL,
        ),
        Definition(
            "err",
            "gain.err",
            "expected reciprocal rank, stopping with (2^grade - 1) / 2^max_rel (default 4)",
            parameters=_MAX_REL,
        ),
        Definition(
            "compat",
            "similarity.compat",
            "rank-biased overlap with the ideal order, persistence p (default 0.95)",
            cutoff=False,
            parameters={"p": Parameter(0.95, open_unit_interval, _PERSISTENCE)},
        ),
        Definition("judged", "binary.judged", "share of the top k with a judgement", needs="judged"),
        _binary(
            "bpref",
            "order.bpref",
            "share of judged non-relevant items below each relevant one",
            cutoff=False,
            needs="judged",
        ),
        _binary(
            "inf_ap",
            "inferred.inf_ap",
            "map inferred from a pool that is judged in part: negative grades are unjudged",
            cutoff=False,
            needs="pool",
            ties=(*OF_ID, "expected"),
        ),
        _binary(
            "arp",
            "order.arp",
            "mean rank of the relevant items",
            cutoff=False,
            lower_is_better=True,
            range=(0.0, math.inf),
        ),
        _binary("auc", "order.auc", "area under ROC of each query", cutoff=False, tie_order="expected"),
        _binary(
            "gauc",
            "order.auc",
            "auc, the mean over queries weighted by list length",
            cutoff=False,
            tie_order="expected",
            aggregate="length_weighted",
        ),
        _binary(
            "alpha_ndcg",
            "diversity.alpha_ndcg",
            "ndcg in which an item counts less the more items above have its subtopics",
            parameters=_ALPHA,
            subtopics="subtopic",
            ties=(*OF_ID, "expected"),
            range=(0.0, math.inf),
        ),
        _binary(
            "err_ia",
            "diversity.err_ia",
            "expected reciprocal rank over the subtopics of the query",
            parameters=_ALPHA,
            subtopics="subtopic",
            ties=(*OF_ID, "expected"),
        ),
        _binary(
            "category_ndcg",
            "diversity.category_ndcg",
            "ndcg in which the first relevant item of each category counts",
            subtopics="category",
            ties=(*OF_ID, "expected"),
        ),
        Definition(
            "ild",
            "beyond.ild",
            "mean distance of two items of the top k, by category or embedding",
            beyond="distance",
            ties=(*OF_ID, "expected"),
            range=(0.0, 2.0),
        ),
        Definition(
            "novelty",
            "beyond.novelty",
            "mean of -log2 popularity over the top k",
            beyond="popularity",
            ties=(*OF_ID, "expected"),
            range=(0.0, math.inf),
        ),
    )
}
