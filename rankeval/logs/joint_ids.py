"""Session ids that several columns make together, such as the day and a number that starts anew each day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from rankeval.arrays import decoded
from rankeval.errors import DataError
from rankeval.logs.computed_columns import Computed, Locate

_FITS = (pt.is_integer, pt.is_string, pt.is_large_string, pt.is_boolean, pt.is_date, pt.is_timestamp)


@dataclass(frozen=True)
class JointId:
    """The values of several columns as one text, which differs wherever one of them does.

    Attributes:
        columns: names of the columns.
    """

    columns: tuple[str, ...]

    @property
    def text(self) -> str:
        """The names, as the caller wrote them."""
        return ",".join(self.columns)

    def require(self, schema: pa.Schema, file: str, *, nested: bool) -> None:
        """See :class:`~rankeval.logs.computed_columns.Computed`."""
        for name in self.columns:
            if name not in schema.names:
                known = ", ".join(schema.names[:20])
                raise DataError(f"{file}: no column {name!r} of the id {self.text!r}; it has {known}")
            kind = schema.field(name).type
            if not (pt.is_null(kind) or any(fits(kind) for fits in _FITS)):
                raise DataError(
                    f"{file}: column {name!r} holds {kind}, wanted integers, texts or dates in an id"
                )

    def kind(self, kinds: Mapping[str, pa.DataType]) -> pa.DataType:
        """See :class:`~rankeval.logs.computed_columns.Computed`."""
        return pa.string()

    def over(self, rows: pa.RecordBatch, locate: Locate) -> pa.Array:
        """See :class:`~rankeval.logs.computed_columns.Computed`; null where one of the columns is."""
        return pc.binary_join_element_wise(*(_text(rows.column(name)) for name in self.columns), ", ")


def _text(values: pa.Array) -> pa.Array:
    """The values as texts in which every comma follows a backslash, so that joined texts stay apart."""
    texts = decoded(values).cast(pa.string())
    if pt.is_integer(values.type):
        return texts
    return pc.replace_substring(pc.replace_substring(texts, "\\", "\\\\"), ",", "\\,")


def spelt(columns: Mapping[str, str | Sequence[str]]) -> dict[str, str]:
    """Role -> column, or the names of several columns with commas between them."""
    return {role: name if isinstance(name, str) else ",".join(name) for role, name in columns.items()}


def joint_ids(columns: Mapping[str, str], schema: pa.Schema) -> dict[str, Computed]:
    """The session id, if it is to come from several columns and no column has their joint name."""
    name = columns.get("session_id", "")
    parts = tuple(part.strip() for part in name.split(","))
    if name in schema.names or len(parts) < 2:
        return {}
    return {"session_id": JointId(parts)}
