"""What a case must not do."""

from __future__ import annotations

import json
import re
import signal
import unicodedata
from dataclasses import dataclass

from tests.fuzz.pool import Outcome
from tests.fuzz.targets import Case

_LONGEST = 2_000
_STATUSES = (0, 1, 2, 3)
#: A number in the call that asks for much work.
_MUCH = re.compile(r"\d{5}|\d_\d{3}|[eE]\+?\d|inf")


@dataclass(frozen=True)
class Problem:
    """What is wrong: its class, and details that are the same for cases of one cause."""

    kind: str
    detail: str


def problem(case: Case, outcome: Outcome) -> Problem | None:
    """What is wrong with the outcome of a case; None if nothing is."""
    if outcome.status == -signal.SIGXCPU:
        return None if _asks_for_much(case) else Problem("hang", " ".join(case.arguments[:2]))
    if outcome.status < 0:
        return Problem("crash", f"signal {-outcome.status} {_place(outcome.err)}")
    if outcome.traceback:
        return Problem("traceback", _place(outcome.traceback))
    if outcome.leftover:
        return Problem("leftover", outcome.leftover[0].split("/")[0])
    if outcome.status not in _STATUSES:
        return Problem("status", str(outcome.status))
    return _wrong_messages(outcome) or _wrong_output(case, outcome)


def outcome_class(case: Case, outcome: Outcome) -> str:
    """The class of an outcome in which nothing is wrong."""
    if outcome.status < 0:
        return "asked for much"
    if "out of memory" in outcome.err:
        return "out of memory"
    return ("done", "wrong data", "wrong call", "gate")[outcome.status]


def _asks_for_much(case: Case) -> bool:
    return bool(_MUCH.search(" ".join(case.arguments)))


def _place(text: str) -> str:
    """The last place of this project in a traceback, and the kind of the exception."""
    places = re.findall(r'File "[^"]*?/((?:rankeval|cli|simulators)/[^"]+)", line (\d+)', text)
    lines = text.strip().splitlines() or [""]
    ended = lines[-1].split(":")[0][:60]
    first = bool(re.search("most recent call first", text))
    return f"{':'.join(places[0 if first else -1])} {ended}" if places else ended


def _wrong_messages(outcome: Outcome) -> Problem | None:
    lines = outcome.err.split("\n")[:-1] if outcome.err else []
    for line in lines:
        if not line.startswith("rankeval: "):
            return Problem("message", f"no line of rankeval: {re.sub('[0-9]+', '0', line[:60])}")
        if len(line) > _LONGEST + 100:
            return Problem("message", f"long: {line[:60]}")
        if _controls(line):
            return Problem("control characters", f"on stderr: {line[:60]!r}")
    if outcome.status in (1, 2) and [line.startswith("rankeval: error: ") for line in lines].count(True) != 1:
        return Problem("message", f"status {outcome.status} with {len(lines)} lines on stderr")
    return None


def _wrong_output(case: Case, outcome: Outcome) -> Problem | None:
    texts = dict(outcome.written)
    format_ = case.arguments[-1]
    if format_ == "json" and outcome.out.startswith("{"):
        texts["stdout"] = outcome.out
    elif format_ in ("table", "markdown") and _controls(outcome.out):
        return Problem("control characters", f"on stdout: {_controls(outcome.out)!r} {case.arguments[0]}")
    for name, text in texts.items():
        try:
            json.loads(text, parse_constant=_refused)
        except ValueError as error:
            return Problem("JSON", f"{case.arguments[0]} {name}: {re.sub('[0-9]+', '0', str(error))[:60]}")
    return None


def _controls(text: str) -> str:
    return "".join(sorted({each for each in text if unicodedata.category(each) == "Cc" and each != "\n"}))


def _refused(name: str) -> None:
    raise ValueError(f"found {name}")
