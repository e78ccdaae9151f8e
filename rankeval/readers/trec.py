"""TREC qrels and run files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from rankeval.readers.files import File
from rankeval.readers.lines import Lines, LineSource, MalformedValue, data_lines, parse_floats, parse_integers
from rankeval.readers.source import Leaf
from rankeval.readers.where import Where

_QRELS = r"^(?P<query_id>\S+)\s+\S+\s+(?P<item_id>\S+)\s+(?P<value>\S+)$"
_RUN = r"^(?P<query_id>\S+)\s+\S+\s+(?P<item_id>\S+)\s+\S+\s+(?P<value>\S+)\s+\S"


class TrecSource(LineSource):
    """Lines of ``query iter item relevance`` (qrels) or ``query Q0 item rank score tag ...`` (run).

    Spaces and tabs separate the fields; a run may have more fields after the tag. Comment lines (``#``)
    and blank lines are skipped. Ids are strings. The rank is ignored, because the scores give the ranking.
    """

    def __init__(self, file: File, form: Literal["TREC qrels", "a TREC run"]) -> None:
        self._qrels = form == "TREC qrels"
        value = pa.field("relevance", pa.int64()) if self._qrels else pa.field("score", pa.float64())
        super().__init__(file, pa.schema([("query_id", pa.string()), ("item_id", pa.string()), value]))

    def _read(
        self, leaf: Leaf, columns: list[str], encoded: list[str], where: Where | None
    ) -> Iterator[pa.RecordBatch]:
        for lines in data_lines(self._file):
            yield self._parse(lines)

    def _parse(self, lines: Lines) -> pa.RecordBatch:
        fields = pc.extract_regex(lines.texts, _QRELS if self._qrels else _RUN)
        if fields.null_count:
            raise lines.malformed(pc.index(fields.is_null(), True).as_py(), self._wanted)
        query, item, text = fields.flatten()
        try:
            value = parse_integers(text) if self._qrels else parse_floats(text)
        except MalformedValue as error:
            raise lines.malformed(error.index, self._wanted) from None
        return pa.RecordBatch.from_arrays([query, item, value], names=self.schema.names)

    @property
    def _wanted(self) -> str:
        if self._qrels:
            return "'query_id iter item_id relevance', the relevance an integer"
        return "'query_id Q0 item_id rank score tag', the score a number"
