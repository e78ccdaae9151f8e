"""Roles of columns."""

from __future__ import annotations

import pyarrow as pa
import pytest

from rankeval.logs.roles import OF_TARGETS, base, own, wanted_type


@pytest.mark.parametrize("column", sorted(OF_TARGETS))
def test_a_target_has_columns_of_its_own(column: str) -> None:
    assert own(column, "new") == f"{column}@new"
    assert base(own(column, "new")) == column
    assert own(column, "") == column


def test_all_targets_share_what_was_logged() -> None:
    assert own("propensity", "new") == base("propensity") == "propensity"


@pytest.mark.parametrize(
    ("role", "kind", "wanted"),
    [
        ("item_id", pa.string(), None),
        ("item_id", pa.bool_(), "integers or strings"),
        ("score", pa.int32(), None),
        ("score", pa.string(), "numbers"),
        ("target_propensity@new", pa.string(), "numbers"),
        ("ranker", pa.string(), None),
        ("ranker", pa.list_(pa.string()), "one value a row"),
        ("country", pa.string(), None),
        ("country", pa.list_(pa.string()), "one value a row"),
    ],
)
def test_a_role_says_what_its_column_may_hold(role: str, kind: pa.DataType, wanted: str | None) -> None:
    assert wanted_type(role, kind, "log") == wanted
