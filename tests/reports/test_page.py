"""Pages: HTML that a strict parser takes, small, without anything loaded, and hostile names as text."""

from __future__ import annotations

import json
import re
from typing import Any

import html5lib
import pytest

from rankeval.reports import fragment, page
from rankeval.reports.catalogue import COMMANDS
from rankeval.reports.page import BYTES, DETAILS, MOST_JSON
from rankeval.results import Result
from tests.reports.results import HOSTILE, results

COMMANDS_TESTED = sorted(COMMANDS)
SVG = "{http://www.w3.org/2000/svg}"


def parsed(text: str) -> Any:
    """The tree of a page; any error of HTML is raised."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def test_every_command_that_concludes_has_a_result_here() -> None:
    assert results().keys() == COMMANDS.keys()


@pytest.mark.parametrize("command", COMMANDS_TESTED)
def test_a_page_is_strict_html_and_small(command: str) -> None:
    result = results()[command]
    text = page([result.plain()], f"rankeval {command} log.parquet")
    tree = parsed(text)
    assert len(text.encode()) < 300_000
    assert tree.find(".//h1").text.strip() == result.conclusion
    assert f"rankeval {command} log.parquet" in tree.find(".//pre").text
    charts = tree.findall(f".//{SVG}svg")
    assert charts
    for chart in charts:
        assert chart.get("role") == "img"
        assert chart[0].tag == f"{SVG}title"
        assert chart[1].tag == f"{SVG}desc"
        assert chart[0].text
        assert chart[1].text
    assert len(tree.findall(".//figure")) == len(charts) / 2
    assert len(tree.findall(".//table")) >= len(tree.findall(".//figure"))


@pytest.mark.parametrize("command", COMMANDS_TESTED)
def test_nothing_is_loaded_and_nothing_runs(command: str) -> None:
    tree = parsed(page([results()[command].plain()]))
    for element in tree.iter():
        if isinstance(element.tag, str):
            assert element.tag not in {"link", "img", "iframe", "object", "image"}
            assert not [name for name in element.attrib if "href" in str(name) or "src" in str(name)]
            assert not [name for name in element.attrib if str(name).startswith("on")]
    assert {script.get("type") for script in tree.iter("script")} == {"application/json"}
    assert "url(" not in "".join(style.text for style in tree.iter("style"))


@pytest.mark.parametrize("command", COMMANDS_TESTED)
def test_the_page_holds_the_result(command: str) -> None:
    result = results()[command]
    (script,) = parsed(page([result.plain()])).iter("script")
    assert json.loads(script.text) == json.loads(result.to_json())


def test_hostile_names_are_text(hostile: Result) -> None:
    text = page([hostile.plain()], f"rankeval ab {HOSTILE[0]}")
    tree = parsed(text)
    assert len(list(tree.iter("script"))) == 1
    assert not list(tree.iter("img"))
    assert json.loads(next(tree.iter("script")).text) == hostile.plain()
    cells = ["".join(cell.itertext()) for cell in tree.iter("td")]
    assert HOSTILE[0] in cells
    assert "{{ 7 * 7 }}" in " ".join(cells)
    assert "\u202e" not in re.sub(r'<script type="application/json">.*?</script>', "", text, flags=re.S)
    assert "\x1b" not in text


def test_hostile_names_in_a_notebook_and_in_an_image(hostile: Result) -> None:
    tree = parsed(f"<!DOCTYPE html><title>x</title>{fragment(hostile.plain())}")
    assert not list(tree.iter("script"))
    assert not list(tree.iter("img"))
    from xml.etree import ElementTree

    for element in ElementTree.fromstring(hostile.plot()._repr_svg_()).iter():
        assert element.tag.removeprefix(SVG) not in {"script", "image", "a"}


def test_several_results_on_one_page() -> None:
    documents = [results()[name].plain() for name in ("ope", "ab")]
    tree = parsed(page(documents))
    assert tree.find(".//h1").text.strip() == "2 results of rankeval"
    conclusions = [heading.text for heading in tree.iter("h2") if heading.get("class") == "conclusion"]
    assert conclusions == [document["conclusion"] for document in documents]
    assert len(list(tree.iter("script"))) == 2


def test_a_long_result_is_left_out_and_the_page_says_so() -> None:
    document = results()["ope"].plain()
    long = {**document, "inputs": {**document["inputs"], "log": "x" * MOST_JSON}}
    text = page([long])
    assert "<script" not in text
    assert "too long to be held in this page" in text


def test_long_results_fit_a_page_and_what_is_cut_is_told() -> None:
    document = results()["evaluate"].plain()
    metrics = [f"metric {i}" for i in range(20)]
    many = {
        name: [
            {**one, "metric": metric, "segment": f"segment {k}"}
            for one in document[name]
            for metric in metrics
            for k in range(80)
        ]
        for name in ("results", "comparisons")
    }
    whole = [{**one, "segment": None} for one in document["results"][:1]]
    inputs = {**document["inputs"], "metrics": metrics}
    text = page([{**document, **many, "inputs": inputs, "results": whole + many["results"]}])
    parsed(text)
    assert len(text.encode()) <= BYTES
    assert f"{DETAILS[1][0]} of {len(many['comparisons'])} rows." in text
    assert text.count("<figure>") == DETAILS[1][1]
    assert f"{12 - DETAILS[1][1]} further charts are left out" in text
    assert "The first 40 of " in text


def test_a_command_that_concludes_nothing_has_its_records() -> None:
    document = {"schema": 1, "command": "train", "inputs": {}, "results": [{"metric": "ndcg", "value": 0.5}]}
    tree = parsed(page([{**document, "warnings": []}]))
    assert tree.find(".//h1").text.strip() == "rankeval train"
    assert [cell.text for cell in tree.iter("td")] == ["ndcg", "0.5000"]


def test_levels_of_several_estimates_are_told_apart() -> None:
    document = results()["ope"].plain()
    mixed = [{**row, "verdict": {"level": level, "reasons": []}} for row, level in
             zip(document["results"], ["trust", "caution"] * 9, strict=False)]  # fmt: skip
    whole = {**document, "results": mixed, "verdict": {"level": "caution", "reasons": []}}
    assert "Worst verdict of all estimates: caution" in page([whole])
    # Metrics that only order candidates do not count in the verdict of a result.
    assert ">Verdict: trust" in page([{**whole, "verdict": {"level": "trust", "reasons": []}}])
