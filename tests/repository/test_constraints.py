"""Is everything that make installs pinned, and does every pin fit what pyproject.toml allows?"""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.repository.sources import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LINES = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS = {
    canonicalize_name(name): version
    for name, _, version in (line.partition("==") for line in LINES if not line.startswith("#"))
}
EXTRAS = PROJECT["optional-dependencies"]
DIRECT = [Requirement(text) for text in PROJECT["dependencies"] + EXTRAS["dev"] + EXTRAS["docs"]]


def needed(requirements: list[Requirement], seen: set[tuple[str, str]]) -> set[str]:
    """The names of all direct and indirect dependencies, according to the installed packages."""
    for requirement in requirements:
        for extra in ("", *requirement.extras):
            key = (canonicalize_name(requirement.name), extra)
            if key not in seen:
                seen.add(key)
                needed(_required_by(*key), seen)
    return {name for name, _ in seen}


def _required_by(name: str, extra: str) -> list[Requirement]:
    try:
        texts = requires(name) or []
    except PackageNotFoundError:
        return []
    found = [Requirement(text) for text in texts]
    return [one for one in found if one.marker is None or one.marker.evaluate({"extra": extra})]


def test_every_line_pins_one_version_without_an_address() -> None:
    assert [
        line for line in LINES[1:] if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.+!]*", line)
    ] == []


def test_no_package_is_pinned_twice() -> None:
    assert len(PINS) == len(LINES) - 1


@pytest.mark.parametrize("requirement", DIRECT, ids=str)
def test_every_pin_is_within_the_bounds_of_the_dependency(requirement: Requirement) -> None:
    assert requirement.specifier.contains(PINS[canonicalize_name(requirement.name)])


@pytest.mark.parametrize("text", PROJECT["dependencies"])
def test_every_dependency_of_the_package_has_a_lower_and_an_upper_bound(text: str) -> None:
    operators = {specifier.operator for specifier in Requirement(text).specifier}
    assert {">=", "<"} <= operators


def test_indirect_dependencies_are_pinned_too() -> None:
    assert needed(DIRECT, set()) - set(PINS) == set()
