"""Rows, notes and the parameter table of a fit report, with the reasons for missing numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from rankeval.array_types import Floats
from rankeval.arrays import to_arrow
from rankeval.notes import Note
from rankeval.simulators.click_models.fitting.cell_families import TrustBiasFamily
from rankeval.simulators.click_models.fitting.fits import Fitted, PairCounts
from rankeval.simulators.click_models.fitting.held_out import Entry
from rankeval.simulators.click_models.fitting.likelihood import Baseline, Score, scored
from rankeval.simulators.click_models.fitting.results import ClickModelFit, labels, reshaped
from rankeval.simulators.click_models.fitting.sessions import Collected, SessionLists

#: Pairs with fewer impressions than this bias the estimates of shared parameters.
FEW = 200
ONLY_ALPHA_BETA = "only alpha and beta are identified, under two normalisations"
ALL_ALIKE = "the click rate at position 1 is the same for all items"
NO_TEST = "no session was held out"
NO_CHANCE = (
    "a held-out session has no chance under the fit, as with a click on what was never clicked before; "
    "a little smoothing, such as 0.1, gives every pair one"
)
NO_SECOND_CLICK = "held-out sessions with more than one click have no chance under the fit"


def entries(
    names: Sequence[str], fits: Sequence[Fitted], of_rank: Sequence[Baseline], test: SessionLists
) -> list[Entry]:
    """The fitted models, then the baselines, each with its scores on the held-out sessions ``test``."""
    found = [(name, fit.model, fit.point) for name, fit in zip(names, fits, strict=True)]
    found += [(baseline.name, baseline.model, baseline.point(test.pairs)) for baseline in of_rank]
    return [Entry(*parts, scored(parts[1], parts[2], test)) for parts in found]


def fit_row(name: str, fit: Fitted, score: Score | None, counts: PairCounts, positions: int) -> ClickModelFit:
    """The row of a fitted click model, with its scores on the held-out sessions."""
    parameters, errors, reasons = fit.model.to_dict(), *_errors(fit)
    likelihood: float | None = fit.maximum.expectation.log_likelihood
    if fit.impossible:
        likelihood = None
        reasons["log_likelihood"] = f"{fit.impossible:g} sessions have more than one click"
    return ClickModelFit(
        name,
        parameters,
        reshaped(parameters, iter(errors)),
        reasons | _score_reasons(score, one_click=fit.impossible > 0),
        likelihood,
        *_numbers(score, positions),
        fit.maximum.iterations,
        fit.maximum.converged,
        _identified(fit, counts),
    )


def baseline_row(baseline: Baseline, score: Score | None, positions: int) -> ClickModelFit:
    """The row of a baseline, with its scores on the held-out sessions."""
    return ClickModelFit(
        baseline.name,
        {"click_rate": list(baseline.rates)},
        {"click_rate": [None] * len(baseline.rates)},
        _score_reasons(score),
        baseline.log_likelihood,
        *_numbers(score, positions),
    )


def _errors(fit: Fitted) -> tuple[list[float | None], dict[str, str]]:
    """The standard error of each number among the parameters, or None, and the reasons for None by name."""
    names, family = labels(fit.model.to_dict()), fit.family
    if isinstance(family, TrustBiasFamily):
        reasons = dict.fromkeys(("examination", "eps_plus", "eps_minus"), ONLY_ALPHA_BETA)
        unknown = {} if family.tells(fit.point.shared) else {"identified": ALL_ALIKE}
        return [None] * len(names), reasons | unknown
    values = fit.errors.standard_errors()
    reasons = {names[index]: why for index, why in sorted(fit.errors.reasons.items())}
    beyond = names[len(values) :]
    return [*values, *([None] * len(beyond))], reasons | dict.fromkeys(beyond, "it changes nothing")


def _identified(fit: Fitted, counts: PairCounts) -> dict[str, Any] | None:
    """``alpha`` and ``beta`` of a trust-biased model, with standard errors.

    Relevance is the click rate at position 1. None for other models, and if this rate is the same for all
    items.
    """
    family, size = fit.family, fit.family.positions
    if not isinstance(family, TrustBiasFamily) or not family.tells(fit.point.shared):
        return None
    alpha, beta, slopes = family.slopes(fit.point.shared)
    covariance = slopes @ fit.errors.covariance @ slopes.T
    errors = np.sqrt(np.diag(covariance))
    missing = set(fit.errors.reasons) - set(family.fixed)
    known = [k > 0 and not {k, k + size} & missing for k in range(size)]
    return {
        "alpha": alpha.tolist(),
        "beta": beta.tolist(),
        "std_error": {
            name: [float(error) if there else None for error, there in zip(part, known, strict=True)]
            for name, part in (("alpha", errors[:size]), ("beta", errors[size:]))
        },
        "alpha_beta_covariance": None if missing else (0.5 * (covariance + covariance.T)).tolist(),
        "share_of_pairs_with_few_impressions": _few(counts) / max(int((counts.impressions > 0.0).sum()), 1),
        "normalisation": "alpha[0] = 1 and beta[0] = 0: relevance is the click rate at position 1",
        "reasons": {str(k % size + 1): why for k, why in fit.errors.reasons.items() if k in missing},
    }


def _numbers(
    score: Score | None, positions: int
) -> tuple[float | None, float | None, list[float | None], float | None, list[float | None]]:
    """Log-likelihood; perplexity, mean and by position; the same perplexities given the clicks above."""
    if score is None:
        nothing: list[float | None] = [None] * positions
        return None, None, nothing, None, nothing
    return (
        _finite(score.log_likelihood),
        *_perplexity(score.perplexity),
        *_perplexity(score.conditional_perplexity),
    )


def _perplexity(of_positions: Floats) -> tuple[float | None, list[float | None]]:
    known = of_positions[~np.isnan(of_positions)]
    return _finite(float(known.mean())), [_finite(value) for value in of_positions.tolist()]


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _score_reasons(score: Score | None, *, one_click: bool = False) -> dict[str, str]:
    """The reasons for missing scores, by name.

    ``one_click``: whether sessions with more than one click have probability 0 under the model.
    """
    if score is None:
        return {"test_log_likelihood": NO_TEST, "perplexity": NO_TEST}
    impossible = {
        "test_log_likelihood": not np.isfinite(score.log_likelihood),
        "perplexity": bool(np.isinf(score.perplexity).any()),
        "conditional_perplexity": bool(np.isinf(score.conditional_perplexity).any()),
    }
    why = NO_SECOND_CLICK if one_click and not impossible["perplexity"] else NO_CHANCE
    return {name: why for name, there in impossible.items() if there}


def parameter_table(name: str, fit: Fitted, found: Collected, counts: PairCounts) -> pa.Table:
    """A table with the estimates of each pair, one row a pair; null if the sessions have no data on it."""
    attractive, satisfied = fit.known
    rows = len(attractive)
    columns = {
        "click_model": pa.array([name]).take(to_arrow(np.zeros(rows, np.int64))),
        **found.ids,
        "impressions": to_arrow(counts.impressions),
        "clicks": to_arrow(counts.clicks),
        "attractiveness": to_arrow(fit.point.attractiveness, attractive),
        "satisfaction": (
            to_arrow(fit.point.satisfaction, satisfied) if len(satisfied) else pa.nulls(rows, pa.float64())
        ),
    }
    return pa.table(columns)


def no_chance(fits: Sequence[ClickModelFit]) -> Iterator[Note]:
    """A warning that names the fits under which a held-out session has probability 0."""
    names = [fit.name for fit in fits if NO_CHANCE in fit.reasons.values()]
    if names:
        yield Note("no_chance", f"{', '.join(names)}: {NO_CHANCE}")


def notes(
    names: Sequence[str], fits: Sequence[Fitted], counts: PairCounts, cluster: str | None = None
) -> Iterator[Note]:
    """Warnings about the fits and the pairs."""
    for name, fit in zip(names, fits, strict=True):
        if not fit.maximum.converged:
            text = f"{name} had not converged after {fit.maximum.iterations} iterations"
            yield Note("not_converged", text, {"iterations": fit.maximum.iterations})
        if fit.impossible:
            text = (
                f"{name}: {fit.impossible:g} sessions have more than one click, which it gives no chance; it "
                "is fitted to what users did down to the first click; its log-likelihood, and its perplexity "
                "given clicks above, are null"
            )
            yield Note("impossible_sessions", text, {"sessions": fit.impossible})
        if isinstance(fit.family, TrustBiasFamily):
            text = f"{name}: {ONLY_ALPHA_BETA}; standard errors are those of identified.alpha and .beta"
            yield Note("not_identified", text)
    if cluster is not None and any(not isinstance(fit.family, TrustBiasFamily) for fit in fits):
        alone = ", ".join(
            name for name, fit in zip(names, fits, strict=True) if not isinstance(fit.family, TrustBiasFamily)
        )
        text = f"{alone}: standard errors of parameters take sessions as independent, also within {cluster!r}"
        yield Note("errors_of_sessions", text)
    shown = counts.impressions > 0.0
    unseen = int(np.count_nonzero(~shown))
    if unseen:
        text = (
            f"{unseen} of {len(shown)} pairs are only in held-out sessions: they are taken to be of mean "
            "attractiveness and satisfaction"
        )
        yield Note("unseen_pairs", text, {"pairs": unseen})
    few = _few(counts)
    if few:
        text = (
            f"{few} of {np.count_nonzero(shown)} pairs have fewer than {FEW} impressions: what is estimated "
            "of each is noisy, which biases the parameters that all share"
        )
        yield Note("few_impressions", text, {"pairs": few, "threshold": FEW})


def _few(counts: PairCounts) -> int:
    """The number of pairs with some impressions, but fewer than ``FEW``."""
    return int(np.count_nonzero((counts.impressions > 0.0) & (counts.impressions < FEW)))
