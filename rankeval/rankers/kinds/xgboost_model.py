"""``xgboost:FILE``: models of XGBoost in JSON or UBJSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats
from rankeval.errors import DataError
from rankeval.rankers.kinds.shared import loading, matrix_of, require_names, required
from rankeval.rankers.kinds.xgboost_file import read_model


class XgboostModel:
    """A model that XGBoost has saved as ``.json`` or ``.ubj``, with names of its features.

    The score is what XGBoost predicts, a probability for ``binary:logistic``. If training stopped early, the
    trees up to the best iteration are used, as XGBoost's scikit-learn models do. XGBoost itself compares
    features in single precision. The file is checked before XGBoost reads it.
    """

    def __init__(self, path: str, trust: Sequence[str] = ()) -> None:
        """Read the model file ``path``.

        Raises:
            DataError: it is no sound model; it has no names of features, categorical features or several
                classes.
            UsageError: XGBoost is not installed.
        """
        self._xgboost = required("xgboost", "xgboost")
        self._path = path
        model = read_model(path)
        with loading(path, "XGBoost"), self._quiet():
            self._booster = self._xgboost.Booster()
            self._booster.load_model(bytearray(model))
            self._booster.set_param({"nthread": 1})
            learner = json.loads(self._booster.save_config())["learner"]
            best = self._booster.attr("best_iteration")
            self._range = (0, 0 if best is None else int(best) + 1)
        self.columns = self._names()
        # XGBoost promises predictions from several threads at once for trees without dropout only.
        self._tree = learner["gradient_booster"]["name"] == "gbtree"
        self._turn: Any = nullcontext() if self._tree else Lock()

    def _quiet(self) -> Any:
        """A context in which XGBoost writes no lines of its own, such as that a booster is deprecated."""
        return self._xgboost.config_context(verbosity=0)

    def _names(self) -> tuple[str, ...]:
        names = self._booster.feature_names
        if not names:
            raise DataError(
                f"{self._path}: has no names of features, wanted a model that was trained with names "
                "(on a frame, or with Booster.feature_names set)"
            )
        require_names(self._path, names, self._booster.num_features())
        return tuple(names)

    def score(self, rows: pa.RecordBatch) -> Floats:
        """(n,) float64, the prediction for each row."""
        matrix = matrix_of(rows, self._path)
        with self._turn, self._quiet():
            if self._tree:
                found = self._booster.inplace_predict(matrix, iteration_range=self._range)
            else:
                data = self._xgboost.DMatrix(matrix, feature_names=list(self.columns), nthread=1)
                found = self._booster.predict(data, iteration_range=self._range)
        return np.asarray(found, np.float64)
