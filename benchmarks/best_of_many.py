"""Whether corrected intervals of the best of many hold: ``python -m benchmarks.best_of_many [--samples N]``.

Each sample has normal values of several candidates, with a correlation between them. The table gives the
share of 95 % intervals that held the best candidate's true mean, and mean errors in standard errors.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from rankeval.inference import Inference, Mean, Moments, best_index, chosen, pairs_needed


@dataclass(frozen=True)
class Cell:
    """Candidates whose true means are equal, or spread evenly over so many standard errors."""

    candidates: int
    units: int
    correlation: float
    spread: float = 0.0

    def means(self) -> NDArray[np.float64]:
        """(candidates,) true means of values with variance 1."""
        means: NDArray[np.float64] = np.linspace(0.0, self.spread, self.candidates) / np.sqrt(self.units)
        return means

    def sample(self, rng: np.random.Generator) -> tuple[bool, bool, float, float]:
        """Whether the interval as is and the corrected one hold, and both errors in standard errors."""
        own = rng.standard_normal((self.candidates, self.units))
        values = np.sqrt(1.0 - self.correlation) * own
        values += np.sqrt(self.correlation) * rng.standard_normal(self.units) + self.means()[:, None]
        means = [Mean(i) for i in range(self.candidates)]
        pairs = pairs_needed([a - b for a, b in combinations(means, 2)])
        inference = Inference(Moments.of(values, pairs), students_t=True)
        best = best_index(inference, means, 1.0)
        assert best is not None
        found, truth = chosen(inference, means, means, best, means[best], 1.0), float(self.means()[best])
        naive = found.naive
        assert naive is not None
        assert naive.std_error
        assert naive.value is not None
        assert found.corrected is not None
        errors = [(value - truth) / naive.std_error for value in (naive.value, found.corrected)]
        return naive.intervals[0].holds(truth), found.interval.holds(truth), errors[0], errors[1]


CELLS = (
    Cell(10, 10, 0.0),
    Cell(10, 50, 0.0),
    Cell(10, 50, 0.0, 5.0),
    Cell(10, 50, 0.9),
    Cell(50, 50, 0.0),
    Cell(50, 50, 0.9),
    Cell(10, 1000, 0.0),
    Cell(10, 20_000, 0.0),
)


def table(samples: int) -> Iterator[str]:
    """The lines of a Markdown table."""
    yield "| candidates | units | correlation | true values | as is | corrected | mean errors |"
    yield "|---|---|---|---|---|---|---|"
    for cell in CELLS:
        rngs = (np.random.default_rng([cell.candidates, cell.units, i]) for i in range(samples))
        mean = np.mean([cell.sample(rng) for rng in rngs], axis=0)
        true = f"spread over {cell.spread:g} std errors" if cell.spread else "equal"
        shares = " | ".join(f"{100.0 * share:.1f} %" for share in mean[:2])
        errors = ", ".join(f"{error:+.2f}" for error in mean[2:])
        yield f"| {cell.candidates} | {cell.units:,} | {cell.correlation:g} | {true} | {shares} | {errors} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=2000)
    for line in table(parser.parse_args().samples):
        print(line, flush=True)


if __name__ == "__main__":
    main()
