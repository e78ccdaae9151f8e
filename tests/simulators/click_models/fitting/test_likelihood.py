from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from rankeval.array_types import Floats
from rankeval.simulators.click_models.catalogue import parse_click_model
from rankeval.simulators.click_models.fitting.likelihood import baselines, scored, session_terms
from rankeval.simulators.click_models.fitting.points import NONE, Point
from rankeval.simulators.click_models.fitting.sessions import SessionLists
from tests.simulators.click_models.fitting.logs import DESCRIPTIONS, K, likelihood_of, simulated, words_of

every = pytest.mark.parametrize("name", [name for name in DESCRIPTIONS if name != "cascade"])


def chance(name: str, point: Point, pairs: Sequence[int], clicks: Sequence[int]) -> float:
    """Probability of the first clicks of a list, all others summed over."""
    model = parse_click_model({"name": name.partition(":")[0], **DESCRIPTIONS[name]}, K)
    rest = len(pairs) - len(clicks)
    patterns = np.array([(*clicks, *below) for below in product((0, 1), repeat=rest)], np.int8)
    lists = [np.tile(values[list(pairs)], (len(patterns), 1)) for values in point[1:]]
    return float(np.exp(model.log_likelihoods(patterns, *lists)).sum())


def naive(name: str, point: Point, lists: SessionLists) -> tuple[Floats, Floats]:
    """Perplexity by position, blind and given the clicks above, from probabilities of whole patterns."""
    blind, given, shown = np.zeros((3, K))
    for row in range(len(lists)):
        words = lists.words[lists.offsets[row] : lists.offsets[row + 1]]
        pairs, clicks = (words >> 1).tolist(), (words & 1).tolist()
        for k in range(len(words)):
            above = product((0, 1), repeat=k)
            unconditional = sum(chance(name, point, pairs, (*first, clicks[k])) for first in above)
            conditional = chance(name, point, pairs, clicks[: k + 1]) / chance(name, point, pairs, clicks[:k])
            blind[k] -= np.log2(unconditional)
            given[k] -= np.log2(conditional)
            shown[k] += 1
    return 2.0 ** (blind / shown), 2.0 ** (given / shown)


@every
def test_perplexities_are_those_of_patterns(name: str) -> None:
    log = simulated(name, 40)
    score = scored(log.truth, log.point, log.lists)
    blind, given = naive(name, log.point, log.lists)
    np.testing.assert_allclose(score.perplexity, blind, rtol=1e-10)
    np.testing.assert_allclose(score.conditional_perplexity, given, rtol=1e-10)
    assert score.log_likelihood == pytest.approx(likelihood_of(log.truth, log.point, log.lists), rel=1e-12)


def test_a_hand_worked_perplexity() -> None:
    """Click rates 1/2 and 1/4; clicked and not, each once, and a list of one item."""
    lists = words_of([[(0, 1), (1, 0)], [(0, 0), (1, 1)], [(0, 1)]], pairs=2)
    model = parse_click_model({"name": "pbm", "examination": [1.0, 0.5]}, 2)
    score = scored(model, Point(NONE, np.array([0.5, 0.5]), NONE), lists)
    assert score.perplexity[0] == pytest.approx(2.0)
    assert score.perplexity[1] == pytest.approx(2 ** -((np.log2(3 / 4) + np.log2(1 / 4)) / 2))
    assert score.log_likelihood == pytest.approx(3 * np.log(1 / 2) + np.log(3 / 4) + np.log(1 / 4))


def test_what_has_no_chance_is_infinite() -> None:
    lists = words_of([[(0, 1), (1, 1)], [(0, 0), (1, 1)]], pairs=2)
    score = scored(parse_click_model({"name": "cascade"}, 2), Point(NONE, np.full(2, 0.5), NONE), lists)
    assert score.log_likelihood == -np.inf
    assert score.conditional_perplexity[1] == np.inf
    assert score.perplexity[1] == pytest.approx(4.0)


def test_a_position_that_no_session_has_is_unknown() -> None:
    lists = words_of([[(0, 1)], [(0, 0)]], pairs=1)
    longer = SessionLists(lists.offsets, lists.words, lists.counts, 1, 2)
    model = parse_click_model({"name": "pbm", "eta": 1}, 2)
    score = scored(model, Point(NONE, np.full(1, 0.5), NONE), longer)
    assert score.perplexity[0] == pytest.approx(2.0)
    assert np.isnan(score.perplexity[1])


def test_baselines_are_click_rates() -> None:
    lists = words_of([[(0, 1), (1, 0)], [(0, 0), (1, 0)], [(0, 1)], [(1, 1), (0, 1)]], pairs=2)
    by_rank, overall = baselines(lists)
    assert by_rank.rates == pytest.approx((3 / 4, 1 / 3))
    assert overall.rates == pytest.approx((4 / 7, 4 / 7))
    wanted = 3 * np.log(3 / 4) + np.log(1 / 4) + np.log(1 / 3) + 2 * np.log(2 / 3)
    assert by_rank.log_likelihood == pytest.approx(wanted)
    for baseline in (by_rank, overall):
        score = scored(baseline.model, baseline.point(lists.pairs), lists)
        assert score.log_likelihood == pytest.approx(baseline.log_likelihood)


def test_terms_of_sessions_have_the_scores_as_means_and_their_derivatives_as_influences() -> None:
    """A session that counts ``h`` times more moves a perplexity by ``h`` times its influence."""
    log = simulated("dbn", 60, seed=5)
    lists, step = log.lists, 1e-5
    score = scored(log.truth, log.point, lists)
    terms = session_terms(log.truth, log.point, lists, score)
    means = lists.counts @ terms.T / lists.sessions
    wanted = [score.log_likelihood / lists.sessions, *(np.nanmean(part) for part in score[1:])]
    np.testing.assert_allclose(means, wanted, rtol=1e-12)
    for row in (0, 7):
        up, down = (
            scored(
                log.truth,
                log.point,
                replace(lists, counts=lists.counts + sign * step * (np.arange(60) == row)),
            )
            for sign in (1, -1)
        )
        for q, name in ((1, "perplexity"), (2, "conditional_perplexity")):
            slope = (np.nanmean(getattr(up, name)) - np.nanmean(getattr(down, name))) / (2 * step)
            assert (terms[q, row] - means[q]) / lists.sessions == pytest.approx(slope, rel=1e-5, abs=1e-9)
