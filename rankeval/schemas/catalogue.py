"""Which command has which schema."""

from __future__ import annotations

import copy
import difflib

from rankeval.errors import UsageError
from rankeval.schemas import experiments, logs, off_policy, rankings
from rankeval.schemas.parts import Schema

#: Command -> the JSON Schema of its result (draft 2020-12).
SCHEMAS: dict[str, Schema] = {
    "ab": experiments.AB,
    "agreement": experiments.AGREEMENT,
    "calibrate": rankings.CALIBRATE,
    "demo": logs.DEMO,
    "evaluate": rankings.EVALUATE,
    "fit": logs.FIT,
    "inspect": logs.INSPECT,
    "interleave analyse": experiments.INTERLEAVE_ANALYSE,
    "interleave lists": experiments.INTERLEAVE_LISTS,
    "interleave power": experiments.INTERLEAVE_POWER,
    "interleave simulate": experiments.INTERLEAVE_SIMULATE,
    "ope": off_policy.OPE,
    "plan ab": experiments.PLAN_AB,
    "plan shuffle": experiments.PLAN_SHUFFLE,
    "propensity": logs.PROPENSITY,
    "rank": rankings.RANK,
    "simulate": logs.SIMULATE,
    "train": rankings.TRAIN,
    "uplift": off_policy.UPLIFT,
}


def schema(command: str) -> Schema:
    """The JSON Schema (draft 2020-12) of the result of a command, as ``--format json`` writes it.

    A result may hold more entries than its schema names in a later version with the same number ``schema``;
    those that are named keep their meaning.

    Args:
        command: such as ``ope`` or ``plan ab``.

    Returns:
        The schema as JSON values, which the caller may change.

    Raises:
        UsageError: there is no such command, or it has no result.

    Example:
        >>> import rankeval
        >>> rankeval.schema("plan ab")["title"]
        'The size of an A/B test'
    """
    if command not in SCHEMAS:
        near = difflib.get_close_matches(command, SCHEMAS, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"schema: found {command!r}: {hint}wanted one of {', '.join(SCHEMAS)}")
    return copy.deepcopy(SCHEMAS[command])
