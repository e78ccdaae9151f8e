from __future__ import annotations

import numpy as np

from rankeval.arrays.hashes import BUCKETS, GOLDEN, bucket_of, finalise, mix64, word

MASK = (1 << 64) - 1


def naive_finalise(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def naive_mix(key: int, seed: int) -> int:
    return naive_finalise(key ^ naive_finalise((seed + int(GOLDEN)) & MASK))


def test_finaliser_yields_the_published_stream_of_splitmix64() -> None:
    stream = [int(finalise(np.uint64((1234567 + k * int(GOLDEN)) & MASK))) for k in (1, 2, 3)]
    assert stream == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_mix64_equals_integer_arithmetic() -> None:
    keys = [0, 1, 2, 12345678901234567890, MASK]
    for seed in (0, 1, 77):
        mixed = mix64(np.array(keys, np.uint64), seed)
        assert mixed.dtype == np.uint64
        assert mixed.tolist() == [naive_mix(key, seed) for key in keys]


def test_mix64_takes_read_only_and_strided_keys_and_leaves_them_alone() -> None:
    keys = np.arange(20, dtype=np.uint64)
    keys.setflags(write=False)
    assert mix64(keys[::2]).tolist() == [naive_mix(key, 0) for key in range(0, 20, 2)]
    assert keys.tolist() == list(range(20))


def test_any_integer_is_a_seed() -> None:
    assert int(word(-1)) == MASK
    assert int(word(1 << 64)) == 0


def test_consecutive_keys_fill_buckets_evenly() -> None:
    n = 40 * BUCKETS
    buckets = (mix64(np.arange(n, dtype=np.uint64)) % np.uint64(BUCKETS)).astype(int)
    chi_square = float(np.sum((np.bincount(buckets, minlength=BUCKETS) - 40.0) ** 2 / 40.0))
    degrees = BUCKETS - 1
    assert abs(chi_square - degrees) < 4 * (2 * degrees) ** 0.5
    assert int(bucket_of(np.uint64(9))) == buckets[9]


def test_every_bit_is_a_fair_coin_and_seeds_do_not_agree() -> None:
    keys = np.arange(10_000, dtype=np.uint64)
    first, second = mix64(keys, 0), mix64(keys, 1)
    for bit in range(64):
        one, other = (first >> np.uint64(bit)) & np.uint64(1), (second >> np.uint64(bit)) & np.uint64(1)
        assert abs(one.mean() - 0.5) < 4.5 * 0.5 / 100
        assert abs((one == other).mean() - 0.5) < 4.5 * 0.5 / 100


def test_a_seed_may_be_an_integer_of_numpy() -> None:
    keys = np.arange(3, dtype=np.uint64)
    np.testing.assert_array_equal(mix64(keys, np.int64(7)), mix64(keys, 7))  # type: ignore[arg-type]
