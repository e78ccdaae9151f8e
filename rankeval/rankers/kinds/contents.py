"""What a model file holds, by its content: which kind of model, or a pickle, which is refused."""

from __future__ import annotations

import bz2
import io
import lzma
import pickletools
import zipfile
import zlib

from rankeval.errors import DataError

_HEAD = 1 << 16
#: More than this of a pickle of the oldest protocols is not looked at.
_MOST = 1 << 22
_PICKLE = "loading a pickle runs the code in it"
_WANTED = (
    "wanted a model saved by LightGBM (text), XGBoost (.json, .ubj), ONNX or, for scikit-learn, skops.io.dump"
)


def read_head(path: str) -> bytes:
    """The first bytes of a file.

    Raises:
        DataError: it cannot be read, or is empty.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}), wanted a model file") from None
    if not head:
        raise DataError(f"{path}: is empty, {_WANTED}")
    return head


def refuse_pickle(path: str) -> bytes:
    """The first bytes of a file that is no pickle, whatever its name is.

    Pickles are also what joblib, cloudpickle, dill and PyTorch write: compressed, or in a zip archive.

    Raises:
        DataError: the file is a pickle, or compressed; it cannot be read, or is empty.
    """
    head = read_head(path)
    packed = _unpacked(head)
    if _is_pickle(head, path) or (packed is not None and _starts_pickle(packed[1])) or _zipped_pickle(path):
        raise DataError(f"{path}: is a pickle, which is refused because {_PICKLE}; {_WANTED}")
    if packed is not None:
        raise DataError(f"{path}: is compressed by {packed[0]}, {_WANTED}")
    return head


def kind_of_content(path: str) -> str | None:
    """The kind of a model file (a name in ``KINDS``) by its content and extension; None if it is not clear.

    Raises:
        DataError: as :func:`refuse_pickle`.
    """
    head = refuse_pickle(path)
    if head.startswith(b"tree\n"):
        return "lightgbm"
    if head.lstrip()[:1] == b"{" and b"learner" in head[:4096]:
        return "xgboost"
    if _members(path) and "schema.json" in _members(path):
        return "sklearn"
    return "onnx" if path.lower().endswith(".onnx") else None


def _starts_pickle(head: bytes) -> bool:
    """Whether bytes start as a pickle of protocol 2 to 5 does."""
    return len(head) > 1 and head[0] == 0x80 and head[1] in (2, 3, 4, 5)


def _is_pickle(head: bytes, path: str) -> bool:
    if _starts_pickle(head):
        return True
    try:  # the oldest protocols have no mark: the whole file must parse as one, up to its last byte
        with open(path, "rb") as file:
            content = io.BytesIO(file.read(_MOST))
        for _ in pickletools.genops(content):
            pass
    except Exception:
        return False
    return content.tell() > 1


def _unpacked(head: bytes) -> tuple[str, bytes] | None:
    """How bytes are compressed, and the first unpacked ones; None if they are not compressed."""
    if head[:2] == b"\x1f\x8b":
        return "gzip", _first(zlib.decompressobj(31), head)
    if head[0] == 0x78 and int.from_bytes(head[:2]) % 31 == 0:
        return "zlib", _first(zlib.decompressobj(), head)
    if head[:3] == b"BZh":
        return "bzip2", _first(bz2.BZ2Decompressor(), head)
    if head[:6] == b"\xfd7zXZ\0" or head[:3] == b"\x5d\0\0":
        return "xz", _first(lzma.LZMADecompressor(), head)
    return ("lz4", b"\x80\x04") if head[:4] == b"\x04\x22\x4d\x18" else None


def _first(decompressor: object, head: bytes) -> bytes:
    try:
        unpacked: bytes = decompressor.decompress(head, 1 << 10)  # type: ignore[attr-defined]
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        return b""
    return unpacked


def _members(path: str) -> list[str]:
    """The names in a zip archive; none for another file."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return []


def _zipped_pickle(path: str) -> bool:
    return any(name.endswith((".pkl", ".pickle")) for name in _members(path))
