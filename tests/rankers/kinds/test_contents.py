"""Pickles are refused under any name; the kind of a model is seen by its content."""

from __future__ import annotations

import bz2
import gzip
import lzma
import pickle
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankeval import DataError, UsageError, open_ranker
from rankeval.rankers.kinds import KINDS
from rankeval.rankers.kinds.contents import kind_of_content, refuse_pickle
from tests.rankers.lightgbm_models import text

MODELS = [name for name, kind in KINDS.items() if kind.model]


class Bomb:
    """A pickle of it runs code when it is loaded."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return (Path.touch, (Path("/nowhere/bomb"),))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", ["model.pkl", "model.txt", "model.json", "model.onnx", "model"])
def test_pickles_of_all_protocols_under_any_name(protocol: int, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(pickle.dumps({"weights": Bomb()}, protocol))
    wanted = (
        f"{path}: is a pickle, which is refused because loading a pickle runs the code in it; wanted a model"
    )
    for spec in (*(f"{kind}:{path}" for kind in MODELS), str(path)):
        with pytest.raises(DataError) as caught:
            open_ranker(spec)
        assert str(caught.value).startswith(wanted)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, bz2.compress, lzma.compress])
def test_compressed_pickles_and_other_compressed_files(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "model.txt"
    path.write_bytes(pack(pickle.dumps(list(range(5000)))))
    with pytest.raises(DataError, match="is a pickle, which is refused"):
        refuse_pickle(str(path))
    path.write_bytes(pack(b"tree\nversion=v4\n"))
    with pytest.raises(
        DataError, match=r"is compressed by (gzip|zlib|bzip2|xz), wanted a model saved by LightGBM"
    ):
        refuse_pickle(str(path))


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)])
def test_files_of_joblib(compress: object, tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    joblib.dump({"array": np.arange(1000.0)}, path, compress=compress)
    with pytest.raises(DataError, match="is a pickle, which is refused"):
        open_ranker(f"sklearn:{path}")


def test_archives_of_pickles(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02.")
    with pytest.raises(DataError, match="is a pickle, which is refused"):
        open_ranker(str(path))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for path, message in [
        ("gone.txt", "cannot be read (No such file or directory), wanted a model file"),
        (".", "cannot be read (Is a directory), wanted a model file"),
        ("empty", "is empty, wanted a model saved by LightGBM"),
    ]:
        with pytest.raises(DataError) as caught:
            open_ranker(f"lightgbm:{tmp_path / path}")
        assert message in str(caught.value)


def test_kinds_by_content(tmp_path: Path) -> None:
    path = tmp_path / "model"
    for content, kind in [
        (text().encode(), "lightgbm"),
        (b'{"learner":{"attributes":{}}}', "xgboost"),
        (b"{L\0\0\0\0\0\0\0\x07learner{", "xgboost"),
        (b"\x08\x07\x12\x07", None),
        (b"query_id,item_id,score\n", None),
    ]:
        path.write_bytes(content)
        assert kind_of_content(str(path)) == kind
    with pytest.raises(UsageError) as caught:
        open_ranker(path)
    files = ", ".join(f"{name}:{path}" for name in ("lightgbm", "xgboost", "onnx", "sklearn", "run"))
    assert str(caught.value) == f"{path}: its content does not show its kind, wanted one of {files}"


@given(st.binary(min_size=1, max_size=200))
def test_any_bytes_give_a_model_or_one_line(content: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        path.write_bytes(content)
        for spec in (f"lightgbm:{path}", str(path)):
            with pytest.raises((DataError, UsageError)) as caught:
                open_ranker(spec)
            assert "\n" not in str(caught.value)
