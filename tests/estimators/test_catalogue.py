from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval.errors import UsageError
from rankeval.estimators import ESTIMATORS, Term, Weighting, parse
from rankeval.estimators.ranking_terms import OF_THE_SESSION
from rankeval.estimators.terms import TRANSFORMS, WRITERS

NAMES = [
    "ips",
    "cips",
    "snips",
    "csnips",
    "dm",
    "dr",
    "cdr",
    "sndr",
    "switch_dr",
    "dros",
    "sg_ips",
    "sg_dr",
    "mips",
]
RANKING_NAMES = [
    "sips",
    "iips",
    "rips",
    "policy_aware",
    "pi",
    "aips",
    "cascade_dr",
    "snsips",
    "sniips",
    "snrips",
]
ALL_NAMES = [*NAMES, *RANKING_NAMES]
DEFAULTS = {
    "cips": "max_weight=10",
    "csnips": "max_weight=10",
    "cdr": "max_weight=10",
    "switch_dr": "tau=10",
    "dros": "lambda=100",
    "sg_ips": "lambda=0.1",
    "sg_dr": "lambda=0.1",
}


def test_catalogue() -> None:
    assert list(ESTIMATORS) == ALL_NAMES


@pytest.mark.parametrize("name", ALL_NAMES)
def test_definitions_are_whole(name: str) -> None:
    definition = ESTIMATORS[name]
    assert definition.name == name
    assert definition.formula
    assert definition.source
    kinds = [definition.mean, definition.numerator, definition.denominator]
    kernels = OF_THE_SESSION if definition.of_rankings else WRITERS
    assert {kind for kind in kinds if kind is not None} <= set(kernels)
    assert definition.of_rankings == (name in RANKING_NAMES)
    assert definition.units == ("sessions" if name in RANKING_NAMES else "rounds")
    assert (definition.numerator is None) == (definition.denominator is None)
    assert any(kind is not None for kind in kinds)
    assert definition.transform in TRANSFORMS
    assert (definition.parameter is None) == (definition.transform == "plain")


@pytest.mark.parametrize("name", ALL_NAMES)
def test_defaults(name: str) -> None:
    estimator = parse(name)
    assert estimator.name == name
    assert estimator.label == (f"{name}:{DEFAULTS[name]}" if name in DEFAULTS else name)
    assert parse(estimator.label) == estimator


@pytest.mark.parametrize("name", ["mips", *RANKING_NAMES])
def test_weights_are_clipped_where_asked(name: str) -> None:
    plain, clipped = parse(name), parse(f"{name}:max_weight=3")
    assert plain.label == name
    assert plain.weighting == Weighting()
    assert clipped.weighting == Weighting("clipped", 3.0)
    assert clipped.params == {"max_weight": 3.0}
    assert clipped.term("weight", 2) == Term("weight", Weighting("clipped", 3.0), clipped.definition.ratio, 2)
    assert clipped.term("shown", 2) == plain.term("shown", 2)


def test_terms_carry_the_parameter_and_the_model_does_not() -> None:
    clipped = Weighting("clipped", 5.0)
    assert parse("csnips:max_weight=5").terms() == (
        None,
        Term("weighted_reward", clipped),
        Term("weight", clipped),
    )
    assert parse("sndr").terms() == (Term("model"), Term("weighted_residual"), Term("weight"))
    assert parse("cdr:max_weight=5").term("model") == Term("model")
    assert parse("dm").terms() == (Term("model"), None, None)


@given(st.floats(min_value=0, exclude_min=True, allow_infinity=False, allow_nan=False))
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
def test_labels_read_back_as_the_same_estimator(bound: float) -> None:
    estimator = parse(f"cips:max_weight={bound!r}")
    assert estimator.params == {"max_weight": bound}
    assert parse(estimator.label).params == estimator.params


def test_labels_are_short_where_they_can_be() -> None:
    assert parse("cips:max_weight=2.50").label == "cips:max_weight=2.5"
    assert parse("cips:max_weight=1e6").label == "cips:max_weight=1e+06"
    assert parse("cips:max_weight=1234567").label == "cips:max_weight=1234567.0"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("snip", f"unknown estimator 'snip': did you mean 'snips'? known are {', '.join(ALL_NAMES)}"),
        ("SNDR", f"unknown estimator 'SNDR': did you mean 'sndr'? known are {', '.join(ALL_NAMES)}"),
        ("", "unknown estimator '': known are ips, cips, snips, csnips, dm, dr, cdr, sndr"),
        ("switch_dr:tau=0", "tau is '0', wanted a number above 0"),
        ("dros:lambda=-2", "lambda is '-2', wanted a number above 0"),
        ("sg_ips:lambda=1.5", "lambda is '1.5', wanted a number from 0 to 1"),
        ("sg_dr:lambda=-0.1", "lambda is '-0.1', wanted a number from 0 to 1"),
        ("sg_dr:lambda=nan", "lambda is 'nan', wanted a number from 0 to 1"),
        ("ips,snips", "unknown estimator 'ips,snips': did you mean 'snips'? known are"),
        (
            "cips:max_weigth=5",
            "estimator 'cips:max_weigth=5': unknown parameter 'max_weigth', known: max_weight",
        ),
        ("ips:max_weight=5", "estimator 'ips:max_weight=5': unknown parameter 'max_weight', known: loggers"),
        ("cips:max_weight=0", "estimator 'cips:max_weight=0': max_weight is '0', wanted a number above 0"),
        ("cips:max_weight=-1", "max_weight is '-1', wanted a number above 0"),
        ("cips:max_weight=nan", "max_weight is 'nan', wanted a number above 0"),
        ("cips:max_weight=inf", "max_weight is 'inf', wanted a number above 0"),
        ("cips:max_weight=ten", "max_weight is 'ten', wanted a number above 0"),
        ("cips:max_weight", "max_weight is '', wanted a number above 0"),
        ("cips:", "unknown parameter '', known: max_weight"),
        ("cips:max_weight=5:max_weight=6", "max_weight is given twice"),
    ],
)
def test_wrong_names_get_one_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
