"""Where does a document's text come from: a path, a git revision (`REV:path`) or standard input?"""

import posixpath
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


class DocumentError(Exception):
    """A document does not load; the message is one line naming the thing, the place and the next step."""


@dataclass(frozen=True)
class Source:
    """A text with the name it is known by, and where its neighbours are found."""

    name: str
    text: str
    revision: str | None = None
    repository: Path | None = None

    def neighbour(self, reference: str) -> "Source":
        """The file a relative `$ref` names, from the same place (working tree or revision) as this one."""
        if "://" in reference:
            raise DocumentError(
                f"{self.name}: $ref '{reference}': remote references are not followed; bundle it first"
            )
        if self.name == "-":
            raise DocumentError(
                f"-: $ref '{reference}': standard input has no neighbours; give a path instead"
            )
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), reference))
        if self.revision is None:
            return read_path(path)
        return read_revision(self.revision, path, self.repository)

    @property
    def path(self) -> str:
        """The path without its revision."""
        return self.name if self.revision is None else self.name[len(self.revision) + 1 :]


def open_source(argument: str, repository: Path | None = None) -> Source:
    """Read what a command-line argument names."""
    if argument == "-":
        return Source("-", _decode(sys.stdin.buffer.read(), "-"))
    if ":" in argument and not Path(argument).exists():
        revision, _, path = argument.partition(":")
        if len(revision) > 1:  # one letter before the colon is a drive
            return read_revision(revision, path, repository)
    return read_path(argument)


def read_path(path: str) -> Source:
    """Read a file of the working tree."""
    try:
        return Source(path, _decode(Path(path).read_bytes(), path))
    except FileNotFoundError:
        raise DocumentError(f"{path}: no such file; give a path, REV:path or -") from None
    except IsADirectoryError:
        raise DocumentError(f"{path}: is a directory; give the document's own path") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise DocumentError(f"{path}: cannot be read: {reason}") from None


def read_revision(revision: str, path: str, repository: Path | None = None) -> Source:
    """Read a file as it was at a git revision."""
    name = f"{revision}:{path}"
    if revision.startswith("-"):
        raise DocumentError(f"{name}: '{revision}' is not a revision")
    # A path in a revision counts from the repository's root, `./` from here: both are typed.
    for candidate in dict.fromkeys([f"{revision}:{path}", f"{revision}:./{path}"]):
        done = _git(["show", candidate], repository)
        if done.returncode == 0:
            return Source(name, _decode(done.stdout, name), revision, repository)
    raise DocumentError(f"{name}: {_why_not(revision, path, repository)}")


def _git(arguments: list[str], repository: Path | None) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *arguments], cwd=repository, capture_output=True, check=False)
    except FileNotFoundError:
        raise DocumentError("git: not installed; it is needed to read REV:path") from None


def _why_not(revision: str, path: str, repository: Path | None) -> str:
    if _git(["rev-parse", "--git-dir"], repository).returncode != 0:
        return "not in a git repository; run this inside one or give two paths"
    if _git(["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"], repository).returncode != 0:
        return f"unknown revision '{revision}'; fetch it first (git fetch origin {revision})"
    return f"no file '{path}' at revision '{revision}'"


def _decode(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(f"{name}: not UTF-8 (byte {error.start}); save it as UTF-8") from None
