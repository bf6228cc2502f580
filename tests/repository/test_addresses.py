"""Is the repository free of addresses, paths and keys of one machine or network?"""

import re

import pytest

from tests.repository.sources import ROOT, tracked

# The character classes keep this file from matching itself.
FOREIGN = {
    "the address of a package registry": r"registry[.]npmjs|pypi[.]org|pythonhosted[.]org|registry[.]yarnpkg",
    "the choice of a package registry": r'--(extra-)?index[-]url|--find[-]links|"resolved["]',
    "a path of one machine": r"(?<![\w.])/(root|home/\w+|Users/\w+|work)[/](?!\*)|\b[A-Z]:[\\](Users|work)",
    "a key that looks real": r"sk-tune-[A-Za-z0-9]{24,}",
}


def foreign(text: str) -> list[str]:
    """The addresses, paths and keys in a text, one string each with its line number."""
    return [
        f"line {number}: {what}: {match.group()}"
        for number, line in enumerate(text.splitlines(), start=1)
        for what, pattern in FOREIGN.items()
        for match in re.finditer(pattern, line)
    ]


def test_no_tracked_file_names_a_registry_or_a_machine() -> None:
    texts = {path: (ROOT / path).read_bytes().decode("utf-8", "replace") for path in tracked()}
    assert {str(path): found for path, text in texts.items() if (found := foreign(text))} == {}


@pytest.mark.parametrize(
    "line",
    [
        "https://registry" + ".npmjs.org/typescript",
        "--extra-index" + "-url https://packages.example",
        "cd /ro" + "ot/project",
        "C:" + "\\Users\\someone",
        "/home/" + "someone/.venv",
        '"resol' + 'ved": "https://packages.example/x.tgz"',
        "sk-tune-" + "a1b2c3d4" * 4,
    ],
)
def test_an_address_path_or_key_is_found(line: str) -> None:
    assert [found.partition(":")[0] for found in foreign(line)] == ["line 1"]


@pytest.mark.parametrize(
    "line", ["https://studio.tune.app/v1", "/v1/threads/work", "sk-tune-example", "~/.venv"]
)
def test_public_addresses_and_relative_paths_are_allowed(line: str) -> None:
    assert foreign(line) == []
