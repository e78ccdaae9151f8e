"""How blocks are found, and what counts as the same output."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import blocks, commands
from tests.docs.comparison import difference, same
from tests.docs.running import ran, wanted_status

PAGE = """# Page

<!-- status 3 -->
```console
$ rankeval ope \\
    log.parquet
value 1.25
$ rankeval inspect log.parquet
```

```text
x = 1
```
"""


SHARED_FOLDER = """<!-- file: a.txt -->
```text
hello
```
```python
from pathlib import Path
Path("inner/b.txt").write_text("there")
```
```console
$ cd inner
$ cat b.txt
```
```console
$ cat a.txt
```
<!-- not run: there is no such file -->
```console
$ cat c.txt
```
<!-- needs no/such/data -->
```console
$ cat data
```
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def test_blocks_commands_and_marks(page: Path) -> None:
    first, second = blocks(page)
    assert (first.kind, first.line, first.mark, first.place) == ("console", 3, ("status", "3"), "page.md:4")
    assert (second.kind, second.lines, second.mark) == ("text", ("x = 1",), ("", ""))
    one, two = commands(first)
    assert (one.text, one.printed) == ("rankeval ope log.parquet", ("value 1.25",))
    assert PAGE.splitlines()[one.first : one.end] == ["value 1.25"]
    assert (two.text, two.printed, two.first) == ("rankeval inspect log.parquet", (), two.end)
    assert (wanted_status(first, last=False), wanted_status(first, last=True)) == (0, 3)


def test_a_block_that_is_not_closed_and_one_that_begins_with_output(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("```console\n$ rankeval\n")
    with pytest.raises(AssertionError, match=r"page\.md:1: the block is not closed"):
        blocks(path)
    path.write_text("```console\nvalue 1\n```\n")
    with pytest.raises(AssertionError, match="line 1 is no command"):
        list(commands(blocks(path)[0]))


@pytest.mark.parametrize(
    ("shown", "printed", "equal"),
    [
        ("gain +1.25 %", "gain +1.26 %", True),
        ("gain +1.25 %", "gain +1.27 %", False),
        ("gain +1.25 %", "loss +1.25 %", False),
        ("gain +1.25 %", "gain -1.25 %", False),
        ("n 1,234", "n 1,235", False),
        ("p 1.42e-15", "p 1.43e-15", True),
        ("p 1.42e-15", "p 1.42e-14", False),
        ("0.41 .. 0.43", "0.41 .. 0.47", False),
        ("f39  0.435", "f40  0.435", False),
        ("ndcg@10 0.4", "ndcg@20 0.4", False),
    ],
)
def test_numbers_agree_to_the_digits_shown(shown: str, printed: str, equal: bool) -> None:
    assert same(shown, printed) is equal


def test_lines_that_are_left_out() -> None:
    printed = ["a", "b 1.5", "c", "d"]
    assert difference(printed, [*printed, ""]) is None
    assert difference(["a", "...", "d"], printed) is None
    assert difference(["...", "b 1.5", "..."], printed) is None
    assert difference(["a", "..."], printed) is None
    assert difference(["a", "b 1.5"], printed) == "printed, but not shown: 'c'"
    assert difference([*printed, "e"], printed) == "shown, but not printed: 'e'"
    assert difference(["...", "e"], printed) == "shown, but not printed: 'e'"
    assert difference(["a", "b 2.5", "c", "d"], printed) == "shown: 'b 2.5', printed: 'b 1.5'"


def test_blocks_share_a_folder_and_cd_ends_with_its_block(tmp_path: Path) -> None:
    page, folder = tmp_path / "page.md", tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    page.write_text(SHARED_FOLDER)
    assert [called.out for _, _, called in ran(page, folder)] == ["", "there", "hello\n"]
