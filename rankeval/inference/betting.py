"""Confidence sequences for the mean of bounded terms, by betting (Waudby-Smith & Ramdas 2024).

Terms come in an order, are independent with one mean, and are scaled to ``z_t`` in [0, 1]. For a candidate
mean m, two gamblers start with a capital of 1. One bets that the mean is above m, the other that it is below:

    K+_t(m) = prod_{i <= t} (1 + min(lambda_i, c / m) (z_i - m))
    K-_t(m) = prod_{i <= t} (1 - min(lambda_i, c / (1 - m)) (z_i - m))

If m is the mean, neither has a capital that is expected to grow, so that by Ville's inequality it ever
reaches ``1 / tail`` with probability at most ``tail``. The interval holds the candidates for which neither
has ever reached it. It holds at all times at once: one may look at it after every unit and stop at will.

Bets may depend on earlier terms alone. They are the predictable plug-in

    lambda_t = sqrt(2 log(1 / tail) / (v_{t-1} t log(1 + t))),  v_t = (1/4 + sum (z - mean_t)^2) / (t + 1).

``K+`` falls and ``K-`` rises with m. Candidates around the final mean therefore suffice, and an interval ends
at the candidate next to its true end, on the outer side.

A stretch of the sequence needs only three sums of the terms before it. The stretches of a log can therefore
be played at the same time once these are known; their capitals multiply.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import kernel

#: The largest share ``c`` of the capital that is at stake, and the number of candidates on either side.
STAKE, CANDIDATES = 0.5, 320
#: Candidates reach from this many standard errors off the mean to the ends of the range.
NEAREST = 0.25
#: Number of lengths of the sequence whose intervals a path holds, at most.
PATH_POINTS = 200
#: Products are turned into logarithms after so many factors, which are at most about 8.
_FACTORS = 64


@dataclass(frozen=True)
class Sums:
    """Count, sum and sum of squares of scaled terms, and their extremes."""

    n: int = 0
    first: float = 0.0
    second: float = 0.0
    low: float = np.inf
    high: float = -np.inf

    @classmethod
    def of(cls, z: Floats) -> Sums:
        """The sums of (n,) terms."""
        return cls(
            len(z), float(z.sum()), float(z @ z), float(z.min(initial=np.inf)), float(z.max(initial=-np.inf))
        )

    def __add__(self, other: Sums) -> Sums:
        low, high = min(self.low, other.low), max(self.high, other.high)
        return Sums(self.n + other.n, self.first + other.first, self.second + other.second, low, high)


@dataclass(frozen=True, eq=False)
class Candidates:
    """Candidate means.

    Attributes:
        above: (G,) ascending; the gambler who bets that the mean is above plays against these.
        below: (G,) ascending; the gambler who bets that it is below plays against these.
    """

    above: Floats
    below: Floats

    @classmethod
    def around(cls, total: Sums) -> Candidates:
        """Candidates at geometric distances from the mean, to 0 and 1, fewer on its other side.

        An end is beyond the final mean only if the mean changes along the sequence.
        """
        n = max(total.n, 1)
        mean = min(max(total.first / n, 0.0), 1.0)
        error = np.sqrt((0.25 + max(total.second - n * mean * mean, 0.0)) / (n + 1.0) / n)
        nearest = min(NEAREST * error, 0.25)
        other_side = np.geomspace(nearest, 1.0, CANDIDATES // 8)
        steps = np.concatenate([-other_side, [0.0], np.geomspace(nearest, 1.0, CANDIDATES)])
        below, above = np.unique(np.clip(mean + steps, 0.0, 1.0)), np.unique(np.clip(mean - steps, 0.0, 1.0))
        return cls(above, below)


@dataclass(frozen=True, eq=False)
class Played:
    """A stretch of the sequence that was played.

    Attributes:
        last: (2 G,) logarithm of the factor by which the capitals grew; those of ``above`` come first.
        best: (2 G,) logarithm of the largest factor at any time in the stretch, at least 0.
        times: (T,) the lengths of the whole sequence at which ``snapshots`` were taken.
        snapshots: (T, 2 G) ``best`` up to these times.
    """

    last: Floats
    best: Floats
    times: Ints
    snapshots: Floats

    def then(self, other: Played) -> Played:
        """Both stretches, one after the other."""
        best = np.maximum(self.best, self.last + other.best)
        after = np.maximum(self.best, self.last + other.snapshots)
        times = np.concatenate([self.times, other.times])
        return Played(self.last + other.last, best, times, np.concatenate([self.snapshots, after]))


def play(z: Floats, before: Sums, candidates: Candidates, tail: float, times: Ints) -> Played:
    """Play a stretch of the sequence.

    Args:
        z: (n,) terms in [0, 1], in their order.
        before: the sums of all terms before them.
        candidates: the candidate means.
        tail: probability with which each end may fail.
        times: ascending lengths of the whole sequence; snapshots are taken at those in this stretch.
    """
    inside = times[(times > before.n) & (times <= before.n + len(z))]
    size = len(candidates.above) + len(candidates.below)
    last, best = np.zeros((2, size))
    snapshots = np.zeros((len(inside), size))
    state = np.array([before.n, before.first, before.second, -np.log(tail)])
    z, above, below = (np.ascontiguousarray(part) for part in (z, candidates.above, candidates.below))
    _play(z, state, above, below, np.ascontiguousarray(inside) - before.n, last, best, snapshots)
    return Played(last, best, inside, snapshots)


def path_times(n: int) -> Ints:
    """Lengths at which a path holds the interval: geometric from 1 to n."""
    return np.unique(np.round(np.geomspace(1.0, max(n, 1), PATH_POINTS)).astype(np.int64))


def bounds(best: Floats, candidates: Candidates, tail: float) -> tuple[float, float] | None:
    """The interval of the mean in [0, 1]: candidates for which no capital has reached ``1 / tail``.

    None if no candidate is left, which terms with a common mean make happen with a probability of at most
    ``2 tail``; a mean that changes over time makes it likely.

    Args:
        best: (2 G,) logarithm of the largest capital so far.
        candidates: the candidate means.
        tail: probability with which each end may fail.
    """
    size = len(candidates.above)
    refuted_low = np.flatnonzero(best[:size] >= -np.log(tail))
    refuted_high = np.flatnonzero(best[size:] >= -np.log(tail))
    low = float(candidates.above[refuted_low[-1]]) if len(refuted_low) else 0.0
    high = float(candidates.below[refuted_high[0]]) if len(refuted_high) else 1.0
    return (low, high) if low < high else None


def betting_path(
    played: Played, candidates: Candidates, tail: float
) -> list[tuple[int, tuple[float, float] | None]]:
    """The intervals at the snapshots; each lies in all earlier ones."""
    every = zip(played.times.tolist(), played.snapshots, strict=True)
    return [(n, bounds(best, candidates, tail)) for n, best in every]


@kernel
def _play(
    z: Floats,
    state: Floats,
    above: Floats,
    below: Floats,
    times: Ints,
    last: Floats,
    best: Floats,
    snapshots: Floats,
) -> None:
    """Fill ``last``, ``best`` and ``snapshots``; ``times`` count from the start of the stretch."""
    count, first, second, goal = state[0], state[1], state[2], state[3]
    size = above.size
    most = np.empty(last.size)
    for g in range(last.size):
        m = above[g] if g < size else 1.0 - below[g - size]
        most[g] = STAKE / max(m, 1e-300)
    factor, top = np.ones(last.size), np.ones(last.size)
    taken = 0
    for t in range(z.size):
        spread = 0.25
        if count > 0.0:
            spread = (0.25 + max(second - first * first / count, 0.0)) / (count + 1.0)
        bet = np.sqrt(2.0 * goal / (spread * (count + 1.0) * np.log(count + 2.0)))
        x = z[t]
        for g in range(size):
            factor[g] *= 1.0 + min(bet, most[g]) * (x - above[g])
            top[g] = max(top[g], factor[g])
        for g in range(below.size):
            factor[size + g] *= 1.0 - min(bet, most[size + g]) * (x - below[g])
            top[size + g] = max(top[size + g], factor[size + g])
        count, first, second = count + 1.0, first + x, second + x * x
        wanted = taken < times.size and times[taken] == t + 1
        if wanted or (t + 1) % _FACTORS == 0 or t + 1 == z.size:
            for g in range(last.size):
                best[g] = max(best[g], last[g] + np.log(top[g]))
                last[g] += np.log(factor[g])
                factor[g], top[g] = 1.0, 1.0
        if wanted:
            snapshots[taken] = best
            taken += 1
