"""``sklearn:FILE``: models of scikit-learn that skops has saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats
from rankeval.errors import DataError
from rankeval.notes import listing
from rankeval.rankers.kinds.shared import loading, require_names, require_one_class, required


class SklearnModel:
    """A model of scikit-learn in a file of skops, fitted on a frame with named columns.

    The score is the probability of the second class for a classifier of two classes (its decision function
    if it has no probabilities), and the prediction of any other model. Rows are passed as a pandas frame.
    """

    def __init__(self, path: str, trust: Sequence[str] = ()) -> None:
        """Read the model file ``path``.

        Args:
            path: the file.
            trust: names of types that the file may hold beside those that skops trusts. Loading runs code
                of these types.

        Raises:
            DataError: skops cannot load the file; it holds a type that is not trusted; the model has no
                ``feature_names_in_``, or more than two classes.
            UsageError: skops is not installed.
        """
        io = required("skops.io", "sklearn")
        with loading(path, "skops"):
            unknown = io.get_untrusted_types(file=path)
        missing = sorted(set(unknown) - set(trust))
        if missing:
            raise DataError(
                f"{path}: holds types that are not trusted, {listing(missing, 20)}; "
                f"wanted --trust {','.join(missing)} if you trust their code"
            )
        with loading(path, "skops"):
            model = io.load(path, trusted=unknown)
        names = [str(name) for name in getattr(model, "feature_names_in_", ())]
        if not names:
            raise DataError(
                f"{path}: has no feature_names_in_, wanted a model fitted on a frame with named columns"
            )
        require_names(path, names)
        self.columns = tuple(names)
        self._predict = _scorer(model, path)

    def score(self, rows: pa.RecordBatch) -> Floats:
        """(n,) float64, the score of each row."""
        decimals = [pa.types.is_decimal(field.type) for field in rows.schema]
        kinds = [pa.float64() if d else field.type for d, field in zip(decimals, rows.schema, strict=True)]
        frame = rows.cast(pa.schema(list(zip(self.columns, kinds, strict=True)))).to_pandas()
        return np.asarray(self._predict(frame), np.float64)


def _scorer(model: Any, path: str) -> Callable[[Any], Any]:
    from sklearn.base import is_classifier

    if is_classifier(model):
        require_one_class(path, len(model.classes_))
        if hasattr(model, "predict_proba"):
            return lambda frame: _second_of_two(model.predict_proba(frame), path)
    for name in ("decision_function",) if is_classifier(model) else ("predict", "decision_function"):
        if hasattr(model, name):
            found: Callable[[Any], Any] = getattr(model, name)
            return found
    raise DataError(
        f"{path}: holds a {type(model).__name__}, wanted a model with predict_proba, predict or "
        "decision_function"
    )


def _second_of_two(chances: Any, path: str) -> Any:
    """The probabilities of the second class of two."""
    if np.ndim(chances) != 2 or np.shape(chances)[1] != 2:
        raise DataError(
            f"{path}: gives probabilities of shape {np.shape(chances)}, wanted those of two classes"
        )
    return chances[:, 1]
