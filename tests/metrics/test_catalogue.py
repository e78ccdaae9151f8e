"""Names, parameters and errors of the catalogue."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys

import pytest

from rankeval.errors import UsageError
from rankeval.metrics.catalogue import METRICS, Metric, parse

WITH_CUTOFF = [name for name, one in METRICS.items() if one.cutoff and not (one.at_recall or one.beyond)]
WITHOUT_CUTOFF = [name for name, definition in METRICS.items() if not definition.cutoff]


def message_of(text):
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_catalogue_holds_every_metric_of_judged_rankings():
    with_cutoff = (
        "dcg ndcg ndcg_exp precision recall hit f1 map map_min gm_map mrr num_rel_ret rbp insq err judged"
        " alpha_ndcg err_ia category_ndcg"
    )
    without = "r_precision set_precision set_recall set_f1 compat bpref inf_ap arp auc gauc"
    assert " ".join(WITH_CUTOFF) == with_cutoff
    assert " ".join(WITHOUT_CUTOFF) == without
    assert [name for name, definition in METRICS.items() if definition.at_recall] == ["iprec"]


@pytest.mark.parametrize("name", METRICS)
def test_each_metric_has_one_line_of_description(name):
    description = METRICS[name].description
    assert description
    assert "\n" not in description
    assert len(description) <= 80


@pytest.mark.parametrize(
    "text",
    [
        *WITH_CUTOFF,
        *WITHOUT_CUTOFF,
        *(f"{name}@10" for name in WITH_CUTOFF),
        *("rbp:p=0.95", "err@10:max_rel=3", "iprec@0.1", "map@10:rel=2", "rbp:p=0.5:rel=1.5"),
        *("ndcg:gains=0/1/3/7", "dcg@5:gains=0/0.5"),
    ],
)
def test_names_round_trip(text):
    assert parse(text).name == text
    assert parse(parse(text).name) == parse(text)


@pytest.mark.parametrize(("text", "name"), [("ndcg@010", "ndcg@10"), ("rbp:p=.950", "rbp:p=0.95")])
def test_names_are_canonical(text, name):
    assert parse(text).name == name


def test_parts_of_a_name():
    assert parse("ndcg@10") == Metric("ndcg", 10, {})
    assert parse("map") == Metric("map", None, {})
    assert parse("rbp@20:p=0.5") == Metric("rbp", 20, {"p": 0.5})


def test_metrics_can_be_keys_and_travel_to_other_processes():
    metric = parse("rbp@10:p=0.95")
    assert {metric: 1}[parse("rbp@10:p=0.95")] == 1
    assert pickle.loads(pickle.dumps(metric)) == metric


def test_properties_of_metrics():
    def those(kept):
        return [name for name, definition in METRICS.items() if kept(definition)]

    assert those(lambda one: one.needs == "judged") == ["judged", "bpref"]
    assert those(lambda one: one.needs == "pool") == ["inf_ap"]
    assert those(lambda one: one.lower_is_better) == ["arp"]
    assert those(lambda one: one.aggregate == "length_weighted") == ["gauc"]
    assert those(lambda one: one.aggregate == "geometric_mean") == ["gm_map"]
    assert those(lambda one: one.aggregate == "sum") == ["num_rel_ret"]
    assert those(lambda one: one.tie_order == "expected") == ["auc", "gauc"]
    assert those(lambda one: "expected" not in one.ties) == ["gm_map", "iprec"]
    assert those(lambda one: "best" not in one.ties or "worst" not in one.ties) == [
        *("inf_ap", "alpha_ndcg", "err_ia", "category_ndcg", "ild", "novelty")
    ]
    assert those(lambda one: one.beyond) == ["ild", "novelty"]
    graded = ["dcg", "ndcg", "ndcg_exp", "insq", "err", "compat", "judged", "ild", "novelty"]
    assert those(lambda one: not one.binary) == graded
    assert those(lambda one: one.subtopics == "subtopic") == ["alpha_ndcg", "err_ia"]
    assert those(lambda one: one.subtopics == "category") == ["category_ndcg"]
    assert those(lambda one: one.graded) == ["dcg", "ndcg"]


def test_largest_grade():
    assert parse("err").max_grade == 4
    assert parse("err@10:max_rel=2").max_grade == 2
    assert parse("ndcg_exp").max_grade == 1000
    assert parse("ndcg").max_grade == math.inf


@pytest.mark.parametrize(
    ("text", "near"), [("ncdg@10", "ndcg"), ("NDGC@10", "ndcg"), ("presicion", "precision")]
)
def test_an_unknown_metric_gets_the_nearest_name_and_the_list(text, near):
    message = message_of(text)
    assert text in message
    assert f"did you mean '{near}'?" in message
    assert ", ".join(METRICS) in message


@pytest.mark.parametrize("text", ["", "@10", "qqqq"])
def test_an_unknown_metric_like_none_gets_the_list(text):
    message = message_of(text)
    assert "did you mean" not in message
    assert ", ".join(METRICS) in message


@pytest.mark.parametrize(
    "cutoff", ["", "0", "-1", "1.5", "ten", "1_0", " 10", "+10", "10@5", "²", "1000000001", "9" * 500]
)
def test_a_bad_cutoff(cutoff):
    assert f"'{cutoff}', wanted an integer from 1 to 1000000000" in message_of(f"ndcg@{cutoff}")


@pytest.mark.parametrize("name", WITHOUT_CUTOFF)
def test_some_metrics_take_no_cutoff(name):
    assert "takes no cutoff" in message_of(f"{name}@10")


@pytest.mark.parametrize("value", ["0", "1", "-0.5", "1.01", "nan", "inf", "", "half"])
def test_persistence_lies_strictly_between_0_and_1(value):
    assert f"p is '{value}', wanted a number above 0 and below 1" in message_of(f"rbp:p={value}")


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "", "four", "1001"])
def test_max_rel_is_a_positive_integer(value):
    assert f"max_rel is '{value}', wanted an integer from 1 to 1000" in message_of(f"err@10:max_rel={value}")


def test_an_unknown_parameter():
    assert "'rbp' has no parameter 'q', known: p, rel" in message_of("rbp:q=0.5")
    assert "'judged' has no parameter 'p', known: none" in message_of("judged:p=0.5")
    assert "'rbp' has no parameter ''" in message_of("rbp:")


def test_a_parameter_given_twice():
    assert "'p' is given twice" in message_of("rbp:p=0.5:p=0.6")


def test_names_and_errors_need_no_compiler():
    code = "import sys; from rankeval.metrics import parse; parse('ndcg@10'); print('numba' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
