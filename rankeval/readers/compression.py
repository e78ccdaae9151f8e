"""Compressed text: the kind of compression is seen by the first bytes, not the name."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zXZ\0": "xz"}


def compression_of(head: bytes) -> str | None:
    """The compression of content that begins with ``head``, at least 6 bytes; None if there is none."""
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)


def open_decompressed(filesystem: Any, path: str, compression: str | None) -> Any:
    """Open a file for one read from the start. Parts that are compressed one by one follow each other.

    Reading a truncated file raises an OSError or EOFError.
    """
    if compression != "xz":
        return filesystem.open_input_stream(path, compression=compression)
    import lzma  # Arrow has no xz

    return pa.PythonFile(lzma.LZMAFile(filesystem.open_input_stream(path, compression=None)), mode="r")
