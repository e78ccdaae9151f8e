from __future__ import annotations

import json
from pathlib import Path

from rankeval.simulators.simulation import simulate


def test_results_are_readable(tmp_path: Path):
    result = simulate(
        tmp_path / "o", 1500, 3, shuffle="pair:share=0.1", arms="logging,new", queries=6, items=4, positions=4
    )
    text = repr(result)
    assert "1,500 sessions, 6,000 rows" in text
    rows = {row["policy"]: row for row in result.rows()}
    assert list(rows) == ["logging", "unshuffled", "new", "arm logging", "arm new"]
    assert rows["new"]["expected_clicks"] == result.truth["candidates"]["new"]["expected_clicks"]
    assert rows["new"]["ndcg@10"] == result.truth["candidates"]["new"]["metrics"]["ndcg@10"]
    shown = json.loads(result.render("json"))
    assert (shown["command"], shown["n"], shown["rows"]) == ("simulate", 1500, 6000)
    assert shown["inputs"]["world"] is None
    assert shown["truth"] == result.truth
    assert len(result.render("csv").splitlines()) == 6
