"""Reproducible hashes: for the bucket of a unit, the signs of a randomisation test, the bootstrap draws.

The hash function is the finaliser of SplitMix64 (Steele, Lea and Flood 2014). It is a bijection of 64-bit
words in which every input bit flips every output bit with probability close to one half. Applied to a counter
with the step ``GOLDEN``, it is the SplitMix64 generator. Results are the same on every machine and under
every version of NumPy; ``numpy.random`` does not guarantee that.
"""

from __future__ import annotations

import numpy as np

from rankeval.array_types import Hashes
from rankeval.arrays.kernels import kernel

BUCKETS = 4096
BUCKET_BITS = np.uint64(12)
BUCKET_MASK = np.uint64(BUCKETS - 1)
GOLDEN = np.uint64(0x9E3779B97F4A7C15)

_MULTIPLIER_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLIER_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_1, _SHIFT_2, _SHIFT_3 = np.uint64(30), np.uint64(27), np.uint64(31)


@kernel
def finalise(word: np.uint64) -> np.uint64:
    """The SplitMix64 hash of one 64-bit word; for use in kernels, where uint64 arithmetic wraps around."""
    word = (word ^ (word >> _SHIFT_1)) * _MULTIPLIER_1
    word = (word ^ (word >> _SHIFT_2)) * _MULTIPLIER_2
    return word ^ (word >> _SHIFT_3)


@kernel
def seeded(key: np.uint64, seed: np.uint64) -> np.uint64:
    """The hash of one key under a seed; for use in kernels.

    The seed is hashed before it is combined with the key. Otherwise, neighbouring keys under neighbouring
    seeds could have the same hashes.
    """
    return finalise(key ^ finalise(seed + GOLDEN))


@kernel
def bucket_of(key: np.uint64) -> np.uint64:
    """The bucket, ``0 .. BUCKETS - 1``, of the unit or cluster with this key; for use in kernels."""
    return seeded(key, np.uint64(0)) & BUCKET_MASK


@kernel
def _mix64(keys: Hashes, seed: np.uint64, mixed: Hashes) -> None:
    for i in range(keys.shape[0]):
        mixed[i] = seeded(keys[i], seed)


def word(seed: int) -> np.uint64:
    """The lowest 64 bits of an integer, in the type that kernels take."""
    return np.uint64(int(seed) & 0xFFFFFFFFFFFFFFFF)


def words(keys: Hashes) -> Hashes:
    """Keys as a contiguous, writable uint64 array: Numba compiles a kernel again for every other layout."""
    return np.require(keys, np.uint64, ["C", "W"])


def mix64(keys: Hashes, seed: int = 0) -> Hashes:
    """(n,) uint64: the hash of each of ``keys`` (n,) uint64 under ``seed``; a bijection for a fixed seed."""
    mixed = np.empty(len(keys), np.uint64)
    _mix64(words(keys), word(seed), mixed)
    return mixed
