"""Every block of code in README.md and docs/ is run, and prints what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import KINDS, Block, blocks, commands
from tests.docs.comparison import difference
from tests.docs.running import SHARED, is_run, ran, wanted_status
from tests.paths import REPO

PAGES = [REPO / "README.md", *sorted((REPO / "docs").glob("*.md"))]
#: Pages whose blocks take more than some seconds; all others are run by ``make test``.
SLOW = {"README", "rankers", "report", "simulation", "start-uplift", "uplift"}
#: Page -> how many of its blocks that could be run are not, and the page says why.
NOT_RUN = {"README": 1, "benchmarks": 1, "coverage": 1, "rankers": 1, "spark": 1}


def found(page: Path) -> list[Block]:
    return [block for block in blocks(page) if KINDS.get(block.kind)]


WITH_CODE = [page for page in PAGES if any(is_run(block) for block in found(page))]


def test_every_block_is_of_a_known_kind() -> None:
    """A block without a kind would be neither run nor said not to be."""
    unknown = [block.place for page in PAGES for block in blocks(page) if block.kind not in KINDS]
    assert unknown == []


def test_no_command_hides_in_a_block_that_is_not_run() -> None:
    hidden = [
        block.place
        for page in PAGES
        for block in blocks(page)
        if not KINDS[block.kind]
        and any(line.startswith(("$ ", "rankeval ", "python ")) for line in block.lines)
    ]
    assert hidden == []


def test_blocks_that_are_not_run_are_counted() -> None:
    counts = {page.stem: sum(block.mark[0] == "not run" for block in found(page)) for page in PAGES}
    assert {name: count for name, count in counts.items() if count} == NOT_RUN


def test_the_slow_pages_are_pages() -> None:
    assert {page.stem for page in WITH_CODE} >= SLOW


def test_data_that_not_every_machine_has_are_here_where_their_folder_is() -> None:
    """A wrong name would leave a block out for ever."""
    names = {block.mark[1] for page in PAGES for block in blocks(page) if block.mark[0] == "needs"}
    assert names
    if SHARED.exists():
        assert {name for name in names if not (SHARED / name).is_file()} == set()


def params() -> list[object]:
    marks = {page: [pytest.mark.slow] * (page.stem in SLOW) for page in WITH_CODE}
    return [pytest.param(page, id=page.stem, marks=marks[page]) for page in WITH_CODE]


@pytest.mark.parametrize("page", params())
def test_blocks_print_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    wrong = []
    for block, command, called in ran(page, tmp_path):
        last = command.text == list(commands(block))[-1].text
        assert called.status == wanted_status(block, last), f"{block.place}: {command.text}: {called.err}"
        differs = (
            difference(command.printed, (called.out + called.err).splitlines()) if command.printed else None
        )
        wrong += [f"{block.place}: {command.text}: {differs}"] if differs else []
    hint = "python -m tests.docs.record writes what is printed into the pages"
    assert not wrong, "\n".join([*wrong, hint])
