"""Are the parameters of a request valid for its operation?"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

from starlette.types import Scope

from mock_server.errors import invalid
from mock_server.http.schemas import compiled, explain

_INTEGER = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_MOST_DIGITS = 300
_ALLOWS_ALL = frozenset({"type", "default", "description", "example"})
"""Keywords that restrict no string."""


class Parameter:
    """One parameter of an operation."""

    def __init__(self, parameter: Mapping[str, Any]) -> None:
        schema = parameter.get("schema", {})
        self.name: str = parameter["name"]
        self.place: str = parameter["in"]
        self.required: bool = parameter.get("required", False)
        self.default: Any = schema.get("default")
        self._type: str = schema.get("type", "string")
        if self._type not in ("string", "integer", "number", "boolean"):
            raise ValueError(
                f"parameter {self.name}: the mock does not support parameters of type {self._type}"
            )
        self._validator = compiled(schema)
        self._any_text = self._type == "string" and not schema.keys() - _ALLOWS_ALL

    def read(self, text: str | None) -> Any:
        """The value of a text. Raises `Refusal` if it is not valid."""
        if text is None:
            if self.required:
                raise invalid(f"{self.name}: is required ({self.place} parameter)")
            return self.default
        if self._any_text:
            return text
        value = self._typed(text)
        if not self._validator.is_valid(value):
            raise invalid(explain(next(self._validator.iter_errors(value)), self.name))
        return value

    def _typed(self, text: str) -> Any:
        """The text converted to the parameter's type, or the text itself, which the schema then refuses."""
        if self._type == "integer" and _INTEGER.fullmatch(text) and len(text) < _MOST_DIGITS:
            return int(text)
        if self._type == "number" and _NUMBER.fullmatch(text) and len(text) < _MOST_DIGITS:
            return float(text)
        if self._type == "boolean" and text in ("true", "false"):
            return text == "true"
        return text


class Parameters:
    """The parameters of one operation."""

    def __init__(self, parameters: Sequence[Mapping[str, Any]]) -> None:
        # connexion repeats the parameters of a path item for every middleware.
        unique = {(parameter["in"], parameter["name"]): Parameter(parameter) for parameter in parameters}
        self._path = [parameter for (place, _), parameter in unique.items() if place == "path"]
        self._query = [parameter for (place, _), parameter in unique.items() if place == "query"]
        self._headers = {
            name.lower().encode(): parameter
            for (place, name), parameter in unique.items()
            if place == "header"
        }
        self._required_header = any(parameter.required for parameter in self._headers.values())
        self._defaults = {parameter.name: parameter.default for parameter in self._query}

    def check_headers(self, scope: Scope) -> None:
        """Raise `Refusal` if a header is not valid. Of a repeated header, the first is used."""
        sent: dict[bytes, str] = {}
        for name, value in scope["headers"]:
            if name in self._headers:
                sent.setdefault(name, value.decode("latin-1"))
        if sent or self._required_header:
            for name, parameter in self._headers.items():
                parameter.read(sent.get(name))

    def path(self, scope: Scope) -> dict[str, Any]:
        """The path parameters by name."""
        return {
            parameter.name: parameter.read(scope["path_params"][parameter.name]) for parameter in self._path
        }

    def query(self, scope: Scope) -> Mapping[str, Any]:
        """The query parameters by name, with defaults. Unknown parameters are ignored."""
        raw: bytes = scope["query_string"]
        if not raw and not any(parameter.required for parameter in self._query):
            return self._defaults
        sent = _pairs(raw.decode("latin-1"))
        return {parameter.name: parameter.read(sent.get(parameter.name)) for parameter in self._query}


def _pairs(query: str) -> dict[str, str]:
    """The names and values of a query string. Of a repeated name, the last value is used."""
    found = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        try:
            found[unquote_plus(name, errors="strict")] = unquote_plus(value, errors="strict")
        except UnicodeDecodeError:
            raise invalid(f"{name}: must be UTF-8 once percent-decoded, got {value}") from None
    return found
