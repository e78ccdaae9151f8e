"""Messages that libraries in C++ write to stderr by themselves, beside the exception that they raise."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

#: Of two threads at once, the later one would take the null device for stderr, and put it back at its end.
_redirecting = Lock()


@contextmanager
def without_native_messages() -> Iterator[None]:
    """Send what native code writes to stderr nowhere; only for short calls, for it affects all threads."""
    with _redirecting:
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
