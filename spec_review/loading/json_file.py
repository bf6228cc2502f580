"""What data does a JSON text hold? JSON is read as JSON, whatever YAML would say about it."""

import json
import re
from typing import Any

from spec_review.loading.limits import MAX_DEPTH
from spec_review.loading.numbers import BadNumber, integer, real

STEP = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]|[-+]?[0-9][0-9.eE+-]*|\b(?:NaN|Infinity)\b', re.DOTALL)
SURROGATE = re.compile("[\ud800-\udfff]")


class NotJson(Exception):
    """The text is not JSON, or not JSON that can be used; `line` and `column` count from 1."""

    def __init__(self, problem: str, line: int, column: int) -> None:
        super().__init__(problem)
        self.problem, self.line, self.column = problem, line, column


def read_json(text: str) -> Any:
    """The data of a JSON text. Raises `NotJson` with the place of the problem."""
    try:
        found = json.loads(
            text, object_pairs_hook=_object, parse_int=integer, parse_float=real, parse_constant=real
        )
        if _is_deep(found):
            raise _too_deep(text)
        return _without_surrogates(found) if "\\ud" in text or "\\uD" in text else found
    except RecursionError:
        raise _too_deep(text) from None
    except json.JSONDecodeError as error:
        raise NotJson(f"not JSON: {error.msg}", error.lineno, error.colno) from None
    except _Duplicate as duplicate:
        raise _duplicate(text, str(duplicate)) from None
    except BadNumber as problem:
        raise _bad_number(text, str(problem)) from None


class _Duplicate(ValueError):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [key for key, _ in pairs]
        raise _Duplicate(next(name for place, name in enumerate(names) if name in names[:place]))
    return result


def _without_surrogates(value: Any) -> Any:
    """The data with each lone surrogate, which no output can hold, replaced."""
    if isinstance(value, str):
        return SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(inner) for key, inner in value.items()}
    return value


def _is_deep(content: Any) -> bool:
    """Whether mappings and lists nest deeper than `MAX_DEPTH`; counted level by level."""
    level = [content]
    for _ in range(MAX_DEPTH + 1):
        members = [value.values() if isinstance(value, dict) else value for value in level]
        level = [item for inner in members for item in inner if type(item) is dict or type(item) is list]
        if not level:
            return False
    return True


def _too_deep(text: str) -> NotJson:
    depth = 0
    for match in STEP.finditer(text):
        first = match[0][0]
        depth += 1 if first in "[{" else -1 if first in "]}" else 0
        if depth > MAX_DEPTH:
            return _at(text, match.start(), f"too deeply nested to read: more than {MAX_DEPTH} levels")
    return NotJson(f"too deeply nested to read: more than {MAX_DEPTH} levels", 1, 1)


def _duplicate(text: str, name: str) -> NotJson:
    """The second occurrence of a key in one object."""
    open_: list[set[str]] = []
    for match in STEP.finditer(text):
        if match[0] in "[{":
            open_.append(set())
        elif match[0] in "]}":
            open_.pop()
        elif match[0][0] == '"' and text[match.end() :].lstrip()[:1] == ":" and json.loads(match[0]) == name:
            if name in open_[-1]:
                return _at(text, match.start(), f"duplicate key '{name}'; keep one of them")
            open_[-1].add(name)
    return NotJson(f"duplicate key '{name}'; keep one of them", 1, 1)


def _bad_number(text: str, problem: str) -> NotJson:
    for match in STEP.finditer(text):
        try:
            if match[0][0] in "-0123456789":
                integer(match[0]) if match[0].lstrip("-").isdigit() else real(match[0])
        except BadNumber:
            return _at(text, match.start(), problem)
        except ValueError:
            continue
        if match[0] in ("NaN", "Infinity"):
            return _at(text, match.start(), problem)
    return NotJson(problem, 1, 1)


def _at(text: str, offset: int, problem: str) -> NotJson:
    start = text.rfind("\n", 0, offset) + 1
    return NotJson(problem, text.count("\n", 0, offset) + 1, offset - start + 1)
