"""Results as JSON, CSV, Markdown, tables and data frames."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from typing import Any

import pytest

from rankeval import DataError, Evaluation, UsageError, evaluate, interleave_lists
from rankeval.errors import printable
from rankeval.renderers import RENDERERS, _latex_text
from rankeval.results import _arrow, interval_text, number, p_text, percent
from tests.evaluation.test_inference import JUDGEMENTS, TABLES, with_column, with_queries
from tests.naive_evaluation import judgements_table, run_table
from tests.reports.results import results


def evaluation(**options: Any) -> Evaluation:
    judgements = judgements_table(JUDGEMENTS)
    return evaluate(
        {n: TABLES[n] for n in ("good", "fair")}, judgements, ["map", "ndcg@5"], permutations=50, **options
    )


@pytest.fixture(scope="module")
def result():
    return evaluation(ci=["normal", "bootstrap"])


@pytest.fixture(scope="module")
def odd():
    """Segments of odd names, one of them with a single query, and nothing but nulls in places."""
    part = {q: ["a|b", "[red]c[/red]", "d\ne", None][i % 4] for i, q in enumerate(JUDGEMENTS)}
    part["q000"] = "alone"
    return evaluate(
        TABLES, with_queries("part", part), ["map", "arp"], by="part", empty="skip", permutations=20
    )


def floats(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [f for v in value.values() for f in floats(v)]
    if isinstance(value, list):
        return [f for v in value for f in floats(v)]
    return [value] if isinstance(value, float) else []


def test_json_keeps_every_digit_and_holds_no_nan(result, odd):
    for found in (result, odd):
        assert json.loads(found.render("json")) == found.to_dict()
        assert all(math.isfinite(value) for value in floats(found.to_dict()))


def test_the_contract(result):
    found = result.to_dict()
    assert {"schema", "command", "inputs", "n", "results", "comparisons", "warnings"} <= found.keys()
    assert (found["schema"], found["command"], found["n"]) == (1, "evaluate", 150)
    for row in found["results"]:
        assert row.keys() == {"run", "metric", "segment", "value", "std_error", "ci", "intervals", "n"}
        assert row["ci"] == row["intervals"][0]
        assert row["ci"]["method"] == "normal"
        assert [interval["method"] for interval in row["intervals"]] == ["normal", "bootstrap"]
    for row in found["comparisons"]:
        assert {"a", "b", "metric", "difference", "ci", "p_value", "p_adjusted", "test"} <= row.keys()
    assert found["counts"]["queries"] == 150


def test_data_frame_and_csv_hold_the_same_rows(result):
    frame = result.to_pandas()
    assert len(frame) == len(result.metric_rows) + len(result.comparisons) == 8
    assert frame["kind"].tolist() == ["result"] * 4 + ["comparison"] * 4
    assert frame["value"].tolist() == [
        row.estimate.value for row in (*result.metric_rows, *result.comparisons)
    ]
    read = list(csv.DictReader(io.StringIO(result.render("csv"))))
    assert list(read[0]) == list(frame.columns)
    for found, wanted in zip(read, result.rows(), strict=True):
        for name, value in wanted.items():
            assert found[name] == ("" if value is None else str(value))
            if isinstance(value, float):
                assert float(found[name]) == value


def test_a_single_run_has_no_columns_for_comparisons():
    frame = evaluate(TABLES["good"], judgements_table(JUDGEMENTS), "map").to_pandas()
    assert "p_value" not in frame
    assert "a" not in frame


def test_values_of_csv_with_line_ends(odd):
    segments = [row["segment"] for row in csv.DictReader(io.StringIO(odd.render("csv")))]
    assert set(segments) == {"", "a|b", "[red]c[/red]", "d\ne", "alone"}


def cells(line: str) -> int:
    return line.replace("\\|", "").count("|")


def test_markdown_tables_are_whole(result, odd):
    for found in (result, odd):
        text = found.render("markdown")
        rows = [line for line in text.splitlines() if line.startswith("|")]
        assert len(rows) == sum(len(table.rows) + 2 for table in found.tables())
        for table in found.tables():
            start = text.index(" | ".join(name.removeprefix(">") for name in table.header))
            body = text[start:].split("\n\n")[0].splitlines()
            assert len({cells(line) for line in body if line.startswith("|")}) == 1
        for warning in found.warnings:
            assert f"- {printable(warning)}" in text


def test_the_table_for_people(result):
    text = repr(result)
    assert text == result.render("table", 120).rstrip()
    assert max(map(len, text.splitlines())) <= 120
    for word in (
        "ndcg@5",
        "good - fair",
        "95 % normal",
        "95 % bootstrap",
        "randomisation",
        "Holm",
        "Paired differences",
    ):
        assert word in text
    assert number(result.metric_rows[0].estimate.value) in text
    assert "object at" not in text


def test_text_of_the_data_is_not_read_as_markup(odd):
    assert "[red]c[/red]" in repr(odd)
    assert "a|b" in repr(odd)


def test_missing_numbers_are_dashes_and_explained(odd):
    alone = [row for row in odd.metric_rows if row.segment == "alone"]
    assert {row.estimate.std_error for row in alone} == {None}
    assert any(
        "in alone" in warning and "a single unit has no standard error" in warning for warning in odd.warnings
    )
    assert " - " in repr(odd)


@pytest.mark.parametrize("format_", RENDERERS)
def test_every_format_ends_in_one_line_end(result, format_):
    text = result.render(format_)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.0, "0.0000"),
        (-0.0, "0.0000"),
        (1.0, "1.000"),
        (0.123456, "0.1235"),
        (-0.0123456, "-0.01235"),
        (0.000123456, "0.0001235"),
        (0.0000123456, "1.235e-05"),
        (12.3456, "12.35"),
        (123456.7, "123457"),
        (1234567.0, "1.235e+06"),
    ],
)
def test_numbers_for_people(value, text):
    assert number(value) == text


def test_a_p_value_is_never_0():
    assert (p_text(0.0), p_text(0.01234), p_text(None)) == ("<1e-300", "0.0123", "-")


def test_intervals_for_people():
    assert interval_text({"low": 0.25, "high": 0.5}) == "0.2500 .. 0.5000"
    assert interval_text({"low": None, "high": 0.5}) == "-"
    assert interval_text(None) == "-"
    assert (percent(0.95), percent(0.999)) == ("95 %", "99.9 %")


def test_one_query_renders_in_every_format():
    found = evaluate(run_table({"q": {"d": 1.0}}), judgements_table({"q": {"d": 1}}), "ndcg")
    for format_ in RENDERERS:
        assert "ndcg" in found.render(format_)


def with_segments(number, name=lambda i: f"s{i:03d}"):
    run = run_table({f"q{i}": {"d": 1.0} for i in range(number)})
    judged = judgements_table({f"q{i}": {"d": 1} for i in range(number)})
    return evaluate(
        run, with_column(judged, "part", {f"q{i}": name(i) for i in range(number)}), "ndcg", by="part"
    )


def test_a_table_prints_its_first_50_rows_and_says_so():
    found = with_segments(60)
    text = found.render("table")
    assert "50 of 61 rows; csv, json and markdown have all" in text
    assert "s048" in text
    assert "s049" not in text
    for format_ in ("csv", "json", "markdown"):
        assert "s059" in found.render(format_)
    assert "60 of 60 segments have fewer than 100 queries" in " ".join(found.warnings)


def test_names_in_data_cannot_steer_a_terminal():
    found = with_segments(2, lambda i: f"\x1b[2J\x07red\u202e{i}")
    for format_ in ("table", "markdown"):
        text = found.render(format_)
        assert not {"\x1b", "\x07", "\u202e"} & set(text)
        assert "\\x1b[2J\\x07red\\u202e0" in text
    assert json.loads(found.render("json"))["results"][1]["segment"] == "\x1b[2J\x07red\u202e0"


@pytest.mark.parametrize("command", sorted(results()))
def test_every_form_begins_with_the_conclusion(command):
    found = results()[command]
    assert found.to_dict()["conclusion"] == found.conclusion
    first = " ".join(found.render("table", 80).partition("\n\n")[0].partition("\nVerdict: ")[0].split())
    assert first == " ".join(printable(found.conclusion).split())
    assert found.render("markdown").startswith(f"**{printable(found.conclusion)}**\n")
    assert found.render("latex").startswith(f"% {printable(found.conclusion)}\n")


def test_a_command_that_concludes_nothing_says_nothing(tmp_path):
    found = interleave_lists(["a", "b"], ["b", "a"])
    assert found.conclusion is None
    assert "conclusion" not in found.to_dict()
    with pytest.raises(UsageError, match="results of interleave lists have no chart"):
        found.plot()
    found.report(tmp_path / "page.html")
    assert "<h1" in (tmp_path / "page.html").read_text()


def test_data_frames_of_all_kinds_hold_the_same(result, odd):
    for found in (result, odd):
        table = found.to_arrow()
        assert table.to_pylist() == found.rows()
        assert found.to_polars().to_dicts() == found.rows()
        assert table.column_names == list(found.to_pandas().columns)
        assert json.loads(found.to_json()) == found.to_dict()


def test_a_column_of_several_types_is_text_in_arrow():
    assert _arrow([1, "a", None]).to_pylist() == ["1", "a", None]
    assert _arrow([1, 2.5, None]).to_pylist() == [1.0, 2.5, None]


def test_latex_escapes_and_is_whole(odd):
    text = odd.render("latex")
    assert text.count("\\begin{tabular}") == text.count("\\end{tabular}") == len(odd.tables())
    assert "a\\textbar{}b" in text
    assert "95 \\%" in text
    for line in text.splitlines():
        if line.endswith("\\\\"):
            plain = line.removesuffix(" \\\\")
            assert not re.search(r"(?<!\\)[%$#_]", plain)
    for table in odd.tables():
        assert (
            f"\\begin{{tabular}}{{{''.join('r' if h.startswith('>') else 'l' for h in table.header)}}}"
            in text
        )


@pytest.mark.parametrize("letter", list("\\~^<>|&%$#_{}"))
def test_each_letter_that_latex_reads_is_escaped(letter):
    assert _latex_text(letter) not in (letter, "")
    assert _latex_text(f"a{letter}b").startswith("a\\")


def test_plots_by_name(result):
    assert result.plot().key == "differences of map"
    assert result.plot("map").title == "map of the runs"
    with pytest.raises(UsageError, match="plot: found 'pie', wanted differences of map, map"):
        result.plot("pie")


def test_notebooks_get_the_same_conclusion_charts_and_tables(result):
    shown = result._repr_html_()
    assert result.conclusion in shown
    assert shown.count("<figure>") == 4
    assert "<script" not in shown
    assert len(shown) < 60_000


def test_a_report_is_written_whole(result, tmp_path):
    result.report(tmp_path / "page.html", "rankeval evaluate good fair")
    text = (tmp_path / "page.html").read_text()
    assert text.rstrip().endswith("</html>")
    assert "<pre>rankeval evaluate good fair</pre>" in text
    with pytest.raises(DataError, match="cannot be written"):
        result.report(tmp_path / "none" / "page.html")
