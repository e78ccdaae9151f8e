"""TREC qrels and run files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from rankeval.errors import DataError
from rankeval.readers.files import File
from rankeval.readers.lines import Lines, LineSource, MalformedValue, data_lines, parse_floats, parse_integers
from rankeval.readers.messages import guard
from rankeval.readers.source import Leaf
from rankeval.readers.where import Where

Form = Literal["TREC qrels", "a TREC run"]

_QRELS = r"^(?P<query_id>\S+)\s+\S+\s+(?P<item_id>\S+)\s+(?P<relevance>\S+)$"
_QRELS_WITH_ITER = _QRELS.replace(r"\s+\S+\s+", r"\s+(?P<iter>\S+)\s+", 1)
# No part can match the first character of the next part, and four groups are the most with which RE2 matches
# in one pass.
_RUN = r"^(?P<query_id>\S+)\s+\S+\s+(?P<item_id>\S+)\s+(?P<rank>[+-]?\d+(?:\.\d*)?)\s+(?P<score>\S+)"
_TAG, _TAG_AND_WORDS = r"\s+\S+$", r"\s+\S.*$"
_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+|inf|infinity|nan)(e[+-]?\d+)?"
#: Lines with words after the tag, where one of them, or the tag, is a number: it may be the score, moved by a
#: blank in an id.
_MOVED = rf"(?i)^(\S+\s+){{5}}((\S+\s+)*{_NUMBER}(\s+\S+)+|(\S+\s+)+{_NUMBER})$"
#: Lines that begin with # and are data nevertheless: their query id begins with it. A blank after the # makes
#: a comment, in which four words that end in a number are no judgement.
HASHED: dict[Form, str] = {
    "TREC qrels": r"^#\S+\s+\S+\s+\S+\s+[+-]?\d+$",
    "a TREC run": rf"(?i)^#\S+\s+\S+\s+\S+\s+[+-]?\d+(\.\d*)?\s+{_NUMBER}(\s+\S+)?$",
}
_BLANKS = re.compile(r"[ \t\r\f]+")


class TrecSource(LineSource):
    """Lines of ``query iter item relevance`` (qrels) or ``query Q0 item rank score tag`` (run).

    Spaces and tabs separate the fields. A run may lack the tag if no line has one; the first line shows it.
    A line with more or fewer fields is an error: a blank within an id would shift all fields after it. Words
    after the tag, as trec_eval takes them, cannot come from such a shift if no number is among them. Blank
    lines are skipped, and so are comments (``#``). Ids are strings. The scores give the ranking.

    Columns: query_id, item_id, and relevance (int64) and iter (text), or score and rank (float64).
    """

    def __init__(self, file: File, form: Form) -> None:
        self._qrels = form == "TREC qrels"
        self._fields, self._pattern, self._tag = 4, _QRELS, ""
        values = [("relevance", pa.int64()), ("iter", pa.string())]
        if not self._qrels:
            first = _first(file, HASHED[form])
            self._fields = 5 if len(first) == 5 else 6
            self._tag = first[5] if len(first) == 6 and re.fullmatch(rf"(?i){_NUMBER}", first[5]) else ""
            self._pattern = _RUN + (_TAG if self._fields == 6 else "$")
            values = [("score", pa.float64()), ("rank", pa.float64())]
        schema = pa.schema([("query_id", pa.string()), ("item_id", pa.string()), *values])
        super().__init__(file, schema, HASHED[form])

    def _read(
        self, leaf: Leaf, columns: list[str], encoded: list[str], where: Where | None
    ) -> Iterator[pa.RecordBatch]:
        for lines in self._lines():
            yield self._parse(lines, columns)

    def _parse(self, lines: Lines, columns: list[str]) -> pa.RecordBatch:
        texts = pc.extract_regex(lines.texts, _QRELS_WITH_ITER if "iter" in columns else self._pattern)
        if texts.null_count and self._fields == 6:
            moved = pc.match_substring_regex(lines.texts, _MOVED)
            texts = pc.if_else(moved, None, pc.extract_regex(lines.texts, _RUN + _TAG_AND_WORDS))
        if texts.null_count:
            raise self._malformed(lines, pc.index(texts.is_null(), True).as_py())
        arrays = dict(zip((field.name for field in texts.type), texts.flatten(), strict=True))
        if self._tag:
            self._require_tag(lines)
        # The judgement or score is parsed even if it is not asked for: a wrong one is a malformed line.
        last = "relevance" if self._qrels else "score"
        try:
            arrays[last] = (parse_integers if self._qrels else parse_floats)(arrays[last])
        except MalformedValue as error:
            raise self._malformed(lines, error.index) from None
        if "rank" in columns:
            arrays["rank"] = parse_floats(arrays["rank"])
        return pa.RecordBatch.from_arrays([arrays[name] for name in columns], names=columns)

    def _require_tag(self, lines: Lines) -> None:
        """Check that a tag that is a number is the same in all lines.

        Else the tag may be the score of a run without tags, moved by a blank in the ids of items.
        """
        same = pc.match_substring_regex(lines.texts, rf"\s{re.escape(self._tag)}$")
        if not pc.all(same).as_py():
            index = pc.index(same, False).as_py()
            raise lines.malformed(
                index, f"the tag {self._tag} as in the first line, a word as tag, or no blank in an id"
            )

    def _malformed(self, lines: Lines, index: int) -> DataError:
        found = len(_BLANKS.split(lines.texts[index].as_py()))
        form = "'query_id iter item_id relevance', the relevance an integer"
        if not self._qrels:
            tag = " tag" if self._fields == 6 else ""
            form = f"'query_id Q0 item_id rank score{tag}', the rank and the score numbers"
        if found == self._fields:
            return lines.malformed(index, form)
        first = "" if self._fields != 5 else " as in the first line"
        wanted = f"{self._fields}{first}, {form}, no blank in an id"
        return lines.malformed(index, wanted, f" with {found} fields")


def _first(file: File, hashed: str) -> list[str]:
    """The fields of the first line; empty if there is none."""
    with guard(file.name):
        for lines in data_lines(file, hashed):
            if len(lines):
                return _BLANKS.split(lines.texts[0].as_py())
    return []
