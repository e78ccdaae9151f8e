"""Names of trec_eval, ir_measures and ranx."""

from __future__ import annotations

import pytest

from rankeval.errors import UsageError
from rankeval.metrics import METRICS, parse, parse_any
from rankeval.metrics.synonyms import SYNONYMS, translated

NAMES = {
    "P@5": "precision@5",
    "P_5": "precision@5",
    "P.5": "precision@5",
    "Precision@5": "precision@5",
    "nDCG@10": "ndcg@10",
    "NDCG@10": "ndcg@10",
    "ndcg_cut_10": "ndcg@10",
    "ndcg_cut.10": "ndcg@10",
    "nDCG": "ndcg",
    "nDCG(dcg='exp-log2')@5": "ndcg_exp@5",
    "nDCG(dcg=log2)@5": "ndcg@5",
    "RR@10": "mrr@10",
    "MRR": "mrr",
    "recip_rank": "mrr",
    "AP": "map",
    "MAP": "map",
    "map_cut_10": "map@10",
    "AP(rel=2)@10": "map@10:rel=2",
    "AP( rel = 2 )@10": "map@10:rel=2",
    "AP()": "map",
    "success_1": "hit@1",
    "Success@1": "hit@1",
    "hit_rate@1": "hit@1",
    "Rprec": "r_precision",
    "RPrec": "r_precision",
    "R@100": "recall@100",
    "recall_100": "recall@100",
    "Recall@100": "recall@100",
    "RBP(p=0.9)": "rbp:p=0.9",
    "RBP(p=0.9,rel=2)@5": "rbp@5:p=0.9:rel=2",
    "rbp.95": "rbp:p=0.95",
    "ERR@20": "err@20",
    "Judged@10": "judged@10",
    "Bpref": "bpref",
    "BPref": "bpref",
    "infAP": "inf_ap",
    "iprec_at_recall_0.10": "iprec@0.1",
    "IPrec@0.1": "iprec@0.1",
    "iprec@.50": "iprec@0.5",
    "set_P": "set_precision",
    "SetP": "set_precision",
    "set_F": "set_f1",
    "SetF": "set_f1",
    "SetR(rel=3)": "set_recall:rel=3",
    "NumRet(rel=2)": "num_rel_ret:rel=2",
    "NumRelRet": "num_rel_ret",
    "hits@3": "num_rel_ret@3",
    "INSQ(T=2,max_rel=4)": "insq:T=2:max_rel=4",
    "Compat(p=0.8)": "compat:p=0.8",
    "ndcg_burges@5": "ndcg_exp@5",
    "nDCG(gains={0:0,1:1,3:7})@10": "ndcg@10:gains=0/1/2/7",
    "nDCG@10:gains=0/1": "ndcg@10:gains=0/1",
    "AP:rel=2": "map:rel=2",
    "alpha_nDCG(alpha=0.3)@10": "alpha_ndcg@10:alpha=0.3",
    "ERR_IA@20": "err_ia@20",
}


@pytest.mark.parametrize("text", NAMES)
def test_other_names(text):
    assert parse(text).name == NAMES[text]
    assert parse_any(text) == parse(NAMES[text])


def test_every_synonym_is_tested_and_is_of_a_metric():
    assert set(SYNONYMS.values()) <= METRICS.keys()
    assert {text.partition("(")[0].partition("@")[0].partition(":")[0] for text in NAMES} >= SYNONYMS.keys()


@pytest.mark.parametrize("name", METRICS)
def test_names_of_the_catalogue_are_their_own(name):
    assert translated(name) == (name, None, [])
    assert name not in SYNONYMS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("AP(judged_only=True)", "found judged_only, wanted --judged-only, for all metrics"),
        ("nDCG(dcg=ln)@5", "dcg is 'ln', wanted log2 or exp-log2"),
        ("nDCG(gains={0:a})@5", "gains is '{0:a}', wanted such as {0:0,1:1,2:3}"),
        ("nDCG(gains={})@5", "gains is '{}', wanted such as {0:0,1:1,2:3}"),
        ("AP(rel)", "found '(rel)', wanted (PARAMETER=VALUE,...)"),
        ("AP(rel=2,,)", "found '(rel=2,,)', wanted (PARAMETER=VALUE,...)"),
        ("SetF(beta=2)", "'set_f1' has no parameter 'beta', known: rel"),
        ("AP(rel=2):rel=3", "parameter 'rel' is given twice, wanted once"),
        ("P_0", "the cutoff is '0', wanted an integer from 1 to 1000000000"),
        ("P_1.5", "the cutoff is '1.5', wanted an integer from 1 to 1000000000"),
        ("Rprec@5", "'r_precision' takes no cutoff, found '@5'"),
        ("NumRet", "unknown metric 'NumRet'"),
        ("AP(rel=2", "unknown metric 'AP(rel=2'"),
        ("P(", "unknown metric 'P('"),
    ],
)
def test_what_cannot_be_read_is_one_line(text, message):
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("level", ["", "-0.1", "1.1", "nan", "ten"])
def test_a_level_of_recall_is_from_0_to_1(level):
    with pytest.raises(UsageError, match=r"wanted a level of recall from 0 to 1, as in iprec@0\.1"):
        parse(f"iprec@{level}")


def test_a_level_of_recall_must_be_there():
    with pytest.raises(UsageError, match="the cutoff is none, wanted a level of recall"):
        parse("iprec")


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "", "two"])
def test_a_threshold_is_a_positive_number(value):
    with pytest.raises(UsageError, match=f"rel is '{value}', wanted a number above 0"):
        parse(f"map:rel={value}")


@pytest.mark.parametrize("value", ["1/2", "0/2/1", "0", "0/0", "0/nan", "0/inf", "", "0/x", "0//1", "-1/0/1"])
def test_gains_begin_with_0_do_not_fall_and_end_above_0(value):
    with pytest.raises(UsageError, match="wanted the gains of the grades 0, 1, 2"):
        parse(f"ndcg:gains={value}")


def test_a_threshold_that_is_whole_is_written_as_such():
    assert parse("map:rel=2.0").name == "map:rel=2"
    assert parse("map:rel=2.5").name == "map:rel=2.5"
    assert parse("ndcg:gains=0/1.0/2.5").name == "ndcg:gains=0/1/2.5"
