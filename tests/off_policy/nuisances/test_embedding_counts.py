from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval.errors import DataError
from rankeval.logs.log import Log
from rankeval.logs.passes import scan
from rankeval.off_policy.nuisances import embedding_counts
from rankeval.off_policy.nuisances.embedding_counts import (
    EmbeddingFrequencies,
    count_embeddings,
    joint_hashes,
)
from rankeval.off_policy.nuisances.embeddings import marginal_propensities
from tests import naive_embeddings as naive
from tests.log_files import write_parts

LOG: dict[str, Any] = {
    "action": [0, 0, 1, 1, 1, 1],
    "genre": ["folk", "jazz", "folk", "jazz", "jazz", "rock"],
    "price": [1, 1, 1, 2, 2, 2],
    "candidate_propensities": [[0.5, 0.4, 0.1, 0.0]] * 6,
    "candidate_target_propensities": [[0.2, 0.2, 0.35, 0.25]] * 6,
}


def shares(frequencies: EmbeddingFrequencies) -> dict[int, list[float]]:
    """Action -> its shares, ascending."""
    each = zip(frequencies.actions.tolist(), frequencies.shares.tolist(), strict=True)
    found: dict[int, list[float]] = {}
    for action, share in each:
        found.setdefault(action, []).append(share)
    return {action: sorted(found[action]) for action in sorted(found)}


def test_shares_by_hand() -> None:
    found = count_embeddings(Log(LOG), ["genre"])
    assert shares(found) == {0: [1 / 2, 1 / 2], 1: [1 / 4, 1 / 4, 2 / 4]}
    assert len(found.hashes) == 3
    assert np.diff(found.offsets).tolist() in ([2, 2, 1], [2, 1, 2], [1, 2, 2])
    joint = count_embeddings(Log(LOG), ["genre", "price"])
    assert (shares(joint), len(joint.hashes)) == (shares(found), 4)
    weighted = count_embeddings(Log(LOG | {"weight": [1, 3, 2, 0, 1, 1]}), ["genre"])
    assert shares(weighted) == {0: [1 / 4, 3 / 4], 1: [1 / 4, 1 / 4, 2 / 4]}


def test_the_row_filter_is_respected() -> None:
    found = count_embeddings(Log(LOG, where="price == 1"), ["genre"])
    assert shares(found) == {0: [1 / 2, 1 / 2], 1: [1.0]}


def test_actions_that_never_occur_are_reported() -> None:
    found = count_embeddings(Log(LOG), ["genre"])
    assert found.candidates == 4
    logging, target = naive.unseen(
        [dict(zip(LOG, row, strict=True)) for row in zip(*LOG.values(), strict=True)]
    )
    assert (logging, target) == pytest.approx((0.1, 0.35 + 0.25))
    assert tuple(found.unseen.values()) == pytest.approx((logging, target))
    log = Log(LOG).with_roles({"candidate_target_propensities": "new"})
    assert [note.text for note in found.notes(log)] == [
        "column 'candidate_propensities' gives 10 % of its probability to actions that the log never took: "
        "their embeddings are unknown, and mips weights leave them out",
        "column 'new' gives 60 % of its probability to actions that the log never took: "
        "their embeddings are unknown, and mips weights leave them out",
    ]
    every = LOG | {name: [[0.5, 0.5]] * 6 for name in found.unseen}
    assert count_embeddings(Log(every), ["genre"]).notes(log) == []


def random_table(n: int) -> pa.Table:
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.ones(5), n)
    return pa.table(
        {
            "action": rng.integers(0, 4, n),
            "genre": rng.choice(["folk", "jazz", "rock"], n),
            "weight": rng.random(n),
            "candidate_propensities": p.tolist(),
            "candidate_target_propensities": p[:, ::-1].tolist(),
        }
    )


def test_storage_and_threads_change_nothing(tmp_path: Path) -> None:
    table = random_table(3_000)
    parts = write_parts(tmp_path / "parts", table, row_group_size=301, files=3)
    one, three = (count_embeddings(Log(parts), ["genre"], threads=threads) for threads in (1, 3))
    for name in ("hashes", "offsets", "actions", "shares"):
        assert np.array_equal(getattr(one, name), getattr(three, name)), name
    assert one.unseen == three.unseen
    whole = count_embeddings(Log(table), ["genre"])
    assert np.array_equal(one.hashes, whole.hashes)
    assert one.shares == pytest.approx(whole.shares, rel=1e-13)


def hashes(log: Any, *columns: str) -> list[int]:
    return list(scan(Log(log), columns, lambda rounds: joint_hashes(rounds, columns).tolist(), 1)[0])


def test_hashes_are_of_all_columns_in_order() -> None:
    values = {"a": ["x", "x", "y", "y"], "b": ["x", "y", "x", "y"]}
    assert len(set(hashes(values, "a", "b"))) == 4
    assert len(set(hashes(values, "a"))) == 2
    coded = {name: pa.array(column).dictionary_encode() for name, column in values.items()}
    assert hashes(pa.table(coded), "a", "b") == hashes(values, "a", "b")


def test_rounds_of_weight_0_may_have_embeddings_of_their_own() -> None:
    log = Log(LOG | {"weight": [1, 1, 1, 1, 1, 0]})
    frequencies = count_embeddings(log, ["genre"])
    roles = ["action", "genre", *frequencies.unseen]
    found = scan(
        log, roles, lambda rounds: marginal_propensities(rounds, ["genre"], frequencies=frequencies), 1
    )
    assert [float(column[5]) for column in found[0]] == [0.4, 0.2]


def test_lists_of_another_length_than_counted_are_an_error() -> None:
    frequencies = count_embeddings(Log(LOG), ["genre"])
    other = Log(LOG | {name: [[0.5, 0.5]] * 6 for name in frequencies.unseen})
    roles = ["action", "genre", *frequencies.unseen]
    with pytest.raises(
        DataError, match="row 1: column 'candidate_propensities' is 2 values long after 4 in other"
    ):
        scan(
            other, roles, lambda rounds: marginal_propensities(rounds, ["genre"], frequencies=frequencies), 1
        )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"genre": ["folk", None, *["jazz"] * 4]}, "row 2: column 'genre' is null, wanted an embedding"),
        (
            {"price": [1.0, 1.0, float("nan"), 1.0, 1.0, 1.0]},
            "row 3: column 'price' is null, wanted an embedding",
        ),
        ({"action": [0, 0, 1, 1, 1, 4]}, "row 6: column 'action' is 4, wanted an index from 0 to 3"),
        ({"action": [0, 0, 1, 1, 1, -1]}, "row 6: column 'action' is -1, wanted an index from 0 to 3"),
        (
            {"action": list("abcdef")},
            "column 'action' holds string, wanted an index from 0 into the candidates",
        ),
        (
            {name: [*LOG["candidate_propensities"][:5], [1.0, 0.0]] for name in list(LOG)[3:]},
            "row 6: column 'candidate_propensities' is 2 values long after 4 in other rows, wanted one "
            "length throughout: an action is known by its place in the list",
        ),
        (
            {"candidate_propensities": [*LOG["candidate_propensities"][:5], [1.0, 0.0]]},
            "row 6: the list in column 'candidate_target_propensities' has 4 values, wanted 2 as in",
        ),
        ({"weight": [0.0] * 6}, "column 'weight' is 0 in all rows, wanted some above 0"),
        ({"weight": [1, 1, 1, 1, 1, -1]}, "row 6: column 'weight' is -1.0, wanted a number of at least 0"),
        ({"genre": [["folk"]] * 6}, "column 'genre' holds list<item: string>, wanted one value a row"),
    ],
)
def test_bad_rounds_get_one_line(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        count_embeddings(Log(LOG | changed), ["genre", "price"])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_columns_get_one_line() -> None:
    with pytest.raises(DataError, match="no column 'nothing'"):
        count_embeddings(Log(LOG), ["nothing"])


def test_lengths_that_differ_between_batches_get_one_line(tmp_path: Path) -> None:
    short = {name: [[0.5, 0.5]] * 6 for name in list(LOG)[3:]}
    both = pa.concat_tables([pa.table(LOG), pa.table(LOG | short)])
    with pytest.raises(DataError, match="has lists of 4 and of 2 values, wanted one length throughout"):
        count_embeddings(Log(write_parts(tmp_path / "parts", both, files=2)), ["genre"])


def test_embeddings_without_end_get_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_counts, "MAX_PAIRS", 4)
    with pytest.raises(
        DataError, match="more than 4 pairs of action and embedding in 'genre', wanted embeddings of"
    ):
        count_embeddings(Log(LOG), ["genre"])
