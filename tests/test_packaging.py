"""What is packaged is what stands in the folders."""

from __future__ import annotations

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
    assert f"version: {rankeval.__version__}" in (REPO / "CITATION.cff").read_text().splitlines()


@pytest.mark.parametrize("folder", ["benchmarks", "examples"])
def test_no_module_is_long(folder: str) -> None:
    lengths = {str(path.relative_to(REPO)): len(path.read_text().splitlines()) for path in modules(folder)}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}
