"""A confidence sequence as it ran: the difference after each day of a test, from all units up to then."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from rankeval.ab_tests.accumulate import ArmSums
from rankeval.ab_tests.analysis import contrasts
from rankeval.ab_tests.request import Request
from rankeval.inference import Moments

_DAY = re.compile(r"\d{4}-\d\d(-\d\d)?\b")


def over_time(request: Request, sums: ArmSums, control: str) -> Iterator[dict[str, Any]]:
    """The confidence sequence of each metric and arm after each segment, where segments are days.

    The sums of the days are merged in their order, so that no further pass is needed. Each interval is that
    which the test would have had on that day; together they hold with the level, since the sequence holds
    at all numbers of units at once (:mod:`rankeval.ab_tests.sequences`).

    Yields:
        ``metric, arm, control, until`` (the day), ``n`` (units of both arms), ``difference`` and ``ci``;
        nothing unless ``--ci sequence`` is asked for and segments are days or months.
    """
    if request.rules.sequential != "sequence":
        return
    days = sums.parts()[1:]
    if not all(isinstance(day, date) or _DAY.match(str(day)) for day, _ in days):
        return
    so_far: dict[str, Moments] = {}
    for day, arms in days:
        for arm, moments in arms.items():
            so_far[arm] = so_far[arm].merge(moments) if arm in so_far else moments
        if control in so_far and len(so_far) > 1:
            yield from _until(request, str(day), {arm: so_far[arm] for arm in sorted(so_far)}, control)


def _until(request: Request, day: str, arms: dict[str, Moments], control: str) -> Iterator[dict[str, Any]]:
    for metric in request.metrics:
        if metric.margin is not None:
            continue
        for arm, contrast in contrasts(request, metric, arms, control).items():
            difference, _ = contrast.estimates()
            yield {
                "metric": metric.name,
                "arm": arm,
                "control": control,
                "until": day,
                "n": contrast.treatment.moments.units + contrast.control.moments.units,
                "difference": difference.value,
                "ci": next(one.to_dict() for one in difference.intervals if one.method == "sequence"),
            }
