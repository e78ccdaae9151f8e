"""Whatever the data looks like, each kernel of an evaluation is compiled once."""

from __future__ import annotations

import subprocess
import sys

from tests.paths import REPO

CODE = """
import pkgutil
from importlib import import_module

import numpy as np
from numba.core.registry import CPUDispatcher

import rankeval
from rankeval import evaluate
from rankeval.progress import silence
from tests.log_files import nested
from tests.naive_evaluation import judgements_table, run_table
from tests.evaluation.test_evaluate import ALL, JUDGEMENTS, RUN, TIES, in_run, numbered, under

silence()
run, judgements = run_table(RUN), judgements_table(JUDGEMENTS)
shuffled = run.take(np.random.default_rng(0).permutation(run.num_rows))
tied = run_table({"q10": {f"d{i}": 0.0 for i in range(60)} | {f"x{i}": 1.0 for i in range(600)}})
integers = run_table(numbered(RUN)), judgements_table(numbered(JUDGEMENTS))
pairs = [(run, judgements), (shuffled, judgements), (nested(run, "query_id"), judgements), integers]
pairs += [(tied, judgements), (in_run(RUN, JUDGEMENTS), None)]
for pair in pairs:
    for ties in TIES:
        evaluate(*pair, under(ties), ties=ties, score_type="float32" if ties == "item" else "float64")
evaluate({"a": run, "b": shuffled}, judgements, ALL, ci=["bootstrap", "bootstrap_t"], permutations=100)
for module in pkgutil.walk_packages(rankeval.__path__, "rankeval."):
    if not module.name.startswith(("rankeval.cli", "rankeval.simulators")):
        for name, kernel in vars(import_module(module.name)).items():
            if isinstance(kernel, CPUDispatcher) and kernel.__module__ == module.name:
                print(module.name, name, len(kernel.signatures))
"""


def test_each_kernel_is_compiled_for_one_kind_of_arrays():
    """Arrays from Arrow cannot be written to, others can: each kind would cost its own compilation."""
    done = subprocess.run([sys.executable, "-c", CODE], cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    counts = {tuple(line.split()[:2]): int(line.split()[2]) for line in done.stdout.splitlines()}
    assert {name for name, count in counts.items() if count > 1} == set()
    used = {name for (_, name), count in counts.items() if count == 1}
    assert {
        "hash_bytes",
        "find_rows",
        "first_duplicate",
        "_by_id",
        "_by_id_sorted",
        "_by_grade",
        "weighted_sum",
    } <= used
