"""How is the text of a document read: from a path, a git revision (`REV:path`) or standard input?"""

import posixpath
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from spec_review.loading.limits import MAX_BYTES


class DocumentError(Exception):
    """A document cannot be loaded; the message is one line with the place, the problem and what to do."""


class DanglingError(DocumentError):
    """A reference points to nothing; the rest of the document can be reviewed."""


@dataclass(frozen=True)
class Source:
    """The content of a file, its name, and for `REV:path` the revision and repository it comes from.

    The content is kept as bytes: one emoji makes a text of a large document four times as large.
    """

    name: str
    content: bytes
    revision: str | None = None
    repository: Path | None = None
    root: Path | None = None  # nothing outside of this folder is read

    @property
    def text(self) -> str:
        """The content as text. Raises `DocumentError` when it is not UTF-8."""
        try:
            return self.content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise DocumentError(f"{self.name}: not UTF-8 (byte {error.start}); save it as UTF-8") from None

    def mentions(self, word: str) -> bool:
        """Whether a word is anywhere in the text."""
        return word.encode() in self.content

    def neighbour_name(self, reference: str) -> str:
        """The name of the file that a relative `$ref` names. Raises `DocumentError` for any other `$ref`."""
        shown = " ".join(reference.split())[:200]
        if "://" in reference:
            raise DocumentError(
                f"{self.name}: $ref '{shown}': remote references are not supported; bundle it first"
            )
        if self.name == "-":
            raise DocumentError(
                f"-: $ref '{shown}': standard input cannot refer to other files; give a path instead"
            )
        if reference.startswith(("/", "\\", "~")) or PureWindowsPath(reference).drive:
            raise DocumentError(f"{self.name}: $ref '{shown}' is an absolute path; use a relative one")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), reference))
        return path if self.revision is None else f"{self.revision}:{path}"

    def neighbour(self, reference: str) -> "Source":
        """The file that a relative `$ref` names, read from the same working tree or git revision.

        Raises `DanglingError` when there is none, `DocumentError` when it is outside of the document's
        repository or folder, or not a regular file.
        """
        name = self.neighbour_name(reference)
        if self.revision is not None:
            path = name[len(self.revision) + 1 :]
            if path.startswith(".."):
                raise DanglingError("it leads outside of the repository; nothing there is read")
            try:
                return read_revision(self.revision, path, self.repository, self.root)
            except DocumentError as problem:
                raise DanglingError(str(problem)) from None
        return read_inside(name, self.root or root_of(self.name), self.name)

    @property
    def path(self) -> str:
        """The path without the revision."""
        return self.name if self.revision is None else self.name[len(self.revision) + 1 :]


def open_source(argument: str, repository: Path | None = None) -> Source:
    """Read the source that a command-line argument names: a path, `REV:path` or `-`."""
    if argument == "-":
        return Source("-", sys.stdin.buffer.read())
    if ":" in argument and not Path(argument).exists():
        revision, _, path = argument.partition(":")
        if len(revision) > 1:  # one letter before the colon is a Windows drive
            return read_revision(revision, path, repository)
    return read_path(argument)


def read_path(path: str, root: Path | None = None) -> Source:
    """Read a file. Raises `DocumentError` when it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise DocumentError(f"{path}: no such file; give a path, REV:path or -") from None
    except IsADirectoryError:
        raise DocumentError(f"{path}: is a directory; give the path of a document") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise DocumentError(f"{path}: cannot be read: {reason}") from None
    if len(content) > MAX_BYTES:
        raise DocumentError(f"{path}: larger than {MAX_BYTES // 2**20} MiB; split the document")
    return Source(path, content, root=root)


def root_of(path: str) -> Path:
    """The folder that no `$ref` may leave: the git repository of a file, or else the file's own folder."""
    folder = Path(path).resolve().parent
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)


def read_inside(path: str, root: Path, owner: str) -> Source:
    """Read a file that a `$ref` names. Raises `DocumentError` for what is outside or not a regular file."""
    shown = " ".join(path.split())[:200]
    try:
        real = Path(path).resolve()
        inside = real.is_relative_to(root.resolve()) and ".git" not in real.parts
        kind = real.stat().st_mode if inside else 0
    except FileNotFoundError:
        raise DanglingError(f"no file '{shown}'") from None
    except (OSError, ValueError, RuntimeError):
        raise DanglingError(f"'{shown}' cannot be read") from None
    if not inside:
        raise DanglingError(f"it leads outside of {root}; nothing there is read")
    if not stat.S_ISREG(kind):
        raise DocumentError(f"{owner}: $ref '{shown}' is not a regular file")
    return read_path(path, root)


def read_revision(
    revision: str, path: str, repository: Path | None = None, root: Path | None = None
) -> Source:
    """Read a file at a git revision. Raises `DocumentError` when it cannot be read."""
    name = f"{revision}:{path}"
    if revision.startswith("-"):
        raise DocumentError(f"{name}: '{revision}' is not a revision")
    # Git resolves a path from the repository's root, and `./path` from the current directory: try both.
    for candidate in dict.fromkeys([f"{revision}:{path}", f"{revision}:./{path}"]):
        done = _git(["show", candidate], repository)
        if done.returncode == 0:
            return Source(name, done.stdout, revision, repository, root)
    raise DocumentError(f"{name}: {_why_not(revision, path, repository)}")


def revision_files(argument: str) -> list[str] | None:
    """The files below `REV:directory`, without the directory; None when it is not a directory."""
    revision, _, path = argument.partition(":")
    if len(revision) < 2 or revision.startswith("-"):
        return None
    folder = path.strip("/")
    kind = _git(["cat-file", "-t", f"{revision}:{folder}"], None)
    if kind.stdout.strip() != b"tree":
        return None
    done = _git(["ls-tree", "-r", "-z", "--name-only", f"{revision}:{folder}"], None)
    return [name for name in done.stdout.decode("utf-8", "replace").split("\0") if name]


def latest_tag(pattern: str) -> str:
    """The newest tag before HEAD that matches a pattern. Raises `DocumentError` when there is none."""
    done = _git(["describe", "--tags", "--abbrev=0", f"--match={pattern}", "HEAD"], None)
    if done.returncode != 0:
        raise DocumentError(f"--base-from-tag: no tag matches '{pattern}' before HEAD; fetch the tags first")
    return done.stdout.decode().strip()


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
