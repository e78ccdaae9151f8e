"""Names, parameters and errors of the pooled metrics."""

from __future__ import annotations

import pickle

import pytest

from rankeval.errors import UsageError
from rankeval.metrics import METRICS, POOLED, Metric, PooledMetric, parse_any


def message_of(text):
    with pytest.raises(UsageError) as caught:
        parse_any(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_catalogue():
    assert " ".join(POOLED) == "log_loss brier ece ece_mass roc_auc pr_auc"
    assert not POOLED.keys() & METRICS.keys()
    assert [name for name in POOLED if POOLED[name].lower_is_better] == [
        "log_loss",
        "brier",
        "ece",
        "ece_mass",
    ]
    assert [name for name in POOLED if not POOLED[name].probabilities] == ["roc_auc", "pr_auc"]
    assert all(0 < len(definition.description) <= 80 for definition in POOLED.values())


@pytest.mark.parametrize("text", [*POOLED, "ece:bins=20", "ece_mass:bins=1"])
def test_names_round_trip(text):
    metric = parse_any(text)
    assert isinstance(metric, PooledMetric)
    assert metric.name == text
    assert pickle.loads(pickle.dumps(metric)) == metric
    assert {metric: 1}[parse_any(text)] == 1


def test_other_names_are_those_of_the_catalogue_of_metrics():
    assert parse_any("ndcg@10") == Metric("ndcg", 10)


def test_settings():
    assert parse_any("ece").settings == {"bins": 10}
    assert parse_any("ece:bins=020").settings == {"bins": 20}
    assert parse_any("brier").settings == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("brier@10", "metric 'brier@10': 'brier' takes no cutoff, found '@10'"),
        ("brier:bins=10", "metric 'brier:bins=10': 'brier' has no parameter 'bins', known: none"),
        ("ece:bin=10", "metric 'ece:bin=10': 'ece' has no parameter 'bin', known: bins"),
        ("ece:bins=1:bins=2", "metric 'ece:bins=1:bins=2': parameter 'bins' is given twice, wanted once"),
        ("ece:bins=0", "metric 'ece:bins=0': bins is '0', wanted an integer from 1 to 10000"),
        ("ece:bins=ten", "metric 'ece:bins=ten': bins is 'ten', wanted an integer from 1 to 10000"),
    ],
)
def test_wrong_names(text, message):
    assert message_of(text) == message


@pytest.mark.parametrize(("text", "near"), [("logloss", "log_loss"), ("rocauc", "roc_auc")])
def test_hints_know_both_catalogues(text, near):
    message = message_of(text)
    assert f"did you mean '{near}'?" in message
    assert ", ".join([*METRICS, *POOLED]) in message
