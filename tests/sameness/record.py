"""Run every call of the list: ``python -m tests.sameness.record OUT.json [FOLDER]``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.paths import REPO
from tests.sameness.calls import CALLS, arguments, digests, written
from tests.sameness.data import write_all

#: What the last bits of results may depend on.
LIBRARIES = ("lightgbm", "llvmlite", "numba", "numpy", "pyarrow", "scikit-learn", "scipy")


def made_with() -> dict[str, str]:
    """The versions and the processor that bytes belong to."""
    from llvmlite.binding import get_host_cpu_name

    processor = {"processor": get_host_cpu_name(), "python": ".".join(map(str, sys.version_info[:2]))}
    return processor | {name: version(name) for name in LIBRARIES}


def record(folder: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Call -> output -> its digests; ``stdout``, or the name of a file."""
    write_all(folder)
    found = {}
    for name in CALLS:
        before = {path for path in folder.rglob("*") if path.is_file()}
        command = [sys.executable, "-m", "rankeval.cli", *arguments(name)]
        ended = subprocess.run(command, cwd=folder, capture_output=True, check=False, env=_environment())
        if ended.returncode:
            raise SystemExit(f"{name}: {ended.stderr.decode()}")
        outputs: dict[str, Any] = {} if not ended.stdout else {"stdout": digests(ended.stdout, ".json")}
        if ended.stdout:
            (folder / "stdout").mkdir(exist_ok=True)
            (folder / "stdout" / f"{name}.json").write_bytes(ended.stdout)
        for path in written(folder, before):
            if path.parent.name != "stdout":
                outputs[str(path.relative_to(folder))] = digests(path.read_bytes(), path.suffix)
        found[name] = outputs
    return found


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": os.environ.get("RANKEVAL_TREE", str(REPO)),
    }


def main() -> None:
    out = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(temporary)
        folder.mkdir(exist_ok=True, parents=True)
        found = {"made_with": made_with(), "calls": record(folder)}
    out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
