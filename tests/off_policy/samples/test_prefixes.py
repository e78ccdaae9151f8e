"""Propensities of the first item must agree."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from rankeval import DataError, ope
from tests import naive_rankings as naive
from tests.log_files import nested

LOG: dict[str, Any] = {
    "session_id": [1, 1, 2, 2],
    "position": [2, 1, 1, 2],
    "reward": [1.0, 0.0, 1.0, 1.0],
    "propensity": [0.5, 0.25, 0.5, 0.5],
    "propensity_prefix": [0.125, 0.25, 0.5, 0.2],
    "propensity_list": [0.125, 0.125, 0.2, 0.2],
    "target_propensity": [0.4, 0.5, 0.5, 0.5],
    "target_propensity_prefix": [0.2, 0.5, 0.5, 0.3],
    "target_propensity_list": [0.2, 0.2, 0.3, 0.3],
}
NAMES = "sips,iips,rips"


def error_of(log: Any, estimators: str = NAMES, **options: Any) -> str:
    with pytest.raises(DataError) as raised:
        ope(log, estimators, **options)
    return str(raised.value)


def test_columns_that_agree() -> None:
    ope(LOG, NAMES)
    ope(naive.random_log(200, seed=1), list(naive.NAMES))


@pytest.mark.parametrize("of", ["", "target_"])
def test_the_first_position(of: str) -> None:
    log = LOG | {f"{of}propensity": [0.5, 0.3, 0.5, 0.5]}
    wanted = f"column '{of}propensity' is 0.3, wanted {LOG[f'{of}propensity_prefix'][1]} as in"
    assert error_of(log).endswith(f"row 2, session_id 1: {wanted} '{of}propensity_prefix' at position 1")
    lists = nested(pa.table(log), "session_id", ("propensity_list", "target_propensity_list"))
    assert f"row 1, session_id 1: {wanted}" in error_of(lists)
    ope(log, "iips,sips")


def test_the_top_of_longer_lists() -> None:
    """The propensity of a list need not be that of the items that the log keeps."""
    ope(LOG, NAMES, where="position == 1")


def test_float32_is_no_contradiction() -> None:
    prefix = [0.125, 0.3, 0.7, 0.2]
    log = LOG | {"propensity": [0.5, 0.3, 0.7, 0.5], "propensity_prefix": pa.array(prefix, pa.float32())}
    ope(log, NAMES)
