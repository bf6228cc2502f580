"""What do several checks ask about a value?"""

from collections.abc import Iterator, Mapping
from math import isclose
from typing import Any

from contract_tests.document import Mismatch, View
from contract_tests.observations.lifecycle import lifecycles
from contract_tests.observations.timestamps import parse_timestamp
from contract_tests.observations.traces import Trace
from openapi import Grade

LAG = 1.4
"""How many seconds a list may lag behind. The second look at a list comes later than that."""
# No page says that a service looks into these fields: it may store and return what is in them unread.
_UNREAD = frozenset({"toolResources", "attachments"})
# The page says that assistants are not supported yet: a service may leave the field unread.
_NOT_YET = "assistantId"
# No page says what these members of a message, or of a part of it, do in a request.
_WITHOUT_EFFECT = frozenset(
    {"id", "object", "createdAt", "threadId", "assistantId", "runId", "imageFile", "imageUrl"}
)
# Fields whose entries have names that a client chose.
_OWN = frozenset({"metadata", "parameters"})
_MESSAGES = frozenset({"messages", "content"})


def has_status(trace: Trace) -> bool:
    """Whether the resource has a status."""
    return trace.kind in lifecycles()


def empty(value: Any) -> bool:
    """Whether a field has no value, however a service writes that."""
    return value in (None, "", [], {})


def is_blank(value: Any) -> bool:
    """Whether a JSON value says nothing: it is null or empty, or an object or list of such values."""
    if isinstance(value, Mapping):
        return all(map(is_blank, value.values()))
    return value is None or value == "" or (isinstance(value, list) and all(map(is_blank, value)))


def contains(value: Any, part: Any, own: bool = True) -> bool:
    """Whether a JSON value has everything that another has, at every depth.

    What says nothing may be missing, be null, or be filled in with what says nothing, or with a default. A
    field that is 0 or false may be missing or null too, but no entry of what is the client's `own`.
    """
    if is_blank(part):
        return part in (None, {}) or is_blank(value) or isinstance(value, type(part))
    if not own and value is None and part in (0, False):
        return True
    if isinstance(part, Mapping):
        return isinstance(value, Mapping) and all(
            contains(value.get(name), item, own or name in _OWN)
            for name, item in part.items()
            if own or name in value or item not in (0, False)
        )
    if isinstance(part, list):
        pairs = zip(value, part, strict=False) if isinstance(value, list) else ()
        return (
            isinstance(value, list)
            and len(value) >= len(part)
            and all(contains(*pair, own) for pair in pairs)
        )
    if isinstance(part, int | float) and isinstance(value, int | float) and not isinstance(part, bool):
        return isclose(value, part, rel_tol=1e-9)  # JSON numbers are doubles for most readers (RFC 8259 6)
    return bool(value == part)


def same_time(old: Any, new: Any) -> bool:
    """Whether two timestamps mean the same time."""
    one, other = parse_timestamp(old), parse_timestamp(new)
    return one is not None and other is not None and not one.differs(other)


def mismatches(view: View, schema: Mapping[str, Any], body: Any) -> Iterator[tuple[Mismatch, Grade]]:
    """Where a JSON body does not match a schema, each with its grade.

    The grade is that of the view, but at most observed inside a field that a service may store unread.
    """
    found = view.mismatches(schema, body)
    certain = {one.pointer for one in view.mismatches(schema, _without_unread(body))} if found else set()
    for mismatch in found:
        documented = view.grade is Grade.DOCUMENTED and mismatch.pointer in certain
        yield mismatch, view.grade if documented or view.grade is not Grade.DOCUMENTED else Grade.OBSERVED


def _without_unread(body: Any, name: str = "") -> Any:
    """The body without what a service may store unread. `name` is the field that it is the value of."""
    if isinstance(body, list):
        return [_without_unread(item, name) for item in body]
    if not isinstance(body, Mapping):
        return body
    if name in _UNREAD:
        return {}
    body = {**body, _NOT_YET: ""} if _NOT_YET in body else body
    hidden = _WITHOUT_EFFECT if name in _MESSAGES else frozenset()
    return {key: _without_unread(value, key) for key, value in body.items() if key not in hidden}
