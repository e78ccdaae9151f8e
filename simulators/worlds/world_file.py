"""World files: JSON that describes a whole world. Reads and checks them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

from rankeval.errors import DataError, UsageError
from rankeval.options import shown
from rankeval.simulators import MOST_POSITIONS
from rankeval.simulators.click_models import ClickModel, parse_click_model
from rankeval.simulators.list_policies import ListPolicy, Queries, parse_list_policy
from rankeval.simulators.worlds.query_sections import parse_queries
from rankeval.simulators.worlds.sections import Section, is_text
from rankeval.simulators.worlds.world import DESIGNS, LOGGING, Context, Days, Shuffle, Users, World

EXAMPLE = '{"click_model": {...}, "positions": 10, "queries": [...], "logging": {...}}'
_NAME = re.compile(r"[\w.+-]+")
_NAMES = "letters, digits and _ . + -"
#: Names that candidates cannot have: they mean the logging policy, in worlds and in estimates.
_TAKEN = (LOGGING, "logged")


def read_world(source: str | os.PathLike[str] | Mapping[str, Any]) -> World:
    """The world that a world file describes; ``source`` is the file, or its content as a dict.

    Raises:
        DataError: the file cannot be read; a key is missing or unknown; a value is of another type or out of
            range; a query has fewer items than ``positions``, and ``short_lists`` does not allow it.
        UsageError: ``source`` is neither a path nor a dict.
    """
    if isinstance(source, Mapping):
        return parse_world(source)
    return parse_world(read_description(source), os.fspath(source))


def read_description(path: str | os.PathLike[str]) -> Any:
    """The content of a world file as parsed JSON, not checked yet.

    Raises:
        DataError: the file cannot be read, is not JSON, or has a key twice in one object.
        UsageError: ``path`` is not a path.
    """
    if not isinstance(path, str | os.PathLike):
        raise UsageError(f"world: found {shown(path)}, wanted a file, or what is in one")
    origin = os.fspath(path)
    try:
        with open(origin, encoding="utf-8") as file:
            return json.load(file, object_pairs_hook=_unique)
    except OSError as error:
        raise DataError(f"{origin}: cannot be read ({error.strerror or error})") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{origin}: found no JSON ({error}), wanted a world such as {EXAMPLE}") from None


def parse_world(description: Any, origin: str = "world") -> World:
    """The world that the content of a world file describes; ``origin`` is its name in messages.

    Raises:
        DataError: as for :func:`read_world`.
    """
    world = Section(description, "", origin, EXAMPLE)
    positions = world.whole("positions", 1, MOST_POSITIONS)
    model = _click_model(world.value("click_model", wanted="a click model"), positions, world, "click_model")
    contexts = _contexts(world, positions)
    short = world.value("short_lists", False)
    if not isinstance(short, bool):
        raise world.error("short_lists", repr(short), "true or false")
    needing = [one for one in (model, *(c.click_model for c in contexts)) if one.uses_satisfaction]
    queries = parse_queries(world, positions, short, needing[0].name if needing else None)
    logging = _policy(world.value("logging", wanted="a policy"), queries, positions, world, "logging")
    candidates = _candidates(world, queries, positions)
    read = World(
        click_model=model,
        positions=positions,
        queries=queries,
        logging=logging,
        candidates=candidates,
        shuffle=_shuffle(world, positions),
        users=_users(world),
        contexts=contexts,
        days=_days(world),
        arms=_arms(world, candidates),
    )
    world.done()
    _require_probabilities(world, read)
    return read


def _click_model(given: Any, positions: int, world: Section, name: str) -> ClickModel:
    return parse_click_model(given, positions, f"{world.origin}: {name}")


def _policy(given: Any, queries: Queries, positions: int, world: Section, name: str) -> ListPolicy:
    return parse_list_policy(given, queries, positions, f"{world.origin}: {name}")


def _candidates(world: Section, queries: Queries, positions: int) -> dict[str, ListPolicy]:
    if not world.has("candidates"):
        return {}
    given = world.section("candidates", '{"new": {"policy": "fixed", "scores": {...}}}').given
    for name in given:
        if not _NAME.fullmatch(name) or name in _TAKEN:
            raise world.error("candidates", f"the name {name!r}", f"{_NAMES}, not {' or '.join(_TAKEN)}")
    return {
        name: _policy(policy, queries, positions, world, f"candidates.{name}")
        for name, policy in given.items()
    }


def _shuffle(world: Section, positions: int) -> Shuffle | None:
    if not world.has("shuffle"):
        return None
    given = world.section("shuffle", '{"design": "full", "share": 0.01}')
    wanted = f"one of {', '.join(DESIGNS)}"
    design = given.text("design", lambda text: text in DESIGNS, wanted)
    share = given.number("share", 0.0, 1.0)
    if positions < 2:
        raise world.error("shuffle", f"a world of {positions} position", "at least 2 positions to shuffle")
    top = given.whole("top", 2, positions, default=positions)
    given.done()
    return next(Shuffle(name, share, top) for name in DESIGNS if name == design)


def _users(world: Section) -> Users | None:
    if not world.has("users"):
        return None
    given = world.section("users", '{"count": 1000, "spread": 0.3}')
    users = Users(given.whole("count", 1, 2**31), given.number("spread", 0.0, 1.0, default=0.0))
    given.done()
    return users


def _contexts(world: Section, positions: int) -> tuple[Context, ...]:
    example = '{"name": "phone", "weight": 0.6, "click_model": {"eta": 2}}'
    entries = world.items("contexts", f"a list of contexts such as {example}", default=())
    sections = [
        Section(entry, f"contexts[{index}]", world.origin, example) for index, entry in enumerate(entries)
    ]
    names = [section.text("name", _is_name, "a name") for section in sections]
    for section, name in zip(sections, names, strict=True):
        if names.count(name) > 1:
            raise section.error("name", f"{name!r} again", "each name once")
    weights = [section.number("weight", 0.0) for section in sections]
    if sections and not 0.0 < sum(weights) < np.inf:
        raise world.error("contexts", f"weights that sum to {sum(weights):g}", "a finite sum above 0")
    contexts = tuple(
        Context(name, weight / sum(weights), _model_of(section, world, positions))
        for section, name, weight in zip(sections, names, weights, strict=True)
    )
    for section in sections:
        section.done()
    return contexts


def _is_name(text: str) -> bool:
    return bool(text) and is_text(text)


def _model_of(context: Section, world: Section, positions: int) -> ClickModel:
    """The click model of a context: that of the world, with the parameters that the context sets."""
    known = context.has("click_model")
    own = dict(context.section("click_model", '{"eta": 2}').given) if known else {}
    base = dict(world.value("click_model"))
    if own.get("name", base.get("name")) != base.get("name"):
        base = {}
    if "eta" in own or "examination" in own:
        base = {name: value for name, value in base.items() if name not in ("eta", "examination")}
    return _click_model({**base, **own}, positions, world, context.place("click_model"))


def _days(world: Section) -> Days | None:
    drift = _drift(world)
    if not world.has("days"):
        if drift:
            raise world.error("drift", f"{drift:g}", "days to drift over")
        return None
    given = world.section("days", '{"start": "2024-01-01", "count": 28}')
    start = given.text("start", _is_day, "a day such as 2024-01-01")
    count = given.whole("count", 1, 36_600)
    given.done()
    return Days(date.fromisoformat(start), count, drift)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).year < 9000
    except ValueError:
        return False


def _drift(world: Section) -> float:
    if not world.has("drift"):
        return 0.0
    given = world.section("drift", '{"attractiveness": 0.2}')
    drift = given.number("attractiveness", -2.0, 2.0)
    given.done()
    return drift


def _arms(world: Section, candidates: Mapping[str, ListPolicy]) -> dict[str, float]:
    if not world.has("arms"):
        return {}
    given = world.section("arms", '{"logging": 0.5, "new": 0.5}')
    for name in given.given:
        if name != LOGGING and name not in candidates:
            raise world.error("arms", repr(name), f"one of {', '.join([LOGGING, *candidates])}")
    arms = {name: given.number(name, 0.0, 1.0, above=True) for name in given.given}
    if abs(sum(arms.values()) - 1.0) > 1e-9:
        raise world.error("arms", f"shares that sum to {sum(arms.values()):.9g}", "shares that sum to 1")
    return arms


def _require_probabilities(world: Section, read: World) -> None:
    """Raise an error if some user on some day has an attractiveness above 1."""
    users = read.users.spread if read.users else 0.0
    days = max(read.days.factors.tolist()) if read.days else 1.0
    largest = float(read.queries.attractiveness.max())
    if largest * (1.0 + users) * days <= 1.0 + 1e-12:
        return
    item = int(read.queries.attractiveness.argmax())
    query = int(np.searchsorted(read.queries.offsets, item, side="right")) - 1
    place = f"queries[{query}].attractiveness[{item - read.queries.offsets[query]}]"
    key = "users.spread" if users else "drift.attractiveness"
    raise world.error(
        key,
        f"{users or (read.days.drift if read.days else 0.0):g}, which makes {place} = {largest:g} "
        f"{largest * (1.0 + users) * days:.4g} at most",
        "attractiveness that stays in [0, 1]",
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object as a dict.

    Raises:
        ValueError: a key occurs twice; ``json`` would silently keep the second value.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} twice in one object")
    return found
