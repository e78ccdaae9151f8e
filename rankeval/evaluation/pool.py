"""The judged items that pooled metrics need, from one batch of a run."""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Floats
from rankeval.arrays import offsets_of
from rankeval.evaluation.judged import Judged, counts_in
from rankeval.evaluation.rules import Rules
from rankeval.logs import Sessions
from rankeval.metrics import JudgedItems


def require_probabilities(sessions: Sessions, scores: Floats, rules: Rules) -> None:
    """Check that all scores are in [0, 1], those of unjudged items too.

    Raises:
        DataError: a score is not; the message names the first one.
    """
    outside = (scores < 0.0) | (scores > 1.0)
    if outside.any():
        item = int(np.argmax(outside))
        wanted = f"a probability, from 0 to 1, for {rules.probabilities}"
        raise sessions.error("score", item, scores[item], wanted)


def items_of(scores: Floats, judged: Judged, rules: Rules) -> JudgedItems:
    """The retrieved judged items of the queries of a batch; no items if the rules do not ask for them.

    The rules ask for items of grade 0 where they ask for any, so ``judged`` has all judged items.
    """
    kept = (judged.row >= 0) & rules.pools
    return JudgedItems(
        offsets_of(counts_in(judged.offsets, kept)),
        scores[judged.row[kept]],
        judged.grade[kept] >= rules.threshold,
    )
