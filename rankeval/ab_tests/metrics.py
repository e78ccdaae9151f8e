"""The metrics of a test as users write them: ``NAME=EXPR``, ratios, guardrails, quantiles and covariates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

from rankeval.errors import UsageError

#: Written for an expression, the number of rows of a session; a column of that name needs back-quotes.
ROWS = "rows"
_NAMED = re.compile(r"\s*(?P<name>[^=:`]+?)\s*=(?P<rest>.+)", re.S)
_MARGIN = re.compile(r"\s*(?P<number>[+-]?[0-9.]+([eE][+-]?[0-9]+)?)\s*(?P<percent>%?)\s*")


@dataclass(frozen=True)
class Margin:
    """The largest harm that a guardrail allows.

    Attributes:
        size: below 0 where higher is better: the difference must be above it. Above 0 where lower is better:
            the difference must be below it.
        relative: whether ``size`` is a share of the control's value.
    """

    size: float
    relative: bool

    @property
    def text(self) -> str:
        """The margin as it is written."""
        return f"{100.0 * self.size:+g} %" if self.relative else f"{self.size:+g}"


@dataclass(frozen=True)
class Metric:
    """A metric of units: a mean, or a ratio of means.

    Attributes:
        name: its name.
        numerator: an expression; its mean over units is the metric.
        denominator: an expression for ratios; None: the metric is the mean.
        covariate: the expression of its covariate; None: it has none.
        margin: the margin of a guardrail; None: it is none.
        option: the option that asks for it, for messages.
    """

    name: str
    numerator: str
    denominator: str | None = None
    covariate: str | None = None
    margin: Margin | None = None
    option: str = "metric"


@dataclass(frozen=True)
class Quantile:
    """A quantile of the values of units: ``share`` of them are at most as large."""

    name: str
    expression: str
    share: float


def named(option: str, text: str) -> tuple[str, str]:
    """The name and the rest of ``NAME=REST``; without a name, the rest is its own name.

    Raises:
        UsageError: there is no text on one side.
    """
    if not isinstance(text, str) or not text.strip():
        raise UsageError(f"{option}: found {text!r}, wanted NAME=EXPR")
    found = _NAMED.fullmatch(text)
    if found is None and "=" in text:
        raise UsageError(f"{option}: found {text!r}, wanted NAME=EXPR, with no ':' or '`' in the name")
    return (text.strip(), text.strip()) if found is None else (found["name"], found["rest"].strip())


def split_last(option: str, text: str, wanted: str) -> tuple[str, str]:
    """Both sides of the last colon outside of back-quotes.

    Raises:
        UsageError: there is no such colon, or nothing on one side.
    """
    quoted, place = False, -1
    for i, character in enumerate(text):
        quoted ^= character == "`"
        if character == ":" and not quoted:
            place = i
    left, right = text[: max(place, 0)].strip(), text[place + 1 :].strip()
    if place < 0 or not left or not right:
        raise UsageError(f"{option}: found {text!r}, wanted {wanted}")
    return left, right


def parse_metrics(
    metrics: Sequence[str], ratios: Sequence[str], guardrails: Sequence[str], covariates: Sequence[str]
) -> tuple[Metric, ...]:
    """All metrics, in the order metrics, ratios, guardrails, each with its covariate.

    Raises:
        UsageError: a text is not of its form, a name occurs twice, or a covariate is for no metric.
    """
    found = [Metric(*named("metric", text)) for text in metrics]
    found += [_ratio("ratio", text) for text in ratios]
    found += [_guardrail(text) for text in guardrails]
    names = [metric.name for metric in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"metric: found the name {twice!r} twice, wanted a name of its own for each")
    of = dict(_covariate(text) for text in covariates)
    unknown = next((name for name in of if name not in names), None)
    if unknown is not None:
        raise UsageError(f"covariate: found metric {unknown!r}, wanted one of {', '.join(names)}")
    return tuple(replace(metric, covariate=of.get(metric.name)) for metric in found)


def _ratio(option: str, text: str) -> Metric:
    name, rest = named(option, text)
    numerator, denominator = split_last(option, rest, "NAME=NUMERATOR:DENOMINATOR")
    return Metric(name, numerator, denominator, option=option)


def _guardrail(text: str) -> Metric:
    wanted = "NAME=EXPR:MARGIN, such as ctr=click:-0.01 or latency=ms:+5%"
    name, rest = named("guardrail", text)
    expression, margin = split_last("guardrail", rest, wanted)
    found = _MARGIN.fullmatch(margin)
    try:
        size = float(found["number"]) / (100.0 if found["percent"] else 1.0) if found else 0.0
    except ValueError:
        size = 0.0
    if found is None or not isfinite(size) or size == 0.0:
        raise UsageError(
            f"guardrail: found margin {margin!r}, wanted a number below or above 0, as in {wanted}"
        )
    parts = _parts(expression)
    name = expression if "=" not in text else name
    return Metric(name, *parts, margin=Margin(size, bool(found["percent"])), option="guardrail")


def _parts(expression: str) -> tuple[str, str | None]:
    """The numerator and the denominator of ``NUM:DEN``; without a colon, the expression and None."""
    if ":" not in re.sub("`[^`]*`", "", expression):
        return expression, None
    return split_last("guardrail", expression, "NUMERATOR:DENOMINATOR")


def _covariate(text: str) -> tuple[str, str]:
    name, rest = named("covariate", text)
    if "=" not in text:
        raise UsageError(f"covariate: found {text!r}, wanted METRIC=COLUMN")
    return name, rest


def parse_quantile(text: str) -> Quantile:
    """A quantile from ``NAME=EXPR:SHARE``.

    Raises:
        UsageError: the text is not of this form.
    """
    wanted = "NAME=EXPR:SHARE with a share between 0 and 1, such as p95=latency:0.95"
    name, rest = named("quantile", text)
    expression, share = split_last("quantile", rest, wanted)
    try:
        number = float(share)
    except ValueError:
        number = 0.0
    if not 0.0 < number < 1.0:
        raise UsageError(f"quantile: found {text!r}, wanted {wanted}")
    return Quantile(rest if "=" not in text else name, expression, number)


def parse_expected(expected: str | Mapping[str, float] | None) -> dict[str, float] | None:
    """The expected shares of arms, ``a=.5,b=.5``, divided by their sum; None: none are stated.

    Raises:
        UsageError: a part is not ``ARM=SHARE``, or a share is not above 0.
    """
    if expected is None:
        return None
    wanted = "ARM=SHARE,... with shares above 0, such as a=0.5,b=0.5"
    if isinstance(expected, str):
        parts = [part.rpartition("=") for part in expected.split(",") if part.strip()]
        pairs: list[tuple[str, object]] = [(name.strip(), share) for name, _, share in parts]
    else:
        pairs = list(expected.items()) if isinstance(expected, Mapping) else []
    try:
        shares = {str(name): float(share) for name, share in pairs}  # type: ignore[arg-type]
    except (TypeError, ValueError):
        shares = {}
    bad = len(shares) != len(pairs) or not all(name and 0.0 < share < 1e300 for name, share in shares.items())
    if not shares or bad:
        raise UsageError(f"expected: found {expected!r}, wanted {wanted}")
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()}
