"""Schemas of ``evaluate``, ``calibrate``, ``train`` and ``rank``."""

from __future__ import annotations

from rankeval.schemas.parts import (
    COMPARISON,
    CORRECTED,
    INTERVAL,
    INTERVALS,
    SEGMENT,
    VERDICT,
    anything,
    array,
    by_name,
    count,
    document,
    fields,
    nullable,
    number,
    numbers,
    size,
    text,
    texts,
)

_VALUE = {
    "metric": text("the metric, with its cutoff"),
    "value": number("its value"),
    "std_error": number("its standard error"),
    "ci": INTERVAL,
    "intervals": INTERVALS,
    "n": size("number of queries or clusters"),
}
_RESULTS = array(
    fields("a metric of a run", run=text("the run"), segment=SEGMENT, **_VALUE), "in the order asked"
)
_COMPARISONS = array(
    fields("of two runs", metric=text("the metric"), test=text("how p was computed"), **COMPARISON),
    "all pairs",
)

EVALUATE = document(
    "evaluate",
    "Ranking metrics of runs",
    n=size("number of queries"),
    results=_RESULTS,
    comparisons=_COMPARISONS,
    best=array(
        fields(
            "the best of several runs by a metric",
            ("segment",),
            metric=text("the metric"),
            segment=SEGMENT,
            run=text("the best"),
            candidates=count("of how many"),
            value=CORRECTED,
            gain=CORRECTED,
            note=text("what was corrected"),
        ),
        "by each metric",
    ),
    reliability=array(
        fields(
            "a bin of scores of a run",
            run=text("the run"),
            bin=count("its number, from 1"),
            low=number("smallest score"),
            high=number("largest score"),
            n=count("judged items"),
            mean_score=number("mean score"),
            relevant=number("share of relevant items"),
            ci_low=number("lower end of the interval of the share"),
            ci_high=number("upper end"),
        ),
        "with --reliability",
    ),
    agreement=array(
        fields(
            "how alike two runs rank",
            a=text("first run"),
            b=text("second run"),
            statistic={"enum": ["rbo", "tau", "tau_ap"]},
            segment=SEGMENT,
            value=number("mean over queries"),
            std_error=number("its standard error"),
            ci=INTERVAL,
            intervals=INTERVALS,
            n=size("number of queries"),
        ),
        "with --agree",
    ),
    counts=fields(
        "what was evaluated",
        queries=count("judged queries"),
        queries_without_relevant=count("without a relevant item"),
        judgements_negative=count("judgements with a negative grade, which are none"),
        runs=by_name(
            fields(
                "",
                queries=count("queries of the run"),
                queries_missing=count("judged, but not in the run"),
                queries_unjudged=count("in the run, but not judged"),
                items=count("items of judged queries"),
                items_unjudged=count("without a judgement"),
                items_negative=count("with a negative grade"),
            ),
            "run -> its counts",
        ),
    ),
    verdict=VERDICT,
)
CALIBRATE = document(
    "calibrate",
    "A map from scores to probabilities, and metrics of other queries",
    method=text("the kind of map"),
    scores=text("what the map takes"),
    parameters={"type": "object", "description": "of the map"},
    n=size("number of queries"),
    items=count("judged items"),
    items_unjudged=count("items that were left out"),
    results=_RESULTS,
    comparisons=_COMPARISONS,
)
TRAIN = document(
    "train",
    "A trained ranker",
    n=size("number of queries it was trained on"),
    results=array(fields("a metric of a part", part=text("valid or test"), **_VALUE), "by part and metric"),
    model=fields(
        "the model file",
        ("objective", "fold_trees"),
        path=text("its path"),
        sha256=text("of its bytes"),
        trees=count("number of trees"),
        fold_trees=anything("number of trees of each fold, with folds"),
        objective=text("what was minimised"),
        features=texts("in order"),
        categories={"type": "object", "description": "codes of features of texts"},
        parameters={"type": "object", "description": "of LightGBM"},
    ),
    data=by_name(anything("count, name or hash"), "what it was trained on"),
    importance=array(
        fields(
            "of a feature",
            feature=text("its name"),
            gain=number("share of the gain of all splits"),
            contribution=number("mean size of its contribution to a score"),
        ),
        "largest first",
    ),
    position_factors=nullable(numbers("learned by position"), "where none were learned"),
    versions=by_name(text("version"), "what it was trained with"),
)
RANK = document(
    "rank",
    "A run that was written",
    n=size("number of rows"),
    results=array(
        fields(
            "a run",
            candidate=text("what scored it"),
            rows=count("items"),
            queries=count("queries or sessions"),
            out={"type": ["string", "null"], "description": "its file; null: it stayed in memory"},
        ),
        "one",
    ),
)
