"""``--ci betting`` of ope: sequences of values, gains and differences, and their paths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest

from rankeval import UsageError, ope
from tests.inference.test_betting import sequence

RANGES: dict[str, Any] = {"ci": "betting", "reward_range": "0,1", "weight_range": "0,2"}
RNG = np.random.default_rng(5)
N = 3000
LOG = {
    "reward": (RNG.random(N) < 0.1) * 1.0,
    "propensity": np.full(N, 0.5),
    "target_propensity": RNG.choice([0.1, 0.9], N),
    "other": RNG.choice([0.3, 0.7], N),
    "country": np.array(["de", "fr"])[RNG.integers(0, 2, N)],
}
WEIGHT = LOG["target_propensity"] / 0.5


def test_value_and_gain_are_sequences_of_their_terms() -> None:
    row = ope(LOG, "ips", **RANGES).to_dict()["results"][0]
    value = sequence([WEIGHT * LOG["reward"] / 2.0], 0.025)[-1][1]
    gain = sequence([((WEIGHT - 1.0) * LOG["reward"] + 1.0) / 2.0], 0.025)[-1][1]
    assert value is not None
    assert gain is not None
    assert [row["ci"]["low"], row["ci"]["high"]] == pytest.approx([2.0 * end for end in value], abs=1e-12)
    wanted = [2.0 * end - 1.0 for end in gain]
    assert [row["gain"]["ci"]["low"], row["gain"]["ci"]["high"]] == pytest.approx(wanted, abs=1e-12)


def test_no_bit_depends_on_threads_and_hardly_any_on_row_groups(tmp_path: Path) -> None:
    found = []
    for groups in (N, 700):
        file = tmp_path / f"{groups}.parquet"
        pq.write_table(pa.table(LOG), file, row_group_size=groups)
        ends = [ope(file, "ips", threads=k, **RANGES).to_dict()["results"][0]["ci"] for k in (1, 3)]
        assert ends[0] == ends[1]
        found.append((ends[0]["low"], ends[0]["high"]))
    assert found[0] == pytest.approx(found[1], rel=1e-9)


def test_a_filter_keeps_the_order(tmp_path: Path) -> None:
    file = tmp_path / "log.parquet"
    pq.write_table(pa.table(LOG), file, row_group_size=300)
    chosen = LOG["country"] == "de"
    few = {name: values[chosen] for name, values in LOG.items()}
    a = ope(file, "ips", where='country == "de"', **RANGES).to_dict()["results"][0]["ci"]
    b = ope(few, "ips", **RANGES).to_dict()["results"][0]["ci"]
    assert (a["low"], a["high"]) == pytest.approx((b["low"], b["high"]), rel=1e-9)


@pytest.mark.parametrize("extension", ["csv", "parquet"])
def test_the_path_is_written(tmp_path: Path, extension: str) -> None:
    file = tmp_path / f"path.{extension}"
    options = {**RANGES, "target": {"new": "target_propensity", "old": "other"}, "path": str(file)}
    result = ope(LOG, "ips", **options).to_dict()
    table = (csv.read_csv(file) if extension == "csv" else pq.read_table(file)).to_pylist()
    last = {
        (row["target"], row["against"] or None): (row["low"], row["high"]) for row in table if row["n"] == N
    }
    assert set(last) == {("new", None), ("new", "logged"), ("old", None), ("old", "logged"), ("new", "old")}
    for row in result["results"]:
        assert last[row["target"], None] == pytest.approx((row["ci"]["low"], row["ci"]["high"]), rel=1e-12)
    for row in result["comparisons"]:
        assert last[row["a"], row["b"]] == pytest.approx((row["ci"]["low"], row["ci"]["high"]), rel=1e-12)


@pytest.mark.parametrize(
    ("estimator", "changed", "options", "reason"),
    [
        ("snips", {}, {}, "it is a ratio of means"),
        ("ips", {}, {"weight_range": None}, "--weight-range"),
        ("ips", {}, {"cluster": "country"}, "units of a cluster depend on each other"),
        ("ips", {"weight": np.full(N, 2.0)}, {}, "each counted once"),
        ("cips:max_weight=auto", {}, {}, "parameters that the log did not choose"),
    ],
)
def test_what_has_no_sequence_says_why(
    estimator: str, changed: dict[str, Any], options: dict[str, Any], reason: str
) -> None:
    row = ope({**LOG, **changed}, estimator, **{**RANGES, **options}).to_dict()["results"][0]
    assert (row["ci"]["low"], row["ci"]["high"]) == (None, None)
    assert reason in row["ci"]["reason"]


def test_segments_have_no_sequence_and_the_whole_has() -> None:
    rows = ope(LOG, "ips", by="country", **RANGES).to_dict()["results"]
    assert [row["ci"]["low"] is None for row in rows] == [False, True, True]


def test_a_path_needs_betting() -> None:
    with pytest.raises(UsageError, match="path: found it without betting among ci"):
        ope(LOG, "ips", path="x.csv")


def test_the_order_is_said_to_matter() -> None:
    assert any("in the order of the rows" in text for text in ope(LOG, "ips", **RANGES).warnings)
