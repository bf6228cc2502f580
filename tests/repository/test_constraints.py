"""Is everything that make installs pinned with hashes, and does every pin fit what pyproject.toml allows?"""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.repository.sources import ROOMS, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
RUN = [Requirement(text) for text in PROJECT["dependencies"]]
DEV = [Requirement(text) for text in EXTRAS["dev"] + EXTRAS["docs"]]
FILES = {"constraints.txt": RUN, "constraints-dev.txt": RUN + DEV}


class Pin(NamedTuple):
    """A version, where it applies, and the hashes of its files."""

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of the package."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        """The only version that the pin allows."""
        return str(self.requirement.specifier).removeprefix("==")


def pins(file: str) -> list[Pin]:
    """The pins of a file."""
    text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    parts = [re.split(r"\s+--hash=", line) for line in lines]
    return [Pin(Requirement(first), tuple(rest)) for first, *rest in parts]


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


@pytest.mark.parametrize("file", FILES)
def test_every_pin_names_one_version_and_the_hashes_of_its_files(file: str) -> None:
    found = pins(file)
    assert found
    for pin in found:
        assert re.fullmatch(r"[0-9][A-Za-z0-9.+!]*", pin.version), pin
        assert pin.hashes, pin
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", one) for one in pin.hashes), pin


@pytest.mark.parametrize("file", FILES)
def test_the_pins_contain_no_address(file: str) -> None:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "://" in line or line.startswith("-")] == []


@pytest.mark.parametrize("python", ["3.11.2", "3.12.3", "3.13.1", "3.14.0"])
@pytest.mark.parametrize("file", FILES)
def test_a_package_has_one_version_in_each_python(file: str, python: str) -> None:
    environment = {"python_version": python[:4], "python_full_version": python}
    markers = [(pin.name, pin.requirement.marker) for pin in pins(file)]
    names = [name for name, marker in markers if marker is None or marker.evaluate(environment)]
    assert [name for name in set(names) if names.count(name) > 1] == []


def test_both_files_pin_the_same_versions_and_hashes() -> None:
    development = {(pin.name, pin.version): set(pin.hashes) for pin in pins("constraints-dev.txt")}
    differing = [
        pin for pin in pins("constraints.txt") if development.get((pin.name, pin.version)) != set(pin.hashes)
    ]
    assert differing == []


@pytest.mark.parametrize(
    ("file", "requirement"), [(file, one) for file, direct in FILES.items() for one in direct], ids=str
)
def test_every_pin_is_within_the_bounds_of_the_dependency(file: str, requirement: Requirement) -> None:
    versions = [pin.version for pin in pins(file) if pin.name == canonicalize_name(requirement.name)]
    assert versions
    assert all(requirement.specifier.contains(version) for version in versions)


@pytest.mark.parametrize("text", PROJECT["dependencies"])
def test_every_dependency_of_the_package_has_a_lower_and_an_upper_bound(text: str) -> None:
    operators = {specifier.operator for specifier in Requirement(text).specifier}
    assert {">=", "<"} <= operators


@pytest.mark.parametrize("file", FILES)
def test_indirect_dependencies_are_pinned_too(file: str) -> None:
    assert needed(FILES[file], set()) - {pin.name for pin in pins(file)} == set()


@pytest.mark.parametrize("file", FILES)
def test_the_build_backend_is_pinned(file: str) -> None:
    assert "setuptools" in {pin.name for pin in pins(file)}


# Other packages import or load these: uvicorn the first two, connexion, pytest and schemathesis the others.
LOADED_BY_OTHERS = {"httptools", "uvloop", "swagger-ui-bundle-v2", "pytest-xdist", "hypothesis"}
MODULES = {"pyyaml": "yaml"}


def test_every_dependency_of_the_package_is_used() -> None:
    paths = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    names = {one.name for one in RUN} - LOADED_BY_OTHERS
    modules = {MODULES.get(name, name.replace("-", "_")) for name in names}
    assert {one for one in modules if not re.search(rf"^\s*(from|import) {one}\b", source, re.M)} == set()
