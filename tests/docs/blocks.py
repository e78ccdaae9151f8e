"""Finds the blocks of code of a page, and the commands of a console block with what they are said to print.

A block may have a mark, an HTML comment on the line above it:

- ``not run: REASON``: the block is shown, not run;
- ``needs DATA``: it is run where ``../shared/DATA`` is there, since not every machine has these data;
- ``file: NAME``: what the block holds is written to this file, for the blocks below it;
- ``status N``: the exit status of its last command, 0 without this mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: A kind of block -> whether it is run. Text is output, a formula or the content of a file.
KINDS = {"console": True, "python": True, "text": False, "json": False, "toml": False}
_OPENED = re.compile(r"^```(.*)$")
_MARK = re.compile(r"^<!-- (not run|needs|file|status):? (.+) -->$")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        page: its file.
        line: the number of the line that opens it, from 0.
        kind: the word after the fence.
        lines: what it holds.
        mark: the name and the value of its mark; two empty texts without one.
    """

    page: Path
    line: int
    kind: str
    lines: tuple[str, ...]
    mark: tuple[str, str]

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.page.name}:{self.line + 1}"


@dataclass(frozen=True)
class Command:
    """A command of a console block.

    Attributes:
        text: the command, its lines joined.
        first, end: the lines of the page that hold what it prints, from ``first`` to before ``end``.
        printed: these lines; none where the page does not show them.
    """

    text: str
    first: int
    end: int
    printed: tuple[str, ...]


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    lines, found, start = page.read_text().splitlines(), [], None
    for number, line in enumerate(lines):
        opened = _OPENED.match(line)
        if opened and start is None:
            start = number
        elif opened and start is not None:
            above = _MARK.match(lines[start - 1]) if start else None
            mark = (above[1], above[2]) if above else ("", "")
            kind = lines[start].removeprefix("```").strip()
            found.append(Block(page, start, kind, tuple(lines[start + 1 : number]), mark))
            start = None
    assert start is None, f"{page.name}:{(start or 0) + 1}: the block is not closed"
    return found


def commands(block: Block) -> Iterator[Command]:
    """The commands of a console block, each a line that begins with ``$`` and those that continue it."""
    number = 0
    while number < len(block.lines):
        assert block.lines[number].startswith("$ "), f"{block.place}: line {number + 1} is no command"
        parts = [block.lines[number].removeprefix("$ ")]
        while parts[-1].endswith("\\"):
            number += 1
            parts.append(block.lines[number].strip())
        first = number = number + 1
        while number < len(block.lines) and not block.lines[number].startswith("$ "):
            number += 1
        top = block.line + 1
        printed = block.lines[first:number]
        text = " ".join(part.removesuffix("\\").strip() for part in parts)
        yield Command(text, top + first, top + number, printed)
