"""The wheel holds the whole package, and works where there is no source tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.paths import REPO

SOURCES = ("pyproject.toml", "README.md", "LICENSE", "rankeval", "cli", "simulators")
#: What these tests and those who start them set must not reach the installed command.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def done(*command: str | Path, folder: Path, environment: Mapping[str, str] = ENVIRONMENT) -> str:
    ended = subprocess.run(
        [*map(str, command)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the sources, since the build leaves files beside them."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (REPO / name).is_dir() else shutil.copy
        copy(REPO / name, source / name)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-index")
    done(*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source, folder=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of a new environment with the wheel; its dependencies are those of this one."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, symlinks=True)
    scheme = {"base": str(folder), "platbase": str(folder)}
    packages, scripts = (Path(sysconfig.get_path(name, "venv", scheme)) for name in ("purelib", "scripts"))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", scripts / "python")
    done(*pip, "install", "--quiet", "--no-index", "--no-deps", "--force-reinstall", wheel, folder=folder)
    return scripts


def test_it_holds_every_module_and_template_and_the_marker_of_types(wheel: Path) -> None:
    wanted = {
        str(path.relative_to(REPO))
        for folder, _, names in os.walk(REPO / "rankeval", followlinks=True)
        for path in (Path(folder) / name for name in names)
        if path.suffix in (".py", ".css", ".html") or path.name == "py.typed"
    }
    held = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == wanted


def test_the_command_works_in_another_folder(installed: Path, tmp_path: Path) -> None:
    where = done(installed / "python", "-c", "import rankeval; print(rankeval.__file__)", folder=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)
    assert done(installed / "rankeval", "--help", folder=tmp_path).startswith("Usage: rankeval ")
    (tmp_path / "items.csv").write_text("query_id,item_id,x\nq,a,1\nq,b,2\n")
    arguments = ("rank", "column:x", "items.csv", "--out", "run.csv", "--quiet")
    done(installed / "rankeval", *arguments, folder=tmp_path)
    assert (tmp_path / "run.csv").read_text().split() == [
        '"query_id","item_id","score"',
        '"q","a",1',
        '"q","b",2',
    ]
