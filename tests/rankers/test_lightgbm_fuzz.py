"""Mutations of saved models: each is refused, or LightGBM loads it and predicts without a crash or a hang."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path

from rankeval import DataError
from rankeval.rankers import parse_text_model
from tests.paths import REPO
from tests.rankers.lightgbm_models import text

MUTATIONS = 3000
#: Reads paths from stdin, and predicts with each model; says which it is at, so that a crash has a name.
CHILD = """if True:
    import sys, lightgbm, numpy as np
    rows = np.random.default_rng(0).normal(scale=3, size=(20, 4))
    rows[:5] = [np.nan, 1e308, -1.0, 7.0]
    for line in sys.stdin:
        print(line.strip(), flush=True)
        try:
            found = lightgbm.Booster(model_file=line.strip()).predict(rows, num_threads=1)
        except (lightgbm.basic.LightGBMError, ValueError):
            print("refused", flush=True)
        else:
            print("predicted", len(found), flush=True)
"""


def mutated(model: str, rng: random.Random) -> str:
    """The model with one to three changes: of a number, a line, a field, a size, or any character."""
    for _ in range(rng.randint(1, 3)):
        change = rng.choice((_number, _number, _number, _line, _swap, _character, _cut, _value))
        model = change(model, rng)
    return resized(model) if rng.random() < 0.7 else model


def _number(model: str, rng: random.Random) -> str:
    place = rng.choice(list(re.finditer(r"-?\d+(\.\d+)?", model)))
    new = rng.choice(("0", "-1", "1", "2", "3", "7", "-6", "99", "2147483647", "-2147483648", "1e308", "nan"))
    return model[: place.start()] + new + model[place.end() :]


def _line(model: str, rng: random.Random) -> str:
    lines = model.split("\n")
    place = rng.randrange(len(lines))
    lines[place : place + 1] = rng.choice(([], [""], [lines[place]] * 2, [lines[place], "", lines[place]]))
    return "\n".join(lines)


def _swap(model: str, rng: random.Random) -> str:
    lines = model.split("\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return "\n".join(lines)


def _character(model: str, rng: random.Random) -> str:
    place = rng.randrange(len(model))
    return model[:place] + rng.choice("\n\r\0= -9.e\u00a0\u0663") + model[place + rng.randint(0, 1) :]


def _cut(model: str, rng: random.Random) -> str:
    start = rng.randrange(len(model))
    return model[:start] + model[start + rng.randint(1, 200) :]


def _value(model: str, rng: random.Random) -> str:
    """One more or one fewer value in a field."""
    place = rng.choice(list(re.finditer(r"(?<==)[^\n]*", model)))
    parts = place.group().split(" ")
    at = rng.randrange(len(parts))
    parts[at : at + 1] = [] if rng.random() < 0.5 else [parts[at]] * 2
    return model[: place.start()] + " ".join(parts) + model[place.end() :]


def resized(model: str) -> str:
    """The model with the sizes of its trees as they are now, so that more than the sizes is tested."""
    body = model.partition("\nend of trees")[0]
    starts = [found.start() for found in re.finditer(r"^Tree=", body, re.M)]
    ends = [*starts[1:], len(body) + 1][: len(starts)]
    sizes = [len((body + "\n")[a:b].encode()) for a, b in zip(starts, ends, strict=True)]
    return re.sub(r"^tree_sizes=.*$", f"tree_sizes={' '.join(map(str, sizes))}", model, count=1, flags=re.M)


def test_no_mutation_that_is_taken_makes_lightgbm_crash_or_hang(tmp_path: Path) -> None:
    rng = random.Random(0)
    models = [text(), text("lambdarank", 3, 9), text("binary", 2, 2, boosting="dart")]
    taken = []
    for number in range(MUTATIONS):
        changed = mutated(rng.choice(models), rng)
        try:
            needed = parse_text_model(changed.encode(), "m").text
        except DataError:
            continue
        taken.append(tmp_path / f"{number}.txt")
        taken[-1].write_text(needed)
    assert len(taken) > MUTATIONS // 50
    done = subprocess.run(
        [sys.executable, "-c", CHILD], input="\n".join(map(str, taken)), cwd=REPO, text=True,
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    lines = [
        line for line in done.stdout.splitlines() if line.startswith(("predicted", "refused", str(tmp_path)))
    ]
    assert done.returncode == 0, f"{lines[-1]}: {done.stderr[-500:]}"
    assert len(lines) == 2 * len(taken)
    assert lines.count("predicted 20") > len(taken) // 2
