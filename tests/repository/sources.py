"""Which files does this repository contain?"""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("openapi", "mock_server", "contract_tests", "spec_review")


@cache
def tracked(*patterns: str) -> tuple[Path, ...]:
    """The tracked files that match the git patterns, relative to the root, sorted."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = [name for name in listing.stdout.split("\0") if name]
    return tuple(Path(name) for name in sorted(names) if (ROOT / name).is_file())


def modules(*rooms: str) -> list[Path]:
    """The Python files of these packages, or of all packages, relative to the root."""
    return list(tracked(*(f"{room}/*.py" for room in rooms or ROOMS)))


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a Python file; the path is relative to the root."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))
