"""Pooled metrics by hand, against scikit-learn and naive versions; their influences and errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from rankeval.metrics import POOLED, JudgedItems, parse_any
from rankeval.metrics.pooled import noise_of
from rankeval.metrics.score_bins import equal_width
from tests.naive_pooled import NAIVE

quick = settings(max_examples=60, deadline=None, derandomize=True, database=None)
every_metric = pytest.mark.parametrize("name", POOLED)


def items_of(*queries):
    """Each query is a list of (score, relevant)."""
    flat = [item for query in queries for item in query]
    return JudgedItems(
        np.cumsum([0, *map(len, queries)]),
        np.array([score for score, _ in flat], float),
        np.array([relevant for _, relevant in flat], bool),
    )


def random_items(seed, queries=40, ties=True):
    """Queries of 0 to 6 items; relevance depends on the score and on the query."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 7, queries)
    score = rng.random(counts.sum())
    shift = np.repeat(rng.normal(0.0, 0.2, queries), counts)
    relevant = rng.random(len(score)) < np.clip(score + shift, 0.02, 0.98)
    return JudgedItems(np.cumsum([0, *counts]), np.round(score, 1) if ties else score, relevant)


@st.composite
def pools(draw):
    item = st.tuples(st.integers(0, 8).map(lambda n: n / 8), st.booleans())
    queries = draw(st.lists(st.lists(item, max_size=4), min_size=1, max_size=6))
    return items_of(*queries, [(0.25, True), (0.5, False)])


def value(name, items):
    return parse_any(name).of(items).value


# By hand. Query 1: p 0.8 relevant, p 0.4 not; query 2: p 0.6 relevant; query 3: p 0.4 relevant, p 0.2 not.
HAND = items_of([(0.8, True), (0.4, False)], [(0.6, True)], [(0.4, True), (0.2, False)])


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("log_loss", -(math.log(0.8) + math.log(0.6) + math.log(0.6) + math.log(0.4) + math.log(0.8)) / 5),
        ("brier", (0.04 + 0.16 + 0.16 + 0.36 + 0.04) / 5),
        # Bins of 0.2, 0.4 (two items, one relevant), 0.6, 0.8.
        ("ece", (0.2 + 2 * abs(0.5 - 0.4) + 0.4 + 0.2) / 5),
        # Halves: 0.2 and both 0.4 (middle 2 of 5), then 0.6 and 0.8: sums of y - p are 1 - 1.0 and 2 - 1.4.
        ("ece_mass:bins=2", (0.0 + 0.6) / 5),
        # Pairs: 0.8 and 0.6 beat both, 0.4 ties with 0.4 and beats 0.2.
        ("roc_auc", (2 + 2 + 1.5) / 6),
        # Precision at 0.8: 1, at 0.6: 1, at 0.4: 3 of 4.
        ("pr_auc", (1 + 1 + 0.75) / 3),
    ],
)
def test_by_hand(name, wanted):
    assert value(name, HAND) == pytest.approx(wanted, abs=1e-12)


def test_influence_of_the_brier_score_by_hand():
    """Losses by query 0.2, 0.16, 0.4; mean 0.152; (0.2 - 2 * 0.152) / 5, and so on."""
    influence = parse_any("brier").of(HAND).influence
    assert influence == pytest.approx([(0.2 - 0.304) / 5, (0.16 - 0.152) / 5, (0.4 - 0.304) / 5], abs=1e-12)


def test_terms_have_the_value_as_mean():
    pooled = parse_any("pr_auc").of(HAND)
    assert pooled.terms().mean() == pytest.approx(pooled.value, abs=1e-12)


@every_metric
def test_every_pooled_metric_has_a_naive_version(name):
    assert NAIVE.keys() == POOLED.keys()
    for seed in range(5):
        items = random_items(seed)
        rows = list(zip(items.score.tolist(), items.relevant.tolist(), [1.0] * len(items.score), strict=True))
        assert value(name, items) == pytest.approx(NAIVE[name](rows), abs=1e-12)


@every_metric
@pytest.mark.parametrize("ties", [True, False])
def test_influences_are_derivatives_by_the_weight_of_a_query(name, ties):
    """The central difference of the naive value; bins of equal mass stay where they are."""
    items, step = random_items(7, queries=12, ties=ties), 1e-5
    pooled = parse_any(name).of(items)
    for query in range(len(items.offsets) - 1):
        around = []
        for change in (step, -step):
            weights = np.where(items.query == query, 1.0 + change, 1.0)
            rows = zip(items.score.tolist(), items.relevant.tolist(), weights.tolist(), strict=True)
            around.append(NAIVE[name](list(rows)))
        assert pooled.influence[query] == pytest.approx((around[0] - around[1]) / (2 * step), abs=1e-7)


@every_metric
@quick
@given(items=pools())
def test_influences_sum_to_0_and_the_order_within_a_query_has_no_meaning(name, items):
    pooled = parse_any(name).of(items)
    assert pooled.influence.sum() == pytest.approx(0.0, abs=1e-12)
    order = np.concatenate(
        [np.arange(a, b)[::-1] for a, b in zip(items.offsets[:-1], items.offsets[1:], strict=True)]
    ).astype(int)
    turned = parse_any(name).of(JudgedItems(items.offsets, items.score[order], items.relevant[order]))
    assert turned.value == pytest.approx(pooled.value, abs=1e-12)
    assert turned.influence == pytest.approx(pooled.influence, abs=1e-12)


@quick
@given(items=pools(), power=st.sampled_from([0.3, 2.0, 5.0]))
@pytest.mark.parametrize("name", ["roc_auc", "pr_auc"])
def test_a_monotone_transform_changes_no_order_metric(name, items, power):
    for score in (items.score**power, 1e6 * items.score - 3.0):
        changed = parse_any(name).of(JudgedItems(items.offsets, score, items.relevant))
        assert changed.value == value(name, items)
        assert (changed.influence == parse_any(name).of(items).influence).all()


@quick
@given(items=pools())
def test_bounds(items):
    for name in POOLED:
        assert 0.0 <= value(name, items) <= (1.0 + 1e-12 if name != "log_loss" else math.inf)
    flipped = JudgedItems(items.offsets, -items.score, items.relevant)
    assert value("roc_auc", flipped) == pytest.approx(1.0 - value("roc_auc", items), abs=1e-12)
    assert value("ece", items) <= value("ece:bins=20", items) + 1e-12  # finer bins cannot cancel more


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ties", [True, False])
def test_equal_to_scikit_learn(seed, ties):
    items = random_items(seed, queries=200, ties=ties)
    y, p = items.relevant, items.score
    assert value("log_loss", items) == pytest.approx(sklearn.log_loss(y, p), abs=1e-9)
    assert value("brier", items) == pytest.approx(sklearn.brier_score_loss(y, p), abs=1e-9)
    assert value("roc_auc", items) == pytest.approx(sklearn.roc_auc_score(y, p), abs=1e-9)
    assert value("pr_auc", items) == pytest.approx(sklearn.average_precision_score(y, p), abs=1e-9)


def test_log_loss_of_certain_and_wrong_items_is_clipped_as_in_scikit_learn():
    items = items_of([(1.0, True), (0.0, False)], [(1.0, False), (0.0, True), (0.5, True)])
    pooled = parse_any("log_loss").of(items)
    assert pooled.value == pytest.approx(sklearn.log_loss(items.relevant, items.score), abs=1e-9)
    assert pooled.value == pytest.approx((2 * 52 * math.log(2) + math.log(2)) / 5, abs=1e-9)
    (note,) = pooled.notes
    assert note.numbers == {"items": 2}
    assert note.text == (
        "2 of 5 items have a probability of 0 or 1 that is wrong; "
        "each has a loss of 36.04 instead of infinity"
    )
    assert parse_any("log_loss").of(items_of([(1.0, True), (0.0, False)])).notes == ()


@pytest.mark.parametrize(
    ("items", "name", "reason"),
    [
        (items_of([(0.5, True)], [(0.1, True)]), "roc_auc", "no other item among the judged ones"),
        (items_of([(0.5, False)]), "roc_auc", "no relevant item among the judged ones"),
        (items_of([(0.5, False)]), "pr_auc", "no relevant item among the judged ones"),
        (items_of([], []), "brier", "no judged item has a score"),
    ],
)
def test_undefined(items, name, reason):
    """scikit-learn gives 0 with a warning for the average precision without a relevant item."""
    pooled = parse_any(name).of(items)
    assert math.isnan(pooled.value)
    assert pooled.reason == reason
    assert len(pooled.terms()) == len(items.offsets) - 1


def test_only_relevant_items_have_an_average_precision_of_1():
    assert value("pr_auc", items_of([(0.5, True)], [(0.1, True)])) == 1.0


# Errors.


def variance(pooled):
    n = len(pooled.influence)
    return n / (n - 1) * float(np.sum(np.square(pooled.influence)))


def test_error_of_the_auc_is_that_of_delong_where_each_query_has_one_item():
    """DeLong et al. 1988: S10 / R + S01 / N, here with n / (n - 1) in place of a factor for each class."""
    rng = np.random.default_rng(5)
    score = np.round(rng.normal(size=60), 1)
    relevant = rng.random(60) < 1 / (1 + np.exp(-score))
    items = JudgedItems(np.arange(61), score, relevant)
    found, other = score[relevant], score[~relevant]
    psi = (found[:, None] > other) + 0.5 * (found[:, None] == other)
    wanted = np.sum((psi.mean(1) - psi.mean()) ** 2) / len(found) ** 2
    wanted += np.sum((psi.mean(0) - psi.mean()) ** 2) / len(other) ** 2
    assert variance(parse_any("roc_auc").of(items)) == pytest.approx(60 / 59 * wanted, rel=1e-12)


def test_error_of_the_auc_is_that_of_obuchowski_for_queries_of_several_items():
    """Obuchowski 1997: S10 / R + S01 / N + 2 S11 / (R N) of placements summed by query.

    Her factors are I / (I - 1) with the number of clusters that have a relevant (another) item; here all
    clusters have both, so the factors are equal.
    """
    rng = np.random.default_rng(8)
    queries = [
        [(float(rng.integers(0, 8)), True), *((float(rng.integers(0, 6)), False) for _ in range(1 + j % 3))]
        for j in range(25)
    ]
    items = items_of(*queries)
    found, other = items.score[items.relevant], items.score[~items.relevant]
    psi = (found[:, None] > other) + 0.5 * (found[:, None] == other)
    a = psi.mean()
    unit_found, unit_other = items.query[items.relevant], items.query[~items.relevant]
    x = np.array([np.sum(psi.mean(1)[unit_found == i] - a) for i in range(25)])
    y = np.array([np.sum(psi.mean(0)[unit_other == i] - a) for i in range(25)])
    s10, s01, s11 = (
        25 / 24 * np.sum(left * right) / size
        for left, right, size in ((x, x, len(found)), (y, y, len(other)), (x, y, 1))
    )
    wanted = s10 / len(found) + s01 / len(other) + 2 * s11 / (len(found) * len(other))
    assert variance(parse_any("roc_auc").of(items)) == pytest.approx(wanted, rel=1e-12)


def drawn(rng, queries):
    """Queries of 1 to 8 items whose relevance shares an effect; scores are too low for high probabilities."""
    counts = rng.integers(1, 9, queries)
    effect = np.repeat(rng.normal(0.0, 0.8, queries), counts)
    logit = effect + rng.normal(0.0, 1.2, len(effect)) - 1.0
    relevant = rng.random(len(effect)) < 1.0 / (1.0 + np.exp(-logit))
    return JudgedItems(np.cumsum([0, *counts]), 1.0 / (1.0 + np.exp(0.5 - 0.7 * logit)), relevant)


REPLICATES = 600


@pytest.fixture(scope="module")
def simulated():
    """A population, whose error is 3 % of that of a sample of 250 queries, and many samples."""
    rng = np.random.default_rng(20)
    return drawn(rng, 250_000), [drawn(rng, 250) for _ in range(REPLICATES)]


@pytest.mark.parametrize("name", ["log_loss", "brier", "roc_auc", "pr_auc", "ece:bins=5", "ece_mass:bins=5"])
def test_coverage_of_the_normal_interval(name, simulated):
    """95 % within 3.3 standard errors of 600 replicates (0.0089), and 1 % for the 250 queries of a sample."""
    population, samples = simulated
    truth, metric = value(name, population), parse_any(name)
    found = [metric.of(sample) for sample in samples]
    z = np.array([(pooled.value - truth) / math.sqrt(variance(pooled)) for pooled in found])
    coverage = float(np.mean(np.abs(z) <= 1.959964))
    standard_error = math.sqrt(0.95 * 0.05 / REPLICATES)
    assert abs(coverage - 0.95) <= 3.3 * standard_error + 0.01
    # The errors are of the right size too: the z scores have a standard deviation of 1.
    assert np.std(z) == pytest.approx(1.0, abs=3.3 / math.sqrt(2 * REPLICATES) + 0.02)


def raised(items, power, noise, rng):
    score = np.clip(items.score**power + noise * rng.random(len(items.score)), 0.0, 1.0)
    return JudgedItems(items.offsets, score, items.relevant)


@pytest.mark.parametrize("name", ["log_loss", "brier", "roc_auc", "ece:bins=5"])
def test_coverage_of_paired_differences(name, simulated):
    """Two distortions of the scores, in which the gaps of all bins are off 0; tolerances as above."""
    rng, metric = np.random.default_rng(9), parse_any(name)
    noise = 0.3 if name == "roc_auc" else 0.0  # the order must differ
    population, *samples = (
        (metric.of(raised(items, 1.5, 0.0, rng)), metric.of(raised(items, 2.0, noise, rng)))
        for items in (simulated[0], *simulated[1])
    )
    truth, z = population[0].value - population[1].value, []
    for a, b in samples:
        error = np.std(a.terms() - b.terms(), ddof=1) / math.sqrt(len(a.influence))
        z.append((a.value - b.value - truth) / error)
    coverage = float(np.mean(np.abs(z) <= 1.959964))
    assert abs(coverage - 0.95) <= 3.3 * math.sqrt(0.95 * 0.05 / REPLICATES) + 0.01


def test_calibration_noise_is_the_mean_error_of_perfect_probabilities():
    """Over 300 samples the mean value equals the mean note within 3.3 standard errors and 2 %."""
    rng, values, noises = np.random.default_rng(3), [], []
    for _ in range(300):
        counts = rng.integers(1, 6, 300)
        p = rng.random(counts.sum()) ** 2
        items = JudgedItems(np.cumsum([0, *counts]), p, rng.random(len(p)) < p)
        pooled = parse_any("ece").of(items)
        noises.append(noise_of(items, equal_width(p, 10), items.relevant - p))
        values.append(pooled.value)
    spread = float(np.std(np.array(values) - noises)) / math.sqrt(300)
    assert np.mean(values) == pytest.approx(np.mean(noises), abs=3.3 * spread + 0.02 * np.mean(noises))


def test_the_note_says_how_much_is_noise():
    rng = np.random.default_rng(4)
    p = rng.random(500)
    items = JudgedItems(np.arange(501), p, rng.random(500) < p)
    pooled = parse_any("ece").of(items)
    (note,) = pooled.notes
    assert (note.code, note.numbers["value"]) == ("calibration_noise", pooled.value)
    assert note.text.startswith("sampling noise alone would give about 0.0")
    far = JudgedItems(np.arange(501), np.full(500, 0.99), rng.random(500) < 0.1)
    assert parse_any("ece").of(far).notes == ()
