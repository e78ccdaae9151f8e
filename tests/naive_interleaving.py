"""Interleaving the slow way: every coin, every assignment to teams, every pattern of clicks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import sqrt

Items = tuple[str, ...]
#: (position from 0, position of the last click above from 1 or 0) -> probability of a click.
ClickChance = Callable[[Items, int, int], float]


def left(ranking: Sequence[str], there: Sequence[str]) -> list[str]:
    """The items of a ranking that a list does not have."""
    return [item for item in ranking if item not in there]


def team_draft(a: Sequence[str], b: Sequence[str], length: int) -> dict[tuple[Items, str], float]:
    """(list, teams) -> probability, by tossing every coin beforehand."""
    found: dict[tuple[Items, str], float] = defaultdict(float)
    for coins in product("AB", repeat=length):
        items, teams, tosses = [], "", iter(coins)
        while len(items) < length:
            if not left(a, items):
                team = "B"
            elif not left(b, items):
                team = "A"
            elif teams.count("A") != teams.count("B"):
                team = "A" if teams.count("A") < teams.count("B") else "B"
            else:
                team = next(tosses)
            items.append(left(a if team == "A" else b, items)[0])
            teams += team
        found[tuple(items), teams] += 0.5**length
    return dict(found)


def balanced(a: Sequence[str], b: Sequence[str], length: int) -> dict[tuple[Items, None], float]:
    """Joachims' pointers, A or B first."""
    found: dict[tuple[Items, None], float] = defaultdict(float)
    for a_first in (True, False):
        items: list[str] = []
        i = j = 0
        while len(items) < length:
            use_a = i < len(a) and (j >= len(b) or i < j or (i == j and a_first))
            item = a[i] if use_a else b[j]
            i, j = (i + 1, j) if use_a else (i, j + 1)
            if item not in items:
                items.append(item)
        found[tuple(items), None] += 0.5
    return dict(found)


def softmax(ranking: Sequence[str], there: Sequence[str], tau: float) -> dict[str, float]:
    """Chances of the items left; ranks are those of the whole ranking."""
    weights = {item: (rank + 1.0) ** -tau for rank, item in enumerate(ranking) if item not in there}
    return {item: weight / sum(weights.values()) for item, weight in weights.items()}


def probabilistic(
    a: Sequence[str], b: Sequence[str], length: int, tau: float = 3.0
) -> dict[tuple[Items, str], float]:
    """(list, teams) -> probability: a coin and a draw at each position."""
    states: dict[tuple[Items, str], float] = {((), ""): 1.0}
    for _ in range(length):
        grown: dict[tuple[Items, str], float] = {}
        for (items, teams), chance in states.items():
            draws = {"A": softmax(a, items, tau), "B": softmax(b, items, tau)}
            able = [team for team in "AB" if draws[team]]
            for team in able:
                for item, p in draws[team].items():
                    grown[(*items, item), teams + team] = chance * p / len(able)
        states = grown
    return states


def of_lists(distribution: dict[tuple[Items, str], float]) -> dict[Items, float]:
    """Without teams."""
    found: dict[Items, float] = defaultdict(float)
    for (items, _), chance in distribution.items():
        found[items] += chance
    return dict(found)


def posterior(distribution: dict[tuple[Items, str], float], items: Items) -> list[float]:
    """``P(A) - P(B)`` at each position given the list, over all assignments."""
    rows = {teams: chance for (listed, teams), chance in distribution.items() if listed == items}
    total = sum(rows.values())
    return [
        sum(chance * (1.0 if teams[k] == "A" else -1.0) for teams, chance in rows.items()) / total
        for k in range(len(items))
    ]


def patterns(items: Items, chance: ClickChance) -> Iterator[tuple[tuple[int, ...], float]]:
    """Every pattern of clicks on a list, with its probability."""
    for clicks in product((0, 1), repeat=len(items)):
        p, last = 1.0, 0
        for k, clicked in enumerate(clicks):
            q = chance(items, k, last)
            p *= q if clicked else 1.0 - q
            last = k + 1 if clicked else last
        yield clicks, p


def balanced_credit(a: Sequence[str], b: Sequence[str], items: Items, clicks: Sequence[int]) -> int:
    """Who has more clicks in its top k, k as deep as the lowest click needs."""
    clicked = [item for item, click in zip(items, clicks, strict=True) if click]
    if not clicked:
        return 0
    depths = [list(ranking).index(clicked[-1]) + 1 for ranking in (a, b) if clicked[-1] in ranking]
    ahead = sum((item in a[: min(depths)]) - (item in b[: min(depths)]) for item in clicked)
    return (ahead > 0) - (ahead < 0)


def outcome(sessions: Iterator[tuple[float, float]]) -> dict[str, float]:
    """From pairs of probability and credit."""
    pairs = list(sessions)
    wins = sum(p for p, credit in pairs if credit > 1e-9)
    losses = sum(p for p, credit in pairs if credit < -1e-9)
    mean = sum(p * credit for p, credit in pairs)
    variance = sum(p * (credit - mean) ** 2 for p, credit in pairs)
    return {
        "p_A_wins": wins,
        "p_B_wins": losses,
        "p_tie": sum(p for p, _ in pairs) - wins - losses,
        "mean_credit": mean,
        "sd_credit": sqrt(variance),
        "delta_AB": 0.5 * (wins - losses),
    }


def additive(
    distribution: dict[tuple[Items, str], float],
    credits: Callable[[Items, str], Sequence[float]],
    chance: ClickChance,
) -> Iterator[tuple[float, float]]:
    """Probability and credit of every list, assignment and pattern, credit summed over clicks."""
    for (items, teams), p in distribution.items():
        worth = credits(items, teams)
        for clicks, q in patterns(items, chance):
            yield p * q, sum(w for w, click in zip(worth, clicks, strict=True) if click)


def by_team(_: Items, teams: str) -> list[float]:
    """Team credit."""
    return [1.0 if team == "A" else -1.0 for team in teams]
