from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rankeval.errors import DataError, UsageError
from rankeval.logs.log import Log
from rankeval.rankers.training.clicks import check_clicks, parse_learning
from rankeval.rankers.training.examples import Examples, Reading
from tests.rankers.judged_data import judged

CURVE = {"examination": [1.0, 0.5]}


def sessions(**changed: Any) -> Examples:
    data: dict[str, Any] = {
        "session_id": [1, 1, 2, 2],
        "item_id": [1, 2, 1, 2],
        "position": [1, 2, 2, 1],
        "click": [1, 1, 0, 1],
        "f1": [0.0] * 4,
    }
    return Reading(Log(data | changed), "session_id", "click", ["f1"], ["position"]).read(1)


def grades(values: list[float]) -> Examples:
    data = judged(queries=1, items=len(values)) | {"relevance": values}
    return Reading(Log(data, "judgements"), "query_id", "relevance", ["f1"]).read(1)


def test_pairs_learn_from_clicks_over_examination() -> None:
    """Items stand in descending order: session 1 shows item 2 at position 2, session 2 at position 1."""
    outcome = parse_learning(None, "pairs", CURVE, None).outcome(sessions())
    assert outcome.labels.tolist() == [1 / 0.5, 1 / 1.0, 1 / 1.0, 0.0]
    assert outcome.weights is None


def test_rows_weigh_every_row() -> None:
    outcome = parse_learning("binary", "rows", CURVE, None).outcome(sessions())
    assert outcome.labels.tolist() == [1.0, 1.0, 1.0, 0.0]
    assert outcome.weights is not None
    assert outcome.weights.tolist() == [2.0, 1.0, 1.0, 2.0]


def test_position_hands_positions_on_and_naive_nothing() -> None:
    outcome = parse_learning(None, "position", None, None).outcome(sessions())
    assert outcome.positions is not None
    assert outcome.positions.tolist() == [2, 1, 1, 2]
    naive = parse_learning("rank_xendcg", "naive", None, None).outcome(sessions())
    assert naive.positions is naive.weights is None


def test_a_curve_corrects_the_clicks_that_stop_the_training() -> None:
    for clicks in ("naive", "position", "pairs", "rows"):
        found = parse_learning(None, clicks, CURVE, None).stopping_grades(sessions())
        assert found.tolist() == [2.0, 1.0, 1.0, 0.0]
    assert parse_learning(None, "naive", None, None).stopping_grades(sessions()).tolist() == [1, 1, 1, 0]


def test_binary_learns_relevance_and_regression_the_grade() -> None:
    found = grades([0.0, 0.5, 1.0, 2.0])
    assert parse_learning("binary", None, None, None).outcome(found).labels.tolist() == [1, 1, 0, 0]
    assert parse_learning("regression", None, None, None).outcome(found).labels.tolist() == [2, 1, 0.5, 0]


@pytest.mark.parametrize("objective", ["lambdarank", "rank_xendcg"])
def test_ranking_wants_whole_grades_with_a_gain(objective: str) -> None:
    with pytest.raises(DataError, match=r"query 'q000': the grade is 0.5, wanted whole grades from 0 to 30"):
        parse_learning(objective, None, None, None).outcome(grades([0.5, 1.0]))
    with pytest.raises(DataError, match="the grade is 31, wanted whole grades from 0 to 30"):
        parse_learning(objective, None, None, None).outcome(grades([31.0]))
    with pytest.raises(DataError, match="the grade is 2, wanted whole grades from 0 to 1"):
        parse_learning(objective, None, None, [0, 1]).outcome(grades([2.0]))
    gains = list(range(40))
    assert parse_learning(objective, None, None, gains).outcome(grades([31.0])).labels.tolist() == [31.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("listnet", None, None, None), "objective: 'listnet' is none of lambdarank, rank_xendcg, binary"),
        ((None, "ips", None, None), "clicks: 'ips' is none of naive, position, pairs, rows"),
        ((None, None, CURVE, None), "found a curve for judgements"),
        ((None, "pairs", None, None), "clicks: pairs needs position_bias"),
        ((None, "rows", None, None), "clicks: rows needs position_bias"),
        (("binary", "pairs", CURVE, None), "pairs is an objective of its own, found 'binary'"),
        (("rank_xendcg", "position", None, None), "rank_xendcg would ignore the positions"),
        ((None, None, None, "0,1"), "label_gain is '0,1', wanted a list with a number for each grade"),
    ],
)
def test_options_that_do_not_go_together(options: tuple[Any, ...], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_learning(*options)
    assert message in str(caught.value)


def test_trust_bias_alone_is_no_examination() -> None:
    with pytest.raises(DataError, match="holds alpha and beta alone, wanted examination"):
        parse_learning(None, "pairs", {"alpha": [1.0], "beta": [0.1]}, None)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"position": [1, 3, 2, 1]}, "found position 3, wanted at most 2, the last of <position bias>"),
        ({"position": [1, 0, 2, 1]}, "session 1: position is 0, wanted a whole number from 1"),
        ({"position": [1.5, 2, 2, 1]}, "session 1: position is 1.5, wanted a whole number from 1"),
        ({"click": [0, 0, 0, 0]}, "found no click among the training rows"),
    ],
)
def test_bad_sessions_get_one_line(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        parse_learning(None, "pairs", CURVE, None).outcome(sessions(**changed))
    assert message in str(caught.value)


def test_a_curve_that_spans_too_much() -> None:
    with pytest.raises(DataError, match="examination is from 1e-09 to 1, wanted values within"):
        parse_learning(None, "pairs", {"examination": [1.0, 1e-9]}, None).outcome(sessions())


def test_no_positive_grade() -> None:
    with pytest.raises(DataError, match="found no grade above 0 among the training rows"):
        parse_learning(None, None, None, None).outcome(grades([0.0, 0.0]))


def test_clicks_are_zero_or_one() -> None:
    check_clicks(sessions())
    with pytest.raises(DataError, match="session 2: click is 3, wanted 0 or 1"):
        check_clicks(sessions(click=[1, 1, 3, 1]))
    assert np.isin(sessions().grades, (0.0, 1.0)).all()
