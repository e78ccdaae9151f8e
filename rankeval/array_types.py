"""Type aliases for NumPy arrays, used in annotations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
#: Hashes of ids, and keys derived from them.
Hashes = NDArray[np.uint64]
