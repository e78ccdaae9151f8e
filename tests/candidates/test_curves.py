"""Which curve ``uplift`` takes, and on which sessions it uses it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from rankeval import DataError, Log, propensity
from rankeval.candidates.curves import choose_curve
from rankeval.candidates.lists import Lists
from tests.log_files import nested
from tests.shuffled_logs import shuffled_log

BIAS = [1.0, 0.5, 1 / 3, 0.25]


def chosen(data, position_bias=None, **options):
    log = Log(data, **options)
    return choose_curve(log, position_bias, Lists.of(log, 1), None, 1, needed=True)


def test_a_column_of_examination_comes_before_shuffled_sessions():
    data = shuffled_log(1, 300)
    data["examination"] = 1.0 / data["position"]
    found = chosen(data)
    assert found.given is None
    assert found.log.where == "not shuffled"
    assert chosen(data, "learn:shuffle").given.origin == "learn:shuffle"


def test_marks_may_be_numbers_and_the_filter_of_the_caller_stays():
    data = shuffled_log(1, 300)
    data["shuffled"] = data["shuffled"].astype(int)
    found = chosen(data, BIAS, where="query_id < 10 or query_id > 15")
    assert found.log.where == "(query_id < 10 or query_id > 15) and shuffled == 0"
    assert "shuffled_left_out" in {note.code for note in found.notes}


def test_a_curve_of_rewards_is_not_tested_by_clicks():
    data = shuffled_log(1, 300)
    curve = propensity(data, "shuffle")
    assert chosen(data).given.arm is not None
    assert chosen(data, BIAS).given.arm == chosen(data).given.arm
    paid = chosen(data, reward="2*click").given
    assert paid.arm is None
    assert paid.values["examination"] == tuple(curve.to_dict()["examination"])
    assert chosen(data, BIAS, reward="2*click").given.arm is None


@pytest.mark.parametrize(
    ("columns", "method"),
    [
        ({"ranker": np.repeat(np.arange(300) % 2, 4)}, "learn:allpairs"),
        ({"swap_low": np.full(1200, 1), "swap_high": np.repeat(2 + np.arange(300) % 3, 4)}, "learn:swap"),
    ],
)
def test_what_else_a_log_randomised(columns, method):
    data = {**shuffled_log(1, 300), **columns}
    del data["shuffled"]
    found = chosen(data)
    assert found.given == method
    assert found.log.where is None
    (note,) = found.notes
    assert "errors are joint" in note.text


def test_doubts_about_a_learned_curve_go_with_it():
    found = chosen(shuffled_log(1, 300))
    doubts = [note for note in found.notes if note.level]
    assert {note.code for note in doubts} >= {"few_clicks"}
    assert all(note.text.startswith("position bias: ") for note in doubts)


def test_too_few_shuffled_sessions_and_nothing_else_are_refused():
    with pytest.raises(DataError, match="random order have no click at position 3, 4: too few"):
        chosen(shuffled_log(1, 40))
    with pytest.raises(DataError, match="all 300 sessions are in random order, wanted some of the ranker"):
        chosen(shuffled_log(1, 300, share=1.0))


def test_lists_of_marks_are_refused():
    table = nested(pa.table(shuffled_log(1, 30)), "session_id", ["query_id"])
    with pytest.raises(DataError, match=r"column 'shuffled' holds list<.*>, wanted one value a row"):
        chosen(table, BIAS)


def test_without_need_there_may_be_no_curve():
    data = shuffled_log(1, 300)
    del data["shuffled"]
    log = Log(data)
    found = choose_curve(log, None, Lists.of(log, 1), None, 1, needed=False)
    assert found.given is None
