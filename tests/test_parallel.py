from __future__ import annotations

import pytest

from rankeval.parallel import default_threads, in_order, streamed


def test_default_threads_is_what_the_process_may_use():
    assert default_threads() >= 1


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(threads: int):
    assert list(in_order(lambda n: n * n, range(50), threads, "squaring")) == [n * n for n in range(50)]


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_ends_the_work(threads: int):
    done = []

    def run(n: int) -> int:
        if n == 4:
            raise ValueError("four")
        done.append(n)
        return n

    with pytest.raises(ValueError, match="four"):
        list(in_order(run, range(1000), threads, "counting"))
    assert len(done) < 50


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_items_are_made_as_they_are_needed(threads: int):
    made = []

    def items():
        for n in range(100):
            made.append(n)
            yield n

    results = streamed(lambda n: n * n, items(), threads)
    assert [next(results) for _ in range(10)] == [n * n for n in range(10)]
    assert len(made) <= 10 + 2 * threads
    assert list(results) == [n * n for n in range(10, 100)]
