from __future__ import annotations

import numpy as np
import pytest

from rankeval.simulators.click_models.fitting import chains as module
from rankeval.simulators.click_models.fitting.chains import ChainCounts, Ways, count_chains, expected_chains
from rankeval.simulators.click_models.fitting.sessions import SessionLists
from tests.simulators.click_models.fitting.logs import K, simulated

LISTS = simulated("dbn", 400).lists
RNG = np.random.default_rng(2)
WAYS = Ways(
    RNG.uniform(0.1, 0.9, LISTS.pairs), 0.7, RNG.uniform(0.2, 0.9, LISTS.pairs), RNG.uniform(0.3, 1.0, K)
)


def naive(lists: SessionLists, ways: Ways) -> dict[str, np.ndarray]:
    """All places where a user may have stopped, one after the other."""
    examined, went_on, at = np.zeros(lists.pairs), np.zeros(lists.pairs), np.zeros(K)
    skipped, after, likelihood = 0.0, 0.0, 0.0
    for row in range(len(lists)):
        words = lists.words[lists.offsets[row] : lists.offsets[row + 1]].tolist()
        clicked = [bool(word & 1) for word in words]
        pairs = [word >> 1 for word in words]
        chances = []
        for stop in range(len(words)):
            chance = 0.0 if any(clicked[stop + 1 :]) else 1.0
            for k in range(stop + 1):
                chance *= ways.attractiveness[pairs[k]] if clicked[k] else 1 - ways.attractiveness[pairs[k]]
                on = ways.after_click[pairs[k]] * ways.at[k] if clicked[k] else ways.after_skip
                if k < stop:
                    chance *= on
                elif stop < len(words) - 1:
                    chance *= 1 - on
            chances.append(chance)
        likelihood += np.log(sum(chances))
        for stop, chance in enumerate(chances):
            share = chance / sum(chances)
            for k in range(stop + 1):
                examined[pairs[k]] += share
                if clicked[k] and k < stop:
                    went_on[pairs[k]] += share
                    at[k] += share
                if not clicked[k] and k < len(words) - 1:
                    skipped += share
                    after += share * (k < stop)
    return dict(
        zip(
            ChainCounts._fields,
            map(np.asarray, (examined, went_on, at, skipped, after, likelihood)),
            strict=True,
        )
    )


@pytest.mark.parametrize("grouped", [True, False])
def test_expectations_are_those_over_all_places_to_stop(grouped: bool) -> None:
    found = expected_chains(count_chains(LISTS, LISTS.counts, 1, grouped=grouped), WAYS)
    for name, wanted in naive(LISTS, WAYS).items():
        np.testing.assert_allclose(getattr(found, name), wanted, rtol=1e-11, err_msg=name)


def test_what_is_known_adds_up() -> None:
    chains = count_chains(LISTS, LISTS.counts, 1)
    clicked = LISTS.words & 1
    np.testing.assert_array_equal(chains.clicks, np.bincount(LISTS.words >> 1, clicked, LISTS.pairs))
    assert chains.went_on.sum() == chains.went_on_at.sum()
    assert chains.open.sum() == chains.open_at.sum()
    last = [clicked[LISTS.offsets[row + 1] - 1] for row in range(len(LISTS))]
    # Every click either went on, is the last one with items below, or is on the last item.
    assert chains.went_on.sum() + chains.open.sum() + sum(last) == clicked.sum()
    assert chains.tails.counts.sum() == len(LISTS) - sum(last)
    assert len(chains.tails.counts) < len(count_chains(LISTS, LISTS.counts, 1, grouped=False).tails.counts)


def test_pieces_and_threads_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAST_ROWS", 20)
    one, two = (
        expected_chains(count_chains(LISTS, LISTS.counts, threads, grouped=False), WAYS) for threads in (1, 2)
    )
    for name in ChainCounts._fields:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    for name, wanted in naive(LISTS, WAYS).items():
        np.testing.assert_allclose(getattr(one, name), wanted, rtol=1e-11, err_msg=name)


def test_what_cannot_be_has_no_likelihood() -> None:
    """Nobody goes on after a click, and somebody clicked twice."""
    chains = count_chains(LISTS, LISTS.counts, 1)
    ways = WAYS._replace(after_click=np.zeros(LISTS.pairs))
    assert expected_chains(chains, ways).log_likelihood == -np.inf
