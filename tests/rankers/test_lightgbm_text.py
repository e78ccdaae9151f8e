from __future__ import annotations

import re
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pytest

from rankeval import DataError
from rankeval.rankers import parse_text_model, read_text_model
from tests.rankers.lightgbm_models import FEATURES, frame, text

MODEL = text()


def refusal(changed: str | bytes) -> str:
    content = changed.encode() if isinstance(changed, str) else changed
    with pytest.raises(DataError) as caught:
        parse_text_model(content, "model.txt")
    message = str(caught.value)
    assert message.startswith("model.txt: ")
    assert "wanted" in message
    assert "\n" not in message
    return message.removeprefix("model.txt: ")


def in_tree(old: str, new: str, index: int = 0) -> str:
    """The model with the first ``old`` of a tree replaced; the sizes of the trees fit again."""
    head, _, rest = MODEL.partition("Tree=0\n")
    pieces = re.split(r"(?=^Tree=\d+\n)", "Tree=0\n" + rest.partition("end of trees")[0], flags=re.M)
    pieces = [piece for piece in pieces if piece]
    assert old in pieces[index], old
    pieces[index] = pieces[index].replace(old, new, 1)
    return with_sizes(head, pieces)


def with_sizes(head: str, pieces: list[str]) -> str:
    sizes = " ".join(str(len(piece.encode())) for piece in pieces)
    head = re.sub(r"^tree_sizes=.*$", f"tree_sizes={sizes}", head, flags=re.M)
    return head + "".join(pieces) + "end of trees" + MODEL.partition("end of trees")[2]


def line_of(name: str, index: int = 0) -> str:
    tree = MODEL.split(f"Tree={index}\n")[1]
    found = re.search(rf"^{name}=.*$", tree, re.M)
    assert found is not None
    return found.group()


# Sound models.


@pytest.mark.parametrize(
    ("objective", "more"),
    [
        ("binary", {}),
        ("lambdarank", {}),
        ("rank_xendcg", {}),
        ("regression", {}),
        ("regression_l1", {}),
        ("poisson", {}),
        ("cross_entropy", {}),
        ("binary", {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}),
        ("binary", {"boosting": "dart"}),
    ],
)
def test_models_that_lightgbm_saves_are_sound(objective: str, more: dict[str, object]) -> None:
    model = parse_text_model(text(objective, **more).encode(), "m")
    assert model.features == tuple(FEATURES)
    assert model.objective == objective
    assert model.categories == {"country": ("de", "fr", "it")}
    assert model.trees == 6


@pytest.mark.parametrize("names", ["= a", "a =", "a= =b", "=a= ==", "\x0b \u2028", "Column_1 Column_0"])
def test_lightgbm_never_sees_names(names: str) -> None:
    """Its reader splits a line by every ``=``, and so cannot read back some names that it writes."""
    X = np.arange(40.0).reshape(20, 2)
    trained = lightgbm.train({"verbosity": -1, "min_data_in_leaf": 2}, lightgbm.Dataset(X, X[:, 0]), 2)
    content = trained.model_to_string().replace("feature_names=Column_0 Column_1", f"feature_names={names}")
    model = parse_text_model(content.encode(), "m")
    assert model.features == tuple(names.split(" "))
    assert "\nfeature_names=0 1\n" in model.text
    read = lightgbm.Booster(model_str=model.text)
    np.testing.assert_array_equal(read.predict(X), trained.predict(X))


def test_a_model_of_an_own_objective_and_one_of_stumps_without_a_split() -> None:
    data = frame()
    flat = lightgbm.train(
        {"objective": "regression", "verbosity": -1, "min_data_in_leaf": 300},
        lightgbm.Dataset(data[["price"]], data.price), 2,
    )  # fmt: skip
    assert parse_text_model(flat.model_to_string().encode(), "m").trees == 1

    def squares(scores: np.ndarray, of: lightgbm.Dataset) -> tuple[np.ndarray, np.ndarray]:
        return scores - of.get_label(), np.ones_like(scores)

    own = lightgbm.train(
        {"objective": squares, "verbosity": -1}, lightgbm.Dataset(data[["price"]], data.price), 2
    )
    assert parse_text_model(own.model_to_string().encode(), "m").objective == ""


def test_categories_of_a_feature_that_never_varied() -> None:
    data = frame()[["price"]].assign(same=pd.Categorical(["x"] * 400), other=frame().country)
    model = lightgbm.train(
        {"objective": "regression", "verbosity": -1}, lightgbm.Dataset(data, data.price), 3
    )
    found = parse_text_model(model.model_to_string().encode(), "m").categories
    assert found == {"same": ("x",), "other": ("de", "fr", "it")}


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.txt"
    path.write_text(MODEL)
    assert read_text_model(str(path)) == parse_text_model(MODEL.encode(), "m")
    with pytest.raises(DataError, match=r"gone\.txt: cannot be read \(No such file or directory\)"):
        read_text_model(str(tmp_path / "gone.txt"))


# Files that are no model.


def test_what_is_no_text_is_refused() -> None:
    assert refusal(b"tree\n\xff\xfe") == (
        "is no text in UTF-8 (byte 5), wanted a text model that LightGBM has saved"
    )
    assert "holds a zero byte" in refusal(MODEL + "\0")
    assert "holds a carriage return" in refusal(MODEL.replace("\n", "\r\n"))
    assert "does not begin with a line 'tree'" in refusal("")
    assert "does not begin with a line 'tree'" in refusal("x" + MODEL)
    assert "and hold trees" in refusal(MODEL.partition("Tree=0")[0] + "end of trees\n")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("num_class=1", "num_class=3", "has num_class 3, wanted 1: a model with one score for each item"),
        ("num_tree_per_iteration=1", "num_tree_per_iteration=3", "has num_tree_per_iteration 3, wanted 1"),
        ("num_class=1", "num_class=x", "has 'x' for num_class in header, wanted a whole number"),
        ("num_class=1\n", "", "lacks num_class in header"),
        ("num_class=1\n", "num_class=1\nnum_class=9\n", "has 'num_class' twice in header"),
        ("max_feature_idx=3", "max_feature_idx=2", "names 4 features, max_feature_idx is 2"),
        ("max_feature_idx=3", "max_feature_idx=999999999", "names 4 features"),
        ("price age", "price price", "names a feature twice, or with an empty text"),
        ("price age", "price  age", "names 5 features"),
        ("feature_infos=", "feature_infos=none ", "has 5 feature_infos for 4 features"),
        ("objective=binary", "objective=multiclass num_class:7", "has the objective 'multiclass num"),
        ("objective=binary", "objective=multiclassova num_class:7", "has the objective 'multiclassova num"),
        ("version=v4", "version=v=4", "has a second '=' in the line version"),
        ("objective=binary sigmoid:1", "objective=binary sigmoid:-1", "the objective 'binary sigmoid:-1'"),
        ("objective=binary sigmoid:1", "objective=", "has the objective ''"),
        ("objective=binary sigmoid:1", "objective= binary", "has the objective ' binary'"),
        ("objective=binary sigmoid:1", "objective=binary sigmoid:x", "has the objective 'binary sigmoid:x'"),
        ("tree_sizes=", "tree_sizes=1 ", "has tree_sizes that do not fit tree 0"),
        ("tree_sizes=", "tree_sizes=-5 ", "has tree_sizes that do not fit tree 0"),
        ("tree_sizes=", "sizes=", "lacks tree_sizes in header"),
        ("\nTree=1\n", "\nTree=9\n", "has tree_sizes that do not fit tree 1"),
        ("end of trees", "end of tree", "has no line 'end of trees' after the 6 trees"),
        ('pandas_categorical:[["de", "fr", "it"]]', "pandas_categorical:[[", "is no list of lists"),
        ('pandas_categorical:[["de", "fr", "it"]]', 'pandas_categorical:[[["de"]]]', "is no list of lists"),
        ('[["de", "fr", "it"]]', '[["de"], ["fr"]]', "has categories of 2 features and 1 categorical"),
    ],
)  # fmt: skip
def test_headers(old: str, new: str, message: str) -> None:
    assert old in MODEL
    assert message in refusal(MODEL.replace(old, new, 1))


def test_a_tree_line_in_the_header_that_would_end_it_early() -> None:
    assert "lacks num_class" in refusal(MODEL.replace("num_class=1", "Tree=7\nnum_class=1", 1))


# Trees.


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("num_leaves=5", "num_leaves=6", "wanted 6"),
        ("num_leaves=5", "num_leaves=0", "has 0 leaves in tree 0"),
        ("num_leaves=5", "num_leaves=2147483647", "has 2147483647 leaves in tree 0, wanted 1 to 131072"),
        ("num_leaves=5", "num_leaves=\u0665", "holds other characters than ASCII in tree 0"),
        ("num_leaves=5\n", "num_leaves=5\n\n", "has the line '' in tree 0, wanted NAME=VALUE"),
        ("num_leaves=5\n", "num_leaves=5\nnothing\n", "has the line 'nothing' in tree 0, wanted NAME=VALUE"),
        ("num_leaves=5\n", "num_leaves=5\nnum_leaves=9\n", "has 'num_leaves' twice in tree 0"),
        ("num_leaves=5\n", "num_leaves=5\nextra=9\n", "has the field 'extra' in tree 0, which is not known"),
        ("is_linear=0", "is_linear=1", "has linear leaves in tree 0"),
        (line_of("split_feature"), "split_feature=0 0 0 4", "has 4 in split_feature of tree 0"),
        (line_of("split_feature"), "split_feature=0 0 0 -1", "has -1 in split_feature of tree 0"),
        (line_of("split_feature"), "split_feature=0 0 0", "has 3 values for split_feature in tree 0"),
        (line_of("split_feature"), "split_feature=0\u00a00 0 0", "other characters than ASCII"),
        (line_of("split_feature"), "split_feature=0  0 0", "has '' for split_feature in tree 0"),
        (line_of("leaf_value"), "leaf_value=1 2 3 4", "has 4 values for leaf_value in tree 0, wanted 5"),
        (line_of("leaf_value"), "leaf_value=1 2 3 4 nan", "for leaf_value in tree 0, wanted finite numbers"),
        (line_of("leaf_value"), "leaf_value=1 2 3 4 1e999", "for leaf_value in tree 0, wanted finite"),
        (line_of("threshold"), "threshold=1 2 3 1_0", "for threshold in tree 0, wanted finite numbers"),
        (line_of("decision_type"), "decision_type=2 2 2 16", "has 16 in decision_type of tree 0"),
        (line_of("leaf_weight"), "leaf_weight=", "has '' for leaf_weight in tree 0, wanted numbers"),
        (line_of("split_gain"), "split_gain=1 2 3", "has 3 values for split_gain in tree 0, wanted 4"),
        (line_of("split_gain"), "split_gain=1 2 3 =4", "has '1 2 3 =4' for split_gain in tree 0"),
        (line_of("shrinkage"), "shrinkage=", "has '' for shrinkage in tree 0, wanted finite numbers"),
        (line_of("left_child"), "left_child=0 1 2 3", "reaches split 0 of tree 0 twice"),
        (line_of("left_child"), "left_child=-1 -1 -1 -1", "twice"),
        (line_of("left_child"), "left_child=99 1 2 3", "has 99 in left_child of tree 0"),
    ],
)  # fmt: skip
def test_trees(old: str, new: str, message: str) -> None:
    assert message in refusal(in_tree(old, new))


def categorical_tree() -> int:
    return next(index for index in range(6) if line_of("num_cat", index) != "num_cat=0")


@pytest.mark.parametrize(
    ("name", "new", "message"),
    [
        ("num_cat", "num_cat=0", "has a categorical split in tree"),
        ("num_cat", "num_cat=-1", "has num_cat -1 in tree"),
        ("cat_boundaries", "cat_boundaries=0 2147483647", "has 2147483647 in cat_boundaries"),
        ("cat_boundaries", "cat_boundaries=0 5", "values for cat_threshold in tree"),
        ("cat_boundaries", "cat_boundaries=1 1", "that do not ascend from 0"),
        ("cat_threshold", "cat_threshold=4294967296", "has 4294967296 in cat_threshold"),
    ],
)
def test_sets_of_categories(name: str, new: str, message: str) -> None:
    index = categorical_tree()
    count = int(line_of("num_cat", index).partition("=")[2])
    if name == "cat_boundaries":
        bounds = new.partition("=")[2].split()
        new = f"{name}=" + " ".join([bounds[0], *[bounds[1]] * count])
    if name == "cat_threshold":
        new = f"{name}=" + " ".join([new.partition("=")[2]] * count)
    assert message in refusal(in_tree(line_of(name, index), new, index))


def test_splits_that_the_root_does_not_reach() -> None:
    tree = "Tree=0\nnum_leaves=4\nnum_cat=0\nsplit_feature=0 0 0\nthreshold=0 0 0\ndecision_type=2 2 2\n"
    tree += "left_child=-1 2 1\nright_child=-2 -3 -4\nleaf_value=1 2 3 4\nis_linear=0\nshrinkage=1\n\n\n"
    message = refusal(with_sizes(MODEL.partition("Tree=0\n")[0], [tree]))
    assert "has splits or leaves in tree 0 that the root does not reach" in message
