"""``lightgbm:FILE``: text models of LightGBM."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats
from rankeval.rankers import read_text_model, without_native_messages
from rankeval.rankers.kinds.cards import card_notes
from rankeval.rankers.kinds.shared import loading, matrix_of


class LightgbmModel:
    """A text model that LightGBM has saved, with one score for each item.

    The score is what LightGBM predicts: a raw score for ``lambdarank``, a probability for ``binary``. The
    file is checked before LightGBM reads it. Features are found by name. Categorical features of a pandas
    frame are coded by the categories in the file; categories that the model does not know are missing values.

    Attributes:
        notes: a warning if the card beside the file is that of another model.
    """

    def __init__(self, path: str, trust: Sequence[str] = ()) -> None:
        """Read the model file ``path``.

        Raises:
            DataError: it is not a sound text model with one score for each item.
        """
        model = read_text_model(path)
        import lightgbm

        with loading(path, "LightGBM"), without_native_messages():
            self._booster = lightgbm.Booster(model_str=model.text)
        self._path, self.notes = path, card_notes(path)
        self.columns = model.features
        self._categories = [model.categories.get(name) for name in model.features]

    def score(self, rows: pa.RecordBatch) -> Floats:
        """(n,) float64, the prediction for each row."""
        matrix = matrix_of(rows, self._path, self._categories)
        return np.asarray(self._booster.predict(matrix, num_threads=1), np.float64)
