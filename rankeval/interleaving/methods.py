"""The catalogue of interleaving methods, and how each of them gives credit for clicks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import perm
from typing import Any

from rankeval.errors import UsageError

DEFAULT_TAU = 3.0
#: Lists that are enumerated at most.
MOST_LISTS = 400_000
LARGEST_TAU = 20.0


@dataclass(frozen=True)
class Definition:
    """One method.

    Attributes:
        credits: ways to give credit for clicks, the first by default.
        longest: positions up to which the distribution of its lists is enumerated; None for any number.
    """

    name: str
    text: str
    source: str
    credits: tuple[str, ...]
    longest: int | None

    def enumerable(self, items: int, length: int) -> bool:
        """Whether the lists of so many positions that show some of so many items can be enumerated."""
        if self.longest is not None and length > self.longest:
            return False
        return self.name != "probabilistic" or perm(items, length) <= MOST_LISTS

    @property
    def has_teams(self) -> bool:
        """Whether every item shown belongs to the ranking that chose it."""
        return "team" in self.credits


INTERLEAVINGS = {
    definition.name: definition
    for definition in (
        Definition(
            "team_draft",
            "in each round a coin says which ranking picks first; each picks its best item left",
            "Radlinski, Kurup and Joachims 2008",
            ("team", "marginal"),
            30,
        ),
        Definition(
            "balanced",
            "one coin says which ranking leads; any prefix holds about as much of the top of both",
            "Joachims 2002",
            ("balanced",),
            None,
        ),
        Definition(
            "probabilistic",
            "at each position a coin chooses a ranking, which draws an item left with P ~ 1 / rank^tau",
            "Hofmann, Whiteson and de Rijke 2011",
            ("team", "marginal"),
            9,
        ),
        Definition(
            "optimised",
            "lists whose prefixes unite prefixes of both, weighted to be unbiased and most sensitive",
            "Radlinski and Craswell 2013",
            ("linear", "inverse", "binary"),
            12,
        ),
    )
}
METHODS_TEXT = ", ".join(INTERLEAVINGS)


@dataclass(frozen=True)
class Method:
    """A method with its parameters.

    Attributes:
        name: of :data:`INTERLEAVINGS`.
        credit: what a click counts. ``team``: 1 for the ranking whose team the item is in. ``marginal``: the
            expectation of that over all assignments to teams that could have given the list (Rao-Blackwell).
            ``balanced``: 1 or -1 a session, whoever has more clicks in the top k of its ranking, k the least
            depth that reaches the lowest click. ``linear``, ``inverse``, ``binary``: ``rank_B - rank_A``,
            ``1/rank_A - 1/rank_B``, or the sign of these, an absent item ranked one below the last.
        tau: of ``probabilistic``.

    Raises:
        UsageError: an unknown name, a credit that the method has not, ``tau`` outside [0, 20].
    """

    name: str
    credit: str = ""
    tau: float = DEFAULT_TAU

    def __post_init__(self) -> None:
        if self.name not in INTERLEAVINGS:
            raise UsageError(f"method: found {self.name!r}, wanted one of {METHODS_TEXT}")
        credits = self.definition.credits
        if not self.credit:
            object.__setattr__(self, "credit", credits[0])
        if self.credit not in credits:
            raise UsageError(f"{self.name}: credit is {self.credit!r}, wanted one of {', '.join(credits)}")
        if not 0.0 <= self.tau <= LARGEST_TAU:
            raise UsageError(f"{self.name}: tau is {self.tau}, wanted a number in [0, {LARGEST_TAU:g}]")

    @classmethod
    def parse(cls, text: str | Method) -> Method:
        """``NAME[:PARAMETER=VALUE]...``, such as ``probabilistic:tau=2:credit=marginal``."""
        if isinstance(text, Method):
            return text
        if not isinstance(text, str):
            raise UsageError(f"method: found {text!r}, wanted one of {METHODS_TEXT}")
        name, *settings = text.split(":")
        if name not in INTERLEAVINGS:
            raise UsageError(f"method: found {name!r}, wanted one of {METHODS_TEXT}")
        given: dict[str, Any] = {}
        for setting in settings:
            key, _, value = setting.partition("=")
            if key not in _allowed(name) or key in given or not value:
                allowed = " or ".join(f"{key}=..." for key in _allowed(name))
                raise UsageError(f"{name}: found {setting!r}, wanted {allowed}")
            given[key] = value if key == "credit" else _number(name, key, value)
        return cls(name, **given)

    @property
    def definition(self) -> Definition:
        """What the catalogue says of it."""
        return INTERLEAVINGS[self.name]

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters that the method has."""
        return {"credit": self.credit} | ({"tau": self.tau} if self.name == "probabilistic" else {})

    @property
    def label(self) -> str:
        """The name with the parameters that are not those by default."""
        credit = "" if self.credit == self.definition.credits[0] else f":credit={self.credit}"
        return self.name + ("" if self.tau == DEFAULT_TAU else f":tau={self.tau:g}") + credit


def _allowed(name: str) -> tuple[str, ...]:
    return ("credit", "tau") if name == "probabilistic" else ("credit",)


def _number(name: str, key: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise UsageError(f"{name}: {key} is {value!r}, wanted a number") from None
