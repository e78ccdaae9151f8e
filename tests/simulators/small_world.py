"""A small world file, as a dict."""

from __future__ import annotations

import copy
from typing import Any

DESCRIPTION: dict[str, Any] = {
    "click_model": {"name": "dbn", "gamma": 0.8},
    "positions": 2,
    "queries": [
        {
            "query_id": "q1",
            "weight": 3.0,
            "items": ["a", "b", "c"],
            "attractiveness": [0.9, 0.6, 0.2],
            "satisfaction": [0.8, 0.5, 0.1],
            "relevance": [2, 0, 1],
        },
        {
            "query_id": "q2",
            "items": ["b", "d"],
            "attractiveness": [0.5, 0.4],
            "satisfaction": [0.7, 0.9],
            "relevance": [1, 0],
        },
    ],
    "logging": {"policy": "fixed", "scores": {"q1": [1.0, 0.6, 0.8], "q2": [0.1, 0.2]}},
    "candidates": {"new": {"policy": "fixed", "scores": {"q1": [0.2, 0.9, 0.1], "q2": [2.0, 1.0]}}},
}


def small_world(**changes: Any) -> dict[str, Any]:
    """The world with some keys of other content; a key whose content is None is left out."""
    described = {**copy.deepcopy(DESCRIPTION), **changes}
    return {name: content for name, content in described.items() if content is not None}


def with_query(**changes: Any) -> dict[str, Any]:
    """The world with another first query."""
    described = small_world()
    described["queries"][0].update(changes)
    described["queries"][0] = {k: v for k, v in described["queries"][0].items() if v is not None}
    return described
