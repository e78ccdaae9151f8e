"""The catalogue of pooled metrics: those of all judged items together, instead of one value per query.

To add one, write a function in ``pooled.py`` and a line in ``POOLED``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, cast

from rankeval.errors import UsageError
from rankeval.metrics.parameters import Parameter, Value, read_parameters, setting_text, whole_parameter
from rankeval.metrics.synonyms import translated

if TYPE_CHECKING:
    from rankeval.metrics.judged_items import JudgedItems, Pooled

_MOST_BINS = 10_000


@dataclass(frozen=True, slots=True)
class PooledDefinition:
    """An entry of the catalogue.

    Attributes:
        name: the name that :func:`parse_pooled` reads, and of the function in ``pooled.py``. The function
            takes :class:`JudgedItems` and the parameters by name.
        description: one line for help and documentation.
        probabilities: whether scores must be probabilities, in [0, 1].
        lower_is_better: whether a smaller value means better scores.
        parameters: name -> parameter.
        range: the least and the largest possible value.
    """

    name: str
    description: str
    probabilities: bool = True
    lower_is_better: bool = True
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    range: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class PooledMetric:
    """A pooled metric with its parameters; :func:`parse_pooled` returns valid ones.

    Attributes:
        base: name in ``POOLED``.
        params: name -> value of the parameters that the caller gives; the others have their defaults.
    """

    base: str
    params: Mapping[str, Value] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The text from which :func:`parse_pooled` makes this metric, such as ``ece:bins=20``."""
        return self.base + "".join(f":{name}={setting_text(value)}" for name, value in self.params.items())

    @property
    def definition(self) -> PooledDefinition:
        """The metric's entry in the catalogue."""
        return POOLED[self.base]

    @property
    def settings(self) -> dict[str, Value]:
        """The value of every parameter."""
        defaults = {name: parameter.default for name, parameter in self.definition.parameters.items()}
        return defaults | dict(self.params)

    @property
    def bins(self) -> int:
        """The number of bins, of a metric that has them."""
        return int(cast(float, self.settings["bins"]))

    def of(self, items: JudgedItems) -> Pooled:
        """The value of the metric with the influence of each query; undefined without any item."""
        if not len(items.score):
            from rankeval.metrics.judged_items import Pooled

            return Pooled.undefined(items, "no judged item has a score")
        compute = getattr(import_module("rankeval.metrics.pooled"), self.base)
        return cast("Pooled", compute(items, **self.settings))


def parse_pooled(text: str) -> PooledMetric:
    """Read ``NAME[:PARAMETER=VALUE]...`` with a name of ``POOLED``, such as ``brier`` or ``ece:bins=20``.

    Raises:
        UsageError: there is a cutoff, or a parameter is unknown, given twice or out of range.
    """
    base, cutoff, settings = translated(text)
    if cutoff is not None:
        raise UsageError(f"metric '{text}': '{base}' takes no cutoff, found '@{cutoff}'")
    return PooledMetric(base, read_parameters(text, base, POOLED[base].parameters, settings))


_BINS = {"bins": whole_parameter(10, _MOST_BINS)}

POOLED: dict[str, PooledDefinition] = {
    definition.name: definition
    for definition in (
        PooledDefinition("log_loss", "mean negative log-likelihood of the labels", range=(0.0, math.inf)),
        PooledDefinition("brier", "mean squared error of the probabilities"),
        PooledDefinition("ece", "calibration error over bins of equal width", parameters=_BINS),
        PooledDefinition("ece_mass", "calibration error over bins of equal mass", parameters=_BINS),
        PooledDefinition(
            "roc_auc",
            "area under ROC over all items, across queries",
            probabilities=False,
            lower_is_better=False,
        ),
        PooledDefinition(
            "pr_auc",
            "average precision over all items in one list",
            probabilities=False,
            lower_is_better=False,
        ),
    )
}
