"""One way to compile: every Numba kernel of the package is decorated with :func:`kernel`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from rankeval.progress import notice


@contextmanager
def _without_scipy() -> Iterator[None]:
    """Hide SciPy from Numba, which else loads its linear algebra with the first kernel: 0.1 s for nothing."""
    if "scipy" in sys.modules:
        yield
        return
    sys.modules["scipy"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["scipy"]


with _without_scipy():
    import numba
    import numba.np.arraymath
    from numba.core import event

F = TypeVar("F", bound=Callable[..., Any])
Scalar = TypeVar("Scalar", bound=np.generic)


class _CompileNotice(event.Listener):  # type: ignore[misc]
    """Says once per process that kernels are being compiled."""

    def __init__(self) -> None:
        self._pending = True

    def on_start(self, event: Any) -> None:
        if self._pending:
            self._pending = False
            notice("compiling kernels, once on this machine ...")

    def on_end(self, event: Any) -> None:
        """Nothing to say when a kernel is ready."""


event.register("numba:compile", _CompileNotice())


def kernel(function: F) -> F:
    """Compile ``function`` on first call, keep it on disk, and release the GIL while it runs.

    No fast-math: sums keep their order, so results are the same bits everywhere. Division follows
    IEEE 754 (``error_model="numpy"``), so that one bad session can never abort its neighbours.
    """
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def read_only(array: NDArray[Scalar]) -> NDArray[Scalar]:
    """A contiguous view that cannot be written to.

    Arrays that come from Arrow cannot be written to, others can, and a kernel would be compiled once for
    each: what enters kernels from outside is made alike.
    """
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
