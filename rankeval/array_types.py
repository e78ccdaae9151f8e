"""Names for the types of arrays that functions take and give."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
#: Hashes of ids, and what is made of them.
Hashes = NDArray[np.uint64]
