"""The options of ``calibrate``, checked before any file is read."""

from __future__ import annotations

from dataclasses import dataclass

from rankeval.calibration.methods import Method, method_of
from rankeval.errors import UsageError
from rankeval.inference import InferenceOptions
from rankeval.metrics import parse_any

MAX_FOLDS = 100
SCORES = ("auto", "raw", "probability")


@dataclass(frozen=True)
class Request:
    """What is asked.

    Attributes:
        name: name of the method.
        scores: the kind of scores: ``raw``, ``probability``, or ``auto``, where the data decide.
        sampling_rate: for ``prior``; None for other methods.
        smooth_targets: for ``platt``.
        folds: number of folds.
        bins: number of bins of the calibration error.
        infer: options of standard errors and intervals.

    Raises:
        UsageError: an option is unknown, out of range, or of another method.
    """

    name: str
    scores: str
    sampling_rate: float | None
    smooth_targets: bool
    folds: int
    bins: int
    infer: InferenceOptions

    def __post_init__(self) -> None:
        method_of(self.name)
        if self.scores not in SCORES:
            raise UsageError(f"scores: found {self.scores!r}, wanted one of {', '.join(SCORES)}")
        if not 2 <= self.folds <= MAX_FOLDS:
            raise UsageError(f"folds: found {self.folds}, wanted 2 to {MAX_FOLDS}")
        self._check_prior()
        if self.smooth_targets and self.name != "platt":
            raise UsageError(f"smooth_targets: found method {self.name}, wanted platt")
        parse_any(self.metrics[-1])  # checks the number of bins

    def _check_prior(self) -> None:
        rate = self.sampling_rate
        if self.name != "prior":
            if rate is not None:
                raise UsageError(f"sampling_rate: found method {self.name}, wanted prior")
            return
        if rate is None or not 0.0 < rate <= 1.0:
            found = "nothing" if rate is None else f"{rate:g}"
            raise UsageError(f"sampling_rate: found {found}, wanted a number above 0 and at most 1 for prior")
        if self.scores == "raw":
            raise UsageError("scores: found 'raw', wanted probability for prior")

    @property
    def method(self) -> Method:
        """The method's entry in the catalogue."""
        return method_of(self.name)

    @property
    def metrics(self) -> list[str]:
        """The losses before and after."""
        return ["log_loss", "brier", f"ece:bins={self.bins}" if self.bins != 10 else "ece"]

    @property
    def purpose(self) -> str:
        """What needs scores that are probabilities, in words; empty if any score will do."""
        if self.name == "prior":
            return "method prior"
        return "scores=probability" if self.scores == "probability" else ""
