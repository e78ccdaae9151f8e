"""Whether sessions of one user are alike in their clicks, where nobody named users as clusters."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rankeval.arrays import offsets_of
from rankeval.inference import InferenceOptions, Mean, Moments, NamedKeys, pairs_needed, unnamed_cluster_notes
from rankeval.logs import (
    Log,
    Sessions,
    fold,
    pair_roles,
    pair_rows,
    unit_counts,
    user_column,
    user_keys,
    weight_roles,
)
from rankeval.notes import Note


def dependence_notes(log: Log, threads: int | None) -> Iterator[Note]:
    """A warning if the numbers of clicks in the sessions of one user are alike.

    It costs one more pass, over logs with a column of users only.
    """
    column = user_column(log)
    if column is None:
        return

    def work(sessions: Sessions) -> Moments:
        rows = pair_rows(sessions)
        clicks = np.diff(offsets_of(rows.clicks)[rows.sessions.offsets]).astype(np.float64)
        users = NamedKeys(column, user_keys(sessions, column))
        return Moments.of(clicks[np.newaxis], pairs_needed([Mean(0)]), None, unit_counts(sessions), users)

    roles = list(dict.fromkeys([*pair_roles(log), *weight_roles(log), column]))
    moments = fold(log, roles, work, Moments.merge, threads)
    infer = InferenceOptions.of_call("normal", 0.95, 2, 0, None)
    yield from unnamed_cluster_notes(infer.of(moments), {"the clicks of a session": Mean(0)}, "sessions")
