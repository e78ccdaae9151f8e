"""The result of ``uplift``: that of ``ope``, with candidates by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from rankeval.notes import Note
from rankeval.off_policy import OffPolicyEvaluation


@dataclass(frozen=True, repr=False)
class Uplift(OffPolicyEvaluation):
    """What candidate rankers would gain over the ranker of a log.

    The JSON is that of ``ope``: ``results[].target`` is the name of the candidate.
    """

    command = "uplift"

    @classmethod
    def of(
        cls, found: OffPolicyEvaluation, inputs: dict[str, object], notes: Sequence[Note]
    ) -> Uplift:
        """The result of ``ope`` for the candidates, with what the other stages tell."""
        parts = {field.name: getattr(found, field.name) for field in fields(found)}
        parts["inputs"] = {**parts["inputs"], **inputs}
        parts["notes"] = (*notes, *parts["notes"])
        return cls(**parts)
