from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rankeval.errors import DataError, UsageError
from rankeval.logs.log import Log
from rankeval.off_policy.nuisances.behaviour_learning import grown, learn_behaviour_tree
from rankeval.off_policy.nuisances.behaviour_sample import Sample
from rankeval.off_policy.user_behaviour.tree import BehaviourTree, Leaf, Split
from rankeval.off_policy.user_behaviour.windows import BEHAVIOURS, NAMES
from rankeval.simulators.bandits.slate_world import random_slate_policy, random_slate_world, slate_log
from tests.log_files import nested, write_parts

# Interactions all gain, so that a behaviour that overlooks them errs by far more than its noise.
_DRAWN = random_slate_world(3, 3, 2, interaction=3.0)
WORLD = replace(_DRAWN, pairs=np.abs(_DRAWN.pairs) * np.array([2.0, 0.3, 0.1]))
LOGGING = random_slate_policy(WORLD, 2)
TARGET = random_slate_policy(WORLD, 3, skill=0.8, temperature=0.5)
LOG = slate_log(WORLD, LOGGING, TARGET, 20_000, 4)
BEHAVIOUR_OF = dict(zip(("phone", "tablet", "desktop"), WORLD.behaviours, strict=True))


def sizes(tree: BehaviourTree) -> list[int]:
    """Sessions of each leaf."""
    return [int(line.split(", ")[-1].removesuffix(" sessions").replace(",", "")) for line in tree.describe()]


def behaviour_at(tree: BehaviourTree, **features: Any) -> str:
    node = tree.root
    while isinstance(node, Split):
        held = node.test.holds(pa.array([features[node.test.feature]]))[0]
        node = node.yes if held else node.no
    return node.behaviour


def test_the_tree_finds_the_three_groups() -> None:
    tree = learn_behaviour_tree(Log(LOG), ["device"])
    found = {device: behaviour_at(tree, device=device) for device in BEHAVIOUR_OF}
    assert found == BEHAVIOUR_OF
    assert "20,000 sessions" in tree.note.text


def test_a_noisy_number_does_for_the_type() -> None:
    tree = learn_behaviour_tree(Log(LOG), ["activity"])
    assert [behaviour_at(tree, activity=float(t)) for t in (-1, 1, 3)] == list(WORLD.behaviours)


def test_without_features_all_behave_alike() -> None:
    tree = learn_behaviour_tree(Log(LOG))
    assert isinstance(tree.root, Leaf)
    assert tree.root.sessions == 20_000
    assert tree.root.behaviour in ("cascade_neighbours", "standard")
    assert learn_behaviour_tree(Log(LOG), ["device"], max_depth=0).root == tree.root


@pytest.mark.parametrize("name", ["independent", "cascade", "standard"])
def test_where_all_behave_alike_the_narrowest_unbiased_behaviour_is_found(name: str) -> None:
    world = replace(WORLD, behaviours=(name,) * 3)
    tree = learn_behaviour_tree(Log(slate_log(world, LOGGING, TARGET, 20_000, 5)))
    assert isinstance(tree.root, Leaf)
    assert tree.root.behaviour == name


def test_leaves_hold_as_many_as_asked() -> None:
    trees = [
        learn_behaviour_tree(Log(LOG), ["device"], min_sessions=least) for least in (6_600, 6_670, 10_001)
    ]
    assert [min(sizes(tree)) >= least for tree, least in zip(trees, (6_600, 6_670, 10_001), strict=True)]
    assert [sum(sizes(tree)) for tree in trees] == [20_000] * 3
    assert [len(sizes(tree)) for tree in trees] == [3, 2, 1]


def test_storage_and_threads_change_nothing(tmp_path: Path) -> None:
    wanted = learn_behaviour_tree(Log(LOG), ["device", "activity"], sample=5_000, min_sessions=100, threads=1)
    assert sum(sizes(wanted)) == 5_000
    parts = write_parts(tmp_path / "parts", LOG, row_group_size=7_001, files=3)
    lists = nested(LOG.slice(0, 60_000), "session_id", ("device", "activity"))
    for data in (parts, lists):
        for threads in (1, 3):
            again = learn_behaviour_tree(
                Log(data), ["device", "activity"], sample=5_000, min_sessions=100, threads=threads
            )
            assert again == wanted
    other = learn_behaviour_tree(Log(LOG), ["device", "activity"], sample=5_000, min_sessions=100, seed=1)
    assert other != wanted


def test_weights_count_sessions() -> None:
    """A session of weight 2 is two sessions, one of weight 0 none."""
    small = LOG.slice(0, 9_000)
    weight = np.repeat(np.random.default_rng(0).integers(0, 3, 3_000), 3)
    weighted = learn_behaviour_tree(Log(small.append_column("weight", pa.array(weight))), ["device"])
    rows = np.concatenate([np.flatnonzero(weight > times) for times in range(2)])
    copies = small.take(pa.array(rows))
    first = int((weight > 0).sum())
    ids = np.concatenate([np.arange(first) // 3, 10_000 + np.arange(len(rows) - first) // 3])
    repeated = learn_behaviour_tree(Log(copies.set_column(0, "session_id", pa.array(ids))), ["device"])
    assert sum(sizes(weighted)) == sum(sizes(repeated)) == weight.sum() // 3
    for device in BEHAVIOUR_OF:
        assert behaviour_at(weighted, device=device) == behaviour_at(repeated, device=device)


def naive_error(terms: np.ndarray, leaf: np.ndarray, behaviour: list[str], sessions: float) -> float:
    """The error of a tree as its docstring has it."""
    chosen = np.array([terms[i, NAMES.index(behaviour[leaf[i]])] for i in range(len(leaf))])
    bias = 0.0
    for number, name in enumerate(behaviour):
        there = leaf == number
        seen = [0.0]
        for other, wide in BEHAVIOURS.items():
            if other != name and BEHAVIOURS[name].within(wide):
                d = terms[there, NAMES.index(name)] - terms[there, NAMES.index(other)]
                seen.append(d.mean() ** 2 - d.var() / len(d))
        bias += there.mean() * np.sqrt(max(seen))
    return float(bias**2 + chosen.var() / sessions)


def test_a_split_is_the_one_of_least_error() -> None:
    rng = np.random.default_rng(3)
    terms = rng.normal(size=(60, len(NAMES))) * np.array([1.0, 1.2, 1.5, 2.0, 3.0]) + rng.normal(size=(60, 1))
    feature = rng.choice(["a", "b", "c"], 60)
    terms[feature == "b", 0] += 4.0
    sample = Sample(np.arange(60, dtype=np.uint64), terms, np.ones(60), {"f": pa.array(feature)}, 80.0)
    alone = np.zeros(60, int)
    root = min(NAMES, key=lambda name: naive_error(terms, alone, [name], 80.0))
    found = grown(sample, 60.0, 4).root
    assert found == Leaf(root, 60.0)
    best = naive_error(terms, alone, [root], 80.0)
    wanted = None
    for value in "abc":
        for yes in NAMES:
            for no in NAMES:
                error = naive_error(terms, np.where(feature == value, 0, 1), [yes, no], 80.0)
                if yes != no and error < best:
                    best, wanted = error, (value, yes, no)
    split = grown(sample, 5.0, 1).root
    assert isinstance(split, Split)
    assert isinstance(split.yes, Leaf)
    assert isinstance(split.no, Leaf)
    assert wanted == (split.test.value, split.yes.behaviour, split.no.behaviour)  # type: ignore[union-attr]


def test_numbers_too_large_to_square_split_nothing() -> None:
    huge = LOG.set_column(3, "reward", pa.array(np.full(LOG.num_rows, 1e250)))
    assert isinstance(learn_behaviour_tree(Log(huge), ["device"]).root, Leaf)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (["nothing"], "no column 'nothing'"),
        (["reward"], "column 'reward' is .*, wanted one value throughout a session"),
        (["when"], r"column 'when' holds timestamp\[us\], wanted numbers, booleans or strings"),
    ],
)
def test_bad_features_get_one_line(features: list[str], message: str) -> None:
    when = pa.array([0] * LOG.num_rows, pa.timestamp("us"))
    with pytest.raises(DataError, match=message) as caught:
        learn_behaviour_tree(Log(LOG.append_column("when", when)), features)
    assert "\n" not in str(caught.value)


def test_bad_data_gets_one_line() -> None:
    nobody = LOG.append_column("weight", pa.array([0.0] * LOG.num_rows))
    with pytest.raises(DataError, match="column 'weight' is 0 in all rows, wanted some above 0"):
        learn_behaviour_tree(Log(nobody))
    with pytest.raises(DataError, match="no column 'propensity'"):
        learn_behaviour_tree(Log(LOG.drop_columns("propensity")))
    huge = LOG.set_column(3, "reward", pa.array(np.full(LOG.num_rows, 1.7e308)))
    with pytest.raises(DataError, match=r"column 'reward' is 1.7e.308, wanted numbers whose products"):
        learn_behaviour_tree(Log(huge))


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        ("sample", 1, "sample: found 1, wanted at least 2"),
        ("min_sessions", 0, "min_sessions: found 0, wanted at least 1"),
        ("max_depth", -1, "max_depth: found -1, wanted at least 0"),
    ],
)
def test_bad_parameters_get_one_line(parameter: str, value: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        learn_behaviour_tree(Log(LOG), **{parameter: value})  # type: ignore[arg-type]


def test_features_may_be_missing_or_have_no_type() -> None:
    devices = [None if name == "phone" else name for name in LOG["device"].to_pylist()]
    ages = [None if name is None else 1.0 for name in devices]
    log = LOG.append_column("d", pa.array(devices)).append_column("n", pa.nulls(LOG.num_rows))
    tree = learn_behaviour_tree(Log(log), ["d", "n"])
    assert behaviour_at(tree, d=None) == BEHAVIOUR_OF["phone"]
    assert behaviour_at(tree, d="desktop") == BEHAVIOUR_OF["desktop"]
    numbers = learn_behaviour_tree(Log(log.append_column("age", pa.array(ages))), ["age"])
    assert "age > 1 or missing: independent" in "; ".join(numbers.describe())
