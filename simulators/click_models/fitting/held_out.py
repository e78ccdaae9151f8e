"""Errors of the held-out log-likelihood, and of the differences between models on the same sessions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankeval.array_types import Floats
from rankeval.inference import (
    Estimate,
    InferenceOptions,
    Mean,
    Moments,
    pairs_needed,
    unnamed_cluster_notes,
)
from rankeval.notes import Note, distinct
from rankeval.simulators.click_models.fitting.owners import Owners
from rankeval.simulators.click_models.fitting.sessions import Collected, SessionLists


@dataclass(frozen=True)
class HeldOut:
    """The mean log-likelihood of a held-out session under one model.

    Attributes:
        name: of the model.
        each: the mean, with the error of the held-out sessions or clusters; the fit counts as known.
        behind: the mean minus that of the model with the largest one, with the error of the difference on the
            same sessions; None for that model.
    """

    name: str
    each: Estimate
    behind: Estimate | None

    def to_dict(self) -> dict[str, Any]:
        """The numbers as values for JSON."""
        return {
            "click_model": self.name,
            **self.each.to_dict(),
            "behind": None if self.behind is None else self.behind.to_dict(),
        }


@dataclass(frozen=True)
class HeldOutScores:
    """The scores of all models that give every held-out session a chance.

    Attributes:
        models: one for each model, in the order of the call.
        notes: warnings on the errors.
    """

    models: tuple[HeldOut, ...] = ()
    notes: tuple[Note, ...] = ()

    @classmethod
    def of(cls, likelihoods: Mapping[str, Floats], test: SessionLists, owners: Owners) -> HeldOutScores:
        """The scores from (n,) log-likelihoods of the distinct sessions of ``test``, for each model."""
        known = {name: of for name, of in likelihoods.items() if np.isfinite(of).all()}
        if not known or not test.sessions:
            return cls()
        terms = np.stack(list(known.values()))
        means = [Mean(i) for i in range(len(known))]
        pairs = pairs_needed([a - b for a in means for b in means])
        keys = test.owners if owners.named else None
        moments = Moments.of(terms, pairs, keys, test.counts, owners.unnamed(test.owners))
        infer = InferenceOptions.of_call("normal", 0.95, 2, 0, owners.role if owners.named else None)
        inference = infer.of(moments)
        best = int(np.argmax(moments.mean))
        models = tuple(
            HeldOut(
                name,
                inference.estimate(means[i]),
                None if i == best else inference.estimate(means[i] - means[best]),
            )
            for i, name in enumerate(known)
        )
        told = {f"the log-likelihood of {name}": mean for name, mean in zip(known, means, strict=True)}
        unnamed = unnamed_cluster_notes(inference, told, "held-out sessions")
        return cls(models, (*unnamed, *_of_errors(models, owners)))


def users_alike(found: Collected) -> Iterator[Note]:
    """A warning if sessions of one user are alike in their clicks, where nobody named users as clusters."""
    infer = InferenceOptions.of_call("normal", 0.95, 2, 0, None)
    told = {"the clicks of a session": Mean(0)}
    yield from unnamed_cluster_notes(infer.of(found.clicks), told, "sessions")


def _of_errors(models: Sequence[HeldOut], owners: Owners) -> Iterator[Note]:
    yield from distinct(note for model in models for note in model.each.notes)
    if owners.named:
        text = (
            "errors of held-out likelihoods are by cluster, those of parameters are not: they take sessions "
            "as independent, and are too small where sessions of a cluster are alike"
        )
        yield Note("parameters_of_sessions", text)
