"""What do the README's lifecycle diagrams have to be? `make diagrams` writes them."""

import re
import sys
from pathlib import Path

import openapi
from tests.repository.sources import ROOT

README = ROOT / "README.md"
_DIAGRAM = re.compile(
    r"(?P<start><!-- lifecycle:(?P<schema>\w+) -->\n).*?(?P<end><!-- /lifecycle -->)", flags=re.DOTALL
)


def schemas(text: str) -> list[str]:
    """The schemas whose lifecycle a text draws."""
    return [match["schema"] for match in _DIAGRAM.finditer(text)]


def redrawn(text: str) -> str:
    """The text with every diagram as the document has it now."""
    return _DIAGRAM.sub(_draw, text)


def _draw(match: re.Match[str]) -> str:
    diagram = openapi.lifecycle_diagram(openapi.load(), match["schema"]).strip("\n")
    return f"{match['start']}```mermaid\n{diagram}\n```\n{match['end']}"


def main(readme: Path = README) -> int:
    """Write the diagrams anew."""
    readme.write_text(redrawn(readme.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
