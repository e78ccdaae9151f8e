"""Pooled metrics: of the judged items of all queries together, most of them of probabilities.

Every function takes :class:`JudgedItems` with at least one item and returns :class:`Pooled`. ``p`` is the
score of an item, ``y`` is 1 if it is relevant, else 0, and ``m`` is the number of items.

Assumption for the errors: the queries are independent; the items of a query need not be. The influence of a
query is the derivative of the value with respect to the weight of all its items (linearisation).
"""

from __future__ import annotations

import math

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.metrics.judged_items import JudgedItems, Pooled
from rankeval.metrics.score_bins import equal_mass, equal_width
from rankeval.notes import Note
from rankeval.results import number

#: Probabilities are kept this far off 0 and 1 in logarithms: the spacing of float64 at 1, 2.2e-16.
SMALLEST = float(np.finfo(np.float64).eps)
#: A sum of gaps that cancels to less than this share of their size is a rounding error.
ROUNDING = 1e-13
#: There is a warning if sampling noise alone gives more than this share of a calibration error.
NOISY = 0.1


def log_loss(items: JudgedItems) -> Pooled:
    """Mean negative log-likelihood, at least 0: ``-1/m sum of y log p + (1 - y) log(1 - p)``.

    Lower is better. The unit is the nat. A probability of 0 or 1 that is wrong has an infinite loss. ``p`` is
    therefore kept between 2.2e-16 and 1 - 2.2e-16, as scikit-learn does, so that such an item has a loss of
    36.04. A warning gives the number of such items (Good 1952).
    """
    p = np.clip(items.score, SMALLEST, 1.0 - SMALLEST)
    losses = -np.where(items.relevant, np.log(p), np.log1p(-p))
    wrong = int(np.count_nonzero(items.score == ~items.relevant))
    if not wrong:
        return Pooled.mean(items, losses)
    text = (
        f"{wrong} of {len(losses)} items have a probability of 0 or 1 that is wrong; each has a loss of "
        f"{-math.log(SMALLEST):.2f} instead of infinity"
    )
    return Pooled.mean(items, losses, (Note("infinite_loss", text, {"items": wrong}),))


def brier(items: JudgedItems) -> Pooled:
    """Mean squared error, in [0, 1]: ``1/m sum (p - y)^2``; lower is better (Brier 1950)."""
    return Pooled.mean(items, np.square(items.score - items.relevant))


def ece(items: JudgedItems, bins: int) -> Pooled:
    """Expected calibration error, in [0, 1], over ``bins`` bins of equal width; lower is better.

    ``sum over bins of m_b / m |mean y - mean p|``, where ``m_b`` is the number of items of the bin. Bin b
    holds ``b / bins <= p < (b + 1) / bins``; the last one also holds 1 (Naeini, Cooper & Hauskrecht 2015).

    The value is biased upwards: sampling noise makes it positive for perfect probabilities too. A warning
    gives the value that noise alone would give, if this is more than a tenth of the value. The error is that
    of the delta method. It holds where the gaps of the bins are clearly off 0, and is too rough elsewhere.
    """
    return _calibration_error(items, equal_width(items.score, int(bins)))


def ece_mass(items: JudgedItems, bins: int) -> Pooled:
    """:func:`ece` over bins that hold about ``m / bins`` items each (Nguyen & O'Connor 2015).

    Equal scores are never split: all of them are in the bin of their middle. The bins count as fixed in the
    error.
    """
    return _calibration_error(items, equal_mass(items.score, int(bins)))


def roc_auc(items: JudgedItems) -> Pooled:
    """Area under the ROC curve of all items, in [0, 1].

    It is the share of (relevant, other) pairs of items in the right order. The two items of a pair may be of
    different queries; a tied pair counts one half. The score may be any number. Undefined without a relevant
    item or without another one (Hanley & McNeil 1982). The error is that of placements summed by query
    (Obuchowski 1997; with one item for each query, DeLong et al. 1988).
    """
    relevant, other = _class_counts(items)
    if not relevant or not other:
        return Pooled.undefined(items, f"no {'other' if relevant else 'relevant'} item among the judged ones")
    block, above, below = _blocks(items)
    others_below = (np.cumsum(below) - 0.5 * below) / other
    relevant_above = 1.0 - (np.cumsum(above) - 0.5 * above) / relevant
    value = float(np.sum(above * others_below)) / relevant
    placements = np.where(
        items.relevant,
        (others_below[block] - value) / relevant,
        (relevant_above[block] - value) / other,
    )
    return Pooled(value, items.per_query(placements))


def pr_auc(items: JudgedItems) -> Pooled:
    """Average precision of all items in one list, in [0, 1]: ``1/R sum over relevant items of precision``.

    R is the number of relevant items. The precision of an item is the share of relevant ones among all items
    with a score that is at least as high, so that tied items are one block. There is no interpolation between
    the steps. The score may be any number. Undefined without a relevant item.

    With ``P`` the precision and ``C`` the number of items at least as high, the influence of an item is
    ``1/R (y (P - value) + sum over relevant items j that are not higher of (y - P_j) / C_j)``.
    """
    relevant, _ = _class_counts(items)
    if not relevant:
        return Pooled.undefined(items, "no relevant item among the judged ones")
    block, found, other = _blocks(items)
    reached = np.cumsum((found + other)[::-1])[::-1]
    precision = np.cumsum(found[::-1])[::-1] / reached
    value = float(np.sum(found * precision)) / relevant
    gained = np.cumsum(found / reached)
    lost = np.cumsum(found * precision / reached)
    by_item = items.relevant * (precision - value + gained)[block] - lost[block]
    return Pooled(value, items.per_query(by_item) / relevant)


def _class_counts(items: JudgedItems) -> tuple[int, int]:
    """The number of relevant items, and of other ones."""
    relevant = int(np.count_nonzero(items.relevant))
    return relevant, len(items.relevant) - relevant


def _blocks(items: JudgedItems) -> tuple[Ints, Floats, Floats]:
    """The block of equal scores of each item, ascending; the relevant and the other items of each block."""
    block = np.unique(items.score, return_inverse=True)[1]
    found, other = (
        np.bincount(block[chosen], minlength=int(block.max()) + 1).astype(np.float64)
        for chosen in (items.relevant, ~items.relevant)
    )
    return block, found, other


def _calibration_error(items: JudgedItems, bins: Ints) -> Pooled:
    """The mean over items of ``s (y - p)`` with the sign s of the sum of ``y - p`` over the item's bin.

    The sign is 0 where the sum is only a rounding error; the error of the value has a kink there.
    """
    gaps = items.relevant - items.score
    totals, sizes = np.bincount(bins, weights=gaps), np.bincount(bins, weights=np.abs(gaps))
    signs = np.where(np.abs(totals) <= ROUNDING * sizes, 0.0, np.sign(totals))
    pooled = Pooled.mean(items, signs[bins] * gaps)
    noise = noise_of(items, bins, gaps)
    if not noise > NOISY * pooled.value:
        return pooled
    text = (
        f"sampling noise alone would give about {number(noise, 3)}, also with perfect probabilities "
        f"(found {number(pooled.value, 3)})"
    )
    numbers = {"noise": noise, "value": pooled.value, "threshold": NOISY}
    note = Note("calibration_noise", text, numbers, level="caution", value=noise)
    return Pooled(pooled.value, pooled.influence, notes=(note,))


def noise_of(items: JudgedItems, bins: Ints, gaps: Floats) -> float:
    """The expected calibration error of perfect probabilities: ``sqrt(2 / pi) / m sum over bins of sd_b``.

    ``sd_b`` is the standard deviation of the sum of ``y - p`` over a bin, from its sums by query. Under
    perfect calibration the sum is about normal with mean 0, and its mean size is ``sqrt(2 / pi) sd_b``.
    """
    size = int(bins.max()) + 1
    means = np.bincount(bins, weights=gaps) / np.maximum(np.bincount(bins), 1)
    cells, cell = np.unique(items.query * size + bins, return_inverse=True)
    sums = np.bincount(cell, weights=gaps - means[bins])
    variances = np.bincount(cells % size, weights=np.square(sums), minlength=size)
    return math.sqrt(2.0 / math.pi) * float(np.sum(np.sqrt(variances))) / len(gaps)
