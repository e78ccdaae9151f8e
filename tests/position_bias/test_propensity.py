"""The public call: options, segments, warnings, bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval import DataError, UsageError, propensity
from rankeval.logs.log import Log
from rankeval.position_bias.known_curve import PositionBias
from rankeval.position_bias.methods import METHODS
from tests.log_files import nested, write_parts
from tests.position_bias.test_swap import STAR, swap_log
from tests.position_bias.worlds import THETA, random_log

LOG = random_log(1500, seed=1)
#: Every method finds its columns here.
WHOLE = swap_log(4000, 7, STAR) | {"propensity": np.full(16_000, 0.5)}
ONCE = ["query_id", "shuffled", "user", "device"]


def test_every_method_gives_a_curve_that_is_taken_on() -> None:
    for method in METHODS:
        found = propensity(WHOLE, method).to_dict()
        bias = PositionBias.of(json.loads(json.dumps(found)))
        assert bias.curve("examination").tolist() == found["examination"]
        assert bias.covariance is not None
        assert np.sqrt(np.diag(bias.covariance)) == pytest.approx(found["std_error"])
        assert (found["command"], found["method"], found["schema"]) == ("propensity", method, 1)
        for low_high, theta in zip(found["ci"], found["examination"], strict=True):
            assert low_high[0] <= theta <= low_high[1]


def test_curves_are_near_the_truth() -> None:
    for method in ("shuffle", "pivot", "chain", "allpairs", "em"):
        found = propensity(random_log(20_000, seed=3), method).curves[None]
        z = (found.log_theta[1:] - np.log(THETA[1:])) / np.sqrt(np.diag(found.covariance)[1:])
        assert np.abs(z).max() < 4.0, method


@pytest.mark.parametrize("method", ["shuffle", "allpairs", "em"])
def test_layouts_files_and_threads(tmp_path: Path, method: str) -> None:
    table = pa.table(LOG)
    wanted = propensity(table, method, by="device", ci="normal,bootstrap").to_dict()
    parts = write_parts(tmp_path / "parts", table, row_group_size=333, files=3)
    one = propensity(parts, method, by="device", ci="normal,bootstrap", threads=1).to_dict()
    many = propensity(parts, method, by="device", ci="normal,bootstrap", threads=4).to_dict()
    assert one == many
    lists = propensity(
        nested(table, "session_id", ONCE), method, by="device", ci="normal,bootstrap"
    ).to_dict()
    for other in (one, lists):
        assert other["examination"] == pytest.approx(wanted["examination"], rel=1e-12)
        assert np.array(other["covariance"]) == pytest.approx(np.array(wanted["covariance"]), rel=1e-6)
        assert [s["segment"] for s in other["segments"]] == ["desk", "phone"]
        assert other["test"]["p_value"] == pytest.approx(wanted["test"]["p_value"], rel=1e-6)


def test_nested_lists_need_no_positions() -> None:
    lists = nested(pa.table(LOG), "session_id", ONCE).drop_columns("position")
    found = propensity(lists, "em").curves[None]
    assert found.theta == pytest.approx(propensity(LOG, "em").curves[None].theta, rel=1e-12)


@pytest.mark.parametrize("method", ["shuffle", "allpairs", "em"])
def test_items_that_were_not_shown_count_for_nothing(method: str) -> None:
    table = pa.table(LOG)
    unshown = pa.table(LOG | {"item_id": np.array(LOG["item_id"]) + 100, "click": np.zeros(6000, int)})
    unshown = unshown.set_column(3, "position", pa.nulls(6000, pa.int64()))
    both = pa.concat_tables([table, unshown]).sort_by("session_id")
    found, wanted = propensity(both, method).curves[None], propensity(table, method).curves[None]
    assert found.theta == pytest.approx(wanted.theta, rel=1e-12)
    assert found.covariance == pytest.approx(wanted.covariance, rel=1e-9)
    assert found.n == wanted.n


def test_segments_that_cannot_be_estimated_are_left_out() -> None:
    log = {name: np.asarray(values)[:400] for name, values in LOG.items()}
    rare = np.where(log["session_id"] == 5, "rare", log["device"])
    for method in ("em", "allpairs", "shuffle"):
        result = propensity(log | {"device": rare}, method, by="device")
        assert [value for value in result.curves if value is not None][:2] == ["desk", "phone"]
        if method != "shuffle":
            assert "rare" not in result.curves
            assert any("segment left out: <dict>, device 'rare'" in warning for warning in result.warnings)


def test_sessions_of_no_segment_count_for_the_whole() -> None:
    device = pa.array([None if name == "desk" else name for name in LOG["device"].tolist()])
    result = propensity(LOG | {"device": device}, "em", by="device")
    assert list(result.curves) == [None, "phone"]
    assert result.curves[None].theta == pytest.approx(propensity(LOG, "em").curves[None].theta, rel=1e-12)
    assert result.test is not None
    assert result.test.reason == "fewer than two segments have curves with errors"
    assert f"the curves of segments are not compared: {result.test.reason}" in result.warnings


def test_what_stands_behind_a_point() -> None:
    """Of pairs that were shown at one position alone nothing is learnt."""
    alone = {name: np.concatenate([np.asarray(LOG[name]), np.asarray(LOG[name])[:40]]) for name in LOG}
    alone["session_id"][-40:] += 10_000
    alone["item_id"][-40:] = np.arange(1000, 1040)
    alone["click"][-40:] = 0
    for method in ("em", "allpairs"):
        found, wanted = (propensity(log, method).curves[None] for log in (alone, LOG))
        assert found.impressions.tolist() == wanted.impressions.tolist() == [1500.0] * 4
        assert found.clicks.tolist() == wanted.clicks.tolist()
        assert (found.n, wanted.n) == (1510, 1500)
        assert found.theta == pytest.approx(wanted.theta, rel=1e-9)


def warnings_of(log: Any, method: str, **options: Any) -> str:
    return " | ".join(propensity(log, method, **options).warnings)


def test_thin_ground_is_told() -> None:
    few = warnings_of({name: np.asarray(values)[:320] for name, values in LOG.items()}, "em")
    assert "12 of 12 pairs of query and item have fewer than 200 impressions" in few
    assert "fewer than 100 clicks at positions 1, 2, 3, 4: errors are rough" in few
    assert "the interval is wider than half the value on either side at position" in few
    plenty = random_log(20_000, seed=3)
    assert warnings_of(plenty, "em") == ""
    weighted = plenty | {"weight": np.ones(80_000)}
    assert warnings_of(weighted, "em") == "column 'weight' is not used: every session counts once"
    half = {name: np.asarray(values)[:2000] for name, values in LOG.items()}
    assert "device desk, phone: fewer than 100 clicks at position" in warnings_of(
        half, "allpairs", by="device"
    )


def test_few_clusters_are_told() -> None:
    log = LOG | {"user": np.asarray(LOG["session_id"]) % 12}
    for method in ("shuffle", "em"):
        assert "only 12 clusters: with fewer than 50, errors are rough" in warnings_of(
            log, method, cluster="user"
        )


def test_levels_widen_intervals() -> None:
    for method in ("shuffle", "em"):
        narrow, wide = (propensity(LOG, method, level=level).curves[None] for level in (0.5, 0.99))
        for one, other in zip(narrow.intervals[0][1:], wide.intervals[0][1:], strict=True):
            assert one.low is not None
            assert one.high is not None
            assert other.low is not None
            assert other.high is not None
            assert other.low < one.low < one.high < other.high


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "method: found 'magic', wanted one of shuffle, swap, pair, pivot"),
        ({"method": 3}, "method: found 3, wanted a text"),
        ({"weights": "most"}, "weights: found 'most', wanted one of uniform, harmonic, min"),
        ({"method": "em", "weights": "min"}, "weights: em has none; they are for pivot, chain, allpairs"),
        ({"method": "swap", "features": "x"}, "features: swap reads none; they are for em"),
        ({"top": 1}, "top: found 1, wanted at least 2"),
        ({"top": 2.5}, "top: found 2.5, wanted a whole number"),
        ({"smooth": "spline"}, "smooth: found 'spline', wanted power"),
        ({"ci": "magic"}, "ci: found 'magic', wanted one of auto, normal, student, bootstrap"),
        ({"level": 1.0}, "level: found 1.0, wanted a number between 0 and 1"),
        ({"replicates": 1}, "replicates: found 1, wanted 2 to"),
        ({"threads": 0}, "threads: found 0, wanted at least 1"),
        ({"method": "em", "features": "device", "by": "device"}, "by: found one beside features"),
        ({"method": "em", "features": "click"}, "features: found 'click', wanted columns that are known"),
    ],
)
def test_bad_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        propensity(LOG, **options)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("method", METHODS)
def test_missing_columns_are_named(method: str) -> None:
    for column in ("position", "click"):
        with pytest.raises(DataError, match=f"'{column}'"):
            propensity({name: values for name, values in WHOLE.items() if name != column}, method)
    with pytest.raises(DataError, match="no column 'session_id' and so a bandit log, wanted a ranking log"):
        propensity({name: values for name, values in WHOLE.items() if name != "session_id"}, method)
    with pytest.raises(DataError, match="'country'"):
        propensity(WHOLE, method, by="country")


@pytest.mark.parametrize("method", METHODS)
def test_logs_without_rows_are_named(method: str) -> None:
    with pytest.raises(DataError, match="no rows match 'session_id < 0', wanted at least one"):
        propensity(WHOLE, method, where="session_id < 0")


def test_clusters_and_segments_are_of_the_session() -> None:
    for column in ("by", "cluster"):
        with pytest.raises(DataError, match="wanted one value throughout a session"):
            propensity(LOG, "em", **{column: "item_id"})
    with pytest.raises(DataError, match="column 'user' is null, wanted an id"):
        propensity(LOG | {"user": pa.nulls(6000, pa.int64())}, "em", cluster="user")
    with pytest.raises(UsageError, match="'session_id' of <dict> has more than 100 values, wanted fewer"):
        propensity(LOG, "em", by="session_id")


def test_a_log_with_its_own_columns() -> None:
    renamed = {("clicked" if name == "click" else name): values for name, values in LOG.items()}
    log = Log(renamed, columns={"click": "clicked"}, where="device == 'desk'")
    desk = propensity(LOG, "em", where="device == 'desk'").curves[None]
    assert propensity(log, "em").curves[None].theta.tolist() == desk.theta.tolist()
    with pytest.raises(UsageError, match="found a Log, which has its own"):
        propensity(log, "em", where="device == 'desk'")
    with pytest.raises(UsageError, match="found a Log of role 'run', wanted 'log'"):
        propensity(Log({"query_id": [1], "item_id": [1], "score": [1.0]}, "run"))
