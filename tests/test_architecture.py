"""The packages are as ARCHITECTURE.md draws them: who imports whom, through which names, and no circles."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.paths import REPO

PACKAGE = "rankeval"
#: Modules at the top that every package may import, and the most that may stand there.
MOST_AT_THE_TOP = 14
#: The one module at the top that imports packages: a result shows itself by them.
SHOWS = {("rankeval.results", "rankeval.reports"), ("rankeval.results", "rankeval.charts")}
MAX_LINES = 310


def python_files() -> dict[str, Path]:
    """Dotted name -> file, of all modules and packages, those of the linked folders too."""
    found = {}
    for top in (REPO / PACKAGE, REPO / "simulators", REPO / "cli"):
        for path in sorted(top.rglob("*.py")):
            if path.resolve() == path and "__pycache__" not in path.parts:
                parts = list(path.relative_to(REPO).with_suffix("").parts)
                name = ".".join(parts if parts[0] == PACKAGE else [PACKAGE, *parts])
                found[name.removesuffix(".__init__")] = path
    return found


FILES = python_files()
PACKAGES = {name for name, path in FILES.items() if path.name == "__init__.py"}
MODULES = FILES.keys() - PACKAGES


def imports(name: str) -> Iterator[tuple[str, str]]:
    """Each ``(module or package, name taken from it)`` that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(FILES[name].read_text())):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name}: relative import"
            for alias in node.names:
                yield node.module or "", alias.name
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


@cache
def public_names(package: str) -> set[str]:
    """What a package exports; a function there may have the name of its module."""
    return {
        element.value
        for node in ast.parse(FILES[package].read_text()).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List)
        for element in node.value.elts
        if isinstance(element, ast.Constant)
    }


def targets(name: str) -> Iterator[str]:
    """The files of this project that a file imports."""
    for source, taken in imports(name):
        handed_on = source in PACKAGES and taken in public_names(source)
        if f"{source}.{taken}" in FILES and not handed_on:
            yield f"{source}.{taken}"
        elif source in FILES:
            yield source


def package_of(name: str) -> str:
    """The package that a module stands in; a package stands for itself."""
    return name if name in PACKAGES else name.rpartition(".")[0]


def short(package: str) -> str:
    return package.removeprefix(f"{PACKAGE}.")


def picture() -> dict[str, tuple[int, set[str]]]:
    """Package -> its level and the packages it may import, as drawn."""
    text = (REPO / "ARCHITECTURE.md").read_text()
    lines = re.findall(r"^ ?(\d+)  ([\w.]+) +->(.*)$", text, re.M)
    return {name: (int(level), set(re.findall(r"[\w.]+", drawn))) for level, name, drawn in lines}


def arrows(name: str) -> set[str]:
    """The other packages that the modules of a package import, but for the top of the library."""
    found = {
        short(package_of(target))
        for module in MODULES
        if package_of(module) == name
        for target in targets(module)
    }
    return found - {short(name)} - ({PACKAGE} if name != f"{PACKAGE}.cli" else set())


def test_the_picture_names_every_package() -> None:
    assert picture().keys() == {short(name) for name in PACKAGES} - {PACKAGE}


@pytest.mark.parametrize("name", sorted(PACKAGES - {PACKAGE}))
def test_a_package_imports_what_the_picture_says(name: str) -> None:
    assert arrows(name) == picture()[short(name)][1]


def test_arrows_point_downwards() -> None:
    drawn = picture()
    levels = {name: level for name, (level, _) in drawn.items()} | {PACKAGE: 9}
    upwards = [
        (name, other) for name, (level, others) in drawn.items() for other in others if levels[other] >= level
    ]
    assert upwards == []


def test_a_package_is_imported_by_its_public_names() -> None:
    """Others import ``rankeval.PACKAGE``, not a module in it."""
    inner = [
        f"{name} imports {target}"
        for name in MODULES
        for target in targets(name)
        if target in MODULES and package_of(target) not in (package_of(name), PACKAGE)
    ]
    assert inner == []


def test_the_top_imports_no_package() -> None:
    top = {name for name in MODULES if package_of(name) == PACKAGE}
    assert 0 < len(top) <= MOST_AT_THE_TOP
    assert {(name, target) for name in top for target in targets(name) if target not in top} == SHOWS


def test_no_modules_import_one_another_in_a_circle() -> None:
    """A package counts for all that its public names come from."""
    graph = {name: set(targets(name)) - {PACKAGE} for name in FILES if name != PACKAGE}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name not in done:
            for target in graph[name]:
                visit(target, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("name", sorted(PACKAGES))
def test_a_package_says_what_it_holds_and_only_hands_on_names(name: str) -> None:
    tree = ast.parse(FILES[name].read_text())
    assert ast.get_docstring(tree)
    if name != PACKAGE:
        assert {type(node) for node in tree.body} <= {ast.Expr, ast.ImportFrom, ast.Assign}
        assert "May import:" in (ast.get_docstring(tree) or "")
        assert "\nTo " in (ast.get_docstring(tree) or "")


@pytest.mark.parametrize("name", sorted(FILES))
def test_no_module_is_long(name: str) -> None:
    assert len(FILES[name].read_text().splitlines()) <= MAX_LINES
