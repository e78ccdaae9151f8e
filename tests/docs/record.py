"""``python -m tests.docs.record PAGE...``: run the blocks of pages and write what they print into the pages.

Output that a page shortens with ``...`` is left as it is. ``examples`` runs the examples instead.
"""

from __future__ import annotations

import contextlib
import io
import runpy
import sys
import tempfile
from pathlib import Path

from tests.docs.comparison import ELLIPSIS, difference
from tests.docs.running import ran
from tests.paths import REPO


def record(page: Path) -> None:
    """Write what the commands of a page print into the page."""
    lines, changes = page.read_text().splitlines(), []
    with tempfile.TemporaryDirectory() as root:
        for block, command, called in ran(page, Path(root)):
            found = (called.out + called.err).rstrip("\n").splitlines()
            if not command.printed or difference(command.printed, found) is None:
                continue
            if any(line.strip() == ELLIPSIS for line in command.printed):
                print(f"{block.place}: {command.text}: {difference(command.printed, found)}")
                print("\n".join(found))
                continue
            changes.append((command.first, command.end, [line.rstrip() for line in found]))
    for first, end, found in reversed(changes):
        lines[first:end] = found
    page.write_text("\n".join(lines) + "\n")
    print(f"{page.relative_to(REPO)}: {len(changes)} outputs written")


def record_examples() -> None:
    """Write what each example prints beside it."""
    for path in sorted((REPO / "examples").glob("*.py")):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            runpy.run_path(str(path), run_name="__main__")
        (path.parent / "output" / f"{path.stem}.txt").write_text(out.getvalue())


if __name__ == "__main__":
    for name in sys.argv[1:]:
        record_examples() if name == "examples" else record((REPO / name).resolve())
