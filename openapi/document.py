"""Answers: where is the document, and how is it read?"""

from pathlib import Path
from typing import Any, cast

import yaml

from openapi.grades import Grade, view

DOCUMENT = Path(__file__).with_name("openapi.yaml")
"""The path of the one hand-written OpenAPI document."""

# The C loader reads the document about ten times as fast; PyYAML builds without libyaml lack it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(text: str) -> dict[str, Any]:
    """Read a YAML text whose top level is a mapping.

    Raises `yaml.YAMLError` when it is not YAML and `ValueError` when it is something else than a mapping.
    """
    document = yaml.load(text, Loader=_LOADER)
    if not isinstance(document, dict):
        raise ValueError(f"an OpenAPI document is a mapping, this is {type(document).__name__}")
    return cast(dict[str, Any], document)


def load(grade: Grade | str = Grade.ASSUMED, path: Path = DOCUMENT) -> dict[str, Any]:
    """The document as it stands at a grade; each call gives a copy of its own.

    `documented` holds only what the vendor's reference states, `observed` adds what client code depends
    on, `assumed` (the fullest) also what was chosen to make the contract complete. Raises `ValueError` for
    another word, `OSError` when the file cannot be read.
    """
    return view(parse(path.read_text(encoding="utf-8")), grade)
