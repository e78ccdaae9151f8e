"""Warnings about a training: what its numbers do not show, and what the way of learning cannot do."""

from __future__ import annotations

from collections.abc import Iterator

from rankeval.notes import Note
from rankeval.rankers.training.examples import Examples
from rankeval.rankers.training.fitting import Fitted, Stop
from rankeval.rankers.training.request import Request

#: Fewer trees than this are hardly a model.
FEW_TREES = 5


def training_notes(wanted: Request, examples: Examples, fitted: Fitted, stop: Stop | None) -> Iterator[Note]:
    """The warnings that accompany a trained model."""
    if any(measured.part == "valid" for measured in fitted.measured):
        text = "metrics of part valid are too high: these queries chose the number of trees"
        yield Note("optimistic", text)
    if examples.unjudged:
        text = f"{examples.unjudged} rows with a negative grade (unjudged) did not train"
        yield Note("unjudged", text, {"rows": examples.unjudged})
    shared = stop.shared if stop is not None else wanted.split.shared(examples, wanted.seed)
    if shared:
        text = (
            f"{shared} queries of the other parts train too: metrics are those for queries that are known, "
            "and too high for new ones"
        )
        yield Note("shared_queries", text, {"queries": shared})
    trees = fitted.model.trees
    if trees < FEW_TREES:
        text = f"the model has {trees} trees: more of them did not raise the metric on the other queries"
        yield Note("few_trees", text, {"trees": trees, "threshold": FEW_TREES})
    if fitted.model.booster.feature_importance("split").sum() == 0:
        yield Note("no_split", "no tree has a split, so that every item gets the same score")
    yield from _click_notes(wanted, stop)


def _click_notes(wanted: Request, stop: Stop | None) -> Iterator[Note]:
    learning = wanted.learning
    if learning.clicks is None:
        return
    if learning.clicks == "position":
        text = (
            "the factors by position are no examination probabilities (LightGBM shrinks them, and the "
            "relevance by position mixes in): never give them to ope"
        )
        yield Note("factors", text)
    if learning.clicks == "rows":
        text = (
            "rows: weights of rows do not take examination out of the clicks, for skipped items have them "
            "too; pairs does"
        )
        yield Note("row_weights", text)
    if learning.curve is None and (stop is None or stop.learning.clicks is not None):
        text = (
            "held-out clicks are not corrected for position, and they chose the number of trees: dcg@10 "
            "here rewards the order that was shown; give position_bias, or judgements as valid"
        )
        yield Note("biased_validation", text)
