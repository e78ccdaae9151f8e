from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankeval.errors import UsageError
from rankeval.estimators.catalogue import ESTIMATORS, parse
from rankeval.estimators.click_terms import WORTH
from rankeval.estimators.definitions import Definition
from rankeval.estimators.ranking_terms import OF_THE_SESSION
from rankeval.estimators.terms import WRITERS, Term
from rankeval.estimators.transforms import KERNELS, TRANSFORMS, Weighting
from tests.naive_kernels import NAMES as KERNEL_NAMES
from tests.naive_off_policy import NAMES as DISCRETE_NAMES
from tests.naive_rankings import NAMES as RANKING_NAMES

CLICK_NAMES = [
    "click_ips",
    "click_cips",
    "click_dr",
    "click_affine",
    "click_dcg",
    "click_precision",
    "click_arp",
    "click_snips",
    "replay_ips",
]
NAMES = [*DISCRETE_NAMES, *KERNEL_NAMES]
ALL_NAMES = [*NAMES, *RANKING_NAMES, *CLICK_NAMES]
DEFAULTS = {
    "cips": "max_weight=10",
    "csnips": "max_weight=10",
    "cdr": "max_weight=10",
    "switch_dr": "tau=10",
    "dros": "lambda=100",
    "sg_ips": "lambda=0.1",
    "sg_dr": "lambda=0.1",
    **dict.fromkeys(KERNEL_NAMES, "bandwidth=auto_slope"),
    "click_cips": "max_weight=10",
    "click_dr": "max_weight=10",
}
#: Text for the name of an estimator that must have a cutoff.
NAMED = {"click_precision": "click_precision@10"}


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
    assert definition.of_rankings == (name not in NAMES)
    assert definition.of_clicks == (name in CLICK_NAMES)
    assert definition.units == ("rounds" if name in NAMES else "sessions")
    assert definition.form == {"click_precision": "click_precision@K"}.get(name, name)
    if definition.of_clicks:
        assert definition.ratio in WORTH
        assert not definition.by_position
    else:
        assert (definition.logged_apart, definition.unshown, definition.caution) == (False, (), "")
    assert (definition.numerator is None) == (definition.denominator is None)
    assert any(kind is not None for kind in kinds)
    assert definition.transform in (KERNELS if name in KERNEL_NAMES else TRANSFORMS)
    assert (definition.parameter is None) == (definition.transform == "plain")


@pytest.mark.parametrize("name", ALL_NAMES)
def test_defaults(name: str) -> None:
    text = NAMED.get(name, name)
    estimator = parse(text)
    assert estimator.name == text
    assert estimator.definition.name == name
    assert estimator.label == (f"{text}:{DEFAULTS[name]}" if name in DEFAULTS else text)
    assert parse(estimator.label) == estimator


@pytest.mark.parametrize("name", [*RANKING_NAMES, "click_dcg", "click_precision", "click_arp", "replay_ips"])
def test_weights_are_left_alone_unless_asked(name: str) -> None:
    assert parse(NAMED.get(name, name)).weighting == Weighting()


@pytest.mark.parametrize("cutoff", [1, 3, 10, 1_000_000_000])
def test_cutoffs_read_back(cutoff: int) -> None:
    for text in (f"click_dcg@{cutoff}", f"click_precision@{cutoff}:max_weight=5"):
        estimator = parse(text)
        assert (estimator.cutoff, estimator.label) == (cutoff, text)
        assert estimator.name == text.partition(":")[0]
        assert estimator.term("weight").cutoff == estimator.term("weighted_reward").cutoff == cutoff
        assert parse(estimator.label) == estimator
    assert parse("click_dcg@007").label == "click_dcg@7"
    assert parse("click_dcg").cutoff == 0
    assert parse("click_dcg@3").weight_of == "dcg@3"
    assert parse("click_ips").weight_of == "examination"


@pytest.mark.parametrize("kernel", list(KERNELS))
def test_kernels(kernel: str) -> None:
    estimator = parse(f"kips:bandwidth=0.5:kernel={kernel}")
    assert (estimator.kernel, estimator.params) == (kernel, {"bandwidth": 0.5})
    assert estimator.settings == {"bandwidth": 0.5, "kernel": kernel}
    assert parse(estimator.label) == estimator
    assert estimator.weight_of == f"{kernel} 0.5"
    assert estimator.unreduced is None
    # The weight of a kernel is none without its bandwidth.
    assert estimator.term("weighted_reward").plain == estimator.term("weight")


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
        (
            "click_precision",
            "estimator 'click_precision': found no cutoff, wanted one such as click_precision@10",
        ),
        ("click_precision:max_weight=2", "found no cutoff, wanted one such as click_precision@10"),
        ("click_dcg@0", "estimator 'click_dcg@0': the cutoff is '0', wanted a whole number from 1 to 10"),
        ("click_dcg@", "the cutoff is '', wanted a whole number from 1"),
        ("click_dcg@k", "the cutoff is 'k', wanted a whole number from 1"),
        ("click_dcg@1.5", "the cutoff is '1.5', wanted a whole number from 1"),
        ("click_dcg@-1", "the cutoff is '-1', wanted a whole number from 1"),
        ("click_dcg@²", "the cutoff is '²', wanted a whole number from 1"),
        ("click_dcg@1000000001", "the cutoff is '1000000001', wanted a whole number from 1 to 1000000000"),
        ("click_dcg@3@4", "the cutoff is '3@4', wanted a whole number from 1"),
        ("click_ips@5", "estimator 'click_ips@5': click_ips takes no cutoff, found '@5'"),
        ("snips@5", "estimator 'snips@5': snips takes no cutoff, found '@5'"),
        ("click_dgc@5", "unknown estimator 'click_dgc@5': did you mean 'click_dcg'?"),
        ("click_snips:max_weight=2", "unknown parameter 'max_weight', known: none"),
        ("cips:", "unknown parameter '', known: max_weight"),
        ("cips:max_weight=5:max_weight=6", "max_weight is given twice"),
        ("kips:bandwidth=0", "bandwidth is '0', wanted a number above 0, or auto, auto_slope"),
        ("kips:bandwidth=auto_mse", "bandwidth is 'auto_mse', wanted a number above 0, or auto, auto_slope"),
        ("kdr:kernel=box", "kernel is 'box', wanted epanechnikov, gaussian, triangular"),
        ("ips:kernel=gaussian", "unknown parameter 'kernel', known: loggers"),
        ("ksnips:loggers=balanced", "unknown parameter 'loggers', known: bandwidth, kernel"),
    ],
)
def test_wrong_names_get_one_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_transform_without_its_parameter_is_refused() -> None:
    with pytest.raises(ValueError, match="found a transform without its parameter"):
        Definition("half", "mean min(w, M) r", "nobody", numerator="weighted_reward", transform="clipped")
