"""The decorator :func:`kernel`, with which all Numba kernels of the package are compiled."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from rankeval.errors import UsageError
from rankeval.progress import notice


@contextmanager
def _without_scipy() -> Iterator[None]:
    """Hide SciPy from Numba while it is imported.

    Otherwise Numba loads SciPy's linear algebra with the first kernel, which takes 0.1 s and is not needed.
    """
    if "scipy" in sys.modules:
        yield
        return
    sys.modules["scipy"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["scipy"]


def _require_threads() -> None:
    """Check what Numba would end the process for, although no kernel uses its threads."""
    found = os.environ.get("NUMBA_NUM_THREADS")
    if found is not None and not re.fullmatch("[1-9][0-9]{0,5}", found):
        raise UsageError(
            f"NUMBA_NUM_THREADS: found {found!r} in the environment, wanted a whole number of at least 1"
        )


_require_threads()
with _without_scipy():
    import numba
    import numba.np.arraymath
    from numba.core import event

    from rankeval.arrays.kernel_cache import KernelCache, tell_not_kept

F = TypeVar("F", bound=Callable[..., Any])
Scalar = TypeVar("Scalar", bound=np.generic)


#: Kernels for which no folder was found that can be written.
_unkept: list[str] = []


class _CompileNotice(event.Listener):  # type: ignore[misc]
    """Prints one notice per process when a kernel is compiled."""

    def __init__(self) -> None:
        self._pending = True

    def on_start(self, event: Any) -> None:
        if self._pending:
            self._pending = False
            if _unkept:
                tell_not_kept("there is no folder that can be written")
            notice(f"compiling kernels, once {'in this process' if _unkept else 'on this machine'} ...")

    def on_end(self, event: Any) -> None:
        """Do nothing; the listener must have this method."""


event.register("numba:compile", _CompileNotice())


def kernel(function: F) -> F:
    """Compile ``function`` on its first call, keep it on disk if possible, and release the GIL while it runs.

    There is no fast-math: sums keep their order, so results have the same bits on every machine. Division
    follows IEEE 754 (``error_model="numpy"``): a division by 0 in one session does not abort the others.
    """
    compiled = numba.njit(nogil=True, error_model="numpy")(function)
    try:
        compiled._cache = KernelCache(function)
    except RuntimeError:
        _unkept.append(function.__name__)
    return cast(F, compiled)


def read_only(array: NDArray[Scalar]) -> NDArray[Scalar]:
    """A contiguous, read-only view (or copy, if needed) of an array, as input of kernels.

    Arrays from Arrow are read-only and others are writable. Numba compiles a kernel once for each of the two
    types, so all input of kernels is made read-only.
    """
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
