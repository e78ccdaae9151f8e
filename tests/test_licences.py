"""docs/licences.md names every dependency, and none whose licence does not go with that of rankeval."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution

import pytest

from tests.licences import PAGE, PROJECT, direct, licence

#: Licences whose packages an Apache-2.0 package may need.
PERMISSIVE = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0",
    "MIT", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib",
}  # fmt: skip
#: Asked for by a dependency of an extra, and not used; the page says so.
NOT_USED = {"nvidia-nccl-cu12": "LicenseRef-NVIDIA-Proprietary"}
ROWS = [
    row
    for row in re.findall(r"^\| ([\w.-]+) \| ([^|]+) \|(?: ([^|]+) \|)?$", PAGE.read_text(), re.M)
    if row[0] not in ("package", "---")
]


def identifiers(expression: str) -> set[str]:
    return set(re.split(r" (?:AND|OR) ", expression.replace("(", "").replace(")", "")))


def test_the_page_names_every_direct_dependency_and_what_needs_it() -> None:
    listed = {name: needed_by.split(", ") for name, _, needed_by in ROWS if needed_by}
    assert listed == direct()
    extras = {extra for needed_by in listed.values() for extra in needed_by}
    assert extras == {"rankeval", *PROJECT["optional-dependencies"]}


def test_every_licence_goes_with_that_of_rankeval() -> None:
    assert len(ROWS) > len(direct())
    others = {name: text for name, text, _ in ROWS if not identifiers(text) <= PERMISSIVE}
    assert others == NOT_USED


@pytest.mark.parametrize("name", direct())
def test_so_does_that_of_what_is_installed(name: str) -> None:
    try:
        found = licence(distribution(name))
    except PackageNotFoundError:
        pytest.skip(f"{name} is of an extra that is not installed here; its licence is that of the page")
    assert identifiers(found) <= PERMISSIVE
