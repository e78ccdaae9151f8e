"""The structure of ONNX models, checked before onnxruntime reads them.

onnxruntime itself refuses nearly all that is damaged. It does not see a tree whose split leads back to an
earlier one, so that a prediction never ends, and a tree of very many levels overflows its stack. A ``Loop``
may go on without end as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankeval.errors import DataError
from rankeval.rankers.kinds.shared import required

#: Levels of splits in a tree. Sets of categories, which are chains of splits in ONNX, have some hundreds.
MOST_LEVELS = 1_000
#: Ids of nodes are less.
_ABOVE = 1 << 31
#: Message -> its fields that are read here: name, number, whether it is repeated, and type. From the schema
#: that ONNX publishes (onnx.proto); all other fields are skipped.
_SCHEMA = {
    "Model": (("graph", 7, False, "Graph"), ("functions", 25, True, "Function")),
    "Graph": (("node", 1, True, "Node"),),
    "Function": (("node", 7, True, "Node"),),
    "Node": (("op_type", 4, False, "bytes"), ("attribute", 5, True, "Attribute")),
    "Attribute": (
        *(("name", 1, False, "bytes"), ("ints", 8, True, "int64"), ("strings", 9, True, "bytes")),
        *(("g", 6, False, "Graph"), ("graphs", 11, True, "Graph")),
    ),
}


def require_sound(content: bytes, path: str) -> None:
    """Check that predictions of a model end.

    Raises:
        DataError: it has a ``Loop``, or a tree with a circle or with more than 1,000 levels.
        Exception: it is no ONNX model.
    """
    for node in _nodes(_model_type().FromString(content)):
        if node.op_type == b"Loop":
            raise DataError(f"{path}: has the operator Loop, which may never end, wanted a model without it")
        held = {each.name: each for each in node.attribute}
        if b"nodes_truenodeids" in held:
            _require_ends(_children(held, path), path)


@cache
def _model_type() -> Any:
    """The class of a message of ONNX with the fields above."""
    factory = required("google.protobuf.message_factory", "onnx")
    descriptor = required("google.protobuf.descriptor_pb2", "onnx").FileDescriptorProto()
    pool = required("google.protobuf.descriptor_pool", "onnx").DescriptorPool()
    descriptor.name = descriptor.package = "rankeval_onnx"
    for name, fields in _SCHEMA.items():
        message = descriptor.message_type.add(name=name)
        for field, number, repeated, kind in fields:
            added = message.field.add(name=field, number=number)
            added.label = added.LABEL_REPEATED if repeated else added.LABEL_OPTIONAL
            added.type = {"int64": added.TYPE_INT64, "bytes": added.TYPE_BYTES}.get(kind, added.TYPE_MESSAGE)
            if kind in _SCHEMA:
                added.type_name = f".{descriptor.package}.{kind}"
    pool.AddSerializedFile(descriptor.SerializeToString())
    return factory.GetMessageClass(pool.FindMessageTypeByName(f"{descriptor.package}.Model"))


def _nodes(model: Any) -> Iterator[Any]:
    """The nodes of a model, with those of functions and of graphs within nodes."""
    graphs = [model.graph, *model.functions]
    while graphs:
        for node in graphs.pop().node:
            yield node
            for each in node.attribute:
                graphs.extend([each.g, *each.graphs] if each.HasField("g") else each.graphs)


def _children(held: dict[bytes, Any], path: str) -> NDArray[np.int64]:
    """(2, n) the two nodes that each node leads to, -1 for none."""
    below = [_whole(held, name) for name in (b"nodes_truenodeids", b"nodes_falsenodeids")]
    if b"nodes_nodeids" in held:  # nodes have names: a tree and a number
        modes = held[b"nodes_modes"].strings if b"nodes_modes" in held else []
        leaves = np.fromiter((mode == b"LEAF" for mode in modes), bool)
        ends = [leaves, leaves]
        trees, ids = (_whole(held, name) for name in (b"nodes_treeids", b"nodes_nodeids"))
    else:
        ends = [_whole(held, name) != 0 for name in (b"nodes_trueleafs", b"nodes_falseleafs")]
        trees, ids = np.zeros(len(below[0]), np.int64), np.arange(len(below[0]))
    if len({*map(len, below), *map(len, ends), len(trees), len(ids)}) > 1:
        raise DataError(f"{path}: has nodes of trees in lists of several lengths, wanted the same")
    wanted = [np.where(end, -1, each) for end, each in zip(ends, below, strict=True)]
    return np.array([_places(trees, ids, each) for each in wanted])


def _places(trees: NDArray[np.int64], ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the place of the node with each wanted id in the same tree, -1 if there is none."""
    tree = np.unique(trees, return_inverse=True)[1]
    names, asked = (
        np.where((each >= 0) & (each < _ABOVE), tree * _ABOVE + each, -1) for each in (ids, wanted)
    )
    order = np.argsort(names, kind="stable")
    found = order[np.minimum(np.searchsorted(names, asked, sorter=order), len(order) - 1)]
    return np.where((names[found] == asked) & (asked >= 0), found, -1)


def _whole(held: dict[bytes, Any], name: bytes) -> NDArray[np.int64]:
    return np.array(held[name].ints if name in held else [], np.int64)


def _require_ends(children: NDArray[np.int64], path: str) -> None:
    """Check that every path ends: nodes without a split below them are removed, level by level."""
    rows = np.arange(children.shape[1])
    left = np.append(np.ones(len(rows), bool), False)  # the last one stands for the child of a leaf
    for _ in range(MOST_LEVELS + 1):
        kept = rows[left[children[:, rows]].any(axis=0)]
        left[rows] = False
        left[kept] = True
        rows = kept
        if not len(rows):
            return
    raise DataError(
        f"{path}: has a tree that leads back to itself, or of more than {MOST_LEVELS:,} levels; "
        "wanted trees that end"
    )
