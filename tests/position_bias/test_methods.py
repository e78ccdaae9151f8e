from __future__ import annotations

import pyarrow as pa
import pytest

from rankeval import DataError, propensity
from rankeval.logs import as_log
from rankeval.position_bias import lacking
from rankeval.position_bias.methods import METHODS
from tests.position_bias.worlds import random_log


@pytest.mark.parametrize("name", METHODS)
def test_a_method_needs_the_columns_that_it_says(name: str) -> None:
    log = pa.table(random_log(300, seed=1))
    if "propensity" not in log.schema.names:
        log = log.append_column("propensity", pa.array([0.5] * len(log)))
    if name == "swap":
        ends = {"swap_low": [1] * len(log), "swap_high": [2] * len(log)}
        log = pa.table({column: log.column(column) for column in log.schema.names} | ends)
    assert lacking(as_log(log))[name] == []
    propensity(log, name)
    for column in METHODS[name].columns:
        without = log.drop_columns([column])
        assert lacking(as_log(without))[name] == [column]
        with pytest.raises(DataError, match=column):
            propensity(without, name)
