"""Every kind of model for real: saved by its own library, opened by its text, compared with that library."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import onnx
import pandas as pd
import pyarrow as pa
import pytest
import skops.io
import xgboost
from numpy.typing import NDArray
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from rankeval import DataError, UsageError, open_ranker, rank
from tests.rankers.lightgbm_models import FEATURES, booster, frame

NUMBERS = ["price", "stars"]
#: The data in another order of columns, with one that no model reads.
DATA = frame().assign(noise=1.0)[["stars", "noise", "country", "item_id", "age", "price", "query_id"]]
X = frame()[NUMBERS].astype(float)
Y = (X.price + X.stars > 2).astype(int)


def scores(spec: str, data: Any = DATA, **options: Any) -> NDArray[np.float64]:
    run = rank(spec, data, **options).run
    assert run is not None
    return np.asarray(run["score"].to_numpy())


def refusal(spec: str, data: Any = DATA, error: type[Exception] = DataError, **options: Any) -> str:
    with pytest.raises(error) as caught:
        rank(spec, data, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# LightGBM.


@pytest.mark.parametrize("objective", ["lambdarank", "binary", "regression"])
def test_lightgbm(objective: str, tmp_path: Path) -> None:
    model = booster(objective)
    model.save_model(tmp_path / "model.txt")
    wanted = model.predict(frame()[FEATURES])
    for spec in (f"lightgbm:{tmp_path / 'model.txt'}", str(tmp_path / "model.txt")):
        np.testing.assert_array_equal(scores(spec), wanted)
    if objective == "binary":
        assert 0.0 < wanted.min() < wanted.max() < 1.0


def test_categories_that_the_model_does_not_know_are_missing_values(tmp_path: Path) -> None:
    model = booster("regression")
    model.save_model(tmp_path / "model.txt")
    strange = DATA.assign(country=["xx"] * 400)
    missing = frame()[FEATURES].assign(country=pd.Categorical([None] * 400, ["de", "fr", "it"]))
    np.testing.assert_array_equal(
        scores(f"lightgbm:{tmp_path / 'model.txt'}", strange), model.predict(missing)
    )


def test_lightgbm_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "model.txt"
    model = lightgbm.train({"verbosity": -1}, lightgbm.Dataset(X.to_numpy(), Y), 2)
    model.save_model(path)
    assert refusal(f"lightgbm:{path}").startswith(
        f"<table>: lacks 2 of the 2 columns that lightgbm:{path} reads, Column_0, Column_1; wanted a model "
        "that was trained with names of features (LightGBM made up these), found stars, noise"
    )
    named = DATA.rename(columns={"price": "Column_0", "stars": "Column_1"})
    np.testing.assert_array_equal(scores(f"lightgbm:{path}", named), model.predict(X.to_numpy()))
    several = {"objective": "multiclass", "num_class": 3, "verbosity": -1}
    lightgbm.train(several, lightgbm.Dataset(X, frame().stars % 3), 2).save_model(path)
    assert refusal(f"lightgbm:{path}").startswith(
        f"{path}: has the objective 'multiclass num_class:3', wanted one with a score for each"
    )
    booster().save_model(path)
    assert refusal(f"lightgbm:{path}", DATA.drop(columns=["age", "price"])).startswith(
        f"<table>: lacks 2 of the 4 columns that lightgbm:{path} reads, price, age; wanted columns of"
    )
    assert refusal(f"lightgbm:{path}", DATA.assign(price="dear")) == (
        f"{path}: column 'price' of the data holds string, wanted numbers"
    )


# XGBoost.


@pytest.mark.parametrize("extension", ["json", "ubj"])
@pytest.mark.parametrize("options", [
    {"objective": "binary:logistic"},
    {"objective": "rank:ndcg"},
    {"objective": "reg:squarederror", "booster": "dart", "rate_drop": 0.5},
    {"objective": "reg:squarederror", "booster": "gblinear"},
])  # fmt: skip
def test_xgboost(options: dict[str, Any], extension: str, tmp_path: Path) -> None:
    data = xgboost.DMatrix(X, Y, qid=frame().query_id if options["objective"] == "rank:ndcg" else None)
    with xgboost.config_context(verbosity=0):  # newer versions warn of boosters that are deprecated
        model = xgboost.train({**options, "nthread": 1}, data, 8)
        path = tmp_path / f"model.{extension}"
        model.save_model(path)
        wanted = model.predict(xgboost.DMatrix(X)).astype(np.float64)
    for spec in (f"xgboost:{path}", str(path)):
        np.testing.assert_allclose(scores(spec, threads=2), wanted, rtol=1e-6)


def test_xgboost_uses_the_trees_up_to_the_best_iteration(tmp_path: Path) -> None:
    model = xgboost.XGBRegressor(n_estimators=30, early_stopping_rounds=2, n_jobs=1, learning_rate=1.0)
    noise = np.random.default_rng(0).normal(size=400)
    model.fit(X, noise, eval_set=[(X, -noise)], verbose=False)
    assert model.best_iteration < 20
    model.save_model(tmp_path / "model.ubj")
    np.testing.assert_allclose(scores(f"xgboost:{tmp_path / 'model.ubj'}"), model.predict(X), rtol=1e-6)


def test_xgboost_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    xgboost.train({}, xgboost.DMatrix(X.to_numpy(), Y), 2).save_model(path)
    assert refusal(f"xgboost:{path}").startswith(f"{path}: has no names of features, wanted a model that was")
    several = {"objective": "multi:softprob", "num_class": 5}
    xgboost.train(several, xgboost.DMatrix(X, frame().stars), 2).save_model(path)
    assert (
        refusal(f"xgboost:{path}") == f"{path}: has num_class 5, wanted a model with one score for each item"
    )
    xgboost.train({}, xgboost.DMatrix(X, np.stack([Y, Y], axis=1)), 2).save_model(path)
    assert "has num_target 2, wanted" in refusal(f"xgboost:{path}")
    data = xgboost.DMatrix(frame()[["country"]], Y, enable_categorical=True)
    xgboost.train({"tree_method": "hist"}, data, 2).save_model(path)
    assert "has categorical features, wanted features that are numbers" in refusal(f"xgboost:{path}")
    path.write_text('{"learner": {}}')
    assert refusal(f"xgboost:{path}") == (
        f"{path}: has no 'learner_model_param' of type dict, wanted a model that XGBoost has saved "
        "as JSON or UBJSON"
    )


# scikit-learn.


def pipeline() -> Any:
    encode = ColumnTransformer([("c", OneHotEncoder(), ["country"])], remainder="passthrough")
    model = make_pipeline(encode, StandardScaler(), LogisticRegression())
    texts = frame()[["price", "country", "stars"]].assign(country=frame().country.astype(str))
    return model.fit(texts, Y), texts


def test_a_pipeline_of_scikit_learn(tmp_path: Path) -> None:
    model, texts = pipeline()
    path = tmp_path / "model.skops"
    skops.io.dump(model, path)
    wanted = model.predict_proba(texts)[:, 1]
    for spec in (f"sklearn:{path}", str(path)):
        np.testing.assert_allclose(scores(spec), wanted, rtol=1e-12)


@pytest.mark.parametrize(
    ("model", "predict"),
    [
        (LinearRegression(), lambda model: model.predict(X)),
        (LinearSVC(), lambda model: model.decision_function(X)),
        (RandomForestClassifier(5, random_state=0), lambda model: model.predict_proba(X)[:, 1]),
    ],
)
def test_other_models_of_scikit_learn(model: Any, predict: Callable[[Any], Any], tmp_path: Path) -> None:
    model.fit(X, Y)
    skops.io.dump(model, tmp_path / "model.skops")
    types = skops.io.get_untrusted_types(file=tmp_path / "model.skops")
    found = scores(
        f"sklearn:{tmp_path / 'model.skops'}", DATA.assign(stars=DATA.stars.astype(float)), trust=types
    )
    np.testing.assert_allclose(found, predict(model), rtol=1e-12)


class Doubled(LinearRegression):  # type: ignore[misc]
    """A type that skops does not know."""

    def predict(self, X: Any) -> Any:
        return 2 * super().predict(X)


def test_types_that_are_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    skops.io.dump(make_pipeline(FunctionTransformer(np.abs), Doubled()).fit(X, Y), path)
    types = skops.io.get_untrusted_types(file=path)
    assert types
    assert refusal(f"sklearn:{path}") == (
        f"{path}: holds types that are not trusted, {', '.join(sorted(types))}; "
        f"wanted --trust {','.join(sorted(types))} if you trust their code"
    )
    wanted = 2 * LinearRegression().fit(X.abs(), Y).predict(X.abs())
    np.testing.assert_allclose(scores(f"sklearn:{path}", trust=",".join(types)), wanted)


def test_scikit_learn_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    for model, message in [
        (
            LinearRegression().fit(X.to_numpy(), Y),
            "has no feature_names_in_, wanted a model fitted on a frame",
        ),
        (LogisticRegression().fit(X, frame().stars), "has 5 classes, wanted a model with one score for each"),
        (StandardScaler().fit(X), "holds a StandardScaler, wanted a model with predict_proba, predict or"),
    ]:
        skops.io.dump(model, path)
        assert f"{path}: {message}" in refusal(f"sklearn:{path}")
    path.write_bytes(b"PK\x03\x04 nothing")
    assert refusal(f"sklearn:{path}").startswith(f"{path}: skops cannot load it (")


# ONNX.


def with_names(model: Any, names: str, path: Path) -> None:
    entry = model.metadata_props.add()
    entry.key, entry.value = "feature_names", names
    onnx.save(model, path)


def linear(
    path: Path, weights: list[float], names: str | None, columns: Any = None, kind: int = TensorProto.FLOAT
) -> None:
    """The model ``y = X w``, with one matrix as its input."""
    width = len(weights) if columns is None else columns
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["X", "w"], ["y"])],
        "linear",
        [helper.make_tensor_value_info("X", kind, [None, width])],
        [helper.make_tensor_value_info("y", kind, [None, 1])],
        [helper.make_tensor("w", kind, [len(weights), 1], weights)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    with_names(model, names, path) if names else onnx.save(model, path)


def test_onnx_with_one_matrix(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    linear(path, [2.0, -1.0], "price, stars")
    single = X.price.to_numpy(np.float32) * np.float32(2) - X.stars.to_numpy(np.float32)
    for spec in (f"onnx:{path}", str(path)):
        np.testing.assert_allclose(scores(spec), single, rtol=1e-6)
    linear(path, [2.0, -1.0], "price, stars", kind=TensorProto.DOUBLE)
    np.testing.assert_allclose(scores(f"onnx:{path}"), 2 * X.price - X.stars, rtol=1e-15)


def test_onnx_of_a_classifier(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    model = LogisticRegression().fit(X, Y)
    shape = [("X", FloatTensorType([None, 2]))]
    with_names(to_onnx(model, initial_types=shape, options={"zipmap": False}), "price,stars", path)
    np.testing.assert_allclose(scores(f"onnx:{path}"), model.predict_proba(X)[:, 1], atol=1e-6)
    with_names(to_onnx(model, initial_types=shape), "price,stars", path)
    assert "wanted one tensor of floats (convert classifiers without a ZipMap)" in refusal(f"onnx:{path}")
    several = LogisticRegression().fit(X, frame().stars)
    with_names(to_onnx(several, initial_types=shape, options={"zipmap": False}), "price,stars", path)
    assert "has 5 classes, wanted a model with one score for each item" in refusal(f"onnx:{path}")


def test_onnx_with_an_input_for_each_column(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    _, texts = pipeline()
    texts = texts.assign(stars=texts.stars.astype(float))
    encode = ColumnTransformer([("c", OneHotEncoder(), ["country"])], remainder="passthrough")
    model = make_pipeline(encode, LinearRegression()).fit(texts, Y)
    onnx.save(to_onnx(model, texts[:1].astype({"price": np.float32, "stars": np.float32})), path)
    np.testing.assert_allclose(scores(f"onnx:{path}"), model.predict(texts), rtol=1e-4, atol=1e-5)


def test_onnx_notes_features_that_change_in_single_precision(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    linear(path, [2.0, -1.0], "price,stars")
    ids = {"query_id": [1, 1, 1], "item_id": [1, 2, 3]}
    assert not rank(f"onnx:{path}", {**ids, "price": [0.5, 2.0, 0.25], "stars": [1, 2, 3]}).notes
    result = rank(f"onnx:{path}", {**ids, "price": [0.5, 0.1, 0.2], "stars": [1, 2, 2**24 + 1]})
    assert [(note.code, dict(note.numbers)) for note in result.notes] == [
        ("single_precision", {"values": 3.0})
    ]
    assert "reads features in single precision, which changes 3 values" in result.warnings[0]


@pytest.mark.parametrize(
    ("weights", "names", "columns", "message"),
    [
        ([1.0, 2.0], None, None, "has no metadata entry 'feature_names', wanted the names of the 2 columns"),
        ([1.0, 2.0], "price", None, "names 1 features, wanted the names of its 2 columns"),
        ([1.0, 2.0], "price,price", None, "names the features price twice, wanted each once"),
        ([1.0, 2.0], "price,stars", "n", "its input 'X' does not tell its number of columns, wanted a fixed"),
    ],
)  # fmt: skip
def test_onnx_that_cannot_be_used(
    weights: list[float], names: str | None, columns: Any, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.onnx"
    linear(path, weights, names, columns)
    assert refusal(f"onnx:{path}").startswith(f"{path}: {message}")


def test_onnx_that_cannot_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"\x08\x07nothing of use")
    assert refusal(f"onnx:{path}").startswith(f"{path}: onnxruntime cannot load it (")
    linear(path, [2.0, -1.0], "price, stars")
    path.write_bytes(path.read_bytes().replace(b"stars", b"st\xffrs"))
    assert refusal(f"onnx:{path}").startswith(f"{path}: onnxruntime cannot load it ('utf-8' codec can't")


# Missing packages.


@pytest.mark.parametrize(
    ("kind", "module", "package"),
    [
        ("xgboost", "xgboost", "xgboost"),
        ("onnx", "onnxruntime", "onnxruntime"),
        ("sklearn", "skops.io", "skops"),
    ],
)
def test_a_missing_package_says_what_to_install(
    kind: str, module: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model").write_bytes(b"{}")
    monkeypatch.setitem(sys.modules, module, None)
    message = refusal(f"{kind}:{tmp_path / 'model'}", error=UsageError)
    assert message.startswith(f"{kind}: needs the package {package}, which cannot be imported (")
    assert message.endswith(f"wanted pip install 'rankeval-ope[{kind}]'")


# Columns and runs.


def test_a_column() -> None:
    np.testing.assert_array_equal(scores("column:price"), frame().price)
    assert "lacks 1 of the 1 columns that column:gone reads, gone" in refusal("column:gone")
    assert refusal("column:age").startswith("column:age: gives the score nan to <table>, row ")
    assert (
        refusal("column:country")
        == "column:country: column 'country' of the data holds string, wanted numbers"
    )
    assert refusal("column:", error=UsageError) == "column: found nothing after the colon, wanted column:NAME"


def test_a_run(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    frame().assign(score=frame().price).sample(frac=1, random_state=0).to_parquet(path)
    np.testing.assert_array_equal(scores(f"run:{path}"), frame().price)
    fewer = frame().assign(score=1.0)[1:]
    fewer.to_parquet(path)
    assert refusal(f"run:{path}") == (
        f"{path}: has no score for query_id 0, item_id 0, wanted one for each item of the data"
    )
    pd.concat([fewer, fewer[:1]]).to_parquet(path)
    assert refusal(f"run:{path}") == f"{path}: has two scores for an item of a query, wanted one"
    frame().assign(score=[np.nan] + [1.0] * 399).to_parquet(path)
    assert f"{path}, row 1, query_id 0: column 'score' is " in refusal(f"run:{path}")
    frame().to_parquet(path)
    assert f"{path}: no column 'score'" in refusal(f"run:{path}")


def test_ids_of_a_run_and_the_data_join_as_texts(tmp_path: Path) -> None:
    path, texts = tmp_path / "run.parquet", {"query_id": str, "item_id": str}
    frame().assign(score=frame().price).astype(texts).to_parquet(path)
    np.testing.assert_array_equal(scores(f"run:{path}"), frame().price)
    frame().assign(score=frame().price).to_parquet(path)
    data = pa.Table.from_pandas(frame().astype(texts), preserve_index=False)
    np.testing.assert_array_equal(scores(f"run:{path}", data), frame().price)
    padded = data.set_column(
        data.schema.get_field_index("item_id"), "item_id", pa.array([f"0{i}" for i in range(400)])
    )
    assert refusal(f"run:{path}", padded) == (
        f"{path}: has no score for query_id '0', item_id '00', wanted one for each item of the data"
    )


def test_ranks_that_contradict_the_scores_of_a_run_are_told(tmp_path: Path) -> None:
    path = tmp_path / "old.run"
    path.write_text("q1 Q0 b 1 1.5 t\nq1 Q0 a 2 2.5 t\nq2 Q0 a 1 0.5 t\n")
    (note,) = open_ranker(f"run:{path}").notes
    assert (note.code, note.numbers) == ("contradicted_ranks", {"queries": 1})
    assert note.text == (
        f"{path}: column 'rank' contradicts the scores in 1 query; the scores give the order, as in trec_eval"
    )


def test_a_trec_run(tmp_path: Path) -> None:
    path = tmp_path / "old.run"
    path.write_text("q1 Q0 b 1 2.5 t\nq1 Q0 a 2 1.5 t\nq2 Q0 a 1 0.5 t\n")
    data = pa.table({"query_id": ["q1", "q1", "q2"], "item_id": ["a", "b", "a"]})
    assert scores(f"run:{path}", data).tolist() == [1.5, 2.5, 0.5]


# Texts that name nothing.


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("lightgmb:model.txt", "cannot import the module 'lightgmb' (ModuleNotFoundError: No module named"),
        ("lightgmb:model.txt", "(did you mean 'lightgbm'?), wanted a module that is installed"),
        ("xgbost:/some/model", "xgbost:/some/model: no such ranker or file (did you mean 'xgboost'?)"),
        ("gone.txt", "gone.txt: no such ranker or file, wanted lightgbm:FILE, xgboost:FILE, onnx:FILE"),
        ("lightgbm:", "lightgbm: found nothing after the colon, wanted lightgbm:FILE"),
        ("", ": no such ranker or file, wanted"),
        ("a b:c", "a b:c: no such ranker or file"),
    ],
)  # fmt: skip
def test_texts_that_name_no_ranker(spec: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_ranker(spec)
    assert message in str(caught.value)
