"""Conclusion, charts and tables of ``fit``."""

from __future__ import annotations

from collections.abc import Iterator

from rankeval.charts import Axis, Chart, Intervals, Lines, Series
from rankeval.reports.documents import Document, level, row, short, table
from rankeval.reports.sentences import Range, percent_of
from rankeval.table_texts import Table


def conclude(document: Document) -> str:
    """The model with the highest held-out likelihood, and whether the second one is shown to be worse.

    Without held-out sessions nothing is concluded: the likelihood of the sessions that a model was fitted to
    grows with its parameters.
    """
    if not document["n_test"]:
        return "No sessions were held out, so that nothing tells which click model predicts best: --test 0.2."
    ranked = _ranked(document)
    if not ranked:
        return "No click model has a known likelihood on held-out sessions."
    best, n = short(ranked[0]), f"{document['n_test']:,} held-out sessions"
    if len(ranked) == 1:
        return f"{best} is the only click model with a known likelihood on {n}."
    one, flip = _between(document, ranked[0], ranked[1])
    gain = Range.of(one["ci"]) if one else Range(None, None)
    sentence = f"{best} predicts {n} best of {len(ranked)} click models."
    p = one["p_adjusted"] if one else None
    if one is None or gain.sign != flip or p is None or p >= 1.0 - one["ci"]["level"]:
        return f"{sentence} The log cannot tell it from {short(ranked[1])}."
    best_fit = next(each for each in document["results"] if each["click_model"] == ranked[0])
    rough = "" if best_fit["converged"] else " But its fit has not converged."
    sentence += f" It is better than {short(ranked[1])}{percent_of(one['ci'])}, adjusted for all pairs."
    return sentence + rough


def _ranked(document: Document) -> list[str]:
    """The models with a known held-out likelihood, the highest first."""
    known = [one for one in document["results"] if one["test_log_likelihood"] is not None]
    return [str(one["click_model"]) for one in sorted(known, key=lambda one: -one["test_log_likelihood"])]


def _between(document: Document, a: str, b: str) -> tuple[Document | None, int]:
    """The difference of the likelihoods of two models, and 1 or -1 for its direction."""
    for one in document["comparisons"]:
        if one["metric"] == "test_log_likelihood" and {one["a"], one["b"]} == {a, b}:
            return one, 1 if one["a"] == a else -1
    return None, 1


def charts(document: Document) -> Iterator[Chart]:
    """Differences from the best model, and perplexity by position."""
    ranked = _ranked(document)
    pairs = [(name, *_between(document, ranked[0], name)) for name in ranked[1:]] if ranked else []
    known = [
        (name, one, flip) for name, one, flip in pairs if one is not None and one["ci"]["low"] is not None
    ]
    if known:
        yield Intervals(
            "differences",
            f"Held-out log-likelihood a session, minus that of {ranked[0]}",
            f"Left of the dotted line, a model predicts worse than {ranked[0]}.",
            rows=[
                row(name, -flip * one["difference"], _turned(one["ci"], -flip)) for name, one, flip in known
            ],
            axis=Axis("difference of log-likelihoods", holds=(0.0,)),
            reference=0.0,
            header=("click model", ">difference", level([one for _, one, _ in known])),
        )
    every = [*document["results"], *document["baselines"]]
    lines = [
        Series(str(one["click_model"]), list(range(1, 1 + len(one["perplexity_by_position"]))), each)
        for one in every
        if any(each := one["perplexity_by_position"])
    ]
    if lines and document["n_test"]:
        yield Lines(
            "perplexity",
            "Perplexity by position, held out",
            "1 is a perfect prediction, 2 that of a coin. rank_ctr and global_ctr know nothing of the items.",
            series=lines,
            x_axis=Axis("position", whole=True),
            y_axis=Axis("perplexity"),
        )


def _turned(ci: Document, sign: int) -> Document:
    ends = (ci["low"], ci["high"]) if sign > 0 else (ci["high"], ci["low"])
    low, high = (None if end is None else sign * end for end in ends)
    return {**ci, "low": low, "high": high}


def tables(document: Document) -> Iterator[Table]:
    """Likelihoods and perplexities."""
    yield table(
        "Click models",
        [*document["results"], *document["baselines"]],
        {
            "click model": "click_model",
            ">log-likelihood": "log_likelihood",
            ">held out": "test_log_likelihood",
            ">perplexity": "perplexity",
            ">given clicks above": "conditional_perplexity",
            ">iterations": "iterations",
            "converged": "converged",
        },
    )
