"""Ids in the type of the ids of another file: an integer is the text of its plain decimal form.

So ``7`` is the text ``7``, and not ``07``, ``+7`` or ``7.0``.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankeval.array_types import Hashes
from rankeval.arrays.arrow import decoded, is_null, to_numpy
from rankeval.arrays.ids import Keys, hash_bytes, is_integer_id, keys_of
from rankeval.arrays.kernels import read_only
from rankeval.arrays.ragged import offsets_of

#: The texts of so many integers fit an array whose offsets have 32 bits.
_MOST_SHORT = 2**26
_PLAIN = r"^(0|-?[1-9][0-9]{0,19})$"


def texts_of(ids: pa.Array) -> pa.Array:
    """The ids as texts; texts are returned as they are."""
    if not is_integer_id(ids.type):
        return ids
    return decoded(ids).cast(pa.string() if len(ids) <= _MOST_SHORT else pa.large_string())


def integers_of(ids: pa.Array, kind: pa.DataType) -> pa.Array:
    """Texts as integers of a type, null where a text is not the plain form of one that fits it."""
    texts = decoded(ids)
    plain = pc.if_else(pc.match_substring_regex(texts, _PLAIN), texts, pa.scalar(None, texts.type))
    numbers = plain.cast(pa.decimal128(38, 0))
    bits = kind.bit_width - pa.types.is_signed_integer(kind)
    low = -(2**bits) if pa.types.is_signed_integer(kind) else 0
    limits = [pa.scalar(limit, pa.decimal128(38, 0)) for limit in (low, 2**bits - 1)]
    fits = pc.and_(pc.greater_equal(numbers, limits[0]), pc.less_equal(numbers, limits[1]))
    return pc.if_else(fits, numbers, pa.scalar(None, numbers.type)).cast(kind)


def keys_like(ids: pa.Array, kind: pa.DataType) -> Keys:
    """The keys by which ids join ids of type ``kind``; an id that none of these can equal has no bytes."""
    if is_integer_id(ids.type) == is_integer_id(kind):
        return keys_of(ids)
    if is_integer_id(ids.type):
        return keys_of(texts_of(ids))
    numbers = integers_of(ids, kind)
    known, lengths = keys_of(numbers.drop_null()), np.zeros(len(ids), np.int64)
    lengths[~is_null(numbers)] = np.diff(known.offsets)
    offsets = read_only(offsets_of(lengths))
    return Keys(known.data, offsets, hash_bytes(known.data, offsets))


def hashes_like(ids: pa.Array, kind: pa.DataType) -> Hashes:
    """(n,) uint64: the hash of each key of :func:`keys_like`; of a dictionary, only the distinct values."""
    if pa.types.is_dictionary(ids.type):
        return np.asarray(hashes_like(ids.dictionary, kind)[to_numpy(ids.indices)])
    return keys_like(ids, kind).hashes
