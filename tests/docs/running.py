"""Runs the blocks of a page in order, in one folder with its inputs.

The blocks of Python share names and files with those of the console, so that both are run here, and not by a
plug-in of pytest that would know the first alone.
"""

from __future__ import annotations

import io
import os
import shlex
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any

import rankeval
from tests.cli.helpers import Called, call
from tests.docs.blocks import KINDS, Block, Command, blocks, commands
from tests.docs.inputs import prepare
from tests.paths import REPO

SHARED = REPO.parent / "shared"
#: Width of the terminal in which the commands of pages run.
WIDTH = 120


class Folder:
    """Where the blocks of a page run; ``cd`` holds to the end of a block."""

    def __init__(self, page: Path, root: Path) -> None:
        self.root = self.here = root
        self.names: dict[str, Any] = {"rankeval": rankeval}
        with chdir(root):
            prepare(page.stem)

    def write(self, name: str, block: Block) -> None:
        """A file with what the block holds."""
        (self.root / name).write_text("\n".join(block.lines) + "\n")

    def run(self, text: str) -> Called:
        """A command of the console."""
        words = shlex.split(text, comments=True)
        with chdir(self.here):
            if words[0] == "rankeval":
                return call(*words[1:], columns=WIDTH)
            if words[0] == "cd":
                self.here = (self.here / words[1]).resolve(strict=True)
                return Called(0, "", "")
            if words[0] == "cat":
                return Called(0, Path(words[1]).read_text(), "")
        assert words[:1] == ["python"], f"{text}: only rankeval, cd, cat and python examples/NAME.py are run"
        # tests/test_examples.py runs each example and compares.
        return Called(0, (REPO / "examples" / "output" / f"{Path(words[1]).stem}.txt").read_text(), "")

    def execute(self, block: Block) -> None:
        """A block of Python; what it prints is not compared."""
        with chdir(self.root), redirect_stdout(io.StringIO()):
            exec(compile("\n".join(block.lines), block.place, "exec"), self.names)


def is_run(block: Block) -> bool:
    """Whether the block is run here."""
    name, value = block.mark
    if name == "needs":
        return (SHARED / value).exists()
    return KINDS[block.kind] and name != "not run"


def ran(page: Path, root: Path) -> Iterator[tuple[Block, Command, Called]]:
    """Run the blocks of a page; each command of the console with what it left."""
    folder = Folder(page, root)
    for block in blocks(page):
        name, value = block.mark
        if name == "file":
            folder.write(value, block)
        elif not is_run(block):
            continue
        elif block.kind == "python":
            folder.execute(block)
        else:
            folder.here = folder.root
            if name == "needs":
                _link(SHARED / value, folder.root)
            for command in commands(block):
                yield block, command, folder.run(command.text)


def _link(data: Path, folder: Path) -> None:
    link = folder / data.name
    if not link.exists():
        os.symlink(data, link)


def wanted_status(block: Block, last: bool) -> int:
    """The exit status that a command of the block should have."""
    name, value = block.mark
    return int(value) if last and name == "status" else 0
