from __future__ import annotations

import gzip
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval.readers import lines as reader
from rankeval.readers.files import find_files
from rankeval.readers.lines import MalformedValue, data_lines, parse_floats, parse_integers
from tests.readers.helpers import error_of, examples


def numbered(path: Path) -> list[tuple[int, str]]:
    return [
        (int(number), text)
        for lines in data_lines(find_files(path)[0])
        for number, text in zip(lines.numbers, lines.texts.to_pylist(), strict=True)
    ]


@pytest.mark.parametrize("block", [1, 2, 7, 4096])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "tail", "# tail"])
def test_lines_and_their_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, end: str, last: str
) -> None:
    monkeypatch.setattr(reader, "_BLOCK", block)
    lines = ["# note", "", " first\tone ", "   ", "a#b", "  # indented", "é" * 9, ""]
    text = "".join(line + end for line in lines) + last
    wanted = [(3, "first\tone"), (5, "a#b"), (7, "é" * 9)] + ([(9, "tail")] if last == "tail" else [])
    for content in (text.encode(), b"\xef\xbb\xbf" + text.encode(), gzip.compress(text.encode())):
        (tmp_path / "x").write_bytes(content)
        assert numbered(tmp_path / "x") == wanted


def test_not_utf8_names_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_BLOCK", 8)
    (tmp_path / "x").write_bytes(b"fine\n" * 5 + b"bad \xe9\n")
    error_of(lambda: numbered(tmp_path / "x"), "line 6", r"b'\xe9'", "UTF-8")


def outcome(parse: Any, text: str) -> Any:
    try:
        value = parse(text)
    except (ValueError, OverflowError, MalformedValue):
        return "malformed"
    return "nan" if isinstance(value, float) and math.isnan(value) else (type(value), value)


FLOATS = [
    "1",
    "+1.5",
    "-0",
    "1e400",
    "-1e400",
    "1e-400",
    "4.9e-324",
    "2.2250738585072011e-308",
    "nan",
    "-nan",
]
FLOATS += ["inf", "Infinity", "1_0", "1.", ".5", "1E+3", "0x10", "1d", "1,5", "--1", "e5", "", "."]


@pytest.mark.parametrize("text", FLOATS)
def test_floats_are_those_of_python(text: str) -> None:
    assert outcome(lambda t: parse_floats(pa.array([t]))[0].as_py(), text) == outcome(float, text)


@examples
@given(st.floats(allow_nan=False), st.sampled_from(["{!r}", "{:.6f}", "{:.17g}", "{:+.3e}"]))
def test_floats_to_the_last_bit(value: float, form: str) -> None:
    text = form.format(value)
    assert parse_floats(pa.array(["1", text])).to_pylist() == [1.0, float(text)]


@examples
@given(st.text("0123456789.eE+-_ninfa", min_size=1, max_size=6))
def test_texts_that_may_be_floats(text: str) -> None:
    assert outcome(lambda t: parse_floats(pa.array([t]))[0].as_py(), text) == outcome(float, text)


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "-3",
        "+3",
        "007",
        "1_000",
        "0x10",
        "0X1f",
        "1.0",
        "x",
        "",
        "9223372036854775807",
        "-9223372036854775808",
    ],
)
def test_integers_are_those_of_python(text: str) -> None:
    assert outcome(lambda t: parse_integers(pa.array([t]))[0].as_py(), text) == outcome(int, text)


def test_the_index_of_the_malformed_value() -> None:
    for parse, texts in (
        (parse_floats, ["1", "+2", "x", "y"]),
        (parse_integers, ["1", "+2", str(2**63), "y"]),
    ):
        with pytest.raises(MalformedValue) as caught:
            parse(pa.array(texts))
        assert caught.value.index == 2


@pytest.mark.parametrize(("text", "line"), [(b"x" * 100, 1), (b"a\nb\n" + b"x" * 100 + b"\nc\n", 3)])
def test_a_line_that_is_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes, line: int
) -> None:
    monkeypatch.setattr(reader, "_BLOCK", 8)
    monkeypatch.setattr(reader, "LONGEST_LINE", 64)
    (tmp_path / "x").write_bytes(gzip.compress(text))
    error_of(
        lambda: numbered(tmp_path / "x"), f"{tmp_path / 'x'}, line {line}: found a line of more than 0 MiB"
    )
    monkeypatch.setattr(reader, "LONGEST_LINE", 128)
    assert len(numbered(tmp_path / "x")) in (1, 4)
