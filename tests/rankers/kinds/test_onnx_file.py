"""Models of ONNX are checked before onnxruntime reads them, so that every prediction ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from rankeval import DataError
from rankeval.rankers.kinds.onnx_file import MOST_LEVELS, require_sound

LEAF, SPLIT = "LEAF", "BRANCH_LEQ"
X = np.random.default_rng(0).normal(size=(100, 3)).astype(np.float32)


def model(*nodes: Any, ml: int = 3) -> Any:
    """A model of one input of a column and one output, with such nodes."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])],
    )
    versions = [helper.make_opsetid("", 13), helper.make_opsetid("ai.onnx.ml", ml)]
    return helper.make_model(graph, opset_imports=versions, ir_version=8)


def trees(nodes: list[tuple[int, int, str, int, int]]) -> Any:
    """A regressor of nodes: tree, id, mode, and the ids that a true and a false answer lead to."""
    names = ("treeids", "nodeids", "modes", "truenodeids", "falsenodeids")
    fields: dict[str, Any] = {
        f"nodes_{name}": list(each) for name, each in zip(names, zip(*nodes, strict=True), strict=True)
    }
    leaves = [node for node in nodes if node[2] == LEAF]
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["X"],
        ["y"],
        domain="ai.onnx.ml",
        n_targets=1,
        **fields,
        nodes_featureids=[0] * len(nodes),
        nodes_values=[0.0] * len(nodes),
        target_treeids=[each[0] for each in leaves],
        target_nodeids=[each[1] for each in leaves],
        target_ids=[0] * len(leaves),
        target_weights=[float(i) for i in range(len(leaves))],
    )
    return model(node)


def chain(levels: int) -> Any:
    splits = [(0, i, SPLIT, i + 1, levels + 1 + i) for i in range(levels)]
    return trees([*splits, *((0, leaf, LEAF, 0, 0) for leaf in range(levels, 2 * levels + 1))])


def tree_of_version_5(first: int, leaf: bool) -> Any:
    """Two splits, the second of which leads to ``first``."""
    node = helper.make_node(
        "TreeEnsemble",
        ["X"],
        ["y"],
        domain="ai.onnx.ml",
        n_targets=1,
        tree_roots=[0],
        nodes_featureids=[0, 0],
        nodes_splits=numpy_helper.from_array(np.zeros(2, np.float32)),
        nodes_modes=numpy_helper.from_array(np.zeros(2, np.uint8)),
        nodes_truenodeids=[1, first],
        nodes_trueleafs=[0, int(leaf)],
        nodes_falsenodeids=[0, 1],
        nodes_falseleafs=[1, 1],
        leaf_targetids=[0, 0],
        leaf_weights=numpy_helper.from_array(np.ones(2, np.float32)),
    )
    return model(node, ml=5)


def refusal(changed: Any) -> str:
    with pytest.raises(DataError) as caught:
        require_sound(changed.SerializeToString(), "m.onnx")
    message = str(caught.value)
    assert message.startswith("m.onnx: has ")
    return message


@pytest.mark.parametrize("kind", [RandomForestRegressor, RandomForestClassifier])
def test_trees_of_scikit_learn_are_sound(kind: Any) -> None:
    fitted = kind(5, random_state=0).fit(X, X[:, 0] > 0)
    require_sound(to_onnx(fitted, X[:1]).SerializeToString(), "m.onnx")


def test_a_long_chain_is_sound_and_onnxruntime_reads_it() -> None:
    longest = chain(MOST_LEVELS).SerializeToString()
    require_sound(longest, "m.onnx")
    session = onnxruntime.InferenceSession(longest, providers=["CPUExecutionProvider"])
    found = session.run(None, {"X": np.array([[-1.0], [1.0]], np.float32)})[0]
    assert found.tolist() == [[0.0], [1.0]]
    assert "or of more than 1,000 levels" in refusal(chain(MOST_LEVELS + 1))


def test_trees_share_no_ids() -> None:
    leaves = [(tree, leaf, LEAF, 0, 0) for tree in (0, 1) for leaf in (1, 2)]
    require_sound(trees([(0, 0, SPLIT, 1, 2), (1, 0, SPLIT, 2, 1), *leaves]).SerializeToString(), "m.onnx")
    assert "leads back to itself" in refusal(trees([(0, 0, SPLIT, 1, 2), (1, 0, SPLIT, 0, 1), *leaves]))


def ends(below: dict[int, tuple[int, int]], at: int, above: frozenset[int] = frozenset()) -> bool:
    """Whether every path from a node ends, by walking all of them."""
    if at not in below:
        return True
    return at not in above and all(ends(below, child, above | {at}) for child in below[at])


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=6))
def test_what_is_sound_ends_on_every_path(children: list[tuple[int, int]]) -> None:
    below = dict(enumerate(children))
    leaves = [(7, each, LEAF, 0, 0) for each in range(len(children), 9)]
    content = trees([*((7, i, SPLIT, *each) for i, each in below.items()), *leaves])
    if all(ends(below, node) for node in below):
        require_sound(content.SerializeToString(), "m.onnx")
    else:
        refusal(content)


def test_trees_of_version_5() -> None:
    require_sound(tree_of_version_5(0, leaf=True).SerializeToString(), "m.onnx")
    for first in (0, 1):
        assert "leads back to itself" in refusal(tree_of_version_5(first, leaf=False))


def test_lists_of_nodes_have_one_length() -> None:
    content = trees([(0, 0, SPLIT, 1, 2), (0, 1, LEAF, 0, 0), (0, 2, LEAF, 0, 0)])
    for attribute in content.graph.node[0].attribute:
        if attribute.name == "nodes_truenodeids":
            attribute.ints.pop()
    assert "in lists of several lengths" in refusal(content)


def test_ids_that_no_node_has_lead_nowhere() -> None:
    for strange in (5, -1, -(2**63), 2**31, 2**63 - 1):
        nodes = [(0, 0, SPLIT, 1, strange), (0, 1, LEAF, 0, 0), (-(2**63), 2**63 - 1, SPLIT, 0, 1)]
        require_sound(trees(nodes).SerializeToString(), "m.onnx")


def test_loops_are_refused_at_any_depth() -> None:
    loop = helper.make_node("Loop", ["", "c"], ["y"], body=model().graph)
    inner = helper.make_graph([loop], "inner", [], [])
    chosen = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
    function = helper.make_function("f", "F", [], [], [loop], [helper.make_opsetid("", 13)])
    within = model()
    within.functions.append(function)
    for content in (model(loop), model(chosen), within):
        assert "the operator Loop, which may never end" in refusal(content)


def test_only_what_is_read_here_is_kept() -> None:
    """Other fields, such as weights, are skipped; the numbers of fields are those of ONNX's own schema."""
    for message, field, number in (
        (onnx.ModelProto, "graph", 7),
        (onnx.ModelProto, "functions", 25),
        (onnx.GraphProto, "node", 1),
        (onnx.FunctionProto, "node", 7),
        (onnx.NodeProto, "op_type", 4),
        (onnx.NodeProto, "attribute", 5),
        (onnx.AttributeProto, "name", 1),
        (onnx.AttributeProto, "ints", 8),
        (onnx.AttributeProto, "strings", 9),
        (onnx.AttributeProto, "g", 6),
        (onnx.AttributeProto, "graphs", 11),
    ):
        assert message.DESCRIPTOR.fields_by_name[field].number == number
