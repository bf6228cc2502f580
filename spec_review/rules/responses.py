"""Which statuses, headers, bodies and links of responses changed, and which callbacks?"""

from collections.abc import Iterator
from dataclasses import replace

from spec_review.change import Change, Use
from spec_review.comparison import Comparison, make_change
from spec_review.grade import grade_at, weakest
from spec_review.loading import Cursor, Document
from spec_review.operations import METHODS, Operation, Pair
from spec_review.rules.bodies import body, media_types
from spec_review.rules.parameters import parameter_schema, serialization_of
from spec_review.schema_pair import SchemaPair
from spec_review.values.schema import Direction


def all_responses(comparison: Comparison) -> Iterator[Change]:
    """Changes to the responses of each operation."""
    for pair in comparison.changed:
        yield from _responses(comparison, pair.base.cursor, pair.revision.cursor, pair.name, "response")


def _responses(
    comparison: Comparison, base: Cursor, revision: Cursor, name: str, direction: Direction
) -> Iterator[Change]:
    old = {status.upper(): cursor for status, cursor in base.entries("responses")}
    new = {status.upper(): cursor for status, cursor in revision.entries("responses")}
    owner = revision.get("responses") or revision
    for status, one in old.items():
        other = _counterpart(status, new)
        if other is None:
            yield _status_removed(one, owner, status, name)
            continue
        yield from _response(comparison, one, other, Use(name, _words(status), status=status), direction)
    for status, other in new.items():
        if status in old or (status.endswith("XX") and any(one[0] == status[0] for one in old)):
            continue
        covering = _counterpart(status, old)
        if covering is not None:
            use = Use(name, _words(status), status=status)
            yield from _response(comparison, covering, other, use, direction)
        else:
            yield _status_added(other, base.get("responses") or base, status, name)


def _is_success(status: str) -> bool:
    return status[:1] == "2"


def _counterpart(status: str, others: dict[str, Cursor]) -> Cursor | None:
    """The response for a status in the other document: the status, its range, or `default` for errors."""
    if status in others:
        return others[status]
    if status.endswith("XX"):
        inside = [other for other in others if other[0] == status[0]]
        if inside:
            return others[inside[0]]
    elif f"{status[:1]}XX" in others:
        return others[f"{status[:1]}XX"]
    return others.get("DEFAULT") if status[:1] in ("4", "5") else None


def _status_removed(one: Cursor, owner: Cursor, status: str, name: str) -> Change:
    use = Use(name, _words(status), status=status)
    if _is_success(status):
        message = f"The success status {status} is no longer returned."
        return make_change("response-success-status-removed", message, one, owner, use, old=status)
    message = f"The {_words(status)} is no longer documented."
    return make_change("response-status-removed", message, one, owner, use, old=status.lower())


def _status_added(other: Cursor, owner: Cursor, status: str, name: str) -> Change:
    use = Use(name, _words(status), status=status)
    if _is_success(status):
        message = f"The success status {status} may now be returned; clients may not expect it."
        return make_change("response-success-status-added", message, owner, other, use, new=status)
    message = f"The {_words(status)} was added."
    return make_change("response-status-added", message, owner, other, use, new=status.lower())


def _words(status: str) -> str:
    return f"{status.lower()} response"


def _response(
    comparison: Comparison, base: Cursor, revision: Cursor, use: Use, direction: Direction
) -> Iterator[Change]:
    yield from media_types(comparison, base, revision, use, direction)
    yield from _headers(comparison, base, revision, use, direction)
    yield from _links(comparison, base, revision, use)


def _headers(
    comparison: Comparison, base: Cursor, revision: Cursor, use: Use, direction: Direction
) -> Iterator[Change]:
    old, new = _headers_of(base), _headers_of(revision)
    for key, (name, one) in old.items():
        inner = _header_use(use, name)
        if key in new:
            yield from _header(comparison, one, new[key][1], inner, direction)
        elif one.flag("required"):
            message = f"The {inner.part} was required and was removed."
            yield make_change("response-required-header-removed", message, one, revision, inner, old=name)
        else:
            message = f"The {inner.part} is no longer documented."
            yield make_change("response-header-removed", message, one, revision, inner, old=name)
    for key, (name, other) in new.items():
        if key not in old:
            inner = _header_use(use, name)
            message = f"The {inner.part} was added."
            yield make_change("response-header-added", message, base, other, inner, new=name)


def _headers_of(response: Cursor) -> dict[str, tuple[str, Cursor]]:
    """Name and cursor of each header by its name in lower case; OpenAPI ignores Content-Type here."""
    headers = response.entries("headers")
    return {name.lower(): (name, cursor) for name, cursor in headers if name.lower() != "content-type"}


def _header_use(use: Use, name: str) -> Use:
    return replace(use, part=f"header `{name}` of the {use.part}", carrier=("header", name))


def _header(
    comparison: Comparison, base: Cursor, revision: Cursor, use: Use, direction: Direction
) -> Iterator[Change]:
    if base.flag("required") and not revision.flag("required"):
        message = f"The {use.part} was always present and may now be missing."
        yield make_change("response-header-became-optional", message, base, revision, use)
    elif revision.flag("required") and not base.flag("required"):
        message = f"The {use.part} is now always present."
        yield make_change("response-header-became-required", message, base, revision, use)
    old, new = serialization_of(base), serialization_of(revision)
    if old != new:
        message = f"The serialization of the {use.part} changed."
        one, other = str(old[:2]), str(new[:2])
        yield make_change("response-header-style-changed", message, base, revision, use, old=one, new=other)
    schemas = SchemaPair(
        direction,
        "response-header" if direction == "response" else "request-parameter",
        use,
        parameter_schema(base),
        parameter_schema(revision),
        weakest(grade_at(base), grade_at(revision)),
        old[0] != "content",
    )
    comparison.schemas.append(schemas)


def _links(comparison: Comparison, base: Cursor, revision: Cursor, use: Use) -> Iterator[Change]:
    names = comparison.matching.names
    old, new = dict(base.entries("links")), dict(revision.entries("links"))
    for name, one in old.items():
        if name not in new:
            message = f"The link `{name}` of the {use.part} was removed."
            yield make_change("response-link-removed", message, one, revision, use, old=name)
        elif _link(one, names) != _link(new[name], {}):
            message = f"The link `{name}` of the {use.part} changed its target or parameters."
            yield make_change("response-link-changed", message, one, new[name], use, old=name, new=name)
    for name, other in new.items():
        if name not in old:
            message = f"The link `{name}` of the {use.part} was added."
            yield make_change("response-link-added", message, base, other, use, new=name)


def _link(link: Cursor, names: dict[str, str]) -> object:
    """The content of a link, with the operation's name in the revision."""
    content = {key: link.value.get(key) for key in ("operationRef", "parameters", "requestBody")}
    return {**content, "operationId": names.get(link.text("operationId"), link.text("operationId"))}


def callbacks(comparison: Comparison) -> Iterator[Change]:
    """Changes to callbacks. The server sends them, so their requests are compared as responses are."""
    for pair in comparison.changed:
        old, new = _callbacks(pair.base.cursor), _callbacks(pair.revision.cursor)
        for key, one in old.items():
            use = Use(pair.name, f"callback `{key[0]}`")
            if key not in new:
                message = f"The {use.part} ({key[2].upper()}) is no longer documented."
                owner = pair.revision.cursor
                yield make_change("callback-removed", message, one, owner, use, old=" ".join(key))
            else:
                yield from _callback(comparison, pair, one, new[key], use)
        for key, other in new.items():
            if key not in old:
                use = Use(pair.name, f"callback `{key[0]}`")
                message, owner = f"The {use.part} was added.", pair.base.cursor
                yield make_change("callback-added", message, owner, other, use, new=" ".join(key))


def webhooks(comparison: Comparison) -> Iterator[Change]:
    """Changes to webhooks. The server sends them, so their requests are compared as responses are."""
    old, new = _webhooks(comparison.base.root), _webhooks(comparison.revision.root)
    for key, one in old.items():
        use = Use(f"webhook {key[0]}", "")
        if key in new:
            pair = Pair(_operation(comparison.base, key, one), _operation(comparison.revision, key, new[key]))
            yield from _callback(comparison, pair, one, new[key], Use(f"webhook {key[0]}", "webhook"))
        else:
            message = f"The webhook `{key[0]}` ({key[1].upper()}) is no longer documented."
            owner = comparison.revision.root
            yield make_change("webhook-removed", message, one, owner, use, old=" ".join(key))
    for key, other in new.items():
        if key not in old:
            message, use = f"The webhook `{key[0]}` was added.", Use(f"webhook {key[0]}", "")
            yield make_change("webhook-added", message, None, other, use, new=" ".join(key))


def _webhooks(root: Cursor) -> dict[tuple[str, str], Cursor]:
    """The operations of all webhooks by name and method."""
    return {
        (name, method): cursor
        for name, item in root.entries("webhooks")
        for method in METHODS
        if (cursor := item.get(method)) is not None and isinstance(cursor.value, dict)
    }


def _operation(document: Document, key: tuple[str, str], cursor: Cursor) -> Operation:
    return Operation(document, key[1], f"webhook {key[0]}", cursor, cursor)


def _callback(
    comparison: Comparison, pair: Pair, base: Cursor, revision: Cursor, use: Use
) -> Iterator[Change]:
    one, other = base.get("requestBody"), revision.get("requestBody")
    inner = Use(use.operation, f"body of the {use.part}")
    if one is not None and other is not None:
        yield from media_types(comparison, one, other, inner, "response")
    elif one is not None or other is not None:
        yield from body(comparison, one, other, (base, revision), inner, "response")
    yield from _responses(comparison, base, revision, f"{pair.name}, {use.part}", "request")


def _callbacks(operation: Cursor) -> dict[tuple[str, str, str], Cursor]:
    """The operations of all callbacks by name, expression and method."""
    result: dict[tuple[str, str, str], Cursor] = {}
    for name, callback in operation.entries("callbacks"):
        for expression, item in callback.entries():
            for method in METHODS:
                cursor = item.get(method)
                if cursor is not None:
                    result[(name, expression, method)] = cursor
    return result
