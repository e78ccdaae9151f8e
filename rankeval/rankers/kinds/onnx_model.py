"""``onnx:FILE``: ONNX models, run by onnxruntime on the processor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rankeval.array_types import Floats
from rankeval.arrays import decoded
from rankeval.errors import DataError
from rankeval.rankers import without_native_messages
from rankeval.rankers.kinds.onnx_file import require_sound
from rankeval.rankers.kinds.shared import loading, matrix_of, require_names, require_one_class, required

#: Types of inputs -> what NumPy calls them.
_TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(string)": np.object_,
}
_FLOATS = ("tensor(float)", "tensor(double)")


class OnnxModel:
    """An ONNX model with one score for each item.

    Input: one matrix of floats (n, p), whose columns the metadata entry ``feature_names`` names, separated
    by commas; or one input of n values for each column, by name. Output: one tensor of floats with a value
    for each item; or, beside a label, the probabilities of two classes, of which the second is the score. The
    file is checked before onnxruntime reads it.

    Attributes:
        single_precision: the columns that the model reads as float32.
    """

    def __init__(self, path: str, trust: Sequence[str] = ()) -> None:
        """Read the model file ``path``.

        Raises:
            DataError: onnxruntime cannot load it, its predictions may not end, or its inputs or outputs are
                others than those above.
            UsageError: onnxruntime is not installed.
        """
        runtime = required("onnxruntime", "onnx")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self._path = path
        with loading(path, "onnxruntime"):
            with open(path, "rb") as file:
                content = file.read()
            require_sound(content, path)
            with without_native_messages():
                self._session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            self._read_inputs()  # names may be no text, which shows when they are read
            self._output, self._second = self._chosen_output()

    def _read_inputs(self) -> None:
        self._inputs = self._session.get_inputs()
        for each in self._inputs:
            if each.type not in _TYPES:
                raise self._error(f"its input {each.name!r} holds {each.type}", f"one of {', '.join(_TYPES)}")
        given = self._session.get_modelmeta().custom_metadata_map.get("feature_names", "")
        self._matrix = len(self._inputs) == 1 and (bool(given) or _width(self._inputs[0]) != 1)
        self.columns = self._names(given) if self._matrix else tuple(each.name for each in self._inputs)
        kinds = [self._inputs[0].type] * len(self.columns) if self._matrix else [i.type for i in self._inputs]
        self.single_precision = tuple(
            name for name, kind in zip(self.columns, kinds, strict=True) if kind == "tensor(float)"
        )

    def score(self, rows: pa.RecordBatch) -> Floats:
        """(n,) float64, the score of each row."""
        if self._matrix:
            kind = _TYPES[self._inputs[0].type]
            feeds = {self._inputs[0].name: matrix_of(rows, self._path).astype(kind)}
        else:
            feeds = {each.name: self._values(each, rows.column(each.name)) for each in self._inputs}
        found = np.asarray(self._session.run([self._output], feeds)[0], np.float64)
        if self._second:
            if found.shape != (rows.num_rows, 2):
                raise self._error(f"it gives probabilities of shape {found.shape}", "those of two classes")
            return np.ascontiguousarray(found[:, 1])
        return found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found

    def _names(self, given: str) -> tuple[str, ...]:
        width, name = _width(self._inputs[0]), self._inputs[0].name
        if self._inputs[0].type not in _FLOATS:
            raise self._error(f"its matrix {name!r} holds {self._inputs[0].type}", "floats")
        if width is None:
            raise self._error(f"its input {name!r} does not tell its number of columns", "a fixed number")
        if not given:
            wanted = f"the names of the {width} columns of {name!r}, separated by commas"
            raise self._error("has no metadata entry 'feature_names'", wanted)
        names = [part.strip() for part in given.split(",")]
        require_names(self._path, names, width)
        return tuple(names)

    def _chosen_output(self) -> tuple[str, bool]:
        """The name of the output that holds the scores, and whether they are its second column."""
        outputs = self._session.get_outputs()
        floats = [each for each in outputs if each.type in _FLOATS]
        if len(floats) != 1:
            kinds = ", ".join(f"{each.name} {each.type}" for each in outputs)
            raise self._error(
                f"has the outputs {kinds}", "one tensor of floats (convert classifiers without a ZipMap)"
            )
        width = _width(floats[0])
        if len(outputs) == 1 and len(floats[0].shape) > 1 and width not in (1, None):
            raise self._error(f"gives {width} numbers for each item", "one score for each item")
        require_one_class(self._path, width or 1)
        return floats[0].name, len(outputs) > 1 and width != 1

    def _values(self, wanted: Any, column: pa.Array) -> NDArray[Any]:
        """The values of one input, in the shape that it wants."""
        if wanted.type in _FLOATS:
            batch = pa.RecordBatch.from_arrays([column], names=[wanted.name])
            values: NDArray[Any] = matrix_of(batch, self._path)[:, 0].astype(_TYPES[wanted.type])
        else:
            kind = pa.string() if wanted.type == "tensor(string)" else pa.int64()
            if column.null_count:
                raise DataError(f"{self._path}: column {wanted.name!r} of the data is null, wanted {kind}")
            values = np.array(decoded(column).cast(kind).to_pylist(), _TYPES[wanted.type])
        return values.reshape(-1, 1) if len(wanted.shape) == 2 else values

    def _error(self, found: str, wanted: str) -> DataError:
        return DataError(f"{self._path}: {found}, wanted {wanted}")


def _width(tensor: Any) -> int | None:
    """The number of columns of an input or output; None if the model does not tell."""
    shape = tensor.shape
    if len(shape) == 1:
        return 1
    return shape[1] if len(shape) == 2 and isinstance(shape[1], int) else None
