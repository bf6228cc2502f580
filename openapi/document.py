"""Where is the document, and how is it read?"""

from pathlib import Path
from typing import Any, cast

import yaml

from openapi.grades import Grade
from openapi.views import at_grade

DOCUMENT = Path(__file__).with_name("openapi.yaml")
"""The path of the OpenAPI document."""

# The C loader reads the document about ten times as fast. A PyYAML without libyaml does not have it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(text: str) -> dict[str, Any]:
    """Parse a YAML text whose top level is a mapping.

    Raises `yaml.YAMLError` if the text is not YAML, and `ValueError` if its top level is not a mapping.
    """
    document = yaml.load(text, Loader=_LOADER)
    if not isinstance(document, dict):
        raise ValueError(f"an OpenAPI document is a mapping, this is {type(document).__name__}")
    return cast(dict[str, Any], document)


def load(grade: Grade | str = Grade.ASSUMED, path: Path = DOCUMENT) -> dict[str, Any]:
    """Read the document at a grade. Every call returns a new copy.

    `documented` contains only what the vendor's reference states. `observed` adds what public client code
    depends on. `assumed`, the default, is the whole document. Raises `ValueError` if `grade` is not a grade,
    and `OSError` if the file cannot be read.
    """
    return at_grade(parse(path.read_text(encoding="utf-8")), grade)
