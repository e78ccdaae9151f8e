"""The command of this process as it was typed, for pages and results."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence


def typed_command() -> str:
    """The command of this process, as one would type it."""
    return shlex.join(["rankeval", *sys.argv[1:]])


def command_line(words: Sequence[str], writes: bool = True) -> str:
    """A command without the options that change no number: where results go and how, gates and threads.

    Args:
        words: what follows ``rankeval``.
        writes: whether ``--out`` names the file of results; else it names what the command makes, and stays.
    """
    gates = {"--fail-under", "--fail-on"}
    values = {"--format", "--report", "--threads", *gates, *(["--out"] if writes else [])}
    kept, words = ["rankeval"], list(words)
    while words:
        word = words.pop(0)
        if word in values and words:
            words.pop(0)
        elif word != "--quiet" and word.partition("=")[0] not in values:
            kept.append(word)
    return shlex.join(kept)
