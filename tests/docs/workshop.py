"""How does a test follow a page, block by block, as its reader would?

A page is followed in a clone of the repository, against a mock. A block whose first line names a file is
saved there. Shell, JavaScript and Python blocks are run; data is parsed. Addresses lead to servers that run.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.docs.snippets import Block
from tests.repository.sources import ROOT, tracked
from tests.serving import free_port, served

VENV = Path(sys.prefix)
KEY = "sk-tune-any"
# Where a page means any deployment, the mock is one.
DEPLOYMENT = re.compile(r"https://tune\.example\b")
# The ports that pages name: the mock's, the checking proxy's, a page's own web server's.
MOCK, PORTS = "4010", ("4010", "4011", "8080")
# Commands that start a server and stay: these are started, waited for, and stopped after the page.
SERVER = re.compile(
    r"^(?:make mock|tune-mock(?!.*--(?:list|help|version))|tune-check --proxy-to|python3 -m http\.server)\b"
    r".*\n?",
    flags=re.MULTILINE,
)
# Commands that would run these tests, or change this environment: shown to exist instead of run.
ELSEWHERE = re.compile(
    r"^(?:make (?P<targets>.*)|(?:pip|npm) install .*|git (?:clone|pull)\b.*)\n?", flags=re.MULTILINE
)
RUN = {"bash": ["bash", "-s"], "js": ["node", "--input-type=module", "-"], "python": [sys.executable, "-"]}
# Playwright brings its own browser; here the one that is installed does.
SHELL = """set -euo pipefail
curl() { command curl --fail-with-body "$@"; }
npx() {
    local config=(); if [[ "$1" == playwright ]]; then config=(--config "$PLAYWRIGHT_CONFIG"); fi
    command npx "$@" "${config[@]}"
}
"""
PLAYWRIGHT = """import config from "./playwright.config.js";
config.use = { ...config.use, launchOptions: { executablePath: "%s", args: ["--no-sandbox"] } };
export default config;
"""


class Workshop:
    """A clone of the repository with a branch called main, and a mock: a place to follow pages in."""

    def __init__(self, folder: Path, mock: str, files: Mapping[str, str]) -> None:
        """`mock` is the base URL of a mock that accepts KEY; `files` are what pages let a reader save."""
        self.folder, self._mock, self._files = folder, httpx.URL(mock), files
        self._ports: dict[str, int] = {}
        self._servers: dict[int, ExitStack] = {}
        for path in tracked():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, folder / path)
        self._git("init", "-q", "-b", "main")
        self._git("add", "--all")
        self._git("commit", "-q", "-m", "As it is")
        _link_node_modules(folder / "node_modules")

    def follow(self, blocks: list[Block]) -> dict[int, str]:
        """Do what the blocks of a page say; what those printed that were run, by their line."""
        self._git("reset", "-q", "--hard")
        self._git("clean", "-fdq")
        httpx.post(self._mock.join("/_mock/reset"))
        self._ports = {port: free_port() for port in PORTS} | {MOCK: self._mock.port or 80}
        self._prepare(blocks)
        try:
            return {block.line: self._do(block) for block in blocks}
        finally:
            for port in list(self._servers):
                self._servers.pop(port).close()

    def aimed(self, text: str) -> str:
        """The text with its addresses moved to the servers that run now."""
        text = DEPLOYMENT.sub(str(self._mock.copy_with(path="")), text)
        return re.sub(rf"\b(?:{'|'.join(PORTS)})\b", lambda port: str(self._ports[port.group()]), text)

    def _prepare(self, blocks: list[Block]) -> None:
        """Save the files that the page speaks of and that other pages show."""
        wanted = [name for name in self._files if any(name in block.text for block in blocks)]
        for name in {
            *wanted,
            *(other for name in wanted for other in self._files if other in self._files[name]),
        }:
            self._save(name, self._files[name])
        browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
        self._save("with-this-browser.config.js", PLAYWRIGHT % browser)

    def _do(self, block: Block) -> str:
        if block.name:
            self._save(block.name, block.text)
        if block.language in ("json", "yaml"):
            assert (json.loads if block.language == "json" else yaml.safe_load)(block.text) is not None
        elif block.name:
            _check_syntax(self.folder / block.name)
        elif block.language in RUN:
            text = self._without_servers(block.text) if block.language == "bash" else block.text
            return self._run(RUN[block.language], self.aimed(text), must_print=block.language != "bash")
        return ""

    def _save(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.aimed(text), encoding="utf-8")

    def _without_servers(self, text: str) -> str:
        """What is left of a shell block once its servers have been started."""
        for command in SERVER.finditer(text):
            self._serve(shlex.split(command.group(), comments=True))
        rest = SERVER.sub("", text)
        for command in ELSEWHERE.finditer(rest):
            if command["targets"]:
                targets = shlex.split(command["targets"], comments=True)
                self._output(["make", "--dry-run", *targets])
        return SHELL + ELSEWHERE.sub("", rest)

    def _serve(self, words: list[str]) -> None:
        """Start a server; a mock that a page starts is from then on the one it speaks to."""
        port = self._ports[next((port for port in PORTS if any(port in word for word in words)), MOCK)]
        if words[0] in ("make", "tune-mock"):
            port = self._ports[MOCK] = free_port()
        command = {
            "make": ["make", f"VENV={VENV}", "-o", f"{VENV}/.installed", f"ARGS=--port {port}", "mock"],
            "tune-mock": [*words, "--port", str(port)],
        }.get(words[0], [self.aimed(word) for word in words])
        command[0] = shutil.which(command[0], path=self._environment["PATH"]) or command[0]
        stack = self._servers[port] = ExitStack()
        log = self.folder.with_name(f"{port}.log")
        stack.enter_context(served(command, port, log, cwd=self.folder, env=self._environment))

    def _run(self, command: list[str], text: str, must_print: bool) -> str:
        printed = self._output(command, input=text)
        assert printed.strip() or not must_print, "it prints nothing"
        return printed

    def _output(self, command: list[str], **options: Any) -> str:
        """What a command prints that has to succeed."""
        options |= {"cwd": self.folder, "env": self._environment, "capture_output": True, "text": True}
        done = subprocess.run(command, timeout=300, **options)
        assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return str(done.stdout)

    def _git(self, *words: str) -> None:
        author = ("-c", "user.name=Reader", "-c", "user.email=reader@example.org")
        subprocess.run(["git", *author, "-C", str(self.folder), *words], check=True, capture_output=True)

    @property
    def _environment(self) -> dict[str, str]:
        return {
            **{
                name: value for name, value in os.environ.items() if not name.startswith(("TUNE_", "PYTEST_"))
            },
            "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "TUNE_API_KEY": KEY,
            "KEY": KEY,
            "PLAYWRIGHT_CONFIG": "with-this-browser.config.js",
        }


def _link_node_modules(folder: Path) -> None:
    """Give the clone the packages of this checkout and the JavaScript client."""
    folder.mkdir()
    for path in (ROOT / "node_modules").glob("*"):
        (folder / path.name).symlink_to(path)
    (folder / "tune-mock-client").symlink_to(ROOT / "clients/js")


def _check_syntax(path: Path) -> None:
    if path.suffix == ".py":
        compile(path.read_text(encoding="utf-8"), path, "exec")
    if path.suffix == ".js":
        module = path.with_suffix(".check.mjs")
        module.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
        subprocess.run(["node", "--check", module], check=True, capture_output=True)
        module.unlink()
