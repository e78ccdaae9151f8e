"""Operations on arrays: Arrow and NumPy conversion, hashing, sorting, ragged arrays, ids as bytes, segments.

May import: the top modules of ``rankeval``.
To add a Numba kernel that several packages need: put it into the module of its subject.
"""

from __future__ import annotations

from rankeval.arrays.arrow import (
    as_float64,
    decoded,
    encoded,
    is_null,
    is_unknown,
    take,
    take_or_null,
    to_arrow,
    to_numpy,
)
from rankeval.arrays.hashes import (
    BUCKET_BITS,
    BUCKET_MASK,
    BUCKETS,
    GOLDEN,
    bucket_of,
    finalise,
    mix64,
    seeded,
    word,
    words,
)
from rankeval.arrays.id_types import hashes_like, integers_of, keys_like, texts_of
from rankeval.arrays.ids import (
    NO_KEYS,
    Keys,
    argsort_ids,
    build_table,
    compare,
    find,
    hashes_of,
    is_integer_id,
    keys_of,
    quick_hashes_of,
    table_mask,
    taken_keys,
)
from rankeval.arrays.kernels import kernel, read_only
from rankeval.arrays.order import argsort_descending, argsort_each
from rankeval.arrays.ragged import (
    by_place,
    cascade_sums,
    corrected_sums,
    offsets_of,
    places_of,
    stretch_of,
    sums,
    sums_of_products,
)
from rankeval.arrays.segments import (
    MOST_SEGMENTS,
    SMALL_SEGMENT,
    Segmented,
    in_order,
    require_few_segments,
    segments_of,
)

__all__ = [
    "BUCKETS",
    "BUCKET_BITS",
    "BUCKET_MASK",
    "GOLDEN",
    "MOST_SEGMENTS",
    "NO_KEYS",
    "SMALL_SEGMENT",
    "Keys",
    "Segmented",
    "argsort_descending",
    "argsort_each",
    "argsort_ids",
    "as_float64",
    "bucket_of",
    "build_table",
    "by_place",
    "cascade_sums",
    "compare",
    "corrected_sums",
    "decoded",
    "encoded",
    "finalise",
    "find",
    "hashes_like",
    "hashes_of",
    "in_order",
    "integers_of",
    "is_integer_id",
    "is_null",
    "is_unknown",
    "kernel",
    "keys_like",
    "keys_of",
    "mix64",
    "offsets_of",
    "places_of",
    "quick_hashes_of",
    "read_only",
    "require_few_segments",
    "seeded",
    "segments_of",
    "stretch_of",
    "sums",
    "sums_of_products",
    "table_mask",
    "take",
    "take_or_null",
    "taken_keys",
    "texts_of",
    "to_arrow",
    "to_numpy",
    "word",
    "words",
]
