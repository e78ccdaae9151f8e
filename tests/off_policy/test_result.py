from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np
import pytest

from rankeval import OffPolicyEvaluation, ope
from rankeval.results import signed
from tests import naive_off_policy as naive

LOG = naive.random_log(2000, seed=1)
ASKED = ["snips", "cips:max_weight=5", "dr"]


@pytest.fixture(scope="module")
def result() -> OffPolicyEvaluation:
    return ope(LOG, ASKED, ci=["normal", "bootstrap"], replicates=100)


def test_json_contract(result: OffPolicyEvaluation) -> None:
    found = json.loads(result.render("json"))
    top = [
        "schema",
        "command",
        "conclusion",
        "inputs",
        "n",
        "results",
        "comparisons",
        "best",
        "logged",
        "position_bias",
        "refutation",
        "propensity_tests",
        "weights",
        "verdict",
        "warnings",
    ]
    assert list(found) == top
    assert (found["schema"], found["command"], found["n"]) == (1, "ope", 2000)
    assert found["inputs"]["log"] == "<dict>"
    assert (found["inputs"]["folds"], found["inputs"]["model_weighting"]) == (None, None)
    assert [(r["name"], r["params"]) for r in found["results"]] == [
        ("snips", {}),
        ("cips", {"max_weight": 5.0}),
        ("dr", {}),
    ]
    assert set(found["logged"]) == {"value", "std_error", "ci"}
    row = found["results"][0]
    names = {
        "name",
        "params",
        "target",
        "segment",
        "estimand",
        "value",
        "std_error",
        "ci",
        "intervals",
        "n",
        "sensitivity",
        "bounds",
        "gain",
        "logged",
        "diagnostics",
        "selection",
        "verdict",
    }
    assert set(row) == names
    assert set(row["ci"]) == {"method", "level", "low", "high", "reason", "side", "why"}
    assert row["ci"] == row["intervals"][0]
    assert [interval["method"] for interval in row["intervals"]] == ["normal", "bootstrap"]
    assert {"value", "relative", "std_error", "ci"} <= set(row["gain"])
    assert set(row["diagnostics"]) == {
        "ess",
        "max_weight",
        "mean_weight",
        "top_share",
        "tail_index",
        "near_support",
        "leverage",
        "unseen_error",
        "support_gap",
        "mean_weight_z",
        "effective_rewards",
        "share_clipped",
        "overlap",
    }


def test_json_keeps_every_digit(result: OffPolicyEvaluation) -> None:
    found = json.loads(result.render("json"))
    assert found == result.to_dict()
    assert found["results"][0]["value"] == result.estimates[0].value.value


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


def test_json_has_null_for_what_cannot_be_computed() -> None:
    log = LOG | {"target_propensity": np.zeros(2000), "reward": np.zeros(2000)}
    text = ope(log, ASKED, ci=["normal", "bootstrap_t"]).render("json")
    found = json.loads(text, parse_constant=lambda name: pytest.fail(f"found {name}"))
    snips = found["results"][0]
    assert snips["value"] is None
    assert snips["std_error"] is None
    assert snips["ci"] == {
        "method": "normal",
        "level": 0.95,
        "low": None,
        "high": None,
        "reason": "its denominator is 0",
        "side": "two",
        "why": None,
    }
    assert snips["gain"]["relative"] is None
    assert any("its denominator is 0" in warning for warning in found["warnings"])
    assert "nan" not in [text.lower() for text in strings(found)]


def test_rows_are_flat_and_alike(result: OffPolicyEvaluation) -> None:
    rows = result.rows()
    assert [row["name"] for row in rows] == ["snips", "cips:max_weight=5", "dr"]
    assert len({tuple(row) for row in rows}) == 1
    estimate = result.estimates[1]
    assert rows[1]["value"] == estimate.value.value
    assert rows[1]["ci_low"] == estimate.value.intervals[0].low
    assert rows[1]["gain_ci_high"] == estimate.gain.intervals[0].high
    assert rows[1]["gain_relative"] == estimate.relative.value
    assert rows[1]["gain_relative_ci_low"] == estimate.relative.intervals[0].low
    assert rows[1]["logged"] == result.logged.value
    assert rows[1]["share_clipped"] == estimate.diagnostics["share_clipped"]


def test_csv_reads_back(result: OffPolicyEvaluation) -> None:
    found = list(csv.DictReader(io.StringIO(result.render("csv"))))
    for text, row in zip(found, result.rows(), strict=True):
        assert text.keys() == row.keys()
        assert float(text["value"]) == row["value"]
        assert text["segment"] == ""


def test_pandas(result: OffPolicyEvaluation) -> None:
    frame = result.to_pandas()
    assert list(frame.columns) == list(result.rows()[0])
    assert frame["value"].tolist() == [row.value.value for row in result.estimates]


@pytest.mark.parametrize("width", [80, 100, 140])
def test_tables_fit_and_cut_no_number(width: int) -> None:
    found = ope(
        LOG, [*ASKED, "csnips:max_weight=2.5"], ci=["normal", "bootstrap"], replicates=50, by="country"
    )
    wide, narrow = found.render("table", 10_000), found.render("table", width)
    assert "…" not in narrow
    assert set(narrow.split()) - {"─" * len(word) for word in narrow.split()} >= {
        word for word in wide.split() if "─" not in word
    }
    plain = ope(LOG, [*ASKED, "csnips:max_weight=2.5"]).render("table", width)
    assert max(map(len, plain.splitlines())) <= 80
    assert plain == ope(LOG, [*ASKED, "csnips:max_weight=2.5"]).render("table", 10_000)


def test_table_for_people(result: OffPolicyEvaluation) -> None:
    text = result.render("table", 100)
    titles = [
        "Logged policy",
        "Value of the target policy",
        "Gain over the logged policy",
        "Importance weights",
    ]
    assert [line for line in text.splitlines() if line in titles] == titles
    assert text.count("cips:max_weight=5 ") == 4
    assert not any(line.endswith(" ") for line in text.splitlines())
    assert text.rstrip() == repr(ope(LOG, ASKED, ci=["normal", "bootstrap"], replicates=100))


def test_table_of_segments_names_the_column() -> None:
    text = ope(LOG, "snips", by="country").render("table", 100)
    for line in ("country", "all", "de", "fr", "jp"):
        assert text.count(f" {line} ") >= 4


def test_names_cannot_break_a_table() -> None:
    log = LOG | {"part": np.resize(["a|b", "[red]x[/red]", "日本"], 2000)}
    found = ope(log, "snips", by="part")
    assert "[red]x[/red]" in found.render("table", 100)
    markdown = found.render("markdown")
    assert "a\\|b" in markdown
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in lines} <= {5, 6, 7}


def test_warnings_are_part_of_every_form_for_people() -> None:
    found = ope(LOG | {"target_propensity": np.zeros(2000)}, "snips")
    for form in ("table", "markdown"):
        assert "its denominator is 0" in found.render(form)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0.0, "0.0000"), (0.25, "+0.2500"), (-0.25, "-0.2500"), (-0.0, "0.0000")]
)
def test_signs(value: float | None, text: str) -> None:
    assert signed(value) == text
