"""Hashes that never change: the bucket of a unit, the signs of a test, the draws of a bootstrap.

The mixer is the finaliser of SplitMix64 (Steele, Lea and Flood 2014), a bijection of 64-bit words in which
every input bit flips every output bit with probability close to one half. Fed with a counter that steps by
``GOLDEN`` it is the SplitMix64 generator itself. Results are the same on every machine and under every
version of NumPy, which ``numpy.random`` does not promise.
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
    """Mix one 64-bit word; for use inside kernels, where uint64 arithmetic wraps around."""
    word = (word ^ (word >> _SHIFT_1)) * _MULTIPLIER_1
    word = (word ^ (word >> _SHIFT_2)) * _MULTIPLIER_2
    return word ^ (word >> _SHIFT_3)


@kernel
def seeded(key: np.uint64, seed: np.uint64) -> np.uint64:
    """Hash of one key under a seed; for use inside kernels.

    The seed is mixed before it meets the key: neighbouring keys under neighbouring seeds share nothing.
    """
    return finalise(key ^ finalise(seed + GOLDEN))


@kernel
def bucket_of(key: np.uint64) -> np.uint64:
    """The bucket, ``0 .. BUCKETS - 1``, of the unit or cluster of this key; for use inside kernels."""
    return seeded(key, np.uint64(0)) & BUCKET_MASK


@kernel
def _mix64(keys: Hashes, seed: np.uint64, mixed: Hashes) -> None:
    for i in range(keys.shape[0]):
        mixed[i] = seeded(keys[i], seed)


def word(seed: int) -> np.uint64:
    """Any integer as the 64-bit word that kernels take (its lowest 64 bits)."""
    return np.uint64(int(seed) & 0xFFFFFFFFFFFFFFFF)


def words(keys: Hashes) -> Hashes:
    """Keys as kernels take them: contiguous and writable, else each layout would be compiled anew."""
    return np.require(keys, np.uint64, ["C", "W"])


def mix64(keys: Hashes, seed: int = 0) -> Hashes:
    """Hash each of ``keys`` (n,) uint64 under ``seed``; (n,) uint64. A bijection for any one seed."""
    mixed = np.empty(len(keys), np.uint64)
    _mix64(words(keys), word(seed), mixed)
    return mixed
