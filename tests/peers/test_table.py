"""The table of names of other tools in docs/metrics.md is true: each row names one metric."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rankeval.metrics import METRICS, parse_any
from tests.paths import REPO

PAGE = (REPO / "docs" / "metrics.md").read_text().partition("## Peers")[2]
RECORDED = json.loads((Path(__file__).parent / "values.json").read_text())
LINES = PAGE.partition("\n\n|")[2].partition("\n\n")[0].splitlines()[2:]
CELLS = [[re.findall("`([^`]+)`", cell) for cell in line.split("|")] for line in LINES]
#: Row of the table -> the names in the columns of trec_eval, ir_measures and ranx, and the name here.
ROWS = [(cells[1:4], cells[4][0]) for cells in CELLS]
NAMES = [(name, here) for names, here in ROWS for cell in names for name in cell]


def without_parameters(name):
    return name.partition(":")[0]


def test_the_table_is_read():
    assert len(ROWS) >= 24
    assert {"ndcg@10", "inf_ap", "compat", "alpha_ndcg@10"} <= {here for _, here in ROWS}


@pytest.mark.parametrize(("name", "here"), NAMES)
def test_each_name_is_the_metric_of_its_row(name, here):
    assert without_parameters(parse_any(name).name) == without_parameters(here)


@pytest.mark.parametrize("row", range(len(ROWS)), ids=[here for _, here in ROWS])
def test_the_values_of_each_row_were_compared(row):
    """Its names of trec_eval and ir_measures stand among the recorded ones, perhaps with other numbers."""
    names = [name for cell in ROWS[row][0][:2] for name in cell]
    recorded = {
        parse_any(name).base
        for name in [*RECORDED["trec_eval"], *RECORDED["ir_measures"]]
        if "judged" not in name
    }
    assert {parse_any(name).base for name in names} <= recorded


def test_every_new_metric_has_a_row_or_is_of_this_project():
    own = {"dcg", "f1", "map_min", "arp", "auc", "gauc", "ild", "novelty", "category_ndcg"}
    assert {without_parameters(here).partition("@")[0] for _, here in ROWS} | own == set(METRICS)
