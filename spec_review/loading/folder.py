"""Which OpenAPI documents are in a directory, or in a directory at a git revision?"""

import re
from pathlib import Path

from spec_review.loading.limits import MAX_FILES
from spec_review.loading.source import DocumentError, open_source, revision_files

NAMES = (".yaml", ".yml", ".json")
SKIPPED = {"node_modules", ".git", ".venv"}
DOCUMENT = re.compile(r"""^\s*\{?\s*["']?openapi["']?\s*:\s*["']?3""", re.MULTILINE)
"""A file with this line is a document; the others are parts of documents."""


def is_folder(argument: str) -> bool:
    """Whether a command-line argument names a directory."""
    if argument == "-":
        return False
    return Path(argument).is_dir() or (":" in argument and revision_files(argument) is not None)


def documents_in(argument: str) -> dict[str, str]:
    """The documents in a directory: for each path in it, the argument that names the document."""
    folder = argument.rstrip("/")
    names = _names(folder) if Path(folder).is_dir() else revision_files(argument) or []
    wanted = [name for name in names if name.lower().endswith(NAMES)]
    if len(wanted) > MAX_FILES:
        raise DocumentError(f"{argument}: has more than {MAX_FILES} files; name a smaller directory")
    separator = "" if folder.endswith(":") else "/"
    found = {name: f"{folder}{separator}{name}" for name in wanted}
    return {name: one for name, one in found.items() if DOCUMENT.search(open_source(one).text[:4000])}


def _names(folder: str) -> list[str]:
    root = Path(folder)
    files = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    inside = (path.relative_to(root) for path in files)
    return sorted(path.as_posix() for path in inside if not SKIPPED & set(path.parts))
