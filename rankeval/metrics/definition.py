"""What an entry of the catalogue of metrics says: :class:`Definition`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rankeval.metrics.parameters import Parameter, gain_table, positive_number

#: How the values of queries become one number. ``length_weighted``: a mean with the weight of each query.
Aggregate = Literal["mean", "length_weighted", "geometric_mean", "sum"]

#: The rules for ties by ids alone; with the favourable and unfavourable order; and all of them.
OF_ID = ("trec", "item")
IN_ORDER = (*OF_ID, "best", "worst")
ALL_TIES = (*OF_ID, "expected", "best", "worst")

#: A value of a query under it counts as much in a geometric mean, as in trec_eval.
GEOMETRIC_FLOOR = 1e-5

#: The parameters of all metrics of binary relevance, and of those whose gain is the grade. Both change the
#: ranking that the function of the metric sees.
_REL = Parameter(1, positive_number, "a number above 0")
_GAINS = Parameter((), gain_table, "the gains of the grades 0, 1, 2 ..., such as 0/1/3/7, from 0 on and up")


@dataclass(frozen=True, slots=True)
class Definition:
    """An entry of the catalogue.

    Attributes:
        name: the name that :func:`parse` reads.
        function: ``module.function`` within this package. The function takes the ranking, ``k`` if
            ``cutoff``, and the parameters by name. It returns (n,) float64, NaN where undefined.
        description: one line for help and documentation.
        cutoff: whether ``@k`` may follow the name; without it the metric uses the whole ranking.
        at_recall: whether the number after ``@`` is a level of recall in [0, 1], which must be there.
        parameters: name -> parameter of the function.
        binary: whether items are relevant or not, so that ``rel`` may set the threshold.
        graded: whether the gain is the grade, so that ``gains`` may set a table.
        needs: the judged items that the ranking must hold: those of ``positive`` grade, all ``judged`` ones,
            or those of the ``pool``, with the items that were to be judged and have a negative grade.
        subtopics: the column of the judgements that holds the subtopics of items, or empty where none is
            needed: ``subtopic``, or ``category``, of which an item has one.
        beyond: what must be known of all shown items, for a metric beyond accuracy: their ``distance`` (by
            categories or embeddings) or ``popularity``. Its function takes :class:`ShownLists` and ``k``.
        ties: the rules for ties that the metric takes.
        tie_order: the rule for ties that the metric always uses; None to use the caller's.
        lower_is_better: whether a smaller value means a better ranking.
        aggregate: how the values of queries become one. ``length_weighted``: a mean weighted by the run's
            ``weight`` column if it has one, else by the length of each query's list.
        max_grade: the largest grade that the metric accepts, unless a parameter ``max_rel`` sets it.
        range: the least and the largest possible value of a query.
    """

    name: str
    function: str
    description: str
    cutoff: bool = True
    at_recall: bool = False
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    binary: bool = False
    graded: bool = False
    needs: Literal["positive", "judged", "pool"] = "positive"
    subtopics: Literal["", "subtopic", "category"] = ""
    beyond: Literal["", "distance", "popularity"] = ""
    ties: tuple[str, ...] = ALL_TIES
    tie_order: str | None = None
    lower_is_better: bool = False
    aggregate: Aggregate = "mean"
    max_grade: float = math.inf
    range: tuple[float, float] = (0.0, 1.0)

    @property
    def known(self) -> dict[str, Parameter]:
        """Name -> every parameter that the caller may set."""
        of_all = ({"rel": _REL} if self.binary else {}) | ({"gains": _GAINS} if self.graded else {})
        return dict(self.parameters) | of_all
