"""What data does a YAML or JSON text hold, and on which line is each value?"""

from dataclasses import dataclass
from typing import Any

import yaml

from spec_review.loading.json_file import NotJson, read_json
from spec_review.loading.limits import MAX_BYTES
from spec_review.loading.marks import JsonMarks, Marks, Path, YamlMarks
from spec_review.loading.numbers import BadNumber
from spec_review.loading.source import DocumentError, Source
from spec_review.loading.yaml_file import NotYaml, YamlReader

__all__ = ["Parsed", "Path", "parse"]


@dataclass(frozen=True)
class Parsed:
    """The content of a file, and the lines of its values."""

    name: str
    content: Any
    marks: Marks

    def line(self, path: Path) -> int:
        """The line, counted from 1, of the longest prefix of the path that exists in the file."""
        return self.marks.line(path)


def parse(source: Source) -> Parsed:
    """Read YAML or JSON. Raises `DocumentError` with the line when the text is invalid or too large."""
    name = source.name
    if len(source.content) > MAX_BYTES:
        raise DocumentError(f"{name}: larger than {MAX_BYTES // 2**20} MiB; split the document")
    text = source.text
    if text.lstrip()[:1] in ("{", "["):
        try:
            content = read_json(text)
            return Parsed(name, content, JsonMarks(source.content, content))
        except NotJson as error:
            if name.lower().endswith(".json") or not error.problem.startswith("not JSON"):
                place = f"{name}:{error.line}:{error.column}"
                raise DocumentError(f"{place}: {error.problem}") from None
    return _yaml(text, name)


def _yaml(text: str, name: str) -> Parsed:
    reader = YamlReader(text)
    try:
        found = reader.read()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise DocumentError(f"{name}{place}: not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise DocumentError(f"{name}: not YAML: {' '.join(str(error).split())}") from None
    except NotYaml as error:
        raise DocumentError(f"{name}:{error.line}: {error.problem}") from None
    except BadNumber as error:
        raise DocumentError(f"{name}:{reader.line}: {error}") from None
    if not found or (found == [None] and not text.strip()):
        raise DocumentError(f"{name}: is empty; expected an OpenAPI document")
    return Parsed(name, found[0], YamlMarks(found[0], reader.first, reader.lines))
