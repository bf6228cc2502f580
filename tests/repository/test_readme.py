"""Does what the README shows work when it is typed?"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.repository.snippets import Block, anchors, blocks, links
from tests.repository.sources import ROOT, tracked
from tests.serving import free_port, mock, served

# The blocks of one worker run in their order against one mock.
pytestmark = pytest.mark.xdist_group("readme")
README = (ROOT / "README.md").read_text(encoding="utf-8")
MARKDOWN = [path for path in tracked("*.md") if path.name != "LICENSE.md"]
PORT = "4010"
# Where the README means any deployment, the mock is one.
DEPLOYMENT = re.compile(r"https://[\w.-]+\.example\b")
# Commands that start a server and stay; these are started, waited for and stopped.
SERVER = re.compile(r"^(make mock\b|tune-mock\b(?!.*--(list|help|version)\b)).*$", flags=re.MULTILINE)
# Commands that would run these tests, or change this environment: shown to exist instead of run.
ELSEWHERE = re.compile(
    r"^(?P<make>make (?!mock\b|help\b).*)$|^(pip install|git clone) .*$", flags=re.MULTILINE
)
VENV = Path(sys.prefix)


def named(language: str, *others: str) -> pytest.MarkDecorator:
    """Run a test for each block of the README in these languages, by the line it begins on."""
    found = blocks(README, language, *others)
    return pytest.mark.parametrize("block", found, ids=[f"line {block.line}" for block in found])


def aimed(text: str, base: str) -> str:
    """The text with its addresses moved to a server that runs now."""
    origin = base.removesuffix("/v1")
    return DEPLOYMENT.sub(origin, text).replace(PORT, origin.rpartition(":")[2])


def run(command: list[str], text: str, directory: Path, base: str) -> str:
    """What a program that has to succeed says when the text is its input."""
    environment = {
        **os.environ,
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "TUNE_API_KEY": "sk-tune-readme",
        "KEY": "sk-tune-readme",
    }
    done = subprocess.run(
        command,
        input=aimed(text, base),
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the repository as it is now, with a branch called main: a place to type commands in."""
    folder = tmp_path_factory.mktemp("checkout")
    for path in tracked():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, folder / path)
    git = ["git", "-c", "user.name=Reader", "-c", "user.email=reader@example.org", "-C", str(folder)]
    for command in (["init", "-q", "-b", "main"], ["add", "--all"], ["commit", "-q", "-m", "As it is"]):
        subprocess.run([*git, *command], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The mock that the README's snippets talk to."""
    with mock(tmp_path_factory.mktemp("mock") / "log") as url:
        yield url


def installed_make(port: int) -> list[str]:
    """`make` for a checkout whose environment is the one that runs this test."""
    return [
        "make",
        "--no-print-directory",
        f"VENV={VENV}",
        "-o",
        str(VENV / ".installed"),
        f"ARGS=--port {port}",
    ]


@named("bash", "sh")
def test_a_shell_block_runs(block: Block, checkout: Path, base: str, tmp_path: Path) -> None:
    for command in SERVER.finditer(block.text):
        port, words = free_port(), shlex.split(command.group(), comments=True)
        started = [*installed_make(port), "mock"] if words[0] == "make" else _on_port(words, port)
        with served(started, port, tmp_path / "log", cwd=checkout):
            pass
    for command in ELSEWHERE.finditer(block.text):
        if command["make"]:
            targets = shlex.split(command["make"], comments=True)[1:]
            subprocess.run(["make", "--dry-run", *targets], cwd=checkout, check=True, capture_output=True)
    rest = ELSEWHERE.sub("", SERVER.sub("", block.text))
    strict = 'set -euo pipefail\ncurl() { command curl --fail-with-body "$@"; }\n'
    run(["bash", "-s"], strict + rest, checkout, base)


def _on_port(words: list[str], port: int) -> list[str]:
    program = [str(VENV / "bin" / words[0]), *(word for word in words[1:] if word != "&")]
    return [*program, "--port", str(port)]


@named("js", "javascript")
def test_a_javascript_block_runs(block: Block, checkout: Path, base: str) -> None:
    if not shutil.which("node"):
        assert not os.environ.get("CI"), "node is missing"
        pytest.skip("node is not installed")
    assert run(["node", "--input-type=module", "-"], block.text, checkout, base).strip()


@named("python")
def test_a_python_block_runs(block: Block, checkout: Path, base: str) -> None:
    assert run([sys.executable, "-"], block.text, checkout, base).strip()


@named("json", "yaml")
def test_a_block_of_data_can_be_read(block: Block) -> None:
    read = json.loads if block.language == "json" else yaml.safe_load
    assert read(block.text) is not None


def test_every_block_says_its_language() -> None:
    known = {"bash", "sh", "js", "javascript", "html", "python", "json", "yaml", "mermaid", "text", "console"}
    assert [block.line for block in blocks(README) if block.language not in known] == []


def test_there_is_something_for_everyone() -> None:
    assert {"bash", "html", "js", "python"} <= {block.language for block in blocks(README)}


@pytest.mark.parametrize("path", MARKDOWN, ids=str)
def test_every_link_within_the_repository_leads_somewhere(path: Path) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    lost = []
    for target, anchor in links(text):
        found = (ROOT / path.parent / target) if target else ROOT / path
        if not found.exists():
            lost.append(target)
        elif anchor and anchor not in anchors(found.read_text(encoding="utf-8")):
            lost.append(f"{target}#{anchor}")
    assert lost == []


def test_a_block_a_link_and_an_anchor_are_read_as_markdown_has_them() -> None:
    text = "# `A` title, again\n\n[b](c.md#d) [e](https://f.example)\n\n```js\ng(1)\n```\n"
    assert blocks(text) == [Block("js", "g(1)\n", 6)]
    assert blocks(text, "python") == []
    assert list(links(text)) == [("c.md", "d")]
    assert anchors(text) == {"a-title-again"}


def test_a_block_that_fails_is_seen(checkout: Path) -> None:
    with pytest.raises(AssertionError, match="exit 3"):
        run(["bash", "-s"], "exit 3", checkout, "http://127.0.0.1:9/v1")
