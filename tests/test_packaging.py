"""The house keeps its shape: what is packaged, who imports whom, how long a module may be."""

from __future__ import annotations

import ast
import os
import tomllib
from pathlib import Path

import pytest

import rankeval
from tests.paths import REPO

PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text())
MAX_LINES = 500


def modules(folder: str) -> list[Path]:
    """All Python files of a folder of the repository, links not followed."""
    found = sorted(path for path in (REPO / folder).rglob("*.py") if "__pycache__" not in path.parts)
    return [path for path in found if path.resolve() == path]


def imported(source: str, package: str) -> set[str]:
    """Absolute dotted names that a module of ``package`` imports, names taken from a module included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            names.update({base, *(f"{base}.{alias.name}" for alias in node.names)})
    return names


def trespasses(folder: str, forbidden: list[str]) -> list[str]:
    """``file imports name`` for every import of a forbidden package, or of something in it."""
    found = []
    for path in modules(folder):
        package = ".".join(path.relative_to(REPO).parent.parts)
        for name in sorted(imported(path.read_text(), package)):
            if any(name == wall or name.startswith(wall + ".") for wall in forbidden):
                found.append(f"{path.relative_to(REPO)} imports {name}")
    return found


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import rankeval.cli.main", "rankeval.cli.main"),
        ("from rankeval import cli", "rankeval.cli"),
        ("from rankeval.cli.main import main", "rankeval.cli.main"),
        ("def late():\n    from .. import cli", "rankeval.cli"),
        ("from ..cli import main", "rankeval.cli.main"),
        ("from . import gain", "rankeval.metrics.gain"),
    ],
)
def test_imports_are_read_in_every_form(source: str, name: str) -> None:
    assert name in imported(source, "rankeval.metrics")


def test_package_list_equals_the_folders() -> None:
    folders = {
        ".".join(Path(folder).relative_to(REPO).parts)
        for folder, _, files in os.walk(REPO / "rankeval", followlinks=True)
        if any(name.endswith(".py") for name in files)
    }
    assert sorted(PROJECT["tool"]["setuptools"]["packages"]) == sorted(folders)


def test_every_package_has_an_init() -> None:
    packages = PROJECT["tool"]["setuptools"]["packages"]
    assert [name for name in packages if not REPO.joinpath(*name.split("."), "__init__.py").is_file()] == []


@pytest.mark.parametrize("name", ["cli", "simulators"])
def test_linked_packages_are_mapped_to_their_folders(name: str) -> None:
    assert (REPO / "rankeval" / name).resolve() == REPO / name
    assert PROJECT["tool"]["setuptools"]["package-dir"][f"rankeval.{name}"] == name


def test_version_is_the_same_everywhere() -> None:
    assert rankeval.__version__ == PROJECT["project"]["version"]


def test_core_never_imports_simulators_or_cli() -> None:
    assert trespasses("rankeval", ["rankeval.simulators", "rankeval.cli", "simulators", "cli"]) == []


def test_simulators_never_import_cli() -> None:
    assert trespasses("simulators", ["rankeval.cli", "cli"]) == []


@pytest.mark.parametrize("name", ["metrics", "readers", "estimators"])
def test_rooms_do_not_import_one_another(name: str) -> None:
    others = [f"rankeval.{other}" for other in ("metrics", "readers", "estimators") if other != name]
    assert modules(f"rankeval/{name}")
    assert trespasses(f"rankeval/{name}", others) == []


@pytest.mark.parametrize("folder", ["rankeval", "simulators", "cli", "benchmarks", "examples"])
def test_no_module_is_long(folder: str) -> None:
    lengths = {str(path.relative_to(REPO)): len(path.read_text().splitlines()) for path in modules(folder)}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}
