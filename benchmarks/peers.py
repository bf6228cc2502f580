"""Which servers are compared, and how is each started?"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import openapi

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
REFERENCE = "Prism, silent"


@dataclass(frozen=True)
class Peer:
    """A server. `command` starts it for a document and a port; `base` is the base path of its operations."""

    name: str
    version: str
    command: Callable[[Path, int], Sequence[str]]
    base: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    needs: Path | None = None

    @property
    def installed(self) -> bool:
        """Whether the server is installed."""
        return self.needs is None or self.needs.exists()


def _mock(*arguments: str) -> Callable[[Path, int], Sequence[str]]:
    return lambda _, port: [
        *(sys.executable, "-m", "mock_server", "--port", str(port), "--scenario", "instant", "--quiet"),
        *arguments,
    ]


def _node(script: str, *arguments: str) -> Callable[[Path, int], Sequence[str]]:
    def command(document: Path, port: int) -> Sequence[str]:
        filled = (part.format(document=document, port=port) for part in arguments)
        return ["node", str(HERE / script), *filled]

    return command


def _pinned(package: str) -> str:
    return str(json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"][package])


def peers(scratch: Path) -> list[Peer]:
    """All servers of the comparison, tune-mock first; they may write to `scratch`."""
    home = {"HOME": str(scratch), "NODE_ENV": "production", "NO_COLOR": "1"}
    prism, mockoon = "node_modules/@stoplight/prism-cli", "node_modules/@mockoon/cli"
    scalar, steady = "node_modules/@scalar/mock-server", "node_modules/@stdy/cli"
    own = version("tune-contract")
    return [
        Peer("tune-mock", own, _mock(), "/v1"),
        Peer("tune-mock, 2 processes", own, _mock("--workers", "2"), "/v1"),
        Peer(
            REFERENCE,
            _pinned("@stoplight/prism-cli"),
            _node(f"{prism}/dist/index.js", "mock", "-p", "{port}", "-v", "silent", "{document}"),
            environment=home,
            needs=HERE / prism,
        ),
        Peer(
            "Scalar mock server",
            _pinned("@scalar/mock-server"),
            _node("scalar.mjs", "{document}", "{port}"),
            environment=home,
            needs=HERE / scalar,
        ),
        Peer(
            "Mockoon, imported",
            _pinned("@mockoon/cli"),
            _node(
                f"{mockoon}/bin/run.js",
                *("start", "-d", "{document}", "-p", "{port}", "-l", "127.0.0.1"),
                *("--disable-log-to-file", "--disable-admin-api"),
            ),
            "/v1",
            environment=home,
            needs=HERE / mockoon,
        ),
        Peer(
            "Steady (`@stdy/cli`)",
            _pinned("@stdy/cli"),
            _node(f"{steady}/steady.js", "-q", "-p", "{port}", "--host", "127.0.0.1", "{document}"),
            environment=home,
            needs=HERE / steady,
        ),
        Peer(
            "bare Starlette (the limit)",
            version("starlette"),
            lambda document, port: [sys.executable, "-m", "benchmarks.bare", str(document), str(port)],
            "/v1",
        ),
    ]


def install() -> str | None:
    """Install the servers that come from npm. Returns an error message if that fails."""
    if (MODULES / ".package-lock.json").exists():
        return None
    try:
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"],
            cwd=HERE,
            check=True,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        return "npm is missing: install Node.js 20.19 or later to compare with the other mock servers"
    except subprocess.CalledProcessError as error:
        return f"npm ci in benchmarks/ ended with {error.returncode}: {error.stderr.strip()[-300:]}"
    return None


def write_document(path: Path) -> None:
    """Write the document that every server gets: all grades, without `x-` keywords."""
    path.write_text(json.dumps(_plain(openapi.load())), encoding="utf-8")


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items() if not key.startswith("x-")}
    return [_plain(item) for item in node] if isinstance(node, list) else node
