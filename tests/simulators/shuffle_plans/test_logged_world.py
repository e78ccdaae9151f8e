"""Worlds estimated from ranking logs."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from rankeval.simulators.shuffle_plans import logged_world as module
from rankeval.simulators.shuffle_plans.logged_world import logged_world
from tests.readers.helpers import error_of

#: Session, items in order, clicks, shuffled.
SESSIONS = [
    (1, "ab", "10", False),
    (2, "ab", "11", False),
    (3, "ba", "00", False),
    (4, "ba", "01", True),
    (5, "c", "1", False),
]


def log(sessions=SESSIONS):
    rows = [
        (session, ord(item), position, int(click), shuffled)
        for session, items, clicks, shuffled in sessions
        for position, (item, click) in enumerate(zip(items, clicks, strict=True), 1)
    ]
    names = ["session_id", "item_id", "position", "click", "shuffled"]
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def estimated(**options):
    return logged_world(log(), [1.0, 0.5], **options)


def test_lists_items_and_curve_by_hand():
    world, notes = estimated()
    # a: 2 clicks at 1 of 2, 1 at 2 of 2; b: 0 at 1 of 2, 1 at 2 of 2; c: 1 of 1.
    a, b, c = 3 / (2 + 2 * 0.5), 1 / (2 + 2 * 0.5), 1.0
    lists = {
        tuple(values.tolist()): weight
        for values, weight in zip(
            np.split(world.queries.attractiveness, world.queries.offsets[1:-1]),
            world.queries.weights,
            strict=True,
        )
    }
    assert lists == pytest.approx({(a, b): 2 / 4, (b, a): 1 / 4, (c,): 1 / 4})
    assert world.positions == 2
    assert world.click_model.examination == (1.0, 0.5)
    assert world.logging.best.tolist() == [[0, 1] if size > 1 else [0, -1] for size in world.queries.sizes]
    assert [note.text for note in notes] == [
        "estimated from 5 sessions by a position-based model, and no better than that"
    ]


def test_a_curve_above_one_is_scaled():
    world, _ = logged_world(log(), [1.0, 1.25])
    assert world.click_model.examination == (0.8, 1.0)


def test_more_clicks_than_examinations_are_told():
    world, notes = logged_world(log(), [0.5, 0.1])
    assert world.queries.attractiveness.max() == 1.0
    text = "2 pairs of query and item with more clicks than examinations count as clicked always"
    assert notes[1].text == text


def test_queries_keep_their_items_apart():
    table = log().append_column("query_id", pa.array([1, 1, 1, 1, 2, 2, 2, 2, 3]))
    world, _ = logged_world(table, [1.0, 0.5])
    # a and b of query 1: 2 of 2 and 1 of 2 * 0.5; of query 2: b 0 of 2, a 1 of 2 * 0.5; c of query 3: 1 of 1.
    assert sorted(world.queries.attractiveness.tolist()) == [0.0, 1.0, 1.0, 1.0, 1.0]


def test_a_sample_of_the_sessions_stands_for_their_lists(monkeypatch):
    monkeypatch.setattr(module, "MOST_SESSIONS", 50)
    many = [(i, "ab" if i % 4 else "ba", "10", False) for i in range(400)]
    world, notes = logged_world(log(many), [1.0, 0.5])
    assert (world.queries.weights * 50 == np.round(world.queries.weights * 50)).all()
    assert abs(world.queries.weights.max() - 0.75) <= 4.0 * np.sqrt(0.75 * 0.25 / 50)
    assert "from 400 sessions" in notes[0].text


def test_a_mark_that_is_neither_true_nor_false():
    wrong = log().set_column(4, "shuffled", pa.array([0, 0, 0, 0, 2, 2, 0, 0, 0]))
    error_of(
        lambda: logged_world(wrong, [1.0, 0.5]), "session_id 3: column 'shuffled' is 2, wanted true or false"
    )
    error_of(lambda: logged_world(log(), [1.0, 0.0]), "wanted")
