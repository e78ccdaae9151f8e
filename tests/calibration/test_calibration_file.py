"""The file of a calibration: written, read back, and refused in one line where it is malformed."""

from __future__ import annotations

import copy
import json
import math
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rankeval.calibration import Calibration, read_calibration
from rankeval.calibration.score_maps import Isotonic, LogitTemperature, Platt, Prior, Temperature
from rankeval.errors import DataError

EXAMPLES = {
    "platt": Calibration("platt", "raw", Platt(2.5, -1.0), {"items": 3}, {"rankeval": "0.1.0"}),
    "isotonic": Calibration("isotonic", "raw", Isotonic((0.1, 0.5, 2.0), (0.0, 0.25, 1.0))),
    "temperature": Calibration("temperature", "raw", Temperature(1.5)),
    "logit": Calibration("temperature", "probability", LogitTemperature(1.5)),
    "prior": Calibration("prior", "probability", Prior(0.1)),
}
SCORES = np.array([0.0, 0.1, 0.3, 0.5, 1.0])
every_example = pytest.mark.parametrize("name", EXAMPLES)


@every_example
def test_it_is_read_back_as_it_was(tmp_path, name):
    path = tmp_path / "map.json"
    EXAMPLES[name].write(path)
    found = read_calibration(path)
    assert found == EXAMPLES[name]
    assert (found.apply(SCORES) == EXAMPLES[name].apply(SCORES)).all()
    assert found.origin == str(path)
    assert list(tmp_path.iterdir()) == [path]  # no temporary file is left


def test_a_folder_that_does_not_exist():
    with pytest.raises(DataError, match=r"/no/such/map\.json: cannot be written"):
        EXAMPLES["platt"].write("/no/such/map.json")


@pytest.mark.parametrize(
    ("name", "score", "message"),
    [
        ("platt", math.nan, "<calibration>: score 2 is nan, wanted a finite number"),
        ("isotonic", math.inf, "<calibration>: score 2 is inf, wanted a finite number"),
        ("prior", 1.5, "<calibration>: score 2 is 1.5, wanted a probability, from 0 to 1"),
        ("logit", -0.5, "<calibration>: score 2 is -0.5, wanted a probability, from 0 to 1"),
    ],
)
def test_scores_are_checked(name, score, message):
    with pytest.raises(DataError) as caught:
        EXAMPLES[name].apply(np.array([0.5, score]))
    assert str(caught.value) == message


@every_example
def test_it_takes_no_scores_and_other_types(name):
    assert EXAMPLES[name].apply(np.zeros(0)).shape == (0,)
    assert EXAMPLES[name].apply(np.array([0, 1])).dtype == np.float64


def test_huge_scores_have_the_limits():
    for mapping in (Platt(1e300, 0.0), Temperature(1e-300)):
        found = Calibration("platt", "raw", mapping).apply(np.array([-1e300, 1e300]))
        assert found.tolist() == [0.0, 1.0]


def content(name="platt"):
    return copy.deepcopy(EXAMPLES[name].to_dict())


def message_of(tmp_path, text):
    path = tmp_path / "map.json"
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    with pytest.raises(DataError) as caught:
        read_calibration(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


CHANGES = [
    ("platt", ["schema"], 2, "schema is 2, wanted 1"),
    ("platt", ["schema"], True, "schema is True, wanted 1"),
    ("platt", ["kind"], "world", "kind is 'world', wanted calibration"),
    ("platt", ["method"], "plat", "method is 'plat', wanted one of platt, isotonic, temperature, prior"),
    ("platt", ["method"], ["platt"], "method is ['platt'], wanted one of platt"),
    ("platt", ["scores"], None, "scores is null, wanted one of raw, probability"),
    ("platt", ["parameters"], [1, 2], "parameters holds [1, 2], wanted a JSON object"),
    ("platt", ["fitted_on"], 3, "fitted_on holds 3, wanted a JSON object"),
    ("platt", ["parameters", "slope"], "2", "slope is '2', wanted a finite number"),
    ("platt", ["parameters", "slope"], True, "slope is True, wanted a finite number"),
    ("platt", ["parameters", "slope"], 10**400, "slope is 1000"),
    (
        "platt",
        ["parameters", "temperature"],
        1,
        "parameters holds 'temperature', wanted only slope, intercept",
    ),
    ("platt", ["more"], 1, "the file holds 'more', wanted only schema"),
    ("temperature", ["parameters", "temperature"], 0, "temperature is 0, wanted a finite number above 0"),
    ("prior", ["parameters", "sampling_rate"], 1.5, "sampling_rate is 1.5, wanted a number above 0"),
    ("isotonic", ["parameters", "thresholds"], [], "thresholds is [], wanted a list of numbers"),
    ("isotonic", ["parameters", "values"], [0, 1], "values has 2 numbers, wanted 3 as in thresholds"),
    ("isotonic", ["parameters", "values", 1], None, "values holds null in place 2, wanted a number"),
    ("isotonic", ["parameters", "values", 1], 1.5, "values holds 1.5 in place 2, wanted numbers from 0 to 1"),
    ("isotonic", ["parameters", "values", 0], 0.5, "values holds 0.25 in place 2, wanted numbers that never"),
    ("isotonic", ["parameters", "thresholds", 1], 0.1, "thresholds holds 0.1 in place 2, wanted ascending"),
]


@pytest.mark.parametrize(("name", "keys", "value", "message"), CHANGES)
def test_a_wrong_value(tmp_path, name, keys, value, message):
    changed = content(name)
    inner = changed
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    assert message_of(tmp_path, changed).startswith(message)


@pytest.mark.parametrize("key", ["schema", "kind", "method", "scores", "parameters", "fitted_on", "versions"])
def test_a_missing_key(tmp_path, key):
    changed = content()
    del changed[key]
    assert message_of(tmp_path, changed).startswith(f"the file lacks '{key}', wanted schema, kind, method")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no JSON ("),
        ("[1, 2", "is no JSON ("),
        ("[" * 100_000, "is no JSON ("),
        ("[]", "the file holds [], wanted a JSON object"),
        ("null", "the file holds null, wanted a JSON object"),
        (json.dumps(content()).replace("2.5", "NaN"), "is no JSON (NaN is no JSON number)"),
        (json.dumps(content()).replace("2.5", "1e999"), "slope is inf, wanted a finite number"),
        ('{"kind": 1, "kind": 2}', "is no JSON (key 'kind' is given twice)"),
    ],
)
def test_what_is_no_object(tmp_path, text, message):
    assert message_of(tmp_path, text).startswith(message)


def test_files_that_cannot_be_read(tmp_path):
    for path in (tmp_path, tmp_path / "nothing.json"):
        with pytest.raises(DataError, match="cannot be read"):
            read_calibration(path)
    path = tmp_path / "bytes.json"
    path.write_bytes(b"\xff\xfe{}")
    with pytest.raises(DataError, match="is no JSON"):
        read_calibration(path)


fuzz = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
numbers = st.floats(-10.0, 10.0) | st.floats() | st.integers(-5, 5)


def read_or_refused(path):
    """The map in a file gives probabilities for any score that it takes, or the file is refused.

    Errors have one line by their class, whatever the file holds.
    """
    with suppress(DataError):
        found = read_calibration(path)
        apply_to_some(found)


def apply_to_some(found):
    for score in (0.0, 1e-300, 0.3, 1.0):
        assert 0.0 <= found.apply(np.array([score]))[0] <= 1.0


@fuzz
@given(name=st.sampled_from(list(EXAMPLES)), data=st.data())
def test_any_value_in_any_place(tmp_path, name, data):
    changed = content(name)
    inner = data.draw(st.sampled_from([changed, changed["parameters"]]))
    inner[data.draw(st.sampled_from(list(inner)))] = data.draw(
        anything | numbers | st.lists(numbers, max_size=4)
    )
    path = tmp_path / "fuzz.json"
    path.write_text(json.dumps(changed))
    read_or_refused(path)


@fuzz
@given(name=st.sampled_from(list(EXAMPLES)), data=st.data())
def test_any_change_of_a_byte(tmp_path, name, data):
    text = bytearray(json.dumps(content(name)).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "fuzz.json"
    path.write_bytes(
        bytes(text[: data.draw(st.integers(0, len(text)))]) if data.draw(st.booleans()) else text
    )
    read_or_refused(path)
