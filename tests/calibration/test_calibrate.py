"""``calibrate`` from files to the map, its losses on other queries, its warnings and errors."""

from __future__ import annotations

import json
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn import metrics as sklearn

import rankeval
from rankeval import DataError, UsageError, calibrate, evaluate
from rankeval.arrays import hashes_of, to_arrow
from rankeval.calibration import read_calibration
from rankeval.calibration.cross_fitting import folds_of
from rankeval.calibration.score_maps import Platt

QUERIES, ITEMS = 600, 5


def table(seed: int = 0, queries: int = QUERIES) -> pa.Table:
    """The click rate is the square of the score; every query has an effect of its own."""
    rng = np.random.default_rng(seed)
    n = queries * ITEMS
    score = rng.random(n)
    effect = np.repeat(rng.normal(0.0, 0.05, queries), ITEMS)
    click = rng.random(n) < np.clip(score**2 + effect, 0.0, 1.0)
    return pa.table(
        {
            "query_id": np.repeat(np.arange(queries), ITEMS),
            "item_id": np.tile(np.arange(ITEMS), queries),
            "score": score,
            "raw": 4.0 * score - 2.0,
            "click": click.astype(float),
            "device": np.repeat(["phone", "desk"], n // 2),
            "user": np.repeat(np.arange(queries) // 3, ITEMS),
        }
    )


RUN = table()
CLICKS = {"relevance": "click"}


def value(result, metric, run="after", segment=None):
    (row,) = (
        row
        for row in result.evaluation.metric_rows
        if (row.metric, row.run, row.segment) == (metric, run, segment)
    )
    return row.estimate


@pytest.fixture(scope="module")
def result():
    return calibrate(RUN, method="isotonic", columns=CLICKS, ci="normal,bootstrap")


def test_losses_are_those_of_probabilities_out_of_fold():
    result = calibrate(RUN, method="platt", columns=CLICKS, folds=3, seed=5)
    fold = folds_of(hashes_of(to_arrow(np.arange(QUERIES))), 3, 5)[RUN["query_id"].to_numpy()]
    score, click = RUN["score"].to_numpy(), RUN["click"].to_numpy() >= 1
    p = np.empty(len(score))
    for each in range(3):
        p[fold == each] = Platt.fit(score[fold != each], click[fold != each]).apply(score[fold == each])
    assert value(result, "log_loss").value == pytest.approx(sklearn.log_loss(click, p), abs=1e-9)
    assert value(result, "brier").value == pytest.approx(sklearn.brier_score_loss(click, p), abs=1e-9)
    before = sklearn.log_loss(click, score)
    assert value(result, "log_loss", "before").value == pytest.approx(before, abs=1e-9)
    everything = Platt.fit(score, click)
    assert result.calibration.mapping.slope == pytest.approx(everything.slope, abs=1e-12)


def test_differences_are_paired(result):
    for comparison in result.evaluation.comparisons:
        assert (comparison.a, comparison.b) == ("after", "before")
        after, before = (value(result, comparison.metric, run) for run in ("after", "before"))
        assert comparison.estimate.value == pytest.approx(after.value - before.value, abs=1e-12)
        assert comparison.estimate.value + 3 * comparison.estimate.std_error < 0.0  # it helps
        assert comparison.p_value < 0.01


def test_the_error_out_of_fold_is_within_its_noise(result):
    """The mean of 12 worlds of 600 queries exceeds the mean noise by less than 3.3 standard errors.

    Each map has an error of its own, which adds to the noise of the held-out clicks: 15 % is allowed.
    """
    assert value(result, "ece", "before").value > 0.15
    values, noises = [], []
    for seed in range(12):
        found = calibrate(table(seed, 600), method="isotonic", columns=CLICKS)
        values.append(value(found, "ece").value)
        mine = (note for note in found.notes if note.text.startswith("ece of after"))
        noises += [note.numbers["noise"] for note in mine]
    assert len(noises) == 12
    spread = np.std(np.array(values) - noises, ddof=1) / math.sqrt(12)
    assert np.mean(values) <= np.mean(noises) * 1.15 + 3.3 * spread


def test_judgements_in_a_file_of_their_own():
    judgements = RUN.select(["query_id", "item_id", "click"]).rename_columns(
        ["query_id", "item_id", "relevance"]
    )
    run = RUN.select(["query_id", "item_id", "score", "user"])
    one, other = (
        calibrate(*data, method="platt", columns=columns)
        for data, columns in (((run, judgements), None), ((RUN,), CLICKS))
    )
    assert one.to_dict()["results"] == other.to_dict()["results"]
    graded = judgements.set_column(2, "relevance", pa.compute.multiply(judgements["relevance"], 3.0))
    again = calibrate(run, graded, "platt", relevance_threshold=3)
    assert again.to_dict()["results"] == one.to_dict()["results"]


def test_unjudged_items_are_left_out_and_counted():
    click = RUN["click"].to_pylist()
    click[3] = None
    run = RUN.set_column(4, "click", pa.array(click, pa.float64()))
    result = calibrate(run, method="platt", columns=CLICKS)
    assert (result.unjudged, result.to_dict()["items"]) == (1, QUERIES * ITEMS - 1)
    assert result.to_dict()["items_unjudged"] == 1
    assert result.calibration.fitted_on["items"] == QUERIES * ITEMS - 1


@pytest.mark.parametrize("method", ["platt", "isotonic", "temperature"])
def test_raw_scores_have_no_losses_before(method):
    result = calibrate(RUN, method=method, columns=CLICKS | {"score": "raw"})
    assert {row.run for row in result.evaluation.metric_rows} == {"after"}
    assert result.evaluation.comparisons == ()
    assert result.calibration.scores == "raw"
    assert "the scores are not probabilities, so there are no losses before calibration" in result.warnings
    assert "Paired differences" not in result.render()


def test_the_order_is_kept_by_maps_of_raw_and_of_linear_scores():
    """Platt's map of a linear transform of the score gives the same probabilities."""
    raw, own = (calibrate(RUN, method="platt", columns=CLICKS | {"score": name}) for name in ("raw", "score"))
    for metric in ("log_loss", "brier", "ece"):
        assert value(raw, metric).value == pytest.approx(value(own, metric).value, abs=1e-9)


def test_scores_may_be_declared():
    raw = calibrate(RUN, method="platt", scores="raw", columns=CLICKS)
    assert raw.calibration.scores == "raw"
    with pytest.raises(DataError) as caught:
        calibrate(RUN, method="platt", scores="probability", columns=CLICKS | {"score": "raw"})
    assert "column 'raw' is" in str(caught.value)
    assert str(caught.value).endswith("wanted a probability, from 0 to 1, for scores=probability")


def test_prior_needs_no_fit():
    """A model of a world in which a fifth of the unclicked items was kept."""
    rng = np.random.default_rng(3)
    p = rng.beta(1, 4, 4000)
    run = {
        "query_id": np.arange(4000),
        "item_id": np.zeros(4000, int),
        "score": p / (p + 0.2 * (1.0 - p)),
        "relevance": (rng.random(4000) < p).astype(float),
    }
    result = calibrate(run, method="prior", sampling_rate=0.2)
    assert value(result, "brier").value == pytest.approx(np.mean((p - run["relevance"]) ** 2), abs=1e-12)
    assert value(result, "ece").value < 0.03 < 0.15 < value(result, "ece", "before").value
    assert result.inputs["folds"] is None
    assert result.calibration.fitted_on == {}
    assert "\nLosses\n" in result.render()


def test_the_file(tmp_path, result):
    path = tmp_path / "map.json"
    again = calibrate(RUN, method="isotonic", columns=CLICKS, ci="normal,bootstrap", out=path)
    assert again.to_dict() == result.to_dict()
    found = read_calibration(path)
    assert found == result.calibration
    assert found.fitted_on["queries"] == QUERIES
    assert found.versions["rankeval"] == rankeval.__version__
    score = RUN["score"].to_numpy()
    probability = pa.array(found.apply(score))
    fitted = evaluate(RUN.set_column(2, "score", probability), metrics="brier", columns=CLICKS)
    assert fitted.metric_rows[0].estimate.value < value(result, "brier").value  # in sample


def test_segments_and_clusters():
    result = calibrate(RUN, method="platt", columns=CLICKS, by="device", cluster="user")
    for metric in ("log_loss", "brier", "ece"):
        assert value(result, metric).n == QUERIES
        assert value(result, metric, segment="phone").n == QUERIES // 2
    user = RUN["user"].to_numpy()[::ITEMS]
    keys = hashes_of(to_arrow(user).cast(pa.string()))
    fold = folds_of(keys, 5, 0)
    assert all(len(set(fold[user == each])) == 1 for each in range(20))
    losses = result.render().split("Paired")[0].splitlines()
    segments = [line.split()[2] for line in losses if "before" in line]
    assert segments[:3] == ["all", "desk", "phone"]


@pytest.mark.parametrize("method", ["platt", "isotonic", "temperature"])
def test_threads_and_row_order_change_nothing(tmp_path, method):
    path = tmp_path / "run.parquet"
    pq.write_table(RUN, path, row_group_size=400)
    texts = {
        json.dumps(calibrate(str(path), method=method, columns=CLICKS, threads=threads).to_dict())
        for threads in (1, 3)
    }
    assert len(texts) == 1
    turned = calibrate(RUN.take(np.arange(len(RUN))[::-1]), method=method, columns=CLICKS)
    whole = calibrate(RUN, method=method, columns=CLICKS)
    for metric in ("log_loss", "brier"):
        assert value(turned, metric).value == pytest.approx(value(whole, metric).value, abs=1e-9)


def test_forms(result):
    text = result.render("table", 80)
    assert max(map(len, text.split("warning:")[0].splitlines())) <= 80
    assert "Losses out of fold, 5 folds of queries" in text
    content = json.loads(result.render("json"))
    assert content["command"] == "calibrate"
    assert [(row["run"], row["metric"]) for row in content["results"]] == [
        (run, metric) for run in ("after", "before") for metric in ("log_loss", "brier", "ece")
    ]
    assert len(content["comparisons"]) == 6
    assert len(result.to_pandas()) == 12
    assert "| isotonic |" in result.render("markdown")


def test_warnings(result):
    relevant = int(RUN["click"].to_numpy().sum())
    few = f"only {relevant} relevant items: with fewer than 1000, isotonic maps follow noise"
    assert (few in result.warnings) == (relevant < 1000)
    opposite = RUN.set_column(4, "click", pa.array(1.0 - RUN["click"].to_numpy()))
    found = calibrate(opposite, method="platt", columns=CLICKS)
    assert any(text.startswith("the slope is -") for text in found.warnings)
    few = calibrate(RUN.slice(0, 500), method="isotonic", columns=CLICKS)
    assert any("isotonic maps follow noise" in text for text in few.warnings)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "plat"}, "unknown method 'plat': did you mean 'platt'? known are platt, isotonic, temp"),
        ({"method": "zzz"}, "unknown method 'zzz': known are platt, isotonic, temperature, prior"),
        (
            {"method": "prior"},
            "sampling_rate: found nothing, wanted a number above 0 and at most 1 for prior",
        ),
        ({"method": "prior", "sampling_rate": 0.0}, "sampling_rate: found 0, wanted a number above 0"),
        ({"method": "prior", "sampling_rate": math.nan}, "sampling_rate: found nan, wanted a number above 0"),
        ({"method": "prior", "sampling_rate": 0.5, "scores": "raw"}, "scores: found 'raw', wanted probab"),
        ({"sampling_rate": 0.5}, "sampling_rate: found method isotonic, wanted prior"),
        ({"smooth_targets": True}, "smooth_targets: found method isotonic, wanted platt"),
        ({"folds": 1}, "folds: found 1, wanted 2 to 100"),
        ({"folds": 2.5}, "folds: found 2.5, wanted a whole number"),
        ({"bins": 0}, "metric 'ece:bins=0': bins is '0', wanted an integer from 1 to 10000"),
        ({"scores": "odds"}, "scores: found 'odds', wanted one of auto, raw, probability"),
        ({"level": 1.5}, "level: found 1.5, wanted a number between 0 and 1"),
        ({"relevance_threshold": 0}, "relevance_threshold: 0 is not a positive number"),
        ({"sampling_rate": "x"}, "sampling_rate: found 'x', wanted a number"),
    ],
)
def test_wrong_calls(options, message):
    with pytest.raises(UsageError) as caught:
        calibrate(RUN, columns=CLICKS, **options)
    assert str(caught.value).startswith(message)


def test_wrong_inputs(tmp_path):
    path = tmp_path / "run.parquet"
    pq.write_table(RUN, path)
    with pytest.raises(UsageError, match="is an input, wanted another file to write to"):
        calibrate(path, columns=CLICKS, out=path)
    with pytest.raises(UsageError, match="run: found 2 runs, wanted one"):
        calibrate({"a": RUN, "b": RUN}, columns=CLICKS)


@pytest.mark.parametrize(
    ("column", "change", "message"),
    [
        (
            "click",
            np.zeros_like,
            "<table>: found no relevant item among 3000, wanted relevant and other",
        ),
        ("click", np.ones_like, "<table>: found only relevant items among 3000, wanted relevant and other"),
        ("click", lambda y: y - 2.0, "<table>: no item is judged, wanted some; do the ids match"),
        ("score", np.zeros_like, "<table>: all scores are 0, wanted at least two values"),
        (
            "score",
            lambda x: x + np.where(x == x[7], np.nan, 0.0),
            "<table>, row 8, query_id 1: column 'score'",
        ),
    ],
)
def test_wrong_data(column, change, message):
    index = RUN.schema.get_field_index(column)
    bad = RUN.set_column(index, column, pa.array(change(RUN[column].to_numpy())))
    with pytest.raises(DataError) as caught:
        calibrate(bad, method="platt", columns=CLICKS)
    assert str(caught.value).startswith(message)


def test_a_missing_column_of_labels():
    with pytest.raises(DataError, match="relevance"):
        calibrate(RUN)
