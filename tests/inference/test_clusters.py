import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from rankeval.inference import Inference, Mean, Moments, pairs_needed
from rankeval.inference.clusters import Clusters

Array = NDArray[np.float64]
HALF_OF_ALL = np.array([590, *[10] * 59])
ZIPF = np.array([max(1000 // rank, 1) for rank in range(1, 101)])
FOUR_FIFTHS = np.array([1160, *[10] * 29])


def naive_degrees(sizes: NDArray[np.int64], between: float, within: float) -> float:
    """Satterthwaite's degrees of CR2 for the mean, from matrices over all units (Imbens & Kolesar 2016)."""
    n, groups = int(sizes.sum()), len(sizes)
    cluster = np.repeat(np.arange(groups), sizes)
    omega = within * np.eye(n) + between * (cluster[:, None] == cluster)
    residual_maker = np.eye(n) - 1 / n
    columns = [residual_maker[:, cluster == g].sum(axis=1) / np.sqrt(1 - sizes[g] / n) for g in range(groups)]
    g = np.stack(columns, axis=1)
    b = g.T @ omega @ g
    return float(np.trace(b) ** 2 / np.trace(b @ b))


def inference_of(values: Array, sizes: NDArray[np.int64], level: float = 0.95) -> Inference:
    keys = np.repeat(np.arange(len(sizes)), sizes).astype(np.uint64)
    moments = Moments.of(values[np.newaxis], pairs_needed([Mean(0)]), keys)
    return Inference(moments, level, clustered=True)


def test_effective_number_hand_worked() -> None:
    """Shares 1/2, 1/4, 1/4: squares 4, 1, 1 of 16, so 6^2 / (16 + 1 + 1) = 2."""
    assert Clusters(np.array([2.0, 0.0, 1.0, 1.0])).effective == pytest.approx(2.0)
    assert Clusters(np.array([3.0, 3.0, 3.0])).effective == pytest.approx(3.0)


def test_standard_error_hand_worked() -> None:
    """Values 0, 2 | 4 | 6: mean 3, totals -4, 1, 3, shares 1/2, 1/4, 1/4; the variance is
    (16 / (1/2) + 1 / (3/4) + 9 / (3/4)) / 16."""
    inference = inference_of(np.array([0.0, 2.0, 4.0, 6.0]), np.array([2, 1, 1]))
    estimate = inference.estimate(Mean(0))
    assert estimate.std_error == pytest.approx(((32 + 4 / 3 + 12) / 16) ** 0.5, rel=1e-12)
    # Between clusters 16/2 + 1 + 9 = 18 of the sum of squares 20: within 2 / (4 - 3), between
    # (18 - 2 * 2) / (4 - 6/4) = 5.6.
    wanted = naive_degrees(np.array([2, 1, 1]), between=5.6, within=2.0)
    assert estimate.degrees == pytest.approx(wanted, rel=1e-8)
    low, high = estimate.intervals[0].low or 0.0, estimate.intervals[0].high or 0.0
    assert (high - low) / 2 == pytest.approx(stats.t.ppf(0.975, wanted) * (estimate.std_error or 0.0))


@given(
    st.lists(st.integers(1, 12), min_size=2, max_size=10),
    st.floats(0.0, 3.0),
    st.floats(0.01, 3.0),
)
def test_degrees_are_those_of_all_units(sizes: list[int], between: float, within: float) -> None:
    class Known(Clusters):
        def _components(self, totals: Array, variance: float) -> tuple[float, float]:
            return between, within

    found = Known(np.array(sizes, np.float64)).degrees(np.zeros(len(sizes)), 1.0)
    assert found == pytest.approx(naive_degrees(np.array(sizes), between, within), rel=1e-7)


@pytest.mark.parametrize("groups", [2, 10, 49])
def test_even_clusters_have_one_degree_less_than_their_number(groups: int) -> None:
    values = np.random.default_rng(groups).normal(size=7 * groups)
    totals = values.reshape(groups, 7).sum(axis=1) - 7 * values.mean()
    clusters = Clusters(np.full(groups, 7.0))
    assert clusters.degrees(totals, float(values.var(ddof=1))) == groups - 1
    assert clusters.adjustment == pytest.approx((groups / (groups - 1)) ** 0.5, rel=1e-14)


def test_many_clusters_keep_the_normal_quantile_and_give_no_warning() -> None:
    sizes = np.random.default_rng(0).poisson(5, 300) + 1
    values = np.random.default_rng(1).normal(size=sizes.sum())
    estimate = inference_of(values, sizes).estimate(Mean(0))
    assert estimate.notes == ()
    assert estimate.std_error is not None
    assert estimate.intervals[0].high == pytest.approx(
        estimate.value + stats.norm.ppf(0.975) * estimate.std_error
    )


@pytest.mark.parametrize("sizes", [HALF_OF_ALL, ZIPF, FOUR_FIFTHS])
def test_uneven_clusters_are_told_by_their_sizes_alone(sizes: NDArray[np.int64]) -> None:
    (note,) = inference_of(np.arange(sizes.sum()) % 7.0, sizes).notes()
    assert note.code == "few_clusters"
    assert note.text.startswith(f"{len(sizes)} clusters are worth ")
    assert note.numbers["effective"] < 3.0


@pytest.mark.parametrize("between", [0.0, 0.05, 0.3, 0.9])
@pytest.mark.parametrize("sizes", [HALF_OF_ALL, ZIPF, FOUR_FIFTHS, np.full(20, 10)])
def test_intervals_of_few_or_uneven_clusters_hold(sizes: NDArray[np.int64], between: float) -> None:
    """The share that holds is at least 95 % less three standard errors of 1,000 logs."""
    rng, clusters, held = np.random.default_rng(13), Clusters(sizes.astype(np.float64)), 0
    cluster, n = np.repeat(np.arange(len(sizes)), sizes), sizes.sum()
    for _ in range(1000):
        effects = rng.normal(size=len(sizes))[cluster] * between**0.5
        values = effects + rng.normal(size=n) * (1 - between) ** 0.5
        totals = np.bincount(cluster, values - values.mean())
        std_error = np.sqrt(clusters.corrected_sum(totals * totals)) / n
        degrees = clusters.degrees(totals, float(values.var(ddof=1)))
        held += abs(values.mean()) <= stats.t.ppf(0.975, degrees) * std_error
    assert held >= 950 - 3 * (1000 * 0.95 * 0.05) ** 0.5
