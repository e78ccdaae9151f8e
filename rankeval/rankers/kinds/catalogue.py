"""The table of kinds of rankers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rankeval.rankers import Ranker
from rankeval.rankers.kinds.columns import ScoreColumn
from rankeval.rankers.kinds.lightgbm_model import LightgbmModel
from rankeval.rankers.kinds.onnx_model import OnnxModel
from rankeval.rankers.kinds.runs import StoredRun
from rankeval.rankers.kinds.sklearn_model import SklearnModel
from rankeval.rankers.kinds.xgboost_model import XgboostModel


@dataclass(frozen=True)
class Kind:
    """A kind of ranker.

    Attributes:
        open: function of the text after the colon and of the trusted types that opens a ranker.
        wanted: what stands after the colon, such as ``FILE``.
        model: whether it is a model file, which must be no pickle.
    """

    open: Callable[[str, Sequence[str]], Ranker]
    wanted: str
    model: bool = True


#: Name -> kind.
KINDS: dict[str, Kind] = {
    "lightgbm": Kind(LightgbmModel, "FILE"),
    "xgboost": Kind(XgboostModel, "FILE"),
    "onnx": Kind(OnnxModel, "FILE"),
    "sklearn": Kind(SklearnModel, "FILE"),
    "column": Kind(ScoreColumn, "NAME", model=False),
    "run": Kind(StoredRun, "FILE", model=False),
}
