"""How is the text of a document read: from a path, a git revision (`REV:path`) or standard input?"""

import posixpath
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


class DocumentError(Exception):
    """A document cannot be loaded; the message is one line with the place, the problem and what to do."""


@dataclass(frozen=True)
class Source:
    """The text of a file, its name, and for `REV:path` the revision and repository it comes from."""

    name: str
    text: str
    revision: str | None = None
    repository: Path | None = None

    def neighbour(self, reference: str) -> "Source":
        """The file that a relative `$ref` names, read from the same working tree or git revision."""
        if "://" in reference:
            raise DocumentError(
                f"{self.name}: $ref '{reference}': remote references are not supported; bundle it first"
            )
        if self.name == "-":
            raise DocumentError(
                f"-: $ref '{reference}': standard input cannot refer to other files; give a path instead"
            )
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), reference))
        if self.revision is None:
            return read_path(path)
        return read_revision(self.revision, path, self.repository)

    @property
    def path(self) -> str:
        """The path without the revision."""
        return self.name if self.revision is None else self.name[len(self.revision) + 1 :]


def open_source(argument: str, repository: Path | None = None) -> Source:
    """Read the source that a command-line argument names: a path, `REV:path` or `-`."""
    if argument == "-":
        return Source("-", _decode(sys.stdin.buffer.read(), "-"))
    if ":" in argument and not Path(argument).exists():
        revision, _, path = argument.partition(":")
        if len(revision) > 1:  # one letter before the colon is a Windows drive
            return read_revision(revision, path, repository)
    return read_path(argument)


def read_path(path: str) -> Source:
    """Read a file. Raises `DocumentError` when it cannot be read."""
    try:
        return Source(path, _decode(Path(path).read_bytes(), path))
    except FileNotFoundError:
        raise DocumentError(f"{path}: no such file; give a path, REV:path or -") from None
    except IsADirectoryError:
        raise DocumentError(f"{path}: is a directory; give the path of a document") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise DocumentError(f"{path}: cannot be read: {reason}") from None


def read_revision(revision: str, path: str, repository: Path | None = None) -> Source:
    """Read a file at a git revision. Raises `DocumentError` when it cannot be read."""
    name = f"{revision}:{path}"
    if revision.startswith("-"):
        raise DocumentError(f"{name}: '{revision}' is not a revision")
    # Git resolves a path from the repository's root, and `./path` from the current directory: try both.
    for candidate in dict.fromkeys([f"{revision}:{path}", f"{revision}:./{path}"]):
        done = _git(["show", candidate], repository)
        if done.returncode == 0:
            return Source(name, _decode(done.stdout, name), revision, repository)
    raise DocumentError(f"{name}: {_why_not(revision, path, repository)}")


def _git(arguments: list[str], repository: Path | None) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *arguments], cwd=repository, capture_output=True, check=False)
    except FileNotFoundError:
        raise DocumentError("git: not installed; REV:path needs it") from None


def _why_not(revision: str, path: str, repository: Path | None) -> str:
    if _git(["rev-parse", "--git-dir"], repository).returncode != 0:
        return "not in a git repository; run tune-review inside one, or give two paths"
    if _git(["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"], repository).returncode != 0:
        return f"unknown revision '{revision}'; fetch it first (git fetch origin {revision})"
    return f"no file '{path}' at revision '{revision}'"


def _decode(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(f"{name}: not UTF-8 (byte {error.start}); save it as UTF-8") from None
