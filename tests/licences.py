"""The licences of all dependencies, from the metadata of what is installed.

``python -m tests.licences`` writes docs/licences.md anew, where ``.[dev,bench]`` is installed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.paths import REPO

PAGE = REPO / "docs" / "licences.md"
PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
ALWAYS = "rankeval"
#: How the text of the MIT licence begins, which may stand without its name.
_GRANT = "Permission is hereby granted, free of charge"
#: What a text about a licence holds -> its identifier.
_TEXTS = {
    r"\bMIT\b": "MIT",
    r"3-Clause|new BSD": "BSD-3-Clause",
    r"2-Clause": "BSD-2-Clause",
    r"\bBSD\b": "BSD",
    r"Apache": "Apache-2.0",
    r"Mozilla Public License 2.0": "MPL-2.0",
    r"Python Software Foundation": "PSF-2.0",
}


def direct() -> dict[str, list[str]]:
    """Name of each direct dependency -> what needs it: the package itself, or extras."""
    groups = {ALWAYS: PROJECT["dependencies"], **PROJECT["optional-dependencies"]}
    found: dict[str, list[str]] = {}
    for group, requirements in groups.items():
        for requirement in map(Requirement, requirements):
            name = canonicalize_name(requirement.name)
            if name != canonicalize_name(PROJECT["name"]):
                found.setdefault(name, []).append(group)
    return dict(sorted(found.items()))


def all_of(names: Iterable[str]) -> dict[str, str]:
    """Name -> licence of these distributions and of all that they need on this machine.

    Raises:
        PackageNotFoundError: one of ``names`` is not installed.
    """
    found: dict[str, str] = {}
    waiting = [(name, distribution(name)) for name in names]
    while waiting:
        name, package = waiting.pop()
        if name not in found:
            found[name] = licence(package)
            waiting.extend(_needed(package))
    return dict(sorted(found.items()))


def _needed(package: Distribution) -> Iterator[tuple[str, Distribution]]:
    for requirement in map(Requirement, package.requires or ()):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            try:
                yield canonicalize_name(requirement.name), distribution(requirement.name)
            except PackageNotFoundError:
                continue


def licence(package: Distribution) -> str:
    """The identifier of a licence, from the first place that tells it: the metadata, or the text itself."""
    told = package.metadata
    if told.get("License-Expression"):
        return str(told["License-Expression"])
    classifiers = [text for text in told.get_all("Classifier") or () if text.startswith("License :: ")]
    files = [file for file in package.files or () if file.name.startswith("LICENSE")]
    for text in [*classifiers, told.get("License") or "", *(file.read_text() for file in files)]:
        for pattern, identifier in _TEXTS.items():
            if re.search(pattern, text.strip().partition("\n")[0], re.I):
                return identifier
    return "MIT" if any(_GRANT in file.read_text() for file in files) else "unknown"


def page() -> str:
    needed_by = direct()
    licences = all_of(needed_by)
    lines = [
        "# Licences of dependencies",
        "",
        "rankeval is licensed under Apache-2.0. It holds no code of these packages; `pip` installs them.",
        "The tables are made from their metadata by `python -m tests.licences`, and checked by",
        "`tests/test_licences.py`.",
        "",
        "## Direct",
        "",
        "| package | licence | needed by |",
        "|---|---|---|",
        *(f"| {name} | {licences[name]} | {', '.join(needed_by[name])} |" for name in needed_by),
        "",
        "## What these need",
        "",
        "| package | licence |",
        "|---|---|",
        *(f"| {name} | {text} |" for name, text in licences.items() if name not in needed_by),
        "",
        "`nvidia-nccl-cu12` is not free. XGBoost's wheel for Linux asks for it, to train on several GPUs.",
        "rankeval does not use it, and installs it with the extra `xgboost` only.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
