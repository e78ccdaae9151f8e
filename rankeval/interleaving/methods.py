"""The catalogue of interleaving methods, with the kinds of credit that each gives for clicks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import perm
from typing import Any

from rankeval.errors import UsageError

DEFAULT_TAU = 3.0
#: Largest number of lists that are enumerated.
MOST_LISTS = 400_000
LARGEST_TAU = 20.0


@dataclass(frozen=True)
class Definition:
    """The catalogue entry of one method.

    Attributes:
        name: the name of the method.
        text: how the method makes a list.
        source: author and year.
        credits: the kinds of credit for clicks that the method has; the first is the default.
        longest: largest number of positions for which its lists are enumerated; None: no limit.
    """

    name: str
    text: str
    source: str
    credits: tuple[str, ...]
    longest: int | None

    def enumerable(self, items: int, length: int) -> bool:
        """Whether all lists of ``length`` positions, from ``items`` different items, can be enumerated."""
        if self.longest is not None and length > self.longest:
            return False
        return self.name != "probabilistic" or perm(items, length) <= MOST_LISTS

    @property
    def has_teams(self) -> bool:
        """Whether the method assigns each item to the team of the ranking that chose it."""
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
    """An interleaving method with its parameters.

    Attributes:
        name: a key of :data:`INTERLEAVINGS`.
        credit: the kind of credit of clicks; empty: the default of the method. Credit is positive for A.

            - ``team``: a click counts 1 for the ranking whose team the item is in: 1 for A, -1 for B.
            - ``marginal``: the expectation of team credit over all assignments to teams that could have given
              the list (Rao-Blackwell).
            - ``balanced``: 1 or -1 per session, for the ranking with more of the clicked items in its top k;
              k is the smallest depth that includes the lowest clicked item. 0 if both have as many.
            - ``linear``, ``inverse``, ``binary``: ``rank_B - rank_A``, ``1/rank_A - 1/rank_B``, or the sign
              of these. An item that a ranking lacks has the rank after its last item.
        tau: exponent of ``probabilistic``.

    Raises:
        UsageError: the name is unknown, the method does not have the credit, or ``tau`` is outside [0, 20].
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
        """The method of a text ``NAME[:PARAMETER=VALUE]...``; a ``Method`` is returned unchanged.

        An example is ``probabilistic:tau=2:credit=marginal``.

        Raises:
            UsageError: the text is not such a method.
        """
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
        """The catalogue entry of the method."""
        return INTERLEAVINGS[self.name]

    @property
    def params(self) -> Mapping[str, Any]:
        """Names and values of the parameters of the method."""
        return {"credit": self.credit} | ({"tau": self.tau} if self.name == "probabilistic" else {})

    @property
    def label(self) -> str:
        """The name, followed by the parameters that differ from their defaults."""
        credit = "" if self.credit == self.definition.credits[0] else f":credit={self.credit}"
        return self.name + ("" if self.tau == DEFAULT_TAU else f":tau={self.tau:g}") + credit


def _allowed(name: str) -> tuple[str, ...]:
    return ("credit", "tau") if name == "probabilistic" else ("credit",)


def _number(name: str, key: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise UsageError(f"{name}: {key} is {value!r}, wanted a number") from None
