"""What does each operation of the document do, and with which kind of resource?

Both are read from method, path, response schema and media types. A new operation needs no entry here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any
from urllib.parse import quote

from contract_tests.document.view import EVENT_STREAM, JSON, View
from openapi import Grade

_COMPONENT = "#/components/schemas/"


class Role(StrEnum):
    """What an operation does."""

    CREATE = "create"
    """Creates a resource and responds with it. The path does not name that resource."""
    LIST = "list"
    """Responds with a page of resources."""
    READ = "read"
    """Responds with the resource that the path ends with."""
    MODIFY = "modify"
    """Writes to the resource that the path ends with."""
    ACT = "act"
    """Writes below the path of a resource, and so moves it on. An example is cancelling a run."""
    OTHER = "other"


@dataclass(frozen=True)
class Resource:
    """A kind of resource, such as `run`: its component schema, and the path parameter that holds its id."""

    kind: str
    schema: str
    id_parameter: str = ""


@dataclass(frozen=True)
class Operation:
    """An operation of the document. `kind` is the kind of resource in its response, empty if there is none.

    `grade` is the grade of the operation itself, `streams` whether it can respond with an event stream.
    """

    id: str
    method: str
    path: str
    grade: Grade
    role: Role = Role.OTHER
    kind: str = ""
    streams: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the paths of this operation and names their parameters."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names of the path parameters, in their order."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    def address(self, ids: Mapping[str, str]) -> str:
        """The path with these ids, percent-encoded. `ids` may have more than the path needs."""
        return self.path.format(**{name: quote(text, safe="") for name, text in ids.items()})

    @property
    def is_documented(self) -> bool:
        """Whether the vendor documents the operation."""
        return self.grade is Grade.DOCUMENTED

    @property
    def starts_run(self) -> bool:
        """Whether a success response means that a new run has started."""
        return self.creates("run")

    @property
    def waits_for_run(self) -> bool:
        """Whether the response may wait until a model has done its work."""
        return self.streams

    def creates(self, kind: str) -> bool:
        """Whether it creates a resource of this kind."""
        return self.role is Role.CREATE and self.kind == kind

    def lists(self, kind: str) -> bool:
        """Whether it lists resources of this kind."""
        return self.role is Role.LIST and self.kind == kind


def resources_of(view: View) -> dict[str, Resource]:
    """The resources of the document, by the names of their schemas."""
    found: dict[str, Resource] = {}
    for path, method, item in view.paths():
        schema = _component(_success(view, item).get(JSON))
        name = path.rpartition("/")[2]
        if method == "get" and schema and name.startswith("{"):
            parameter = name.strip("{}")
            found[schema] = Resource(parameter.removesuffix("Id"), schema, parameter)
    for _, _, item in view.paths():
        listed = _listed(view, _success(view, item).get(JSON))
        if listed:
            found.setdefault(listed, Resource(listed[0].lower() + listed[1:], listed))
    return found


def operations_of(
    view: View, grades: Mapping[str, Grade], resources: Mapping[str, Resource]
) -> Iterator[Operation]:
    """The operations of the document. `grades` has the grade of each by its id."""
    for path, method, item in view.paths():
        content = _success(view, item)
        role, resource = _role(view, path, method, content.get(JSON), resources)
        yield Operation(
            item["operationId"],
            method.upper(),
            path,
            grades[item["operationId"]],
            role,
            resource.kind if resource else "",
            EVENT_STREAM in content,
        )


def _role(
    view: View, path: str, method: str, schema: Any, resources: Mapping[str, Resource]
) -> tuple[Role, Resource | None]:
    listed = _listed(view, schema)
    if method == "get" and listed:
        return Role.LIST, resources[listed]
    resource = resources.get(_component(schema))
    if resource is None:
        return Role.OTHER, None
    own = f"{{{resource.id_parameter}}}"
    if method == "get":
        return (Role.READ if path.endswith(own) else Role.OTHER), resource
    if method not in ("post", "put", "patch"):
        return Role.OTHER, None
    if path.endswith(own):
        return Role.MODIFY, resource
    return (Role.ACT if own in path else Role.CREATE), resource


def _success(view: View, item: Mapping[str, Any]) -> dict[str, Any]:
    """The schemas of an operation's first success response, by media type."""
    statuses = sorted(status for status in item["responses"] if status.startswith("2"))
    response = view.resolve(item["responses"][statuses[0]]) if statuses else {}
    return {media: entry.get("schema") for media, entry in response.get("content", {}).items()}


def _component(schema: Any) -> str:
    """The name of the component that a schema refers to, empty if it is not a reference."""
    reference = schema.get("$ref", "") if isinstance(schema, Mapping) else ""
    return str(reference).removeprefix(_COMPONENT)


def _listed(view: View, schema: Any) -> str:
    """The name of the component schema of a page's entries, empty if the schema is not a page."""
    data = view.resolve(view.properties(schema).get("data"))
    return _component(data.get("items")) if isinstance(data, Mapping) else ""
