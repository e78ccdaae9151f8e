"""The pictures of docs/report.md, by the commands that it shows: ``python -m tests.reports.pictures DATA``.

DATA is a folder with mq2008.parquet. Pictures go to docs/pictures. Needs Chromium.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.paths import REPO
from tests.reports.browser import pictured

PAGE = REPO / "docs" / "report.md"
PICTURES = REPO / "docs" / "pictures"
_WIDTH, _HEIGHT = 860, 620


def commands() -> Iterator[list[str]]:
    """The words of each command of the page, in its order."""
    for block in re.findall(r"^```\n(\$ .*?)^```", PAGE.read_text(), re.M | re.S):
        for line in block.replace("\\\n", " ").splitlines():
            yield shlex.split(line.removeprefix("$ rankeval "))


def main() -> None:
    """Run all commands in a new folder, and picture the top of each page."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shutil.copy(Path(sys.argv[1]) / "mq2008.parquet", folder)
        for name, text in re.findall(r"^```(csv)\n(.*?)^```", PAGE.read_text(), re.M | re.S):
            (folder / f"experiments.{name}").write_text(text)
        for words in commands():
            command = [sys.executable, "-m", "rankeval.cli", *words]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
            print("$ rankeval", shlex.join(words), done.stdout[:400], sep="\n")
        for page in sorted(folder.glob("*.html")):
            if page.stem != "page":
                pictured(page, PICTURES / f"{page.stem}.png", _WIDTH, _HEIGHT, folder)
            print(page.name, page.stat().st_size)


if __name__ == "__main__":
    main()
