"""Judges the three stages of a recommender: retrieval by recall, ranking by NDCG, re-ranking by list metrics.

Simulated users like some of 400 items in eight genres. What a user has seen is left out.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

import rankeval

USERS, ITEMS, GENRES = 300, 400, 8
RNG = np.random.default_rng(7)
GENRE = RNG.integers(0, GENRES, ITEMS)
POPULARITY = np.clip(0.4 / np.arange(1, ITEMS + 1) ** 0.6, 0.001, 1.0)


def diversified(items: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The best 30 items in a new order: a genre costs 0.7 each time it was shown, and popularity a little."""
    left, order, shown = list(range(30)), [], np.zeros(GENRES)
    while left:
        value = scores[left] - 0.7 * shown[GENRE[items[left]]] - 0.25 * np.log(POPULARITY[items[left]])
        best = left.pop(int(np.argmax(value)))
        order.append(items[best])
        shown[GENRE[items[best]]] += 1
    return np.array(order)


def main() -> None:
    """Simulate the three stages and print how each one does."""
    stages: dict[str, list[dict[str, object]]] = {"retrieval": [], "ranking": [], "reranking": []}
    liked, seen = [], []
    for user in range(USERS):
        taste = RNG.normal(0.0, 1.2, GENRES)[GENRE] + 0.35 * np.log(POPULARITY) + RNG.normal(0.0, 0.8, ITEMS)
        best = np.argsort(-taste)[:12]
        liked += [{"query_id": user, "item_id": int(i), "relevance": int(RNG.integers(1, 4))} for i in best]
        seen += [{"query_id": user, "item_id": int(i)} for i in best[:3]]
        found = np.argsort(-(taste + RNG.normal(0.0, 1.5, ITEMS)))[:100]
        scores = taste[found] + RNG.normal(0.0, 0.5, 100)
        ranked, by_score = found[np.argsort(-scores)], -np.sort(-scores)
        lists = {"retrieval": found, "ranking": ranked, "reranking": diversified(ranked, by_score)}
        for name, items in lists.items():
            stages[name] += [
                {"query_id": user, "item_id": int(i), "score": -float(rank), "genre": int(GENRE[i])}
                for rank, i in enumerate(items)
            ]
    runs = {name: pa.Table.from_pylist(rows) for name, rows in stages.items()}
    popularity = pa.table({"item_id": range(ITEMS), "popularity": POPULARITY})
    beside = {"judgements": pa.Table.from_pylist(liked), "exclude": pa.Table.from_pylist(seen)}

    print(rankeval.evaluate({"retrieval": runs["retrieval"]}, metrics=["recall@100"], **beside))
    print(rankeval.evaluate({"ranking": runs["ranking"]}, metrics=["ndcg@10"], **beside))
    result = rankeval.evaluate(
        {"ranking": runs["ranking"], "reranking": runs["reranking"]},
        metrics=["ndcg@10", "ild@10", "novelty@10", "coverage@1", "gini@10"],
        category="genre",
        popularity=popularity,
        agree=True,
        **beside,
    )
    print(result)


if __name__ == "__main__":
    main()
