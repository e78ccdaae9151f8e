"""A plug-in package that pip really installs, and that the command line then uses."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankeval import UsageError, open_ranker, rank
from rankeval.rankers.kinds import plugins
from tests.cli.helpers import run
from tests.paths import REPO

DATA = pa.table({"query_id": ["q"] * 3, "item_id": [1, 2, 3], "price": [3.0, 1.0, 2.0]})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the plug-in, without the network."""
    source = tmp_path_factory.mktemp("source") / "house"
    shutil.copytree(REPO / "tests" / "plugin_package", source)
    target = tmp_path_factory.mktemp("target")
    command = "-m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index"
    done = subprocess.run(
        [sys.executable, *command.split(), "--target", str(target), str(source)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def data(tmp_path: Path) -> Path:
    pq.write_table(DATA, tmp_path / "data.parquet")
    return tmp_path / "data.parquet"


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("cheapest", [-3.0, -1.0, -2.0]),
        ("constant", [1.0, 1.0, 1.0]),
        ("house_rankers:Cheapest", [-3.0, -1.0, -2.0]),
        ("house_rankers.others:two", [2.0, 2.0, 2.0]),
        ("house_rankers.others:constant", [1.0, 1.0, 1.0]),
    ],
)
def test_the_command_line_uses_an_installed_package(
    spec: str, wanted: list[float], folder: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run.parquet"
    called = run("rank", spec, data, "--out", out, "--quiet", environment={"PYTHONPATH": f"{folder}:{REPO}"})
    assert (called.status, called.err) == (0, "")
    assert pq.read_table(out)["score"].to_pylist() == wanted


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("broken", "broken: cannot load the installed ranker house_rankers:Missing (AttributeError"),
        ("cheapes", "cheapes: no such ranker or file (did you mean 'cheapest'?), wanted lightgbm:FILE,"),
        ("nothing", "or the name of an installed ranker (installed: broken, cheapest, constant)"),
        (
            "house_rankers:Nobody",
            "house_rankers:Nobody: found no 'Nobody' in 'house_rankers', wanted a ranker",
        ),
        (
            "house_rankers:__name__",
            "house_rankers:__name__: is a str, wanted a ranker: an object with columns",
        ),
        ("house_ranker:Cheapest", "cannot import the module 'house_ranker' (ModuleNotFoundError: No module"),
        ("house_rankers.others:Constant", "cannot be called without arguments (TypeError"),
    ],
)
def test_plug_ins_that_cannot_be_used(
    spec: str, message: str, folder: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run.parquet"
    called = run("rank", spec, data, "--out", out, environment={"PYTHONPATH": f"{folder}:{REPO}"})
    assert called.status == 2
    assert message in called.error
    assert not out.exists()


class Mine:
    columns = ("price",)

    def score(self, rows: pa.RecordBatch) -> object:
        return rows.column("price")


class Named(Mine):
    columns = "price"  # type: ignore[assignment]


class Twice(Mine):
    columns = ("price", "price")  # type: ignore[assignment]


def test_an_object_is_taken_as_it_is() -> None:
    mine = Mine()
    assert open_ranker(mine) is mine
    result = rank(mine, DATA)
    assert result.candidate == "Mine"
    assert result.run is not None
    assert result.run["score"].to_pylist() == [3.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            Mine,
            "Mine: is a class, wanted a ranker: an object with columns (names of columns) and score(rows)",
        ),
        (7, "int: is a int, wanted a ranker"),
        (Named(), "Named: has the columns 'price', wanted names of columns, each once"),
        (Twice(), "Twice: has the columns ('price', 'price'), wanted names of columns, each once"),
    ],
)
def test_objects_that_are_no_rankers(given: object, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_ranker(given)
    assert str(caught.value).startswith(message)


def test_two_packages_with_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    pair = [EntryPoint("x", value, plugins.GROUP) for value in ("a:b", "c:d")]
    monkeypatch.setattr(plugins, "entry_points", lambda group: pair)
    with pytest.raises(UsageError, match="x: two packages install this ranker, a:b and c:d; wanted one"):
        open_ranker("x")
