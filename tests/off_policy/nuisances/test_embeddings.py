from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval import ope
from rankeval.errors import DataError
from rankeval.logs.log import Log
from rankeval.logs.passes import scan
from rankeval.off_policy.nuisances.embedding_counts import count_embeddings
from rankeval.off_policy.nuisances.embeddings import are_lists, marginal_propensities
from tests import naive_embeddings as naive

BOTH = ("candidate_propensities", "candidate_target_propensities")
# Two rounds of three candidates, one of two; the second, the first and the last of them were shown.
HAND: dict[str, Any] = {
    "reward": [1.0, 0.0, 2.0],
    "action": [1, 0, 1],
    "candidate_propensities": [[0.5, 0.25, 0.25], [0.2, 0.3, 0.5], [0.4, 0.6]],
    "candidate_target_propensities": [[0.125, 0.375, 0.5], [0.6, 0.3, 0.1], [0.9, 0.1]],
    "genre": [["jazz", "folk", "folk"], ["folk", "jazz", "folk"], ["jazz", "jazz"]],
    "price": [[1, 1, 2], [2, 2, 2], [1, 2]],
}


def marginals(
    log: Any, columns: Sequence[str], lists: Sequence[str] = BOTH, *, counted: bool = False
) -> list[tuple[float, ...]]:
    """A tuple for each round."""
    source = Log(log).with_lists(columns)
    frequencies = count_embeddings(source, columns) if counted else None
    found = scan(
        source,
        ["action", *lists, *columns],
        lambda rounds: np.array(marginal_propensities(rounds, columns, lists, frequencies)),
        1,
    )
    return [tuple(row) for row in np.concatenate(found, axis=1).T.tolist()]


def rounds_of(log: Mapping[str, Any]) -> naive.Rounds:
    return [dict(zip(log, row, strict=True)) for row in zip(*log.values(), strict=True)]


def test_known_embeddings_by_hand() -> None:
    """The probability of showing what was shown: of all candidates of the same genre, and price."""
    assert marginals(HAND, ["genre"]) == [
        (pytest.approx(0.25 + 0.25), pytest.approx(0.375 + 0.5)),
        (pytest.approx(0.2 + 0.5), pytest.approx(0.6 + 0.1)),
        (pytest.approx(0.4 + 0.6), pytest.approx(0.9 + 0.1)),
    ]
    assert marginals(HAND, ["price"]) == [
        (pytest.approx(0.5 + 0.25), pytest.approx(0.125 + 0.375)),
        (pytest.approx(1.0), pytest.approx(1.0)),
        (pytest.approx(0.6), pytest.approx(0.1)),
    ]
    assert marginals(HAND, ["genre", "price"]) == [
        (pytest.approx(0.25), pytest.approx(0.375)),
        (pytest.approx(0.2 + 0.5), pytest.approx(0.6 + 0.1)),
        (pytest.approx(0.6), pytest.approx(0.1)),
    ]


def test_counted_embeddings_by_hand() -> None:
    """Of action 0, one round of two was folk; of action 1, one of three; action 2 never occurs."""
    log = {
        "action": [0, 0, 1, 1, 1],
        "genre": ["folk", "jazz", "folk", "jazz", "jazz"],
        "candidate_propensities": [[0.5, 0.4, 0.1]] * 5,
        "candidate_target_propensities": [[0.2, 0.2, 0.6]] * 5,
    }
    folk = (0.5 * (1 / 2) + 0.4 * (1 / 3), 0.2 * (1 / 2) + 0.2 * (1 / 3))
    jazz = (0.5 * (1 / 2) + 0.4 * (2 / 3), 0.2 * (1 / 2) + 0.2 * (2 / 3))
    wanted = [folk, jazz, folk, jazz, jazz]
    for found, pair in zip(marginals(log, ["genre"], counted=True), wanted, strict=True):
        assert found == pytest.approx(pair, rel=1e-14)


def random_log(n: int, actions: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    p, q = (rng.dirichlet(np.ones(actions), n) for _ in range(2))
    return {
        "action": rng.integers(0, actions, n).tolist(),
        "candidate_propensities": p.tolist(),
        "candidate_target_propensities": q.tolist(),
        "weight": rng.integers(0, 3, n).tolist(),
        "letter": rng.choice(list("abc"), (n, actions)).tolist(),
        "number": rng.integers(0, 2, (n, actions)).tolist(),
    }


@pytest.mark.parametrize("columns", [["letter"], ["number", "letter"]])
def test_known_embeddings_as_in_slow_loops(columns: list[str]) -> None:
    log = random_log(300, 8, 1)
    found = np.array(marginals(log, columns))
    assert found == pytest.approx(np.array(naive.known(rounds_of(log), columns)), rel=1e-12)


@pytest.mark.parametrize("columns", [["letter"], ["number", "letter"]])
def test_counted_embeddings_as_in_slow_loops(columns: list[str]) -> None:
    log = random_log(300, 8, 2)
    for name in ("letter", "number"):
        log[name] = [row[0] for row in log[name]]
    found, wanted = marginals(log, columns, counted=True), naive.counted(rounds_of(log), columns)
    for pair, slow, weight in zip(found, wanted, log["weight"], strict=True):
        if weight:
            assert pair == pytest.approx(slow, rel=1e-12)


def test_an_embedding_that_is_the_action_gives_the_weights_of_ips() -> None:
    log = random_log(200, 6, 3) | {"reward": np.random.default_rng(0).random(200)}
    own = log | {"id": [list("uvwxyz")] * 200, "logged": [f"item {a}" for a in log["action"]]}
    for columns, counted in ((["id"], False), (["logged"], True)):
        logging, target = np.array(marginals(own, columns, counted=counted)).T
        rows = np.arange(200), np.array(log["action"])
        there = np.array(log["weight"]) > 0
        assert np.array_equal(logging[there], np.array(log["candidate_propensities"])[rows][there])
        assert np.array_equal(target[there], np.array(log["candidate_target_propensities"])[rows][there])
        marginal = log | {"propensity": logging, "target_propensity": target}
        assert ope(marginal, "ips").estimates[0].value == ope(log, "ips").estimates[0].value


@pytest.mark.parametrize("kind", [pa.string(), pa.int32(), pa.float64(), pa.bool_(), pa.date32()], ids=str)
def test_an_embedding_that_never_changes_gives_weight_1(kind: pa.DataType) -> None:
    same = pa.array([1]).cast(pa.int32()).cast(kind)[0].as_py()
    rng = np.random.default_rng(4)
    p, q = (rng.dirichlet(np.ones(7), 100) for _ in range(2))
    log = pa.table(
        {
            "action": rng.integers(0, 7, 100),
            "candidate_propensities": p.tolist(),
            "candidate_target_propensities": q.tolist(),
            "every": pa.array([[same] * 7] * 100, pa.list_(kind)),
            "logged": pa.array([same] * 100, kind),
        }
    )
    every = np.array(marginals(log, ["every"]))
    assert every.max() <= 1.0
    assert every == pytest.approx(1.0, rel=1e-14)
    seen = np.isin(np.arange(7), log["action"])
    counted = np.array(marginals(log, ["logged"], counted=True))
    assert counted == pytest.approx(np.stack([p[:, seen].sum(axis=1), q[:, seen].sum(axis=1)], axis=1))


def test_kinds_of_lists_and_values_are_alike() -> None:
    wanted = marginals(HAND, ["genre", "price"])
    genre, price = pa.array(HAND["genre"]), pa.array(HAND["price"])
    coded = pa.ListArray.from_arrays(genre.offsets, genre.values.dictionary_encode())
    for changed in (
        {"genre": coded},
        {"genre": genre.cast(pa.large_list(pa.large_string()))},
        {"price": price.cast(pa.list_(pa.uint8()))},
        {"price": price.cast(pa.list_(pa.float32()))},
        {"price": price.cast(pa.list_(pa.decimal128(23, 2)))},
    ):
        assert marginals(HAND | changed, ["genre", "price"]) == wanted


def test_zero_has_one_sign() -> None:
    signs = HAND | {"price": [[-0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0]]}
    assert marginals(signs, ["price"])[0] == pytest.approx((0.5 + 0.25, 0.125 + 0.375))
    logged = {name: HAND[name][:1] * 2 for name in BOTH} | {"action": [0, 1], "price": [0.0, -0.0]}
    frequencies = count_embeddings(Log(logged), ["price"])
    assert len(frequencies.hashes) == 1


def test_several_targets_at_once() -> None:
    log = HAND | {"candidate_other": HAND["candidate_propensities"]}
    found = marginals(log, ["genre"], [*BOTH, "candidate_other"])
    assert [row[:2] for row in found] == marginals(HAND, ["genre"])
    assert [row[2] for row in found] == [row[0] for row in found]


def test_the_weighted_reward_is_exact_where_reward_follows_the_embedding() -> None:
    """All rounds there can be, each counted with its probability: contexts, actions and random embeddings."""
    rng = np.random.default_rng(5)
    p, q = (rng.dirichlet(np.ones(4), 2) for _ in range(2))
    p[:, 3], q[:, 3] = 0.0, [0.0, 0.1]  # an action that the logging policy never takes
    p, q = p / p.sum(axis=1, keepdims=True), q / q.sum(axis=1, keepdims=True)
    embedding = rng.dirichlet(np.ones(3), 4)  # p(e|a)
    reward = rng.random((2, 3))  # of context and embedding
    context = [0.3, 0.7]
    value = math.fsum(
        context[x] * q[x, a] * embedding[a, e] * reward[x, e]
        for x, a, e in product(range(2), range(4), range(3))
    )
    cells = [cell for cell in product(range(2), range(4), range(3)) if p[cell[0], cell[1]] > 0.0]
    chance = np.array([context[x] * p[x, a] * embedding[a, e] for x, a, e in cells])
    log = {
        "action": [a for _, a, _ in cells],
        "e": [f"e{e}" for _, _, e in cells],
        "weight": chance,
        "candidate_propensities": [p[x].tolist() for x, _, _ in cells],
        "candidate_target_propensities": [q[x].tolist() for x, _, _ in cells],
    }
    frequencies = count_embeddings(Log(log), ["e"])
    assert frequencies.unseen["candidate_target_propensities"] == pytest.approx(0.3 * q[0, 3] + 0.7 * q[1, 3])
    logging, target = np.array(marginals(log, ["e"], counted=True)).T
    rewards = np.array([reward[x, e] for x, _, e in cells])
    # What the target policy gives to the action that never occurs is what is missing.
    missing = math.fsum(
        context[x] * q[x, 3] * embedding[3, e] * reward[x, e] for x, e in product(range(2), range(3))
    )
    assert math.fsum(chance * target / logging * rewards) == pytest.approx(value - missing, abs=1e-9)


def test_known_embeddings_reach_actions_that_are_never_logged() -> None:
    """An action without support is covered by another of its embedding: exact with no weight of its own."""
    p, q = [0.5, 0.5, 0.0], [0.2, 0.3, 0.5]
    genres, reward = ["folk", "jazz", "jazz"], {"folk": 1.0, "jazz": 3.0}
    log = {
        "action": [0, 1],
        "genre": [genres] * 2,
        "candidate_propensities": [p] * 2,
        "candidate_target_propensities": [q] * 2,
    }
    (folk, to_folk), (jazz, to_jazz) = marginals(log, ["genre"])
    mean = p[0] * to_folk / folk * reward["folk"] + p[1] * to_jazz / jazz * reward["jazz"]
    assert mean == pytest.approx(0.2 * 1.0 + (0.3 + 0.5) * 3.0, rel=1e-14)


def test_lists_and_values_are_told_apart() -> None:
    log = HAND | {"kind": ["a", "b", "c"]}
    assert are_lists(Log(log), ["genre", "price"])
    assert not are_lists(Log(log), ["kind"])
    with pytest.raises(
        DataError, match="column 'kind' holds string, wanted a list with a value for each candid"
    ):
        are_lists(Log(log), ["genre", "kind"])
    with pytest.raises(DataError, match="no column 'nothing'"):
        are_lists(Log(log), ["nothing"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"genre": [["jazz", "folk", "folk"], ["folk", "jazz"], ["jazz", "jazz"]]},
            "row 2: the list in column 'genre' has 2 values, wanted 3 as in the other lists of the row",
        ),
        (
            {"genre": [["jazz", "folk", "folk"], ["folk", None, "folk"], ["jazz", "jazz"]]},
            "row 2: column 'genre' is null at index 1, wanted an embedding of every candidate",
        ),
        (
            {"price": [[1.0, 1.0, 2.0], [2.0, 2.0, 2.0], [1.0, math.nan]]},
            "row 3: column 'price' is null at index 1, wanted an embedding of every candidate",
        ),
        ({"genre": [None, *HAND["genre"][1:]]}, "row 1: column 'genre' is null, wanted a list"),
        ({"action": [1, 3, 1]}, "row 2: column 'action' is 3, wanted an index from 0 to 2"),
        (
            {"candidate_propensities": [[0.5, 0.5, 0.5], *HAND["candidate_propensities"][1:]]},
            "row 1: column 'candidate_propensities' is 1.5 in sum, wanted a sum of 1",
        ),
        (
            {"candidate_propensities": [[0.5, -0.5, 1.0], *HAND["candidate_propensities"][1:]]},
            "row 1: column 'candidate_propensities' is -0.5 at index 1, wanted probabilities in [0, 1]",
        ),
    ],
)
def test_bad_lists_get_one_line(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        marginals(HAND | changed, ["genre", "price"])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_logged_marginals_of_the_logger_serve_beside_lists_of_the_target() -> None:
    log = {
        "action": [0, 1],
        "reward": [1.0, 0.0],
        "marginal_propensity": [0.5, 0.5],
        "flat": [[0.4, 0.6], [0.4, 0.6]],
        "embedding": [7, 8],
    }
    found = ope(log, "mips", target={"new": "flat"}).to_dict()["results"][0]
    assert found["value"] == (1.0 * 0.4 / 0.5 + 0.0) / 2
