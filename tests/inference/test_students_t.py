import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rankeval.inference.students_t import students_quantile


@given(st.floats(1e-9, 0.5), st.floats(1.0, 1e6))
def test_quantiles_are_those_of_scipy(above: float, degrees: float) -> None:
    assert students_quantile(above, degrees) == pytest.approx(stats.t.isf(above, degrees), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("degrees", "wanted"), [(1, 12.706204736), (2, 4.3026527297), (10, 2.2281388520), (1e10, 1.9599639845)]
)
def test_tables(degrees: float, wanted: float) -> None:
    assert students_quantile(0.025, degrees) == pytest.approx(wanted, abs=1e-9)


def test_extremes() -> None:
    assert students_quantile(0.5, 3.0) == 0.0
    assert students_quantile(1e-16, 1.0) == pytest.approx(3.183098861837907e15, rel=1e-9)
